//! The outcomes of a bulk write.

use snow_core::{Error, SysId};

/// The outcome of the write of one record in a [`BulkWrite`](super::BulkWrite).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WriteOutcome<T> {
    /// The `sys_id` of the record.
    pub sys_id: SysId,
    /// The result of its write.
    pub result: Result<T, Error>,
}

/// The progress of a bulk write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WriteProgress {
    /// The number of writes that succeeded.
    pub succeeded: u64,
    /// The number of writes that failed.
    pub failed: u64,
    /// The number of writes that are under way.
    pub under_way: u64,
    /// The number of records whose write has not started. For a query, those that are known so far.
    pub waiting: u64,
}

/// The outcomes of all records of a bulk write. Returned by [`BulkWrite::all`](super::BulkWrite::all).
#[derive(Clone, Debug)]
#[non_exhaustive]
#[must_use = "writes may have failed"]
pub struct BulkReport<T> {
    /// The outcome of each write that was started, in the order in which they ended.
    pub outcomes: Vec<WriteOutcome<T>>,
    /// Records that were not written, because an earlier write failed or the bulk write was stopped. For a query, those that were
    /// known by then.
    pub untouched: Vec<SysId>,
    /// Whether it was stopped, by an error or by its [handle](super::BulkWrite::stop_handle), before all records were written. A
    /// query may select more records than the untouched ones.
    pub stopped: bool,
    /// The error that ended the read of a query before its end. There may be more records, which were not written.
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

    /// Returns whether every record was written and none can have been missed.
    pub fn is_complete(&self) -> bool {
        self.unread.is_none()
            && !self.stopped
            && !self.may_have_drifted
            && self.untouched.is_empty()
            && self.failures().next().is_none()
    }

    /// Returns the results of all writes, if all of them succeeded.
    ///
    /// # Errors
    ///
    /// The first error. Records that were written before it stay written.
    pub fn into_result(self) -> Result<Vec<(SysId, T)>, Error> {
        if let Some(error) = self.unread {
            return Err(error);
        }
        self.outcomes.into_iter().map(|outcome| Ok((outcome.sys_id, outcome.result?))).collect()
    }
}
