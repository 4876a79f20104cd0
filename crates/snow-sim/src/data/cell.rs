//! Reading and setting one cell of a row.

use super::{ColumnId, Database, Row, TableId};
use std::sync::Arc;

impl Database {
    /// The stored value of a cell, its column's default where nobody set it.
    pub(crate) fn value<'a>(&'a self, row: &'a Row, column: ColumnId) -> &'a str {
        row.get(column).unwrap_or(&self.dictionary.column(column).default)
    }

    /// The stored value of a field, empty if there is no such column.
    pub(crate) fn field<'a>(&'a self, table: TableId, row: &'a Row, name: &str) -> &'a str {
        self.dictionary.find(table, name).map_or("", |column| self.value(row, column))
    }

    /// Sets one cell, to a value that other rows may share.
    pub(super) fn put(&mut self, table: TableId, row: &mut Row, name: &str, value: &str) {
        let Some(column) = self.dictionary.find(table, name) else { return };
        if self.dictionary.column(column).default == value {
            return row.unset(column);
        }
        let value = self.intern(value);
        row.set(column, value);
    }

    /// Sets one cell, to a value of this row alone.
    pub(super) fn put_unshared(&mut self, table: TableId, row: &mut Row, name: &str, value: Arc<str>) {
        if let Some(column) = self.dictionary.find(table, name) {
            row.set(column, value);
        }
    }

    fn intern(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.shared.get(text) {
            return known.clone();
        }
        let new: Arc<str> = text.into();
        self.shared.insert(new.clone());
        new
    }
}
