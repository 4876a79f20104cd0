//! The report of a stream: whether all records came.

use serde::Serialize;

/// What a read of many rows came to; see [`RecordStream::report`](super::RecordStream::report).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct StreamReport {
    /// Whether the end was reached, and proven: a request that counted found no row behind what had come.
    pub complete: bool,
    /// How many rows matched when the read began, as the service counted them: those that this user may not read
    /// included. `None` before all of them were counted, and for a read that was resumed from there.
    pub expected: Option<u64>,
    /// How many rows were given out.
    pub received: u64,
    /// Whether rows may have been missed or repeated. It is true of a read by position that took more than one page, because rows
    /// that come and go shift all those that follow (facts 9), and of a query too long for one URL, read in parts, if records moved
    /// between the parts meanwhile or if nobody looked because the read ended early.
    pub may_have_drifted: bool,
    /// How many requests it took.
    pub requests: u64,
    /// How many pages were asked for again, smaller, because they were cut.
    pub healed: u64,
    /// The fields that were asked for and that at least one of the rows lacked: see
    /// [`Page::missing_fields`](crate::Page::missing_fields).
    pub missing_fields: Vec<String>,
}

impl StreamReport {
    /// The report of a stream that has not begun.
    pub(super) fn empty() -> Self {
        Self {
            complete: false,
            expected: None,
            received: 0,
            may_have_drifted: false,
            requests: 0,
            healed: 0,
            missing_fields: Vec::new(),
        }
    }

    /// How many rows were counted and never shown: hidden by access rules, or deleted meanwhile (facts 9). Known at the end.
    pub fn hidden(&self) -> Option<u64> {
        let expected = self.expected.filter(|_| self.complete);
        expected.map(|expected| expected.saturating_sub(self.received))
    }
}
