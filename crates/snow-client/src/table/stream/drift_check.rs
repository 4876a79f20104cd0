//! Whether records moved while they were read, so that some may have been missed or come twice.
//!
//! A query whose `is_in` is too long for one URL is read part by part. A record whose value changes meanwhile may move from a part
//! that is yet to be read into one that was read already, and be missed, or the other way round, and come twice. Pages of a read by
//! position shift in the same way. So all ids are read once more at the end and compared with those that were given out. They are
//! kept as one number for each part, a sum over the ids, so that memory does not grow.

use super::read_context::StreamCounters;
use super::scheduler::Scheduler;
use crate::table::scattered_hash::scattered;
use snow_core::Error;
use std::task::{Context, Poll};

pub(super) struct DriftCheck {
    /// Of each part, the sum of the ids that were given out.
    given: Vec<u64>,
    second_read: Option<SecondRead>,
    /// Whether the two reads had the same records, once that is known.
    is_same: Option<bool>,
    /// What the second read took, once it has ended.
    counters: StreamCounters,
}

/// The read of all ids, and the sums of those that were found so far.
struct SecondRead {
    scheduler: Box<Scheduler>,
    found: Vec<u64>,
}

impl DriftCheck {
    /// Creates a check for so many parts. `given`: the sums of an earlier read that this one resumes.
    pub(super) fn new(parts: usize, mut given: Vec<u64>) -> Self {
        given.resize(parts, 0);
        Self { given, second_read: None, is_same: None, counters: StreamCounters::default() }
    }

    /// Takes note of a record that is given out.
    pub(super) fn note(&mut self, part: usize, sys_id: &str) {
        add(&mut self.given, part, sys_id);
    }

    pub(super) fn given(&self) -> &[u64] {
        &self.given
    }

    /// What the second read has taken so far.
    pub(super) fn counters(&self) -> &StreamCounters {
        self.second_read.as_ref().map_or(&self.counters, |second| second.scheduler.counters())
    }

    /// Whether no record is known to have moved.
    pub(super) fn is_verified(&self) -> bool {
        self.is_same == Some(true)
    }

    /// Reads the ids once more, and compares. Ready when that is done.
    ///
    /// # Errors
    ///
    /// What kept the ids from being read: it is not known then whether all records came.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        begin: impl FnOnce() -> Scheduler,
    ) -> Poll<Result<(), Error>> {
        if self.is_same.is_some() {
            return Poll::Ready(Ok(()));
        }
        let parts = self.given.len();
        let second = self
            .second_read
            .get_or_insert_with(|| SecondRead { scheduler: Box::new(begin()), found: vec![0; parts] });
        loop {
            match second.scheduler.poll(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Ok(record))) => {
                    let part = second.scheduler.parts().index();
                    add(&mut second.found, part, &record.value("sys_id")?);
                }
                Poll::Ready(Some(Err(error))) => {
                    self.finish(false);
                    let why = "all records came, and whether any of them moved meanwhile could not be seen";
                    return Poll::Ready(Err(error.with_context(why)));
                }
                Poll::Ready(None) => break,
            }
        }
        let is_same = second.found == self.given;
        self.finish(is_same);
        Poll::Ready(Ok(()))
    }

    fn finish(&mut self, is_same: bool) {
        self.counters = *self.counters();
        (self.second_read, self.is_same) = (None, Some(is_same));
    }
}

/// Adds an id to a sum that does not depend on the order.
fn add(sums: &mut [u64], part: usize, sys_id: &str) {
    if let Some(sum) = sums.get_mut(part) {
        *sum = sum.wrapping_add(scattered(sys_id.bytes().map(|byte| byte.to_ascii_lowercase())));
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test may fail")]
mod tests {
    use super::*;

    #[test]
    fn a_sum_tells_which_ids_came_and_not_in_which_order() {
        let sum = |ids: &[&str]| {
            let mut sums = [0];
            ids.iter().for_each(|id| add(&mut sums, 0, id));
            sums[0]
        };
        assert_eq!(sum(&["a1", "b2", "c3"]), sum(&["c3", "A1", "b2"]));
        assert_ne!(sum(&["a1", "b2"]), sum(&["a1", "b2", "b2"]));
        assert_ne!(sum(&["a1", "b2"]), sum(&["a2", "b1"]));
    }
}
