//! A record: only what is not its column's default, so that a million of them fit into memory.

use super::ColumnId;
use std::sync::Arc;

/// Cells by column; a column that is not here has its default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Row {
    cells: Vec<(ColumnId, Arc<str>)>,
}

impl Row {
    pub(crate) fn get(&self, column: ColumnId) -> Option<&str> {
        let at = self.cells.binary_search_by_key(&column, |(id, _)| *id).ok()?;
        Some(&self.cells[at].1)
    }

    pub(crate) fn set(&mut self, column: ColumnId, value: Arc<str>) {
        match self.cells.binary_search_by_key(&column, |(id, _)| *id) {
            Ok(at) => self.cells[at].1 = value,
            Err(at) => self.cells.insert(at, (column, value)),
        }
    }

    pub(crate) fn unset(&mut self, column: ColumnId) {
        if let Ok(at) = self.cells.binary_search_by_key(&column, |(id, _)| *id) {
            self.cells.remove(at);
        }
    }

    pub(crate) fn shrink(&mut self) {
        self.cells.shrink_to_fit();
    }
}
