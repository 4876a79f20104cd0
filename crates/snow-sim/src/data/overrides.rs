//! What a class says otherwise of a column that it inherits: its choices, and its default (facts 1.6).

use super::column_override::{Choices, Override, parse_choice};
use super::{ColumnId, Dictionary, TableId};
use crate::BuildError;

impl Dictionary {
    /// `column [default]` of a table that inherits the column, with its choices there.
    pub(super) fn override_column(
        &mut self,
        table: TableId,
        column: &str,
        choices: &str,
    ) -> Result<(), BuildError> {
        let (column, default) = column.trim().split_once(' ').unwrap_or((column.trim(), ""));
        let id = self
            .find(table, column)
            .ok_or_else(|| BuildError::new(format!("there is no column {column:?}")))?;
        let choices =
            choices.split('|').map(|choice| parse_choice(choice.trim())).collect::<Result<_, _>>()?;
        let default = Some(default.trim()).filter(|default| !default.is_empty()).map(str::to_owned);
        let said = Override { choices: Some(choices), default };
        self.tables[usize::from(table.0)].overrides.insert(id, said);
        Ok(())
    }

    /// The values and labels that a column has in a table, which are those of the nearest table above that says any; empty where
    /// anything goes.
    pub(crate) fn choices(&self, table: TableId, column: ColumnId) -> &[(String, String)] {
        let said = self.line(table).find_map(|table| self.said(table, column)?.choices.as_ref());
        said.unwrap_or(&self.column(column).choices)
    }

    /// What a column of a new record of this table is when nobody sets it.
    pub(crate) fn default_of(&self, table: TableId, column: ColumnId) -> &str {
        let said = self.line(table).find_map(|table| self.said(table, column)?.default.as_deref());
        said.unwrap_or(&self.column(column).default)
    }

    /// The columns that have another default in this table than where they come from.
    pub(super) fn with_other_default(&self, table: TableId) -> Vec<(ColumnId, String)> {
        let mut columns: Vec<ColumnId> =
            self.line(table).flat_map(|table| self.def(table).overrides.keys().copied()).collect();
        columns.sort();
        columns.dedup();
        let others = columns.into_iter().map(|column| (column, self.default_of(table, column).to_owned()));
        others.filter(|(column, default)| *default != self.column(*column).default).collect()
    }

    /// Sets the choices of a column, for the table and those that extend it and say no others. None at all where the column is
    /// inherited: those of the table above.
    pub(super) fn set_choices(&mut self, table: TableId, column: ColumnId, choices: Choices) {
        if self.own(table).contains(&column) {
            self.columns[usize::from(column.0)].choices = choices;
        } else {
            let said = self.tables[usize::from(table.0)].overrides.entry(column).or_default();
            said.choices = (!choices.is_empty()).then_some(choices);
        }
    }

    /// The inherited columns for which a table itself says other choices.
    pub(crate) fn overridden(&self, table: TableId) -> Vec<ColumnId> {
        let said = self.def(table).overrides.iter().filter(|(_, said)| said.choices.is_some());
        let mut ids: Vec<ColumnId> = said.map(|(id, _)| *id).collect();
        ids.sort();
        ids
    }

    fn said(&self, table: TableId, column: ColumnId) -> Option<&Override> {
        self.def(table).overrides.get(&column)
    }

    /// A table, the one that it extends, and so on.
    fn line(&self, table: TableId) -> impl Iterator<Item = TableId> {
        std::iter::successors(Some(table), |table| self.def(*table).parent)
    }
}
