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
    /// How many rows may be given out: those of whole pages, or all if there is no room for a whole one.
    ready: usize,
    /// Where it began.
    start: Bound,
    /// How many rows the page before had.
    page_rows: usize,
    /// Of a read by position: where the pages begin whose rows wait, and how many of them were given out.
    marks: VecDeque<Mark>,
    /// Rows of the first page that another read has given out.
    skip: u64,
    /// What was given out last.
    given: Option<Record>,
    tries: u32,
    failing_since: Option<SystemTime>,
    failed: Option<Error>,
    /// A request ahead was declined: there was no place to spare.
    declined: bool,
    split: Option<u64>,
}

/// A page of a read by position.
struct Mark {
    offset: u64,
    rows: u64,
    given: u64,
}

struct Page {
    ask: Ask,
    /// Nobody waited for it when it was asked for.
    spare: bool,
    fetch: Fetch,
    seen: Seen,
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
    /// Whether the caller says how large pages are, and they are not made to fit.
    pub(super) sized: bool,
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
            marks: VecDeque::new(),
            skip: 0,
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
        let given = self.given.as_ref().and_then(|row| source.key(row).ok().flatten());
        let from = given.map_or_else(|| self.start.clone(), Bound::After);
        Some(Range { from, until: self.walk.range().until.clone() })
    }

    /// Where the page begins whose rows are given out, and how many of them were, by position.
    pub(super) fn offset(&self) -> Option<(u64, u64)> {
        let at = self.walk.offset()?;
        Some(self.marks.front().map_or((at, self.skip), |mark| (mark.offset, mark.given)))
    }

    /// Passes over rows of the first page that another read has given out.
    pub(super) fn skipping(self, skip: u64) -> Self {
        Self { skip, ..self }
    }

    pub(super) fn waiting(&self) -> usize {
        self.rows.len()
    }

    /// Whether what is under way may bring more: each page has as much room for itself.
    pub(super) fn has_room(&self, room: usize) -> bool {
        self.page.as_ref().is_none_or(|page| page.bytes.min(self.bytes) < room)
    }

    pub(super) fn pop(&mut self) -> Option<Record> {
        if self.ready == 0 {
            return None;
        }
        let record = self.rows.pop_front()?;
        self.ready -= 1;
        self.bytes = self.bytes.saturating_sub(record.footprint());
        self.given = Some(record.clone());
        if let Some(mark) = self.marks.front_mut() {
            mark.given += 1;
            if mark.given >= mark.rows {
                self.marks.pop_front();
            }
        }
        Some(record)
    }

    /// Asks for the next page. `spare`: nobody waits for it yet. `most`: no more rows are wanted.
    pub(super) fn ask(&mut self, drive: &mut Drive<'_>, spare: bool, most: u32) {
        let mut ask = self.walk.ask();
        if !ask.ids_only {
            ask.limit = ask.limit.min(most.max(1));
        }
        match drive.source.send(drive.query, &ask, spare) {
            Ok(answer) => {
                drive.count.requests += 1;
                self.page =
                    Some(Page { ask, spare, fetch: Fetch::new(answer), seen: Seen::default(), bytes: 0 });
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
        let before = page.seen_last(self.rows.back(), drive.source);
        let (rows, bytes, seen) = (&mut self.rows, &mut self.bytes, &mut page.seen);
        let (room, source, by_offset) = (drive.room, drive.source, page.ask.offset.is_some());
        let ids_only = page.ask.ids_only;
        let mut take = |record: Record| {
            let key = source.key(&record)?;
            refuse_disorder(seen.last.as_ref().or(before.as_ref()), key.as_ref())?;
            seen.rows += 1;
            if seen.first.is_none() {
                seen.first.clone_from(&key);
            }
            seen.last = key;
            if !ids_only {
                *bytes += record.footprint();
                page.bytes += record.footprint();
                rows.push_back(record);
            }
            // A page by position is given out whole or not at all.
            Ok(page.bytes.min(*bytes) < room || by_offset)
        };
        match page.fetch.poll(cx, drive.like, drive.source.target.limit, &mut take) {
            Poll::Ready(Progress::Over(end)) => self.end(end, drive),
            Poll::Ready(Progress::Full) => self.ready = self.rows.len(),
            Poll::Pending => {
                // It would keep its place until its rows are consumed, sooner or later: to wait would only take memory.
                if drive.sized && !by_offset && page.outgrows(room) {
                    self.ready = self.rows.len();
                }
                return Poll::Pending;
            }
        }
        Poll::Ready(())
    }

    fn end(&mut self, end: End, drive: &mut Drive<'_>) {
        let Some(mut page) = self.page.take() else { return };
        page.seen.total = end.total;
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
        let left = self.walk.whole(&page.ask, &page.seen)?;
        (self.tries, self.failing_since) = (0, None);
        self.page_rows = usize::try_from(page.seen.rows).unwrap_or(usize::MAX);
        if std::mem::take(&mut self.counts) {
            let passed = page.ask.offset.unwrap_or_default();
            drive.count.counted += page.seen.total.unwrap_or_default().saturating_sub(passed);
            drive.count.uncounted = drive.count.uncounted.saturating_sub(1);
        }
        if let Ok(rows @ 1..) = usize::try_from(page.seen.rows) {
            drive.count.row_bytes = Some((page.bytes / rows).max(1));
        }
        if !page.ask.ids_only && !self.walk.is_over() {
            self.split = left;
        }
        if let Some(offset) = page.ask.offset {
            self.mark(offset, page.seen.rows);
        }
        Ok(())
    }

    fn mark(&mut self, offset: u64, rows: u64) {
        let given = std::mem::take(&mut self.skip).min(rows);
        for _ in 0..given {
            self.rows.pop_front(); // the first page there is: nothing waits before it
        }
        self.bytes = self.rows.iter().map(Record::footprint).sum();
        if given < rows {
            self.marks.push_back(Mark { offset, rows, given });
        }
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
        let kind = error.kind();
        let too_much = matches!(kind, Kind::Cut | Kind::Cancelled);
        let broken = matches!(kind, Kind::Closed | Kind::TimedOut);
        let slow = kind == Kind::DeadlineExceeded && page.seen.rows > 0; // by whoever consumes it
        if !(too_much || broken || slow) {
            return Err(error);
        }
        if self.counts && !page.ask.ids_only {
            drive.count.counted += page.seen.rows; // the next count begins behind them
        }
        let other = self.walk.broke(&page.seen);
        let further = page.seen.rows > 0 && page.ask.offset.is_none() && !page.ask.ids_only;
        let pause = match further || (too_much || broken) && other {
            // Rows came, or a smaller page can be asked for: this ends by itself.
            true => {
                (self.tries, self.failing_since) = (0, None);
                Duration::ZERO
            }
            false => self.pause_before_another_try(error, drive)?,
        };
        drive.count.healed += 1;
        self.pause = Some(Box::pin(tokio::time::sleep(pause)));
        Ok(())
    }

    /// By the client's policy, which says no in the end.
    fn pause_before_another_try(&mut self, error: Error, drive: &Drive<'_>) -> Result<Duration, Error> {
        let now = drive.clock.now();
        let since = *self.failing_since.get_or_insert(now);
        self.tries += 1;
        drive.source.again(error, self.tries, now.duration_since(since).unwrap_or(Duration::ZERO))
    }
}

impl Page {
    /// Whether it will have more bytes than that, by those of its rows that have come: enough of them to tell, and by far. One that
    /// fits has to be taken in whole, or whoever calls the client for each row may wait for the place that it keeps.
    fn outgrows(&self, room: usize) -> bool {
        if self.bytes < room / 4 {
            return false;
        }
        let expected =
            self.fetch.total().map_or(self.ask.limit.into(), |total| total.min(self.ask.limit.into()));
        let bytes = u64::try_from(self.bytes).unwrap_or(u64::MAX);
        !self.ask.ids_only && bytes.saturating_mul(expected) / self.seen.rows.max(1) > room as u64 / 2 * 3
    }

    /// The row before the next one, in this page or before it.
    fn seen_last(&self, before: Option<&Record>, source: &Source) -> Option<Key> {
        let bound = match &self.ask.range.from {
            Bound::After(key) => Some(key.clone()),
            _ => None,
        };
        self.seen.last.clone().or(bound).or_else(|| before.and_then(|row| source.key(row).ok().flatten()))
    }
}

/// A key that comes twice leads nowhere, and one that comes too late would lose what lies between.
fn refuse_disorder(before: Option<&Key>, key: Option<&Key>) -> Result<(), Error> {
    match (before, key) {
        (Some(Key { sys_id: before, value: None }), Some(Key { sys_id, value: None }))
            if sys_id < before && is_hexadecimal(before) && is_hexadecimal(sys_id) =>
        {
            let why = "rows came in another order than that of their sys_id, so that nobody knows where the next page begins: \
                       read by_offset() instead";
            Err(Error::new(Kind::Incomplete, why))
        }
        (Some(before), Some(key)) if before.sys_id.eq_ignore_ascii_case(&key.sys_id) => {
            let why = "two rows came with the same sys_id, so that nobody knows where the next page begins: database views repeat \
                       it; read by_offset() instead";
            Err(Error::new(Kind::Incomplete, why))
        }
        _ => Ok(()),
    }
}

/// Other ids are sorted as the instance's database does it.
fn is_hexadecimal(id: &str) -> bool {
    id.len() == 32 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// How the rows are put in order, for a report.
pub(super) fn drifts(source: &Source) -> bool {
    source.way == Way::ByOffset
}
