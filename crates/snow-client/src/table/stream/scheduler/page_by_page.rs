//! The records that came in one page, given out together.

use super::Scheduler;
use crate::table::stream::range_reader::RangeReader;
use snow_core::Record;

impl Scheduler {
    /// Gives records out page by page from now on.
    pub(in super::super) fn give_pages(&mut self) {
        self.gives_pages = true;
    }

    /// The next record of the page whose record was given out last.
    pub(in super::super) fn next_of_page(&self) -> Option<&Record> {
        let may_follow = !self.has_reached_limit() && self.internal_error.is_none();
        self.ranges.get(self.front).filter(|_| may_follow).and_then(|range| range.buffer().next_of_page())
    }

    /// Gives out that record.
    pub(in super::super) fn pop_of_page(&mut self) {
        if self.ranges.get_mut(self.front).and_then(RangeReader::pop).is_some() {
            self.remaining = self.remaining.map(|remaining| remaining.saturating_sub(1));
        }
    }

    /// The count that came with the page whose record was given out last.
    pub(in super::super) fn page_total(&self) -> Option<u64> {
        self.ranges.get(self.front).and_then(|range| range.buffer().page_total())
    }
}
