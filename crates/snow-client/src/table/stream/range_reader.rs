//! Reads one range: its pages one after the other.

use super::key_range::{KeyRange, RangeStart};
use super::malformed_page::MalformedPage;
use super::page_in_flight::PageInFlight;
use super::page_response::{PageEnd, PageProgress};
use super::page_retry::PageRetry;
use super::paginator::Paginator;
use super::read_context::{ReadContext, StreamCounters};
use super::record_buffer::RecordBuffer;
use super::stream_request::StreamRequest;
use snow_core::timer::{self, Sleep};
use snow_core::{Error, ErrorKind, Record};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

pub(super) struct RangeReader {
    paginator: Paginator,
    /// Boxed, because a stream has up to 10,000 ranges, and few of them read a page at a time.
    page: Option<Box<PageInFlight>>,
    pause: Option<Sleep>,
    buffer: RecordBuffer,
    /// Where the range began.
    start: RangeStart,
    /// Whether the first count of this range has yet to be added to the count of the stream. A range that was split off another one
    /// has been counted there.
    is_uncounted: bool,
    /// How many records the last page had.
    last_page_len: usize,
    retry: PageRetry,
    error: Option<Error>,
    malformed: Option<MalformedPage>,
    /// Whether the last prefetch found no permit to prefetch.
    prefetch_declined: bool,
    /// How many records follow the last page, if it counted them and nobody has asked yet.
    left: Option<u64>,
}

impl RangeReader {
    /// Creates the reader of a range that no other range has counted.
    pub(super) fn new(paginator: Paginator, buffer: RecordBuffer) -> Self {
        Self {
            start: paginator.range().from.clone(),
            paginator,
            page: None,
            pause: None,
            buffer,
            is_uncounted: true,
            last_page_len: 0,
            retry: PageRetry::default(),
            error: None,
            malformed: None,
            prefetch_declined: false,
            left: None,
        }
    }

    /// Creates the reader of a range that was split off another one.
    pub(super) fn split_off(paginator: Paginator) -> Self {
        Self { is_uncounted: false, ..Self::new(paginator, RecordBuffer::default()) }
    }

    pub(super) fn buffer(&self) -> &RecordBuffer {
        &self.buffer
    }

    /// Gives out the next record, if one may be given out.
    pub(super) fn pop(&mut self) -> Option<Record> {
        self.buffer.pop()
    }

    /// Whether a record can be given out.
    pub(super) fn is_ready(&self) -> bool {
        self.buffer.has_released()
    }

    /// Whether a request or a pause is under way.
    pub(super) fn is_busy(&self) -> bool {
        self.page.is_some() || self.pause.is_some()
    }

    /// Whether nothing more is to be asked for.
    pub(super) fn is_fully_requested(&self) -> bool {
        self.error.is_some() || self.paginator.is_done() && self.page.is_none()
    }

    /// Whether no further record comes.
    pub(super) fn is_done(&self) -> bool {
        self.is_fully_requested() && self.buffer.is_empty()
    }

    pub(super) fn has_failed(&self) -> bool {
        self.error.is_some()
    }

    pub(super) fn take_error(&mut self) -> Option<Error> {
        self.error.take()
    }

    /// Whether a page may be asked for before the records are given out: one page waits while one more is read.
    pub(super) fn may_prefetch(&self) -> bool {
        !self.prefetch_declined && self.buffer.len() <= self.last_page_len
    }

    /// Allows prefetching again: a permit may have become free.
    pub(super) fn retry_prefetch(&mut self) {
        self.prefetch_declined = false;
    }

    /// Whether what is under way may bring more: each page has as much room for itself.
    pub(super) fn has_room(&self, room: usize) -> bool {
        self.page.as_ref().is_none_or(|page| page.bytes.min(self.buffer.bytes()) < room)
    }

    /// Sets the limit of the largest page from now on.
    pub(super) fn set_max_limit(&mut self, limit: u32) {
        self.paginator.set_max_limit(limit);
    }

    /// Returns how many records follow the last page, once for each page that counted them.
    pub(super) fn take_left(&mut self) -> Option<u64> {
        self.left.take()
    }

    /// Withdraws a request that waits to be sent, and the pause before the next one.
    pub(super) fn withdraw_unsent(&mut self, counters: &mut StreamCounters) {
        self.pause = None;
        if let Some(page) = self.page.take_if(|page| !page.is_under_way())
            && !page.was_sent()
        {
            counters.request_withdrawn();
        }
    }

    /// Splits what was not asked for yet: see [`Paginator::split`].
    pub(super) fn split(&mut self, pieces: u64, most: u64) -> Vec<KeyRange> {
        self.paginator.split(pieces, most)
    }

    /// The part of the range that has not been given out: what a later read has to go on with.
    pub(super) fn unread_range(&self, request: &StreamRequest) -> Option<KeyRange> {
        if self.paginator.is_done() && self.page.is_none() && self.buffer.is_empty() {
            return None;
        }
        let given = self.buffer.last_given().and_then(|record| request.key(record).ok().flatten());
        let from = given.map_or_else(|| self.start.clone(), RangeStart::After);
        Some(KeyRange { from, until: self.paginator.range().until.clone() })
    }

    /// In a read by position: where the page begins whose records are given out, and how many of them were.
    pub(super) fn offset(&self) -> Option<(u64, u64)> {
        self.paginator.offset().map(|next_page| self.buffer.offset(next_page))
    }

    /// Asks for the next page, of no more than the `wanted` records. `is_prefetch`: the page is not waited for yet.
    pub(super) fn request_page(&mut self, context: &mut ReadContext<'_>, is_prefetch: bool, wanted: u32) {
        if self.paginator.is_done() {
            self.error = Some(Error::internal("a range is read past its end"));
            return;
        }
        // Records that are to be skipped come as well.
        let skip = u32::try_from(self.buffer.skip()).unwrap_or(u32::MAX);
        let request = self.paginator.next_page(wanted.saturating_add(skip));
        match PageInFlight::send(request, is_prefetch, context) {
            Ok(page) => self.page = Some(Box::new(page)),
            Err(error) => self.error = Some(error),
        }
    }

    /// Reads on until it has to wait, a page ends, or there is no more room.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, context: &mut ReadContext<'_>) -> Poll<()> {
        if let Some(pause) = &mut self.pause {
            let waited = ready!(Pin::new(pause).poll(cx));
            self.pause = None;
            if let Err(error) = waited {
                self.error = Some(context.request.annotate(error));
                return Poll::Ready(());
            }
        }
        let Some(page) = &mut self.page else { return Poll::Ready(()) };
        match page.poll(cx, context, &mut self.buffer) {
            Poll::Ready(PageProgress::Ended(end)) => self.end_page(end, context),
            Poll::Ready(PageProgress::BufferFull) => self.buffer.release(page.total()),
            Poll::Pending => {
                // The page keeps its permit until its records are consumed, sooner or later: waiting for the rest would only take
                // memory.
                let by_offset = page.request.offset.is_some();
                if context.releases_early && !by_offset && page.outgrows(context.room) {
                    self.buffer.release(page.total());
                }
                return Poll::Pending;
            }
        }
        Poll::Ready(())
    }

    fn end_page(&mut self, end: PageEnd, context: &mut ReadContext<'_>) {
        let Some(mut page) = self.page.take() else {
            self.error = Some(Error::internal("a page ends that was never asked for"));
            return;
        };
        if let Some(malformed) = self.malformed.take() {
            self.error = Some(malformed.locate(&page, end.error.is_none()));
            return;
        }
        page.summary.total = end.total;
        let total = end.total.filter(|_| page.request.counted);
        let result = match (end.error, context.fields.verify()) {
            (Some(error), _) if end.is_mismatch => self.page_mismatched(&page, error),
            (Some(error), _) => self.page_failed(&page, error, context),
            (None, Err(error)) => self.page_mismatched(&page, error),
            (None, Ok(())) => self.page_completed(&page, context),
        };
        self.buffer.release(total);
        if let Err(error) = result {
            self.error = Some(error);
        }
    }

    /// The records are not those that were asked for, or lack fields: no more records of the page are given out.
    fn page_mismatched(&mut self, page: &PageInFlight, error: Error) -> Result<(), Error> {
        if !page.request.ids_only {
            self.buffer.remove_newest(page.summary.records);
        }
        Err(error)
    }

    fn page_completed(&mut self, page: &PageInFlight, context: &mut ReadContext<'_>) -> Result<(), Error> {
        let PageInFlight { request, summary, bytes, .. } = page;
        let left = self.paginator.page_completed(request, summary)?;
        self.retry.reset();
        self.last_page_len = usize::try_from(summary.records).unwrap_or(usize::MAX);
        let counters = &mut *context.counters;
        if std::mem::take(&mut self.is_uncounted) {
            let passed = request.offset.unwrap_or_default();
            counters.add_counted(summary.total.unwrap_or_default().saturating_sub(passed));
            counters.uncounted_ranges = counters.uncounted_ranges.saturating_sub(1);
        }
        if let Ok(records @ 1..) = usize::try_from(summary.records) {
            counters.record_bytes = Some(bytes.checked_div(records).unwrap_or(1).max(1));
        }
        if !request.ids_only && !self.paginator.is_done() {
            self.left = left;
        }
        if let Some(offset) = request.offset {
            counters.pages_by_offset = counters.pages_by_offset.saturating_add(1);
            self.buffer.add_page(offset, summary.records);
        }
        Ok(())
    }

    /// A read that ran into the quota, whose response broke off, or whose page was larger than the client takes, goes on from the last
    /// good record with a smaller page.
    fn page_failed(
        &mut self,
        page: &PageInFlight,
        error: Error,
        context: &mut ReadContext<'_>,
    ) -> Result<(), Error> {
        if error.kind() == ErrorKind::PermitTimeout && page.is_prefetch {
            self.prefetch_declined = true; // no permit was free for it, so nothing was sent
            context.counters.request_withdrawn();
            return Ok(());
        }
        if page.request.offset.is_some() {
            self.buffer.remove_newest(page.summary.records);
        }
        if error.kind() == ErrorKind::Malformed && !context.is_stopped {
            return self.request_neighbors(page, error, context);
        }
        let Some(failure) = PageFailure::of(&error, page) else { return Err(error) };
        if self.is_uncounted && !page.request.ids_only {
            context.counters.add_counted(page.summary.records); // the next count begins after them
        }
        let has_changed = self.paginator.page_broken(&page.request, &page.summary);
        if context.is_stopped {
            return Ok(());
        }
        let has_advanced =
            page.summary.records > 0 && page.request.offset.is_none() && !page.request.ids_only;
        let pause = match has_advanced || failure != PageFailure::SlowConsumer && has_changed {
            // Records came, or a smaller page can be asked for: this ends by itself.
            true => {
                self.retry.reset();
                Duration::ZERO
            }
            false => self.retry.delay(error, context)?,
        };
        context.counters.retried_pages = context.counters.retried_pages.saturating_add(1);
        self.pause = Some(timer::sleep(pause));
        Ok(())
    }

    /// Asks for the ids of the records around the place where a page is malformed.
    fn request_neighbors(
        &mut self,
        page: &PageInFlight,
        error: Error,
        context: &mut ReadContext<'_>,
    ) -> Result<(), Error> {
        let (malformed, neighbors) = MalformedPage::new(error, page)?;
        self.page = Some(Box::new(PageInFlight::send(neighbors, page.is_prefetch, context)?));
        self.malformed = Some(malformed);
        Ok(())
    }
}

/// Why a page failed that may be asked for again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PageFailure {
    /// It was more than the service or the client takes.
    TooLarge,
    ConnectionBroke,
    /// Its deadline passed while its records were consumed.
    SlowConsumer,
}

impl PageFailure {
    fn of(error: &Error, page: &PageInFlight) -> Option<Self> {
        match error.kind() {
            ErrorKind::Truncated | ErrorKind::TransactionCancelled | ErrorKind::ResponseTooLarge => {
                Some(Self::TooLarge)
            }
            ErrorKind::ConnectionClosed | ErrorKind::TimedOut => Some(Self::ConnectionBroke),
            ErrorKind::DeadlineExceeded if page.summary.records > 0 => Some(Self::SlowConsumer),
            _ => None,
        }
    }
}
