//! Records by what a person knows of them: the display value, the name, the user name.

use super::{ColumnType, Database};

impl Database {
    /// What a person sees of a record: the value of its table's display column.
    pub(crate) fn display_name(&self, table: &str, sys_id: &str) -> Option<&str> {
        let table = self.dictionary.table(table)?;
        let row = self.row(table, sys_id)?;
        let column = self.dictionary.find(table, &self.dictionary.def(table).display)?;
        match &self.dictionary.column(column).kind {
            ColumnType::Reference(next) => self.display_name(next, self.value(row, column)),
            _ => Some(self.value(row, column)),
        }
    }

    /// The id of the first record whose display column says this.
    pub(crate) fn by_display_name(&self, table: &str, name: &str) -> Option<&str> {
        let table = self.dictionary.table(table)?;
        let column = self.dictionary.find(table, &self.dictionary.def(table).display)?;
        let mut rows = self.rows(table);
        rows.find(|(_, row)| self.value(row, column).eq_ignore_ascii_case(name)).map(|(id, _)| &**id)
    }

    /// The id of the record with this in its column `name`.
    pub(crate) fn by_column_name(&self, table: &str, name: &str) -> Option<&str> {
        let table = self.dictionary.table(table)?;
        let column = self.dictionary.find(table, "name")?;
        self.rows(table).find(|(_, row)| self.value(row, column) == name).map(|(id, _)| &**id)
    }

    /// The id of a record by its display value, or of a user by the user name.
    pub(crate) fn by_name(&self, table: &str, name: &str) -> Option<&str> {
        self.by_display_name(table, name).or_else(|| {
            let users = self.dictionary.table(table)?;
            let column = self.dictionary.find(users, "user_name")?;
            self.rows(users).find(|(_, row)| self.value(row, column) == name).map(|(id, _)| &**id)
        })
    }

    /// The id of a user by name; the name itself for users without a record (`glide.maint`; facts 1.6).
    pub(crate) fn user_id(&self, name: &str) -> String {
        let found = self.dictionary.table("sys_user").and_then(|users| {
            let column = self.dictionary.find(users, "user_name")?;
            self.rows(users).find(|(_, row)| self.value(row, column) == name).map(|(id, _)| id.to_string())
        });
        found.unwrap_or_else(|| name.to_owned())
    }
}
