//! Many rows as a stream: whole tables in constant memory, complete or an error.

mod fetch;
mod lane;
mod position;
mod range;
mod report;
mod source;
mod wake;
mod walk;

use crate::list::List;
use futures_core::Stream;
use lane::{Count, Drive, Lane};
pub use position::Position;
use range::Range;
pub use report::Report;
use snow_core::decode::Records;
use snow_core::{Clock, DisplayValue, Error, Instance, Kind, Query, Record};
pub(crate) use source::{Source, Way};
use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use wake::Alarm;
use walk::Walk;

/// Rows of a page, unless told otherwise: what keeps a page of records with all their fields far from the quota (facts 9).
const PAGE: u32 = 1_000;
/// Of the first page, which tells how large rows are.
const FIRST_PAGE: u32 = 100;
/// Bytes of rows that are kept, unless told otherwise.
const BUFFER: usize = 2 << 20;

/// The rows of a query, all of them, one by one: a [`Stream`], with a [`next`](Self::next) of its own.
///
/// - Rows come by `sys_id`, page by page from the last one on: no row is lost or repeated, whatever is inserted or deleted
///   meanwhile. A query sorted by `sys_created_on` or `sys_updated_on` keeps that order in the same way; one sorted by
///   anything else is read by position, and the [report](Self::report) says that it may have drifted.
/// - The end is proven, never guessed: a short page is none (facts 9). If the read is not complete, it ends in an error.
/// - A page that ran into the instance's quota, or whose answer was cut, is asked for again from the last good row, smaller,
///   and grows back (facts 3.4).
/// - The next page is asked for while this one is consumed. Memory does not grow: about twice [`buffer`](Self::buffer).
/// - It starts no task: it goes on when it is polled. A page that fits the buffer is taken in whole before its first row is
///   given out, so that whoever calls the client for each row does not wait for a place that the page holds. Asking ahead
///   never takes the last place.
/// - An `is_in` that makes the query too long for a URL is split; rows then come part by part.
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").incidents(500).build()?;
/// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
/// use snow_client::field;
///
/// let open = field("active").eq(true);
/// let mut rows = client.table("incident").list().query(open).fields(["number"]).stream();
/// while let Some(incident) = rows.next().await {
///     println!("{}", incident?.value("number")?);
/// }
/// let report = rows.report();
/// assert!(report.complete && report.received > 0);
/// # Ok(()) }
/// ```
#[must_use = "a stream does nothing unless it is polled"]
pub struct Rows<T> {
    setup: Option<Setup<T>>,
    run: Option<Run<T>>,
    /// What the report is made of once it is over.
    over: Option<(Report, Option<Position>)>,
}

/// What is said before the first row.
struct Setup<T> {
    list: List<T>,
    page_size: Option<u32>,
    buffer: usize,
    parallel: usize,
    in_order: bool,
    by_offset: bool,
    resume: Option<Position>,
}

/// What goes on.
struct Run<T> {
    source: Source,
    read: fn(Record) -> Result<T, Error>,
    added: Vec<String>,
    parts: Vec<Query<'static>>,
    part: usize,
    question: u64,
    lanes: VecDeque<Lane>,
    /// The lane that rows are taken from.
    front: usize,
    alarm: Alarm,
    clock: Clock,
    /// What records looked like so far.
    like: Records,
    count: Count,
    received: u64,
    /// What the read that this one resumes had counted.
    resumed: Option<Option<u64>>,
    /// At most so many rows.
    left: Option<u64>,
    page_size: Option<u32>,
    most: u32,
    buffer: usize,
    parallel: usize,
    in_order: bool,
    look_ahead: bool,
}

impl<T> Rows<T> {
    pub(crate) fn new(list: List<T>) -> Self {
        let setup = Setup {
            list,
            page_size: None,
            buffer: BUFFER,
            parallel: 1,
            in_order: true,
            by_offset: false,
            resume: None,
        };
        Self { setup: Some(setup), run: None, over: None }
    }

    fn set(mut self, set: impl FnOnce(&mut Setup<T>)) -> Self {
        if let Some(setup) = &mut self.setup {
            set(setup);
        }
        self
    }

    /// How many rows to ask for at once. By default as many as fit the [buffer](Self::buffer), 1,000 at most. A page that does not
    /// fit the buffer is read on as its rows are consumed, and keeps its place until then.
    pub fn page_size(self, rows: u32) -> Self {
        self.set(|setup| setup.page_size = Some(rows))
    }

    /// How many bytes of rows to keep, 2 MiB by default; with what comes ahead, memory is twice that.
    pub fn buffer(self, bytes: usize) -> Self {
        self.set(|setup| setup.buffer = bytes)
    }

    /// Reads so many ranges of `sys_id` at once. Rows still come in the order of their `sys_id`, unless they may come
    /// [as they are](Self::unordered). The client's own limit on concurrent requests is heeded, and one of its places is left to
    /// others; so are all pauses. Only for reads by `sys_id`.
    pub fn parallel(self, requests: usize) -> Self {
        self.set(|setup| setup.parallel = requests.max(1))
    }

    /// Gives rows out as they come, in no order: for a [`parallel`](Self::parallel) read that is not to wait for its slowest range.
    pub fn unordered(self) -> Self {
        self.set(|setup| setup.in_order = false)
    }

    /// Reads by position: for database views and whatever else has no `sys_id` of its own. Rows that come and go meanwhile shift
    /// all behind them, so that rows may be missed or repeated.
    pub fn by_offset(self) -> Self {
        self.set(|setup| setup.by_offset = true)
    }

    /// Goes on where another read of the same question stopped.
    pub fn resume(self, position: Position) -> Self {
        self.set(|setup| setup.resume = Some(position))
    }

    /// Where the read stands: behind the last row that was given out. `None` at the end, and before anything was asked.
    pub fn position(&self) -> Option<Position> {
        match (&self.run, &self.over) {
            (Some(run), _) => run.position(),
            (None, Some((_, position))) => position.clone(),
            (None, None) => None,
        }
    }

    /// What the read has come to so far, and at the end whether all rows came.
    pub fn report(&self) -> Report {
        match (&self.run, &self.over) {
            (Some(run), _) => run.report(false),
            (None, Some((report, _))) => report.clone(),
            (None, None) => Report {
                complete: false,
                expected: None,
                received: 0,
                may_have_drifted: false,
                requests: 0,
                healed: 0,
            },
        }
    }

    /// The next row; `None` behind the last one.
    ///
    /// Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        std::future::poll_fn(|cx| self.poll_row(cx)).await
    }

    fn poll_row(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, Error>>> {
        if let Some(setup) = self.setup.take() {
            match setup.start() {
                Ok(run) => self.run = Some(run),
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
        let Some(run) = &mut self.run else { return Poll::Ready(None) };
        let row = match run.poll(cx) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(row) => row,
        };
        if let None | Some(Err(_)) = row {
            let complete = row.is_none() && run.left != Some(0);
            let position = if row.is_none() { None } else { run.position() };
            self.over = Some((run.report(complete), position));
            self.run = None;
        }
        Poll::Ready(row)
    }
}

impl<T> Setup<T> {
    fn start(self) -> Result<Run<T>, Error> {
        let clock = Clock::new();
        let by_offset = self.by_offset || self.list.params.get("sysparm_offset").is_some();
        let (source, query, read) = self.list.into_source(by_offset)?;
        let skip = source.params.get("sysparm_offset").and_then(|rows| rows.parse().ok()).unwrap_or(0);
        if self.parallel > 1 && source.way != Way::BySysId {
            let why = "a parallel read goes by sys_id: leave the order out, or read one page after the other";
            return Err(source.told(Error::new(Kind::InvalidInput, why)));
        }
        let parts = parts(&source, query).map_err(|error| source.told(error))?;
        let question = position::question(&source, &Query::any(parts.iter().cloned()))?;
        let left = source.params.get("sysparm_limit").and_then(|rows| rows.parse().ok());
        let most = self.page_size.unwrap_or(PAGE).max(1);
        let mut run = Run {
            added: source.added().into_iter().map(str::to_owned).collect(),
            look_ahead: self.parallel > 1 || source.target.look_ahead,
            read,
            parts,
            part: 0,
            question,
            lanes: VecDeque::new(),
            front: 0,
            alarm: Alarm::new(),
            clock,
            like: Records::list().displayed(source.values == DisplayValue::Display),
            count: Count::default(),
            received: 0,
            resumed: None,
            left,
            page_size: self.page_size,
            most,
            buffer: self.buffer.max(1),
            parallel: self.parallel,
            in_order: self.in_order,
            source,
        };
        match self.resume {
            Some(position) => run.resume(position)?,
            None => run.begin(skip),
        }
        Ok(run)
    }
}

/// The query in as many parts as it takes for each of them to fit into the URL of a page.
fn parts(source: &Source, query: Query<'static>) -> Result<Vec<Query<'static>>, Error> {
    let room = source.room()?;
    if query.url_len()? <= room {
        return Ok(vec![query]);
    }
    if source.way != Way::BySysId {
        let why = format!(
            "the query takes more than the {room} of {} bytes of a URL that a page leaves, and in parts it would lose its order: \
             leave the order out",
            Instance::MAX_URI
        );
        return Err(Error::new(Kind::UriTooLong, why));
    }
    query.split(room)
}

impl<T> Run<T> {
    /// With as many ranges as are read at once; each of them is shared out further when it is known how much is in it.
    fn begin(&mut self, offset: u64) {
        self.lay(Range::whole().split(self.parallel as u64), offset);
    }

    fn lay(&mut self, ranges: Vec<Range>, offset: u64) {
        let first = self.page_size.unwrap_or(FIRST_PAGE).min(self.most);
        // One row, or two, need no page of a hundred.
        let first =
            self.left.and_then(|left| u32::try_from(left).ok()).map_or(first, |left| first.min(left.max(1)));
        let by_offset = self.source.way == Way::ByOffset;
        self.lanes = match by_offset {
            true => [Lane::new(Walk::by_offset(offset, self.most), true)].into(),
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

    fn resume(&mut self, position: Position) -> Result<(), Error> {
        position.belongs_to(self.question).map_err(|error| self.source.told(error))?;
        self.part = position.part.min(self.parts.len());
        (self.received, self.resumed) = (position.received, Some(position.expected));
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(position.received);
        }
        self.lay(position.ranges, position.offset.unwrap_or_default());
        Ok(())
    }

    fn position(&self) -> Option<Position> {
        let mut ranges: Vec<Range> = Vec::new();
        for rest in self.lanes.iter().filter_map(Lane::rest) {
            match ranges.last().and_then(|last| last.joined(&rest)) {
                Some(joined) => drop(ranges.pop().map(|_| ranges.push(joined))),
                None => ranges.push(rest),
            }
        }
        let offset = self.lanes.front().and_then(Lane::offset);
        // What waits was passed already; it has to be read again.
        let waiting = self.lanes.front().map_or(0, Lane::waiting) as u64;
        Some(Position {
            question: self.question,
            part: self.part,
            ranges,
            offset: offset.map(|offset| offset.saturating_sub(waiting)),
            received: self.received,
            expected: self.expected(),
        })
    }

    fn report(&self, complete: bool) -> Report {
        Report {
            complete,
            expected: self.expected(),
            received: self.received,
            may_have_drifted: lane::drifts(&self.source),
            requests: self.count.requests,
            healed: self.count.healed,
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, Error>>> {
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
        while at < self.lanes.len() {
            // One lane, until it waits, is full, or has nothing more to ask for.
            while self.ask(at, needed)
                && self.with(at, |lane, drive| lane.bytes() < room && lane.poll(cx, drive).is_ready())
            {
                self.learn(at);
            }
            at += 1;
        }
    }

    /// Whether a lane has something under way, asking for its next page where it may.
    fn ask(&mut self, at: usize, needed: bool) -> bool {
        let Some(lane) = self.lanes.get(at) else { return false };
        if lane.is_busy() {
            return true;
        }
        if lane.is_asked() {
            return false;
        }
        let (mut busy, mut held) = (0, 0);
        for lane in &self.lanes {
            busy += usize::from(lane.is_busy());
            held += lane.bytes();
        }
        // The one that is waited for may take the last place; what comes ahead of time may not.
        let waited_for = needed && busy == 0 && !self.lanes.iter().take(self.turn()).any(Lane::is_ready);
        let ahead = busy < self.parallel && held < self.buffer && self.look_ahead && lane.may_look_ahead();
        if waited_for || ahead {
            self.with(at, |lane, drive| {
                lane.ask(drive, !waited_for);
                lane.is_busy()
            })
        } else {
            false
        }
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

/// How many rows a range is to have, so that nearly all of them fit a page: sys_ids scatter, by the root of their number.
fn share(page: u32) -> u64 {
    let scatter = u64::from(page.isqrt()) * 2;
    u64::from(page).saturating_sub(scatter).max(1)
}

impl<T> Stream for Rows<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_row(cx)
    }
}

impl<T> fmt::Debug for Rows<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows").field("report", &self.report()).finish_non_exhaustive()
    }
}
