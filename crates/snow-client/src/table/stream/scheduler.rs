//! Decides which ranges of a stream are read, when each asks for its next page, and which record is given out next.

mod early_end;
mod page_by_page;
mod range_split;

use super::buffer_usage::BufferUsage;
use super::concurrency::Concurrency;
use super::key_range::KeyRange;
use super::page_size::PageSize;
use super::paginator::Paginator;
use super::query_parts::QueryParts;
use super::range_reader::RangeReader;
use super::read_context::{ReadContext, StreamCounters};
use super::read_order::ReadOrder;
use super::record_buffer::RecordBuffer;
use super::stream_request::StreamRequest;
use super::wake_flag::WakeFlag;
use crate::request::missing_fields::{FieldCheck, TypeFields};
use snow_core::decode::Records;
use snow_core::{Clock, Error, Record};
use std::collections::VecDeque;
use std::task::{Context, Poll};

/// Reads the records of a query, part by part and range by range.
pub(super) struct Scheduler {
    request: StreamRequest,
    parts: QueryParts,
    /// The range of each part of the query that is read.
    range: KeyRange,
    page_size: PageSize,
    concurrency: Concurrency,
    /// Whether pages may be asked for before they are waited for.
    prefetches: bool,
    ranges: VecDeque<RangeReader>,
    /// The range that records are taken from.
    front: usize,
    wake_flag: WakeFlag,
    clock: Clock,
    decoder: Records,
    counters: StreamCounters,
    fields: FieldCheck,
    /// How many more records are wanted; all of them without a limit.
    remaining: Option<u64>,
    /// A state that should be impossible.
    internal_error: Option<Error>,
    /// Whether a prefetch was begun whose connection task has not run yet.
    must_yield: bool,
    /// Whether records are given out page by page: no page is released before all of it has come, if it fits.
    gives_pages: bool,
    /// Whether no further request may be sent.
    is_stopped: bool,
    /// Whether the read ended before its end, because it was stopped.
    has_ended_early: bool,
}

impl Scheduler {
    pub(super) fn new(
        request: StreamRequest,
        parts: QueryParts,
        range: KeyRange,
        page_size: PageSize,
        concurrency: Concurrency,
        fields: FieldCheck,
        remaining: Option<u64>,
    ) -> Self {
        Self {
            prefetches: concurrency.parallel > 1 || request.client.look_ahead,
            decoder: request.decoder(),
            request,
            parts,
            range,
            page_size,
            concurrency,
            ranges: VecDeque::new(),
            front: 0,
            wake_flag: WakeFlag::new(),
            clock: Clock::new(),
            counters: StreamCounters::default(),
            fields,
            remaining,
            internal_error: None,
            must_yield: false,
            gives_pages: false,
            is_stopped: false,
            has_ended_early: false,
        }
    }

    /// Creates a second read of the same records, for their `sys_id`s alone.
    pub(super) fn sys_ids(&self) -> Self {
        let fields = FieldCheck::new(None, &TypeFields::Dynamic, false);
        let (request, parts, page_size) =
            (self.request.sys_ids(), self.parts.restarted(), PageSize::new(None));
        let second = Self::new(request, parts, self.range.clone(), page_size, self.concurrency, fields, None);
        let mut second = Self { decoder: Records::list(), ..second };
        second.begin(0);
        second
    }

    /// Begins the current part: with as many ranges as are read at once, each of which is split further when it is known how much is
    /// in it. If records come in order there is one range, because records from far behind would take the room of the next ones.
    pub(super) fn begin(&mut self, offset: u64) {
        let parallel = self.concurrency.parallel as u64;
        let ranges = if self.concurrency.in_order { 1 } else { parallel.min(range_split::MOST_PIECES) };
        self.set_ranges(self.range.split(ranges), (offset, 0));
    }

    /// Goes on where another read stopped, after it had given out so many records.
    pub(super) fn resume(
        &mut self,
        part: usize,
        received: u64,
        ranges: Vec<KeyRange>,
        offset: Option<(u64, u64)>,
    ) {
        self.parts.go_to(part);
        self.remaining = self.remaining.map(|remaining| remaining.saturating_sub(received));
        self.set_ranges(ranges, offset.unwrap_or_default());
    }

    fn set_ranges(&mut self, ranges: Vec<KeyRange>, (offset, skip): (u64, u64)) {
        let max = self.page_size.max();
        self.ranges = match self.request.order {
            ReadOrder::Offset => {
                // No small page shows how large records are: records between pages may shift.
                let first = self.remaining.and_then(|wanted| u32::try_from(wanted).ok()).unwrap_or(u32::MAX);
                let paginator = Paginator::by_offset(offset, first, max);
                [RangeReader::new(paginator, RecordBuffer::skipping(skip))].into()
            }
            _ => {
                let first = self.page_size.first(self.remaining);
                let paginators = ranges.into_iter().map(|range| Paginator::new(range, first, max));
                paginators.map(|paginator| RangeReader::new(paginator, RecordBuffer::default())).collect()
            }
        };
        self.counters.uncounted_ranges = self.ranges.len();
        self.front = 0;
    }

    pub(super) fn request(&self) -> &StreamRequest {
        &self.request
    }

    pub(super) fn parts(&self) -> &QueryParts {
        &self.parts
    }

    pub(super) fn counters(&self) -> &StreamCounters {
        &self.counters
    }

    pub(super) fn missing_fields(&self) -> Vec<String> {
        self.fields.missing()
    }

    /// Whether as many records were given out as are wanted.
    pub(super) fn has_reached_limit(&self) -> bool {
        self.remaining == Some(0)
    }

    /// How many records matched at first, once all ranges of all parts are counted.
    pub(super) fn counted(&self) -> Option<u64> {
        let is_counted = self.counters.uncounted_ranges == 0 && self.parts.is_last();
        is_counted.then_some(self.counters.counted)
    }

    /// The ranges of the current part that have not been given out.
    pub(super) fn unread_ranges(&self) -> Vec<KeyRange> {
        let mut ranges: Vec<KeyRange> = Vec::new();
        for unread in self.ranges.iter().filter_map(|range| range.unread_range(&self.request)) {
            let joined = ranges.last().and_then(|last| last.joined(&unread));
            if joined.is_some() {
                ranges.pop();
            }
            ranges.push(joined.unwrap_or(unread));
        }
        ranges
    }

    /// In a read by position: where the page begins whose records are given out, and how many of them were.
    pub(super) fn offset(&self) -> Option<(u64, u64)> {
        self.ranges.front().and_then(RangeReader::offset)
    }

    /// The record that was given out last.
    pub(super) fn last_given(&self) -> Option<&Record> {
        self.ranges.get(self.front).and_then(|range| range.buffer().last_given())
    }

    /// Returns the next record; `None` after the last part, when the limit is reached, or where a stopped read ends early.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Record, Error>>> {
        if std::mem::take(&mut self.must_yield) {
            // A consumer that waits for nothing else would keep the connection's task waiting until all records are consumed.
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        loop {
            if self.has_reached_limit() {
                return Poll::Ready(None);
            }
            if let Some(record) = self.pop().filter(|_| self.internal_error.is_none()) {
                if self.wake_flag.take() {
                    self.drive(false);
                }
                self.remaining = self.remaining.map(|remaining| remaining.saturating_sub(1));
                return Poll::Ready(Some(Ok(record)));
            }
            if let Some(error) = self.take_error() {
                return Poll::Ready(Some(Err(self.request.annotate(error))));
            }
            self.ranges.retain(|range| !range.is_done() || range.has_failed());
            if self.ranges.is_empty() {
                if !self.parts.advance() {
                    return Poll::Ready(None);
                }
                self.begin(0);
            }
            if self.ends_early() {
                return Poll::Ready(None);
            }
            self.wake_flag.register(cx);
            self.wake_flag.take();
            self.drive(true);
            if !self.ends_early() && !self.can_continue() && self.internal_error.is_none() {
                return Poll::Pending;
            }
        }
    }

    /// Removes the next record that may be given out from its range.
    fn pop(&mut self) -> Option<Record> {
        if self.concurrency.in_order {
            self.front = 0;
            let is_done = |range: &RangeReader| range.is_done() && !range.has_failed();
            while self.ranges.len() > 1 && self.ranges.front().is_some_and(is_done) {
                self.ranges.pop_front();
            }
        } else if !self.ranges.get(self.front).is_some_and(RangeReader::is_ready) {
            self.front = self.ranges.iter().position(RangeReader::is_ready)?;
        }
        self.ranges.get_mut(self.front)?.pop()
    }

    /// How many ranges the next record may come from: the first one only, or all of them.
    fn candidates(&self) -> usize {
        if self.concurrency.in_order { self.ranges.len().min(1) } else { self.ranges.len() }
    }

    fn take_error(&mut self) -> Option<Error> {
        if let Some(error) = &self.internal_error {
            return Some(error.clone());
        }
        let candidates = self.candidates();
        let mut done = self.ranges.iter_mut().take(candidates).filter(|range| range.is_done());
        done.find_map(RangeReader::take_error)
    }

    /// Whether there is something to do without waiting.
    fn can_continue(&self) -> bool {
        self.ranges.iter().take(self.candidates()).any(|range| range.is_ready() || range.is_done())
            || !self.ranges.iter().any(RangeReader::is_busy)
    }

    /// Polls everything that is under way, and asks for the next pages. `is_awaited`: the consumer waits for a record.
    fn drive(&mut self, is_awaited: bool) {
        let waker = self.wake_flag.waker();
        let cx = &mut Context::from_waker(&waker);
        if is_awaited {
            self.ranges.iter_mut().for_each(RangeReader::retry_prefetch);
        }
        let (mut index, mut usage) = (0, BufferUsage::of(&self.ranges));
        while index < self.ranges.len() {
            // One range, until it waits, is full, or has nothing more to ask for.
            while self.ensure_busy(index, is_awaited, &mut usage) && self.poll_range(index, &mut usage, cx) {
                self.adjust_to_counted_page(index);
            }
            index = index.saturating_add(1);
        }
    }

    /// Asks for the next page of a range where it may. Returns whether the range has something under way.
    fn ensure_busy(&mut self, index: usize, is_awaited: bool, usage: &mut BufferUsage) -> bool {
        let Some(range) = self.ranges.get(index) else { return false };
        if range.is_busy() || range.is_fully_requested() || self.is_stopped {
            return range.is_busy();
        }
        // The page that is waited for may take the last permit; a prefetch may not.
        let is_prefetch = !(is_awaited && self.is_next(index, usage.busy));
        let has_room = usage.busy < self.concurrency.parallel && usage.bytes < self.concurrency.buffer;
        let wanted = self.wanted();
        if is_prefetch && !(has_room && self.prefetches && range.may_prefetch() && wanted > 0) {
            return false;
        }
        let is_busy = self.with_range(index, |range, context| {
            range.request_page(context, is_prefetch, wanted);
            range.is_busy()
        });
        usage.busy = usage.busy.saturating_add(usize::from(is_busy));
        self.must_yield |= is_busy && is_prefetch;
        is_busy
    }

    /// Whether the next record has to come from this idle range: the first one, if records come in order.
    fn is_next(&self, index: usize, busy: usize) -> bool {
        match self.concurrency.in_order {
            true => index == 0 && !self.ranges.front().is_some_and(RangeReader::is_ready),
            false => busy == 0 && !self.ranges.iter().any(RangeReader::is_ready),
        }
    }

    /// How many records are wanted in addition to those that wait.
    fn wanted(&self) -> u32 {
        let Some(remaining) = self.remaining else { return u32::MAX };
        let waiting: usize = self.ranges.iter().map(|range| range.buffer().len()).sum();
        u32::try_from(remaining.saturating_sub(waiting as u64)).unwrap_or(u32::MAX)
    }

    /// Polls a range. Returns whether it got further.
    fn poll_range(&mut self, index: usize, usage: &mut BufferUsage, cx: &mut Context<'_>) -> bool {
        self.with_range(index, |range, context| {
            let before = range.buffer().bytes();
            let has_moved = range.has_room(context.room) && range.poll(cx, context).is_ready();
            usage.bytes = usage.bytes.saturating_add(range.buffer().bytes()).saturating_sub(before);
            usage.busy = usage.busy.saturating_sub(usize::from(!range.is_busy()));
            has_moved
        })
    }

    fn with_range(
        &mut self,
        index: usize,
        work: impl FnOnce(&mut RangeReader, &mut ReadContext<'_>) -> bool,
    ) -> bool {
        let (Some(query), Some(range)) = (self.parts.current(), self.ranges.get_mut(index)) else {
            self.internal_error = Some(Error::internal("a part or a range of the read is not there"));
            return false;
        };
        let mut context = ReadContext {
            request: &self.request,
            query,
            decoder: &mut self.decoder,
            clock: &self.clock,
            counters: &mut self.counters,
            fields: &mut self.fields,
            room: self.concurrency.room(),
            releases_early: self.page_size.is_fixed() && !self.gives_pages,
            is_stopped: self.is_stopped,
        };
        work(range, &mut context)
    }
}
