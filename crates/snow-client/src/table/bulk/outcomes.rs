//! The outcomes of a bulk write.

use snow_core::{Error, SysId};

/// What became of one record of a [`BulkWrite`](super::BulkWrite).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WriteOutcome<T> {
    /// The record.
    pub sys_id: SysId,
    /// What its write returned.
    pub result: Result<T, Error>,
}

/// How far a bulk write has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WriteProgress {
    /// Writes that succeeded.
    pub succeeded: u64,
    /// Writes that failed.
    pub failed: u64,
    /// Writes that are under way.
    pub under_way: u64,
    /// Records whose write has not begun; of a query, as far as they are known.
    pub waiting: u64,
}

/// What became of all records of a bulk write. Returned by [`BulkWrite::all`](super::BulkWrite::all).
#[derive(Clone, Debug)]
#[non_exhaustive]
#[must_use = "writes may have failed"]
pub struct BulkReport<T> {
    /// The outcome of each write that began, in the order in which they ended.
    pub outcomes: Vec<WriteOutcome<T>>,
    /// Records that were not written, because an earlier write failed or the bulk write was stopped; of a query, those that were
    /// known already.
    pub untouched: Vec<SysId>,
    /// Whether it was stopped, by an error or by its [handle](super::BulkWrite::stop_handle), before all records were written. Of a
    /// query, there may be more records than the untouched ones.
    pub stopped: bool,
    /// Why the records of a query could not be read to their end: there may be more, which were not written.
    pub unread: Option<Error>,
    /// Whether records of a query may have been missed because records moved while the query was read: see
    /// [`StreamReport::may_have_drifted`](crate::stream::StreamReport::may_have_drifted). No record is written twice.
    pub may_have_drifted: bool,
}

impl<T> BulkReport<T> {
    /// Returns the records whose writes failed.
    pub fn failures(&self) -> impl Iterator<Item = (SysId, &Error)> {
        self.outcomes.iter().filter_map(|outcome| Some((outcome.sys_id, outcome.result.as_ref().err()?)))
    }

    /// Returns whether every record was written, and none can have been missed.
    pub fn is_complete(&self) -> bool {
        self.unread.is_none()
            && !self.stopped
            && !self.may_have_drifted
            && self.untouched.is_empty()
            && self.failures().next().is_none()
    }

    /// Returns what was written, if all of it was.
    ///
    /// # Errors
    /// The first error otherwise. What was written before it stays written.
    pub fn into_result(self) -> Result<Vec<(SysId, T)>, Error> {
        if let Some(error) = self.unread {
            return Err(error);
        }
        self.outcomes.into_iter().map(|outcome| Ok((outcome.sys_id, outcome.result?))).collect()
    }
}
