//! How far a stream has come.

use crate::table::stopwatch::per_second;
use std::time::Duration;

/// The progress of a stream. Passed to the function of [`RecordStream::on_progress`](super::RecordStream::on_progress).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamProgress {
    /// The number of records that were returned, including those before a [resumed](super::RecordStream::resume) read.
    pub received: u64,
    /// The number of records that will have been received at the end: as many as matched when the read began, as the service counted
    /// them, and no more than the limit of the list.
    ///
    /// `None` until all of them are counted; a read that is resumed before that never knows. Records that this user may not read are
    /// counted, too, so the end may come sooner. Records that are created meanwhile are not, so it may come later.
    pub expected: Option<u64>,
    /// How many of the received records were returned before this read was resumed; 0 for a read from the start.
    pub resumed: u64,
    /// The number of bytes that the bodies of the responses had, decompressed. Pages that were prefetched or requested again are
    /// included, those before a resumed read are not.
    pub bytes: u64,
    /// The number of requests of this read.
    pub requests: u64,
    /// The time since this read began.
    pub elapsed: Duration,
}

impl StreamProgress {
    /// Returns how many records a second this read has returned so far, on average. Always a finite number; 0 while no time has
    /// passed.
    pub fn records_per_second(&self) -> f64 {
        per_second(self.received.saturating_sub(self.resumed), self.elapsed)
    }

    /// Whether nothing has happened since, except that time has passed.
    pub(super) fn is_as_before(&self, before: &Self) -> bool {
        Self { elapsed: before.elapsed, ..*self } == *before
    }
}
