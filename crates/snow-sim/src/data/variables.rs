//! Variables of a requested item: `variables.NAME`, where the name has upper and lower case (facts 13.1).
//!
//! As on an instance they are rows: `sc_item_option_mtom` ties an item to its `sc_item_option`s, each of which has a value and points to
//! its `item_option_new`, where its name is, and the table that it refers to.

use super::{Database, Row, TableId};

/// A variable of an item: its value, and the table that it refers to, if it does.
pub(super) struct Variable<'a> {
    pub(super) value: &'a str,
    pub(super) reference: Option<TableId>,
}

impl Database {
    /// The variable of exactly this name.
    pub(super) fn variable(&self, table: TableId, row: &Row, name: &str) -> Option<Variable<'_>> {
        let tables = ["sc_item_option_mtom", "sc_item_option", "item_option_new"];
        let [ties, options, questions] = tables.map(|name| self.dictionary.table(name));
        let (ties, options, questions) = (ties?, options?, questions?);
        let item = self.field(table, row, "sys_id");
        let own = self.rows(ties).map(|(_, tie)| tie);
        let own = own.filter(|tie| self.field(ties, tie, "request_item") == item);
        own.filter_map(|tie| self.row(options, self.field(ties, tie, "sc_item_option"))).find_map(|option| {
            let question = self.row(questions, self.field(options, option, "item_option_new"))?;
            (self.field(questions, question, "name") == name).then(|| Variable {
                value: self.field(options, option, "value"),
                reference: self.dictionary.table(self.field(questions, question, "reference")),
            })
        })
    }
}
