//! Rows of `sys_choice` define what columns may hold: changing a row changes the choices (facts 13.1).

use super::column_override::Choices;
use super::{Database, Row, TableId};
use std::collections::BTreeSet;

/// A column for which there are choices: its table and its name.
pub(super) type ChoiceColumn = (String, String);

impl Database {
    /// Which column a row is a choice of, if it is a row of `sys_choice`.
    pub(super) fn choice_column(&self, table: TableId, row: &Row) -> Option<ChoiceColumn> {
        if self.dictionary.table("sys_choice") != Some(table) {
            return None;
        }
        let field = |name: &str| self.field(table, row, name).to_owned();
        Some((field("name"), field("element")))
    }

    /// Every column that has a row of `sys_choice`.
    pub(super) fn chosen_columns(&self) -> BTreeSet<ChoiceColumn> {
        let Some(table) = self.dictionary.table("sys_choice") else { return BTreeSet::new() };
        self.rows(table).filter_map(|(_, row)| self.choice_column(table, row)).collect()
    }

    /// Reads the choices anew that a write may have changed.
    pub(super) fn choices_changed(&mut self, columns: impl IntoIterator<Item = Option<ChoiceColumn>>) {
        if self.described {
            columns.into_iter().flatten().for_each(|column| self.read_choices(&column));
        }
    }

    /// The values for which a column has rows already.
    pub(super) fn values_chosen(&self, name: &str, element: &str) -> Vec<String> {
        let Some(table) = self.dictionary.table("sys_choice") else { return Vec::new() };
        let rows = self.rows(table).map(|(_, row)| row);
        let own = rows.filter(|row| {
            self.choice_column(table, row).is_some_and(|column| column.0 == name && column.1 == element)
        });
        own.map(|row| self.field(table, row, "value").to_owned()).collect()
    }

    /// Takes the choices of a column from the rows that there are now. A row for a column that had no choices makes it one that takes
    /// no other value, and an inactive choice counts as no choice: see `Guess::FirstChoice` and `Guess::InactiveChoice`.
    pub(super) fn read_choices(&mut self, (name, element): &ChoiceColumn) {
        let dictionary = &self.dictionary;
        let (Some(rows), Some(table)) = (dictionary.table("sys_choice"), dictionary.table(name)) else {
            return;
        };
        let Some(column) = dictionary.find(table, element) else { return };
        let field = |row, name: &str| self.field(rows, row, name);
        let own = self.rows(rows).map(|(_, row)| row).filter(|row| {
            field(row, "name") == name
                && field(row, "element") == element
                && field(row, "inactive") != "true"
                && field(row, "language") == "en"
        });
        let mut own: Vec<&Row> = own.collect();
        own.sort_by_key(|row| field(row, "sequence").parse::<i64>().unwrap_or(i64::MAX));
        let choices: Choices = own
            .into_iter()
            .map(|row| (field(row, "value").to_owned(), field(row, "label").to_owned()))
            .collect();
        self.dictionary.set_choices(table, column, choices);
    }
}
