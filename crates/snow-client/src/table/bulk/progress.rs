//! The progress of a bulk write.

use crate::table::stopwatch::per_second;
use std::time::Duration;

/// The progress of a bulk write. Passed to the function of [`BulkWrite::on_progress`](super::BulkWrite::on_progress).
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
    /// The number of records that are to be written in all.
    ///
    /// For a query, it is the number of records that matched when its read began, as the service counted them, and no more than the
    /// limit of the list; `None` until they are counted. It becomes exact when all of them have been read.
    pub expected: Option<u64>,
    /// The number of bytes that the writes that have ended had to send, as JSON; 0 for deletions. Writes that were sent again count
    /// once.
    pub bytes: u64,
    /// The time since the bulk write began.
    pub elapsed: Duration,
}

impl WriteProgress {
    /// Returns how many writes have ended, whether they succeeded or failed.
    pub fn done(&self) -> u64 {
        self.succeeded.saturating_add(self.failed)
    }

    /// Returns how many writes a second have ended so far, on average. Always a finite number; 0 while no time has passed.
    pub fn records_per_second(&self) -> f64 {
        per_second(self.done(), self.elapsed)
    }
}
