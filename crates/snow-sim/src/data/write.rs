//! Creating, changing and deleting records (facts 1.7).

use super::accepted::accepted;
use super::{Author, ColumnType, Database, Fields, Locale, Row, TableId, business_rules, time};
use std::sync::Arc;

/// Columns that the instance fills.
const AUTOMATIC: &[&str] = &[
    "sys_id",
    "sys_created_on",
    "sys_created_by",
    "sys_updated_on",
    "sys_updated_by",
    "sys_mod_count",
    "sys_class_name",
    "sys_tags",
];

/// Whether the instance fills this column whatever is given.
pub(super) fn is_automatic(name: &str, author: Author<'_>) -> bool {
    AUTOMATIC.contains(&name) && !author.sys_fields
}

impl Database {
    /// Creates a record; fields that do not exist or are not for clients are ignored, as the service ignores them.
    pub(crate) fn insert(&mut self, table: TableId, given: &Fields, author: Author<'_>) -> Arc<str> {
        let mut row = self.begin(table, author);
        let named = author.sys_fields || author.names_id;
        let sys_id = given.get("sys_id").filter(|id| named && !id.is_empty()).cloned();
        let sys_id: Arc<str> = sys_id.unwrap_or_else(|| self.ids.sys_id()).into();
        self.put_unshared(table, &mut row, "sys_id", sys_id.clone());
        self.assign_number(table, &mut row);
        self.apply(table, &mut row, &sys_id, given, author);
        if !author.loaded {
            business_rules::apply(self, table, &mut row, given, None);
        }
        row.shrink();
        let choice = self.choice_column(table, &row);
        self.rows.entry(self.dictionary.def(table).root).or_default().insert(sys_id.clone(), row);
        self.choices_changed([choice]);
        sys_id
    }

    /// A new record with what follows from its class, its author and the time.
    pub(super) fn begin(&mut self, table: TableId, author: Author<'_>) -> Row {
        let mut row = Row::default();
        let class = self.dictionary.def(table).name.clone();
        for (name, value) in [
            ("sys_created_on", author.stamp),
            ("sys_updated_on", author.stamp),
            ("sys_created_by", author.user),
            ("sys_updated_by", author.user),
            ("sys_class_name", class.as_str()),
        ] {
            self.put(table, &mut row, name, value);
        }
        for (column, default) in self.dictionary.with_other_default(table) {
            row.set(column, default.into());
        }
        if self.dictionary.find(table, "opened_at").is_some() {
            let opener = self.user_id(author.user);
            self.put(table, &mut row, "opened_at", author.stamp);
            self.put(table, &mut row, "opened_by", &opener);
        }
        row
    }

    /// Whether a record of this line of tables has this id.
    pub(crate) fn has_id(&self, table: TableId, sys_id: &str) -> bool {
        self.rows.get(&self.dictionary.def(table).root).is_some_and(|rows| rows.contains_key(sys_id))
    }

    /// Changes the given fields. A change that changes nothing leaves no trace (facts 1.7).
    pub(crate) fn update(
        &mut self,
        table: TableId,
        sys_id: &str,
        given: &Fields,
        author: Author<'_>,
    ) -> bool {
        let Some(before) = self.row(table, sys_id).cloned() else { return false };
        let table = self.class(table, &before);
        let mut row = before.clone();
        let given = &Fields::from_iter(
            given.iter().filter(|(name, _)| *name != "sys_id").map(|(n, v)| (n.clone(), v.clone())),
        );
        let noted = self.apply(table, &mut row, sys_id, given, author);
        business_rules::apply(self, table, &mut row, given, Some(&before));
        if row == before && !noted {
            return true;
        }
        let count = self.field(table, &before, "sys_mod_count").parse().unwrap_or(0_u32).saturating_add(1);
        self.put(table, &mut row, "sys_mod_count", &count.to_string());
        for (name, value) in [("sys_updated_on", author.stamp), ("sys_updated_by", author.user)] {
            if !(author.sys_fields && given.contains_key(name)) {
                self.put(table, &mut row, name, value);
            }
        }
        let root = self.dictionary.def(table).root;
        let choices = [&before, &row].map(|row| self.choice_column(table, row));
        self.rows.entry(root).or_default().insert(sys_id.into(), row);
        self.choices_changed(choices);
        true
    }

    /// Deletes a record with its files, and keeps a note of it in `sys_audit_delete`.
    pub(crate) fn remove(&mut self, table: TableId, sys_id: &str, author: Author<'_>) -> bool {
        let Some(row) = self.row(table, sys_id) else { return false };
        let choice = self.choice_column(table, row);
        // Whatever table the record was reached through, the note has its class.
        let name = self.dictionary.def(self.class(table, row)).name.clone();
        let shown = self.display_name(&name, sys_id).unwrap_or_default().to_owned();
        if let Some(rows) = self.rows.get_mut(&self.dictionary.def(table).root) {
            rows.remove(sys_id);
        }
        self.choices_changed([choice]);
        self.detach(table, sys_id, author);
        if let Some(audit) = self.dictionary.table("sys_audit_delete").filter(|audit| *audit != table) {
            let note = [("tablename", name), ("documentkey", sys_id.to_owned()), ("display_value", shown)];
            self.insert(audit, &note.map(|(field, value)| (field.to_owned(), value)).into(), author);
        }
        true
    }

    fn assign_number(&mut self, table: TableId, row: &mut Row) {
        let prefix = self.dictionary.def(table).prefix.clone();
        if prefix.is_empty() {
            return;
        }
        let next = self.numbers.entry(prefix.clone()).and_modify(|last| *last += 1).or_insert(1);
        let number = format!("{prefix}{next:07}");
        self.put_unshared(table, row, "number", number.into());
    }

    /// Sets what a client gives. Whether a journal got an entry.
    pub(super) fn apply(
        &mut self,
        table: TableId,
        row: &mut Row,
        sys_id: &str,
        given: &Fields,
        author: Author<'_>,
    ) -> bool {
        let mut noted = false;
        for (name, value) in given {
            let Some(column) = self.dictionary.find(table, name) else { continue };
            if is_automatic(name, author) {
                continue;
            }
            let choices = self.dictionary.choices(table, column).to_vec();
            let column = self.dictionary.column(column).clone();
            let value = match author.shown {
                Some(locale) => self.stored_form(&column, &choices, value, locale),
                None => value.clone(),
            };
            let value = match author.is_client() {
                true => accepted(&column.kind, &value),
                false => Some(value),
            };
            let Some(value) = value else { continue };
            match column.kind {
                ColumnType::Password if !author.passwords => {}
                // The stored form shows as little as the display form: see `Guess::StoredPassword`.
                ColumnType::Password => {
                    let stars = if value.is_empty() { "" } else { super::render::STARS };
                    self.put(table, row, name, stars);
                }
                ColumnType::DateTime => self.put(table, row, name, &time::normal_form(&value)),
                ColumnType::Journal if value.is_empty() => {}
                ColumnType::Journal => {
                    self.add_journal_entry(table, sys_id, name, &value, author);
                    noted = true;
                }
                // A choice that is not in its list is dropped, and none is cleared by nothing (facts 1.6).
                _ if !author.loaded
                    && !choices.is_empty()
                    && !choices.iter().any(|(stored, _)| *stored == value) => {}
                _ if choices.is_empty() && column.kind == ColumnType::Text => {
                    let value = column.kept(&value);
                    if column.default == value {
                        if let Some(id) = self.dictionary.find(table, name) {
                            row.unset(id);
                        }
                    } else {
                        self.put_unshared(table, row, name, value.into());
                    }
                }
                _ => self.put(table, row, name, &value),
            }
        }
        noted
    }

    /// A display value as it is stored: a label's value, a name's sys_id, a local time in UTC.
    pub(super) fn stored_form(
        &self,
        column: &super::Column,
        choices: &[(String, String)],
        shown: &str,
        locale: &Locale,
    ) -> String {
        match &column.kind {
            _ if shown.is_empty() => String::new(),
            ColumnType::Reference(target) => self.by_display_name(target, shown).unwrap_or(shown).to_owned(),
            ColumnType::DateTime => {
                locale.read(&time::normal_form(shown)).unwrap_or_else(|| shown.to_owned())
            }
            ColumnType::Date => locale.read_date(shown).unwrap_or_else(|| shown.to_owned()),
            ColumnType::List(target) => {
                let ids = shown
                    .split(',')
                    .map(|name| self.by_display_name(target, name.trim()).unwrap_or(name.trim()));
                ids.collect::<Vec<_>>().join(",")
            }
            _ => {
                let choice = choices.iter().find(|(_, label)| label.eq_ignore_ascii_case(shown));
                choice.map_or(shown, |(value, _)| value).to_owned()
            }
        }
    }

    /// An entry of a journal: a row of `sys_journal_field`.
    fn add_journal_entry(
        &mut self,
        table: TableId,
        sys_id: &str,
        element: &str,
        value: &str,
        author: Author<'_>,
    ) {
        let Some(journal) = self.dictionary.table("sys_journal_field") else { return };
        let name = self.dictionary.def(table).name.clone();
        let note = [("element", element), ("element_id", sys_id), ("name", &name), ("value", value)];
        let note = note.map(|(field, value)| (field.to_owned(), value.to_owned())).into();
        self.insert(journal, &note, Author::new(author.user, author.stamp));
    }
}
