//! What a record would become by a write, before it is one: what is checked of a write is checked on this (facts 3.3).

use super::{Author, ColumnType, Database, Fields, Row, TableId, business_rules};

impl Database {
    /// Returns what would be stored, after the rules that run before saving. Nothing is stored; a number is not taken.
    pub(crate) fn draft(
        &mut self,
        table: TableId,
        old: Option<&Row>,
        given: &Fields,
        author: Author<'_>,
    ) -> Row {
        // An entry of a journal is a record of its own, which a draft does not make.
        let is_journal = |name: &str| {
            let column = self.dictionary.find(table, name).map(|id| self.dictionary.column(id));
            column.is_some_and(|column| column.kind == ColumnType::Journal)
        };
        let given = given.iter().filter(|(name, _)| *name != "sys_id" && !is_journal(name));
        let given: Fields = given.map(|(name, value)| (name.clone(), value.clone())).collect();
        let mut row = match old {
            Some(old) => old.clone(),
            None => self.begin(table, author),
        };
        self.apply(table, &mut row, "", &given, author);
        business_rules::apply(self, table, &mut row, &given, old);
        row
    }
}
