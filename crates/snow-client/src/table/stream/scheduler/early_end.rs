//! The early end of a read that was stopped.

use super::Scheduler;
use crate::table::stream::range_reader::RangeReader;

impl Scheduler {
    /// Sends no further request from now on. What has been sent is read to its end.
    pub(in super::super) fn stop(&mut self) {
        self.is_stopped = true;
    }

    /// Whether the read ended before its end, because it was stopped.
    pub(in super::super) fn has_ended_early(&self) -> bool {
        self.has_ended_early
    }

    /// Withdraws what has not been sent: pauses before another attempt, and requests that wait for a permit.
    fn withdraw_unsent(&mut self) {
        let counters = &mut self.counters;
        self.ranges.iter_mut().for_each(|range| range.withdraw_unsent(counters));
    }

    /// Whether the next record would take a new request, which may not be sent.
    fn is_stuck(&self) -> bool {
        let is_idle = |range: &RangeReader| !range.is_busy() && !range.is_ready() && !range.is_done();
        self.is_stopped && self.ranges.iter().take(self.candidates()).all(is_idle)
    }

    /// Ends the read early, if the next record would take a new request.
    pub(super) fn ends_early(&mut self) -> bool {
        if self.is_stopped {
            self.withdraw_unsent();
            self.has_ended_early = self.is_stuck();
        }
        self.has_ended_early
    }
}
