//! What an instance knows of its imports: maps, what became of each row, and what still waits.

use crate::{Guess, TransformMap};
use std::collections::HashMap;
use std::time::Duration;

#[derive(Debug, Default)]
pub(crate) struct Imports {
    pub(crate) maps: Vec<TransformMap>,
    /// By the sys_id of the row in its staging table.
    pub(crate) outcomes: HashMap<String, Vec<RowOutcome>>,
    /// Import sets that are transformed later, in the order in which they came.
    pub(crate) waiting: Vec<PendingImportSet>,
}

/// What one map made of one row.
#[derive(Clone, Debug)]
pub(crate) struct RowOutcome {
    pub(crate) map: String,
    pub(crate) table: String,
    pub(crate) status: &'static str,
    /// The record; empty if there is none.
    pub(crate) sys_id: String,
    /// Why there is none.
    pub(crate) error: String,
    /// What that depends on and no source settles.
    pub(crate) guesses: Vec<Guess>,
}

/// An import set that is to be transformed.
#[derive(Clone, Debug)]
pub(crate) struct PendingImportSet {
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
