//! Whether all rows came.

use serde::Serialize;

/// What a read of many rows came to; see [`Rows::report`](super::Rows::report).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// Whether the end was reached, and proven: a request that counted found no row behind what had come.
    pub complete: bool,
    /// How many rows matched when the read began, as the service counted them: those that this user may not read
    /// included. `None` before all of them were counted, and for a read that was resumed from there.
    pub expected: Option<u64>,
    /// How many rows were given out.
    pub received: u64,
    /// Rows may have been missed or repeated: they were read by position, and rows that come and go shift all behind them
    /// (facts 9).
    pub may_have_drifted: bool,
    /// How many requests it took.
    pub requests: u64,
    /// How many pages were asked for again, smaller, because they were cut.
    pub healed: u64,
}

impl Report {
    /// How many rows were counted and never shown: hidden by access rules, or deleted meanwhile (facts 9). Known at the end.
    pub fn hidden(&self) -> Option<u64> {
        let expected = self.expected.filter(|_| self.complete);
        expected.map(|expected| expected.saturating_sub(self.received))
    }
}
