//! One range on its way: its pages one after the other, and the rows that have come.

use super::fetch::{End, Fetch, Progress};
use super::range::{Bound, Key, Range};
use super::source::{Source, Way};
use super::walk::{Ask, Seen, Walk};
use snow_core::decode::Records;
use snow_core::{Clock, Error, Kind, Query, Record};
use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, SystemTime};
use tokio::time::Sleep;

pub(super) struct Lane {
    walk: Walk,
    /// Its first count is not in that of another lane.
    counts: bool,
    page: Option<Page>,
    pause: Option<Pin<Box<Sleep>>>,
    rows: VecDeque<Record>,
    bytes: usize,
    /// How many rows may be given out: those of whole pages, or all if there was no room for a whole one.
    ready: usize,
    /// Where it began.
    start: Bound,
    /// How many rows the page before had.
    page_rows: usize,
    /// What was given out last, where that tells a position.
    given: Option<Record>,
    tries: u32,
    failing_since: Option<SystemTime>,
    failed: Option<Error>,
    /// A request ahead was declined: there was no place to spare.
    declined: bool,
    split: Option<u64>,
}

struct Page {
    ask: Ask,
    /// Nobody waited for it when it was asked for.
    spare: bool,
    fetch: Fetch,
    seen: Seen,
    /// The row before the next one, in this page or before it.
    before: Option<Key>,
    bytes: usize,
}

/// What lanes have in common while they are driven.
pub(super) struct Drive<'a> {
    pub(super) source: &'a Source,
    pub(super) query: &'a Query<'static>,
    /// What the last page looked like.
    pub(super) like: &'a mut Records,
    pub(super) clock: &'a Clock,
    pub(super) count: &'a mut Count,
    /// Bytes of rows that a lane may hold.
    pub(super) room: usize,
}

/// What was done so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Count {
    pub(super) requests: u64,
    pub(super) healed: u64,
    /// What the first pages told.
    pub(super) counted: u64,
    /// How many of them have yet to come.
    pub(super) uncounted: usize,
    /// Bytes of a row, as the last page had them.
    pub(super) row_bytes: Option<usize>,
}

impl Lane {
    /// `counts`: what it counts first is not in the count of another lane.
    pub(super) fn new(walk: Walk, counts: bool) -> Self {
        Self {
            start: walk.range().from.clone(),
            walk,
            counts,
            page: None,
            pause: None,
            rows: VecDeque::new(),
            bytes: 0,
            ready: 0,
            page_rows: 0,
            given: None,
            tries: 0,
            failing_since: None,
            failed: None,
            declined: false,
            split: None,
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn is_ready(&self) -> bool {
        self.ready > 0
    }

    /// Whether a request or a pause is under way.
    pub(super) fn is_busy(&self) -> bool {
        self.page.is_some() || self.pause.is_some()
    }

    /// Whether all of it was asked for.
    pub(super) fn is_asked(&self) -> bool {
        self.failed.is_some() || self.walk.is_over() && self.page.is_none()
    }

    /// Whether there is nothing more to give out.
    pub(super) fn is_over(&self) -> bool {
        self.is_asked() && self.rows.is_empty()
    }

    /// Whether a page may be asked for before the rows are given out: one page waits, and one comes ahead.
    pub(super) fn may_look_ahead(&self) -> bool {
        !self.declined && self.rows.len() <= self.page_rows
    }

    pub(super) fn has_failed(&self) -> bool {
        self.failed.is_some()
    }

    /// There may be a place by now.
    pub(super) fn forget_declined(&mut self) {
        self.declined = false;
    }

    pub(super) fn error(&mut self) -> Option<Error> {
        self.failed.take()
    }

    pub(super) fn set_most(&mut self, most: u32) {
        self.walk.set_most(most);
    }

    /// How many rows are left behind the first page, where that is known: once.
    pub(super) fn left(&mut self) -> Option<u64> {
        self.split.take()
    }

    pub(super) fn split(&mut self, pieces: u64) -> Vec<Range> {
        self.walk.split(pieces)
    }

    /// Where it stands, by what was given out: to go on from there.
    pub(super) fn rest(&self, source: &Source) -> Option<Range> {
        if self.walk.is_over() && self.page.is_none() && self.rows.is_empty() {
            return None;
        }
        let given = self.given.as_ref().and_then(|record| source.key(record).ok().flatten());
        let from = given.map_or_else(|| self.start.clone(), Bound::After);
        Some(Range { from, until: self.walk.range().until.clone() })
    }

    pub(super) fn offset(&self) -> Option<u64> {
        self.walk.offset()
    }

    pub(super) fn waiting(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn pop(&mut self) -> Option<Record> {
        if self.ready == 0 {
            return None;
        }
        let record = self.rows.pop_front()?;
        self.ready -= 1;
        self.bytes = self.bytes.saturating_sub(record.footprint());
        self.given = Some(record.clone());
        Some(record)
    }

    /// Asks for the next page. `spare`: nobody waits for it yet.
    pub(super) fn ask(&mut self, drive: &mut Drive<'_>, spare: bool) {
        let ask = self.walk.ask();
        match drive.source.send(drive.query, &ask, spare) {
            Ok(answer) => {
                drive.count.requests += 1;
                let before = match &ask.range.from {
                    Bound::After(key) => Some(key.clone()),
                    _ => self.rows.back().and_then(|row| drive.source.key(row).ok().flatten()),
                };
                let (fetch, seen) = (Fetch::new(answer), Seen::default());
                self.page = Some(Page { ask, spare, fetch, seen, before, bytes: 0 });
            }
            Err(error) => self.failed = Some(error),
        }
    }

    /// Goes on until it waits, a page is over, or there is no more room.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, drive: &mut Drive<'_>) -> Poll<()> {
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(cx));
            self.pause = None;
        }
        let Some(page) = &mut self.page else { return Poll::Ready(()) };
        let (rows, bytes) = (&mut self.rows, &mut self.bytes);
        let (seen, before, page_bytes) = (&mut page.seen, &mut page.before, &mut page.bytes);
        let (room, source, by_offset) = (drive.room, drive.source, page.ask.offset.is_some());
        let ids_only = page.ask.ids_only;
        let mut take = |record: Record| {
            source.mark(&record, before)?;
            seen.rows += 1;
            if seen.rows == 1 {
                seen.first.clone_from(before);
            }
            if !ids_only {
                *bytes += record.footprint();
                *page_bytes += record.footprint();
                rows.push_back(record);
            }
            // A page by position is given out whole or not at all.
            Ok(*bytes < room || by_offset)
        };
        match ready!(page.fetch.poll(cx, drive.like, drive.source.target.limit, &mut take)) {
            Progress::Full => self.ready = self.rows.len(),
            Progress::Over(end) => self.end(end, drive),
        }
        Poll::Ready(())
    }

    fn end(&mut self, end: End, drive: &mut Drive<'_>) {
        let Some(mut page) = self.page.take() else { return };
        page.seen.total = end.total;
        page.seen.last = page.before.take().filter(|_| page.seen.rows > 0);
        let outcome = match end.error {
            None => self.whole(&page, drive),
            Some(error) => self.broke(&page, error, drive),
        };
        self.ready = self.rows.len();
        if let Err(error) = outcome {
            self.failed = Some(error);
        }
    }

    fn whole(&mut self, page: &Page, drive: &mut Drive<'_>) -> Result<(), Error> {
        let left = self.walk.whole(&page.seen)?;
        (self.tries, self.failing_since) = (0, None);
        self.page_rows = usize::try_from(page.seen.rows).unwrap_or(usize::MAX);
        if std::mem::take(&mut self.counts) {
            drive.count.counted += page.seen.total.unwrap_or_default();
            drive.count.uncounted = drive.count.uncounted.saturating_sub(1);
        }
        if let Ok(rows @ 1..) = usize::try_from(page.seen.rows) {
            drive.count.row_bytes = Some((page.bytes / rows).max(1));
        }
        if !page.ask.ids_only && !self.walk.is_over() {
            self.split = left;
        }
        Ok(())
    }

    /// A read that ran into the quota, or whose answer broke off, goes on from the last good row with a smaller page.
    fn broke(&mut self, page: &Page, error: Error, drive: &mut Drive<'_>) -> Result<(), Error> {
        if error.kind() == Kind::QueueTimeout && page.spare {
            self.declined = true; // there was no place for it
            drive.count.requests -= 1;
            return Ok(());
        }
        if page.ask.offset.is_some() {
            let whole = self.rows.len() - usize::try_from(page.seen.rows).unwrap_or(self.rows.len());
            self.rows.truncate(whole);
            self.bytes = self.rows.iter().map(Record::footprint).sum();
        }
        if !matches!(error.kind(), Kind::Cut | Kind::Cancelled | Kind::Closed | Kind::TimedOut) {
            return Err(error);
        }
        let now = drive.clock.now();
        let since = *self.failing_since.get_or_insert(now);
        if self.walk.broke(&page.seen) {
            (self.tries, self.failing_since) = (0, Some(now));
        }
        self.tries += 1;
        let elapsed = now.duration_since(since).unwrap_or(Duration::ZERO);
        let pause = drive.source.again(error, self.tries, elapsed)?;
        drive.count.healed += 1;
        self.pause = Some(Box::pin(tokio::time::sleep(pause)));
        Ok(())
    }
}

/// How the rows are put in order, for a report.
pub(super) fn drifts(source: &Source) -> bool {
    source.way == Way::ByOffset
}
