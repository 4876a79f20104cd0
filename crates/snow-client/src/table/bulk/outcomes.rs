//! The outcomes of a bulk write.

use snow_core::{Error, SysId};

/// What became of one row: see [`BulkWrite`](crate::BulkWrite).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WriteOutcome<T> {
    /// Which row.
    pub sys_id: SysId,
    /// What its write answered.
    pub result: Result<T, Error>,
}

/// How far many writes have come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WriteProgress {
    /// Writes that succeeded.
    pub succeeded: u64,
    /// Writes that failed.
    pub failed: u64,
    /// Writes that are under way.
    pub under_way: u64,
    /// Rows whose write has not begun; of a query, as far as they are known.
    pub waiting: u64,
}

/// What became of all rows: see [`BulkWrite::all`](crate::BulkWrite::all).
#[derive(Clone, Debug)]
#[non_exhaustive]
#[must_use = "writes may have failed"]
pub struct BulkReport<T> {
    /// Of each row whose write began, in the order in which they were done.
    pub rows: Vec<WriteOutcome<T>>,
    /// Rows that were left alone, because an earlier one failed; of a query, those that were known already.
    pub untouched: Vec<SysId>,
    /// Why the rows of a query could not be read to their end: there may be more, which are as they were.
    pub unread: Option<Error>,
    /// Whether rows of a query may have been missed because records moved while the query was read: see
    /// [`StreamReport::may_have_drifted`](crate::StreamReport::may_have_drifted). No row is written twice.
    pub may_have_drifted: bool,
}

impl<T> BulkReport<T> {
    /// The rows whose writes failed.
    pub fn failures(&self) -> impl Iterator<Item = (SysId, &Error)> {
        self.rows.iter().filter_map(|row| Some((row.sys_id, row.result.as_ref().err()?)))
    }

    /// Whether every row was written, and none can have been missed.
    pub fn is_complete(&self) -> bool {
        self.unread.is_none()
            && !self.may_have_drifted
            && self.untouched.is_empty()
            && self.failures().next().is_none()
    }

    /// What was written, if all was.
    ///
    /// # Errors
    /// The first error otherwise. What was written before it stays written.
    pub fn into_result(self) -> Result<Vec<(SysId, T)>, Error> {
        if let Some(error) = self.unread {
            return Err(error);
        }
        self.rows.into_iter().map(|row| Ok((row.sys_id, row.result?))).collect()
    }
}
