//! Records that a test creates, changes, deletes and reads without a request.

use crate::data::Author;
use crate::{BuildError, Simulator};

impl Simulator {
    /// Creates a record as somebody else would, past all access rules and without a request; returns its `sys_id`. The fields
    /// that the instance fills, `sys_id` and `sys_created_on` among them, may be given.
    ///
    /// # Errors
    /// Returns an error if there is no such table or column, or if the `sys_id` or the `user_name` is taken.
    pub fn insert<'a>(
        &self,
        table: &str,
        fields: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<String, BuildError> {
        let state = &mut *self.lock();
        let (id, fields) = state.database.check_fields(table, fields)?;
        if let Some(taken) = fields.get("sys_id").filter(|taken| state.database.has_id(id, taken)) {
            return Err(BuildError::new(format!("the table {table:?} has a record {taken:?} already")));
        }
        if state.database.taken(id, None, &fields).is_some() {
            return Err(BuildError::new(format!(
                "the table {table:?} has a value already that may be there once"
            )));
        }
        let stamp = state.clock.stamp();
        Ok(state.database.insert(id, &fields, Author::unrestricted(&stamp)).to_string())
    }

    /// Changes fields of a record as somebody else would, past all access rules and without a request; returns `false` if there
    /// is no such record. `sys_created_on` and its kind may be given.
    ///
    /// # Errors
    /// Returns an error if there is no such table or column.
    pub fn update<'a>(
        &self,
        table: &str,
        sys_id: &str,
        fields: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<bool, BuildError> {
        let state = &mut *self.lock();
        let (id, fields) = state.database.check_fields(table, fields)?;
        let stamp = state.clock.stamp();
        Ok(state.database.update(id, sys_id, &fields, Author::unrestricted(&stamp)))
    }

    /// Deletes a record as somebody else would, past all access rules and without a request; returns `false` if there is no such
    /// table or record.
    pub fn delete(&self, table: &str, sys_id: &str) -> bool {
        let state = &mut *self.lock();
        let stamp = state.clock.stamp();
        let id = state.database.dictionary.table(table);
        id.is_some_and(|id| state.database.remove(id, sys_id, Author::unrestricted(&stamp)))
    }

    /// Returns a field of a record as it is stored, past all access rules; `None` if there is no such table, column or record.
    pub fn stored(&self, table: &str, sys_id: &str, field: &str) -> Option<String> {
        let state = &*self.lock();
        let id = state.database.dictionary.table(table)?;
        let column = state.database.dictionary.find(id, field)?;
        let row = state.database.row(id, sys_id)?;
        Some(state.database.value(row, column).to_owned())
    }

    /// Returns the `sys_id`s of all records of a table and of those that extend it, past all access rules; none if there is no such table.
    pub fn ids(&self, table: &str) -> Vec<String> {
        let state = &*self.lock();
        let Some(table) = state.database.dictionary.table(table) else { return Vec::new() };
        state.database.rows(table).map(|(id, _)| id.to_string()).collect()
    }

    /// Adds incidents that look like real ones, the same ones every time: see the crate's documentation for what a
    /// million of them takes.
    pub fn generate_incidents(&self, count: u32) {
        let state = &mut *self.lock();
        let now = state.clock.timestamp();
        state.database.generate_incidents(count, now);
    }

    /// Deletes all rows of staging tables, as an instance does from time to time: whoever asks for one then gets 404 ([facts 7.2]).
    /// What became of them stays.
    ///
    /// [facts 7.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#72-import-sets
    pub fn purge_imports(&self) {
        let state = &mut *self.lock();
        let stamp = state.clock.stamp();
        let Some(table) = state.database.dictionary.table("sys_import_set_row") else { return };
        let rows = state.database.rows(table).map(|(id, _)| id.to_string());
        for id in rows.collect::<Vec<_>>() {
            state.database.remove(table, &id, Author::new("system", &stamp));
        }
        state.imports.outcomes.clear();
    }
}
