//! Splits ranges into smaller ones that are read at the same time, as far as counts say that it is worth it.

use super::Scheduler;
use crate::table::stream::paginator::Paginator;
use crate::table::stream::range_reader::RangeReader;
use snow_core::Error;

/// The most pieces that a range is split into at a time.
pub(super) const MOST_PIECES: u64 = 1_000;

/// How many pieces a range is split into at a time, for each request that may be under way. The last piece is all the rest: it counts
/// its records when its turn comes, and is then split itself. This way few ranges take memory at a time, and the records of most of
/// them fit one page.
const PIECES_PER_REQUEST: u64 = 16;

/// The most ranges that a stream has. The count of a response may be any number, and each range takes memory.
const MOST_RANGES: usize = 10_000;

impl Scheduler {
    /// Makes pages as large as their records allow, and splits a range, after a page that counted how many records are left.
    pub(super) fn adjust_to_counted_page(&mut self, index: usize) {
        let Some(left) = self.ranges.get_mut(index).and_then(RangeReader::take_left) else { return };
        if let (false, Some(bytes)) = (self.page_size.is_fixed(), self.counters.record_bytes) {
            self.page_size.fit(self.concurrency.room(), bytes);
            let max = self.page_size.max();
            self.ranges.iter_mut().for_each(|range| range.set_max_limit(max));
        }
        if self.concurrency.parallel > 1 && left > u64::from(self.page_size.max()) {
            let wanted = left.div_ceil(self.page_size.records_per_range());
            // The first piece takes the place of the range itself.
            let free = MOST_RANGES.saturating_sub(self.ranges.len()).saturating_add(1) as u64;
            let most = PIECES_PER_REQUEST.saturating_mul(self.concurrency.parallel as u64);
            self.split_range(index, wanted, most.min(MOST_PIECES).min(free));
        }
    }

    fn split_range(&mut self, index: usize, pieces: u64, most: u64) {
        if pieces.min(most) <= 1 {
            return;
        }
        let Some(range) = self.ranges.get_mut(index) else {
            self.internal_error = Some(Error::internal("a range that is to be shared out is not there"));
            return;
        };
        let max = self.page_size.max();
        let split_off = range.split(pieces, most);
        if self.front > index {
            self.front = self.front.saturating_add(split_off.len());
        }
        let readers =
            split_off.into_iter().map(|range| RangeReader::split_off(Paginator::new(range, max, max)));
        // Inserting them one by one would move the ranges behind them each time.
        let mut behind = self.ranges.split_off(index.saturating_add(1));
        self.ranges.extend(readers);
        self.ranges.append(&mut behind);
    }
}
