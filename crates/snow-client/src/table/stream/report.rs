//! The report of a stream: whether all records came.

use serde::Serialize;

/// The report of a stream: what it has read, and whether that is everything. Returned by
/// [`RecordStream::report`](super::RecordStream::report).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct StreamReport {
    /// Whether the end was reached and proven: the service counted no further record. False for a stream that was
    /// [stopped](super::RecordStream::stop_handle), that failed, or that [reached its limit](Self::reached_limit).
    pub complete: bool,
    /// Whether the stream returned as many records as its [limit](crate::table::ListRecords::limit) allows. More may match.
    pub reached_limit: bool,
    /// The number of records that matched when the read began, as the service counted them, including those that this user may not
    /// read. `None` until all of them are counted; a read that is resumed before that never knows.
    pub expected: Option<u64>,
    /// The number of records that were returned, including those before a resumed read.
    pub received: u64,
    /// Whether records may have been missed or repeated.
    ///
    /// True for a read by position that took more than one page, because a record that is inserted or deleted shifts all later
    /// ones. Also true for a query that was too long for one URL and was read in parts, if records moved between the parts or if
    /// the read ended before that was checked.
    pub may_have_drifted: bool,
    /// The number of requests of this read, without those before a resumed read.
    pub requests: u64,
    /// The number of pages that were requested again because they failed or were cut off.
    pub retried_pages: u64,
    /// The requested fields that at least one record lacked: see [`Page::missing_fields`](crate::table::Page::missing_fields).
    pub missing_fields: Vec<String>,
}

impl StreamReport {
    /// The report of a stream that has not begun.
    pub(super) fn empty() -> Self {
        Self {
            complete: false,
            reached_limit: false,
            expected: None,
            received: 0,
            may_have_drifted: false,
            requests: 0,
            retried_pages: 0,
            missing_fields: Vec::new(),
        }
    }

    /// Returns how many records were counted but not returned, because access rules hide them or because they were deleted
    /// meanwhile. `None` unless the read is [complete](Self::complete) and the number of records is known.
    pub fn hidden(&self) -> Option<u64> {
        let expected = self.expected.filter(|_| self.complete);
        expected.map(|expected| expected.saturating_sub(self.received))
    }
}
