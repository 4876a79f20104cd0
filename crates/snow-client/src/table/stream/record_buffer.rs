//! The records of a range that have come and wait to be given out.

use snow_core::Record;
use std::collections::VecDeque;

/// The records of a range between their page and the consumer.
#[derive(Default)]
pub(super) struct RecordBuffer {
    records: VecDeque<Record>,
    bytes: usize,
    /// How many records may be given out: those of complete pages, or all if there is no room for a complete one.
    released: usize,
    /// The pages, or parts of pages, of the released records. The first one is that of the record that was given out last.
    released_pages: VecDeque<ReleasedPage>,
    /// The pages of the waiting records, in a read by position.
    pages: VecDeque<BufferedPage>,
    /// How many of the next records an earlier read has given out. Its pages may have been larger, so these may be the records of
    /// several pages.
    skip: u64,
    last_given: Option<Record>,
}

/// A page, or as much of one as there was room for, whose records are given out.
struct ReleasedPage {
    /// How many of its records wait.
    waiting: usize,
    /// What the service counted, if it was asked to.
    total: Option<u64>,
}

/// A page of a read by position, some of whose records wait.
struct BufferedPage {
    offset: u64,
    records: u64,
    given: u64,
}

impl RecordBuffer {
    /// Creates a buffer that drops the first records, which an earlier read has given out.
    pub(super) fn skipping(skip: u64) -> Self {
        Self { skip, ..Self::default() }
    }

    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many of the next records are dropped.
    pub(super) fn skip(&self) -> u64 {
        self.skip
    }

    /// The record that came last and has not been given out.
    pub(super) fn newest(&self) -> Option<&Record> {
        self.records.back()
    }

    /// The record that was given out last.
    pub(super) fn last_given(&self) -> Option<&Record> {
        self.last_given.as_ref()
    }

    /// Whether a record may be given out.
    pub(super) fn has_released(&self) -> bool {
        self.released > 0
    }

    /// Lets all records that have come be given out: as a page, of which the service counted so many.
    pub(super) fn release(&mut self, total: Option<u64>) {
        let waiting = self.records.len().saturating_sub(self.released);
        if waiting > 0 {
            self.released = self.records.len();
            self.released_pages.push_back(ReleasedPage { waiting, total });
        }
    }

    /// The next record of the page whose record was given out last.
    pub(super) fn next_of_page(&self) -> Option<&Record> {
        let is_of_page = self.released_pages.front().is_some_and(|page| page.waiting > 0);
        self.records.front().filter(|_| is_of_page && self.last_given.is_some())
    }

    /// The count that came with that page.
    pub(super) fn page_total(&self) -> Option<u64> {
        self.released_pages.front().and_then(|page| page.total)
    }

    pub(super) fn push(&mut self, record: Record) {
        self.bytes = self.bytes.saturating_add(record.footprint());
        self.records.push_back(record);
    }

    /// Gives out the next record, if it may be.
    pub(super) fn pop(&mut self) -> Option<Record> {
        if self.released == 0 {
            return None;
        }
        let record = self.records.pop_front()?;
        self.released = self.released.saturating_sub(1);
        self.take_from_page();
        self.bytes = self.bytes.saturating_sub(record.footprint());
        self.last_given = Some(record.clone());
        if let Some(page) = self.pages.front_mut() {
            page.given = page.given.saturating_add(1);
            if page.given >= page.records {
                self.pages.pop_front();
            }
        }
        Some(record)
    }

    /// Counts a record that leaves its page. The page stays until the next one begins.
    fn take_from_page(&mut self) {
        while self.released_pages.front().is_some_and(|page| page.waiting == 0) {
            self.released_pages.pop_front();
        }
        if let Some(page) = self.released_pages.front_mut() {
            page.waiting = page.waiting.saturating_sub(1);
        }
    }

    /// Removes the records that came last.
    pub(super) fn remove_newest(&mut self, count: u64) {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        self.records.truncate(self.records.len().saturating_sub(count));
        self.unrelease();
        self.count_bytes();
    }

    /// Takes note of a complete page of a read by position, whose records have come.
    pub(super) fn add_page(&mut self, offset: u64, records: u64) {
        let given = self.skip.min(records);
        self.skip = self.skip.saturating_sub(given);
        if given > 0 {
            // No other record waits before them, because all earlier ones were dropped, too.
            self.records.drain(..usize::try_from(given).unwrap_or(usize::MAX).min(self.records.len()));
            self.count_bytes();
        }
        if given < records {
            self.pages.push_back(BufferedPage { offset, records, given });
        }
    }

    /// Where the page begins whose records are given out next, and how many of them were. `next_page`: where the page begins that has
    /// not been read yet.
    pub(super) fn offset(&self, next_page: u64) -> (u64, u64) {
        self.pages.front().map_or((next_page, self.skip), |page| (page.offset, page.given))
    }

    /// Counts the released records again, after some were removed.
    fn unrelease(&mut self) {
        let mut removed = self.released.saturating_sub(self.records.len());
        self.released = self.released.saturating_sub(removed);
        for page in self.released_pages.iter_mut().rev() {
            let of_page = page.waiting.min(removed);
            page.waiting = page.waiting.saturating_sub(of_page);
            removed = removed.saturating_sub(of_page);
        }
    }

    fn count_bytes(&mut self) {
        self.bytes = self.records.iter().map(Record::footprint).sum();
    }
}
