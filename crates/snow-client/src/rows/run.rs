//! A read of many rows under way: its lanes, whose turn it is, and what is asked for next.

use super::lane::{self, Count, Drive, Lane};
use super::position::Position;
use super::range::Range;
use super::report::Report;
use super::setup::{FIRST_PAGE, PAGE};
use super::source::{Source, Way};
use super::wake::Alarm;
use super::walk::Walk;
use snow_core::decode::Records;
use snow_core::{Clock, Error, Query, Record};
use std::collections::VecDeque;
use std::task::{Context, Poll};

/// What goes on.
pub(super) struct Run<T> {
    pub(super) source: Source,
    pub(super) read: fn(Record) -> Result<T, Error>,
    pub(super) added: Vec<String>,
    pub(super) parts: Vec<Query<'static>>,
    pub(super) part: usize,
    pub(super) question: u64,
    pub(super) lanes: VecDeque<Lane>,
    /// The lane that rows are taken from.
    pub(super) front: usize,
    pub(super) alarm: Alarm,
    pub(super) clock: Clock,
    /// What records looked like so far.
    pub(super) like: Records,
    pub(super) count: Count,
    pub(super) received: u64,
    /// What the read that this one resumes had counted.
    pub(super) resumed: Option<Option<u64>>,
    /// At most so many rows.
    pub(super) left: Option<u64>,
    pub(super) page_size: Option<u32>,
    pub(super) most: u32,
    pub(super) buffer: usize,
    pub(super) parallel: usize,
    pub(super) in_order: bool,
    pub(super) look_ahead: bool,
    /// A request ahead has yet to go out: whatever sends it has to have its turn.
    pub(super) lingering: bool,
}

impl<T> Run<T> {
    /// With as many ranges as are read at once; each of them is shared out further when it is known how much is in it. With one if
    /// rows come in order: what comes from far behind would take the room of what is next.
    pub(super) fn begin(&mut self, offset: u64) {
        let ranges = if self.in_order { 1 } else { self.parallel as u64 };
        self.lay(Range::whole().split(ranges), (offset, 0));
    }

    fn lay(&mut self, ranges: Vec<Range>, (offset, skip): (u64, u64)) {
        let first = self.page_size.unwrap_or(FIRST_PAGE).min(self.most);
        // One row, or two, need no page of a hundred.
        let first =
            self.left.and_then(|left| u32::try_from(left).ok()).map_or(first, |left| first.min(left.max(1)));
        let by_offset = self.source.way == Way::ByOffset;
        self.lanes = match by_offset {
            true => [Lane::new(Walk::by_offset(offset, self.most), true).skipping(skip)].into(),
            false => {
                ranges.into_iter().map(|range| Lane::new(Walk::new(range, first, self.most), true)).collect()
            }
        };
        self.count.uncounted = self.lanes.len();
        self.front = 0;
    }

    /// How many rows matched at first, once all of them are counted.
    fn expected(&self) -> Option<u64> {
        let counted = self.count.uncounted == 0 && self.part + 1 >= self.parts.len();
        self.resumed.unwrap_or(counted.then_some(self.count.counted))
    }

    pub(super) fn resume(&mut self, position: Position) -> Result<(), Error> {
        position.belongs_to(self.question).map_err(|error| self.source.told(error))?;
        self.part = position.part.min(self.parts.len());
        (self.received, self.resumed) = (position.received, Some(position.expected));
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(position.received);
        }
        self.lay(position.ranges, position.offset.unwrap_or_default());
        Ok(())
    }

    pub(super) fn position(&self) -> Option<Position> {
        let mut ranges: Vec<Range> = Vec::new();
        for rest in self.lanes.iter().filter_map(|lane| lane.rest(&self.source)) {
            match ranges.last().and_then(|last| last.joined(&rest)) {
                Some(joined) => drop(ranges.pop().map(|_| ranges.push(joined))),
                None => ranges.push(rest),
            }
        }
        let offset = self.lanes.front().and_then(Lane::offset);
        Some(Position {
            question: self.question,
            part: self.part,
            ranges,
            offset,
            received: self.received,
            expected: self.expected(),
        })
    }

    pub(super) fn report(&self, complete: bool) -> Report {
        Report {
            complete,
            expected: self.expected(),
            received: self.received,
            may_have_drifted: lane::drifts(&self.source),
            requests: self.count.requests,
            healed: self.count.healed,
        }
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, Error>>> {
        if std::mem::take(&mut self.lingering) {
            // A consumer that waits for nothing else would let the connection's task wait until all rows are consumed.
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        loop {
            if self.left == Some(0) {
                return Poll::Ready(None);
            }
            if let Some(record) = self.pop() {
                if self.alarm.rang() {
                    self.drive(false);
                }
                return Poll::Ready(Some(self.give(record)));
            }
            if let Some(error) = self.error() {
                return Poll::Ready(Some(Err(self.source.told(error))));
            }
            self.lanes.retain(|lane| !lane.is_over() || lane.has_failed());
            if self.lanes.is_empty() {
                self.part += 1;
                if self.part >= self.parts.len() {
                    return Poll::Ready(None);
                }
                self.begin(0);
            }
            self.alarm.listen(cx);
            self.alarm.rang();
            self.drive(true);
            if !self.may_go_on() {
                return Poll::Pending;
            }
        }
    }

    fn give(&mut self, record: Record) -> Result<T, Error> {
        self.received += 1;
        if let Some(left) = &mut self.left {
            *left -= 1;
        }
        // What was asked for beside the caller's fields is not theirs.
        let record = self.added.iter().fold(record, |record, field| record.without(field));
        (self.read)(record).map_err(|error| self.source.told(error))
    }

    /// The next row that may be given out.
    fn pop(&mut self) -> Option<Record> {
        if self.in_order {
            self.front = 0;
            while self.lanes.len() > 1
                && self.lanes.front().is_some_and(|lane| lane.is_over() && !lane.has_failed())
            {
                self.lanes.pop_front();
            }
        } else if !self.lanes.get(self.front).is_some_and(Lane::is_ready) {
            self.front = self.lanes.iter().position(Lane::is_ready)?;
        }
        self.lanes.get_mut(self.front)?.pop()
    }

    /// The lanes whose turn it is: the first one, or all.
    fn turn(&self) -> usize {
        if self.in_order { self.lanes.len().min(1) } else { self.lanes.len() }
    }

    fn error(&mut self) -> Option<Error> {
        let turn = self.turn();
        self.lanes.iter_mut().take(turn).filter(|lane| lane.is_over()).find_map(Lane::error)
    }

    /// Whether there is something to do without waiting for anybody.
    fn may_go_on(&self) -> bool {
        self.lanes.iter().take(self.turn()).any(|lane| lane.is_ready() || lane.is_over())
            || !self.lanes.iter().any(Lane::is_busy)
    }

    /// Lets everything that is under way go on, and asks for what is next. `needed`: somebody waits for it.
    fn drive(&mut self, needed: bool) {
        let waker = self.alarm.waker();
        let cx = &mut Context::from_waker(&waker);
        if needed {
            self.lanes.iter_mut().for_each(Lane::forget_declined);
        }
        let (mut at, room) = (0, self.room());
        let mut load = Load::of(&self.lanes);
        while at < self.lanes.len() {
            // One lane, until it waits, is full, or has nothing more to ask for.
            while self.asks(at, needed, &mut load) && self.goes_on(at, room, &mut load, cx) {
                self.learn(at);
            }
            at += 1;
        }
    }

    /// Whether a lane has something under way, asking for its next page where it may.
    fn asks(&mut self, at: usize, needed: bool, load: &mut Load) -> bool {
        let Some(lane) = self.lanes.get(at) else { return false };
        if lane.is_busy() || lane.is_asked() {
            return lane.is_busy();
        }
        // The one that is waited for may take the last place; what comes ahead of time may not.
        let waited_for = needed && self.is_waited_for(at, load.busy);
        let room = load.busy < self.parallel && load.held < self.buffer;
        if !(waited_for || room && self.look_ahead && lane.may_look_ahead() && self.wanted() > 0) {
            return false;
        }
        let most = self.wanted();
        let asked = self.with(at, |lane, drive| {
            lane.ask(drive, !waited_for, most);
            lane.is_busy()
        });
        load.busy += usize::from(asked);
        self.lingering |= asked && !waited_for;
        asked
    }

    /// Whether somebody waits for what this idle lane asks for: the first one, if rows come in order.
    fn is_waited_for(&self, at: usize, busy: usize) -> bool {
        match self.in_order {
            true => at == 0 && !self.lanes.front().is_some_and(Lane::is_ready),
            false => busy == 0 && !self.lanes.iter().any(Lane::is_ready),
        }
    }

    /// How many more rows are wanted than wait already.
    fn wanted(&self) -> u32 {
        let Some(left) = self.left else { return u32::MAX };
        let waiting: usize = self.lanes.iter().map(Lane::waiting).sum();
        u32::try_from(left.saturating_sub(waiting as u64)).unwrap_or(u32::MAX)
    }

    /// Whether a lane got further.
    fn goes_on(&mut self, at: usize, room: usize, load: &mut Load, cx: &mut Context<'_>) -> bool {
        self.with(at, |lane, drive| {
            let before = lane.bytes();
            let moved = lane.has_room(room) && lane.poll(cx, drive).is_ready();
            load.held = (load.held + lane.bytes()).saturating_sub(before);
            load.busy -= usize::from(!lane.is_busy());
            moved
        })
    }

    /// Bytes that a lane may hold.
    fn room(&self) -> usize {
        (self.buffer / self.parallel).max(64 << 10).min(self.buffer)
    }

    fn with(&mut self, at: usize, work: impl FnOnce(&mut Lane, &mut Drive<'_>) -> bool) -> bool {
        let room = self.room();
        let Some(query) = self.parts.get(self.part) else { return false };
        let mut drive = Drive {
            source: &self.source,
            query,
            like: &mut self.like,
            clock: &self.clock,
            count: &mut self.count,
            room,
            sized: self.page_size.is_some(),
        };
        self.lanes.get_mut(at).is_some_and(|lane| work(lane, &mut drive))
    }

    /// What a page has told: how large pages may be, and how much is left to be shared out.
    fn learn(&mut self, at: usize) {
        let Some(left) = self.lanes.get_mut(at).and_then(Lane::left) else { return };
        if let (None, Some(bytes)) = (self.page_size, self.count.row_bytes) {
            let fitting = self.room() * 9 / 10 / bytes;
            self.most = u32::try_from(fitting).unwrap_or(PAGE).clamp(10, PAGE);
            self.lanes.iter_mut().for_each(|lane| lane.set_most(self.most));
        }
        if self.parallel > 1 && left > u64::from(self.most) {
            let pieces = left.div_ceil(share(self.most));
            let ranges = self.lanes.get_mut(at).map(|lane| lane.split(pieces)).unwrap_or_default();
            for (behind, range) in ranges.into_iter().enumerate() {
                let lane = Lane::new(Walk::new(range, self.most, self.most), false);
                self.lanes.insert(at + 1 + behind, lane);
            }
        }
    }
}

/// What all lanes together have under way, and hold.
struct Load {
    busy: usize,
    held: usize,
}

impl Load {
    fn of(lanes: &VecDeque<Lane>) -> Self {
        let (mut busy, mut held) = (0, 0);
        for lane in lanes {
            busy += usize::from(lane.is_busy());
            held += lane.bytes();
        }
        Self { busy, held }
    }
}

/// How many rows a range is to have, so that nearly all of them fit a page: sys_ids scatter, by the root of their number.
fn share(page: u32) -> u64 {
    let scatter = u64::from(page.isqrt()) * 2;
    u64::from(page).saturating_sub(scatter).max(1)
}
