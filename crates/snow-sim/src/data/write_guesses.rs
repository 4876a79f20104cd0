//! What a write depends on that no source settles (facts 12): see [`Guess`].

use super::author::MAINTENANCE;
use super::{Author, Column, ColumnId, ColumnType, Database, Fields, Row, TableId, time, unique, write};
use crate::Guess;
use jiff::civil::Date;

impl Database {
    /// The guesses behind what was made of the fields that a client gave.
    pub(crate) fn write_guesses(&self, table: TableId, given: &Fields, author: Author<'_>) -> Vec<Guess> {
        given.iter().filter_map(|(name, value)| self.field_guess(table, name, value, author)).collect()
    }

    fn field_guess(&self, table: TableId, name: &str, given: &str, author: Author<'_>) -> Option<Guess> {
        let id = self.dictionary.find(table, name).filter(|_| !write::is_automatic(name, author))?;
        let (column, choices) = (self.dictionary.column(id), self.dictionary.choices(table, id));
        let value = match author.shown {
            Some(locale) => self.stored_form(column, choices, given, locale),
            None => given.to_owned(),
        };
        match &column.kind {
            _ if value.is_empty() => {
                unique::is_unique(&self.dictionary.def(table).name, name).then_some(Guess::UniqueValue)
            }
            ColumnType::Boolean => matches!(value.trim(), "0" | "1").then_some(Guess::BooleanNumber),
            ColumnType::Date => value.parse::<Date>().is_err().then_some(Guess::WrongDate),
            ColumnType::DateTime => {
                time::parse_stamp(&time::normal_form(&value)).is_none().then_some(Guess::WrongDate)
            }
            ColumnType::Reference(to) => (!self.is_there(to, &value)).then_some(Guess::ReferenceToNothing),
            _ if choices.iter().any(|(choice, _)| *choice == value) => None,
            _ if !choices.is_empty() => self.dropped_choice_guess(table, column, &value),
            ColumnType::Text => (column.kept(&value).len() < value.len()).then_some(Guess::ValueCut),
            _ => None,
        }
    }

    fn is_there(&self, table: &str, sys_id: &str) -> bool {
        self.dictionary.table(table).is_some_and(|table| self.row(table, sys_id).is_some())
    }

    /// Why a value is none of a column's choices, where that is a guess: its choice is inactive, or all choices of the column have
    /// been added to one that had none.
    fn dropped_choice_guess(&self, table: TableId, column: &Column, value: &str) -> Option<Guess> {
        let choices = self.dictionary.table("sys_choice")?;
        let field = |row: &Row, name: &str| self.field(choices, row, name).to_owned();
        let is_own = |row: &Row| {
            let of = self.dictionary.table(&field(row, "name"));
            field(row, "element") == column.name && of.is_some_and(|of| self.dictionary.is_a(table, of))
        };
        let own: Vec<&Row> = self.rows(choices).map(|(_, row)| row).filter(|row| is_own(row)).collect();
        if own.iter().any(|row| field(row, "value") == value && field(row, "inactive") == "true") {
            return Some(Guess::InactiveChoice);
        }
        let from_the_start = own.iter().any(|row| field(row, "sys_created_by") == MAINTENANCE);
        (!from_the_start).then_some(Guess::FirstChoice)
    }

    /// Whether a priority was kept that is computed when its reasons change (facts 13.1).
    pub(crate) fn keeps_priority(&self, table: TableId, old: &Row, new: &Row, given: &Fields) -> bool {
        let class = self.class(table, new);
        let of = |name: &str| self.dictionary.table(name).is_some_and(|of| self.dictionary.is_a(class, of));
        let same = |name: &str| self.field(class, old, name) == self.field(class, new, name);
        given.contains_key("priority")
            && (of("incident") || of("problem"))
            && same("impact")
            && same("urgency")
    }

    /// Whether one of these columns shows a password that is set.
    pub(crate) fn shows_password(&self, columns: impl Iterator<Item = ColumnId>, row: &Row) -> bool {
        let mut passwords = columns.filter(|id| self.dictionary.column(*id).kind == ColumnType::Password);
        passwords.any(|id| !self.value(row, id).is_empty())
    }
}
