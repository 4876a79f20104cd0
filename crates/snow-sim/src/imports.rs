//! What an instance knows of its imports: maps, what became of each row, and what still waits.

use crate::data::Author;
use crate::{Simulator, TransformMap};
use std::collections::HashMap;
use std::time::Duration;

#[derive(Debug, Default)]
pub(crate) struct Imports {
    pub(crate) maps: Vec<TransformMap>,
    /// By the sys_id of the row in its staging table.
    pub(crate) outcomes: HashMap<String, Vec<Outcome>>,
    /// Import sets that are transformed later, in the order in which they came.
    pub(crate) waiting: Vec<Waiting>,
}

/// What one map made of one row.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) map: String,
    pub(crate) table: String,
    pub(crate) status: &'static str,
    /// The record; empty if there is none.
    pub(crate) sys_id: String,
    /// Why there is none.
    pub(crate) error: String,
}

/// An import set that is to be transformed.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    pub(crate) set: String,
    pub(crate) multi: String,
    pub(crate) staging: String,
    pub(crate) rows: Vec<String>,
    pub(crate) user: String,
    /// Not before this time,
    pub(crate) from: Duration,
    /// and not before this set.
    pub(crate) after: String,
}

impl Simulator {
    /// Deletes all rows of staging tables, as an instance does from time to time: whoever asks for one then gets 404 (facts 7.2).
    /// What became of them stays.
    pub fn purge_imports(&self) {
        let state = &mut *self.lock();
        let stamp = state.clock.stamp();
        let Some(table) = state.database.dictionary.table("sys_import_set_row") else { return };
        let rows = state.database.rows_after(table, None).map(|(id, _)| id.to_string());
        for id in rows.collect::<Vec<_>>() {
            state.database.remove(table, &id, Author::new("system", &stamp));
        }
        state.imports.outcomes.clear();
    }
}
