//! The same kind of write to many rows, each with an outcome of its own.

use crate::call::{Call, CallFuture};
use crate::list::List;
use crate::outcomes::{Outcome, Outcomes, WriteProgress};
use crate::rows::{Rows, Way};
use crate::{Echo, Record};
use bytes::Bytes;
use futures_core::Stream;
use futures_util::stream::FuturesUnordered;
use snow_core::{DisplayValue, Error, Kind, Query, SysId};
use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// How many at once, unless told otherwise: as many as a node of an instance runs at a time (facts 8.2).
const AT_ONCE: usize = 4;

/// Updates or deletions of many rows: a [`Stream`] of outcomes, one a row, with a [`next`](Self::next) of its own, or
/// [`all`](Self::all) of them.
///
/// Made by [`update_each`](crate::Table::update_each), [`update_many`](crate::Table::update_many) and
/// [`delete_each`](crate::Table::delete_each) of a table for rows that are named, and by those of a [`List`] for the rows of a
/// query. Each write is a call like any other: it waits for its place, is sent again where that does no harm, and tells whether it
/// may have been carried out. One that fails stops no other, unless [told to](Self::stop_at_first_error). Outcomes come as they
/// are done.
///
/// The rows of a query are read while the first are written. If the query has an order, which the writes might change, all of
/// them are read before. A query is refused before anything is written:
///
/// - without a condition or a limit: that is every row of the table;
/// - with a condition on a field, or an order by one, that the rows do not show: the service drops such a condition and selects
///   more (facts 2.5);
/// - that is raw text which cannot be read;
/// - with an offset.
///
/// It starts no task: writes go on when it is polled. **Dropped, it leaves open what became of those under way.**
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
/// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
/// use serde_json::json;
/// use snow_client::field;
///
/// let low = client.table("incident").list().query(field("priority").eq(5));
/// let done = low.update_each(&json!({ "urgency": "2" })).at_once(2).each(|call| call.strict()).all().await;
/// for (sys_id, error) in done.failures() {
///     eprintln!("{sys_id}: {error}");
/// }
/// assert!(done.is_complete());
/// # Ok(()) }
/// ```
#[must_use = "nothing is written unless it is polled"]
pub struct Many<T> {
    rows: Source,
    write: Write<T>,
    under_way: FuturesUnordered<One<T>>,
    at_once: usize,
    stops: bool,
    stopped: bool,
    unread: Option<Error>,
    progress: WriteProgress,
    report: Option<Box<dyn FnMut(WriteProgress) + Send + Sync>>,
}

type Write<T> = Box<dyn Fn(Job) -> Call<T> + Send + Sync>;

/// A row, and what it is to be changed to, where that is its own.
struct Job {
    sys_id: SysId,
    change: Option<Result<Bytes, Error>>,
}

struct Source {
    known: VecDeque<Job>,
    query: Option<Found>,
}

/// The rows of a query.
struct Found {
    rows: Rows<Record>,
    /// The fields of its conditions and its order.
    tested: Vec<String>,
    /// Whether all of them are read before the first is written.
    first: bool,
}

impl<T: 'static> Many<T> {
    /// Of rows that are named, all in the same way.
    pub(crate) fn of_ids(
        rows: impl IntoIterator<Item = SysId>,
        write: impl Fn(SysId) -> Call<T> + Send + Sync + 'static,
    ) -> Self {
        let known = rows.into_iter().map(|sys_id| Job { sys_id, change: None }).collect();
        Self::made(Source { known, query: None }, None, Box::new(move |job| write(job.sys_id)))
    }

    /// Of rows that are named, each with a body of its own.
    pub(crate) fn of_changes(
        rows: impl IntoIterator<Item = (SysId, Result<Bytes, Error>)>,
        write: impl Fn(SysId, Result<Bytes, Error>) -> Call<T> + Send + Sync + 'static,
    ) -> Self {
        let job = |(sys_id, change)| Job { sys_id, change: Some(change) };
        let known = rows.into_iter().map(job).collect();
        let write = move |job: Job| write(job.sys_id, job.change.unwrap_or_else(|| Ok(Bytes::new())));
        Self::made(Source { known, query: None }, None, Box::new(write))
    }

    /// Of the rows of a query.
    pub(crate) fn of_rows(
        list: List<Record>,
        write: impl Fn(SysId) -> Call<T> + Send + Sync + 'static,
    ) -> Self {
        let (query, refused) = match Found::of(list) {
            Ok(found) => (Some(found), None),
            Err(error) => (None, Some(error)),
        };
        let source = Source { known: VecDeque::new(), query };
        Self::made(source, refused, Box::new(move |job| write(job.sys_id)))
    }

    fn made(rows: Source, unread: Option<Error>, write: Write<T>) -> Self {
        Self {
            rows,
            write,
            under_way: FuturesUnordered::new(),
            at_once: AT_ONCE,
            stops: false,
            stopped: false,
            unread,
            progress: WriteProgress::default(),
            report: None,
        }
    }

    /// How many writes may be under way at once, 4 by default. The client's own limit on concurrent requests is heeded in any case.
    pub fn at_once(self, writes: usize) -> Self {
        Self { at_once: writes.max(1), ..self }
    }

    /// Begins no further write once one has failed. Those under way are waited for, and have their outcomes.
    pub fn stop_at_first_error(self) -> Self {
        Self { stops: true, ..self }
    }

    /// Tells after each row how far it has come.
    pub fn on_progress(self, report: impl FnMut(WriteProgress) + Send + Sync + 'static) -> Self {
        Self { report: Some(Box::new(report)), ..self }
    }

    /// What is said of each call: its parameters, its deadline, [`strict`](Call::strict) and the like.
    pub fn each<U: 'static>(self, set: impl Fn(Call<T>) -> Call<U> + Send + Sync + 'static) -> Many<U> {
        let Self { rows, write, at_once, stops, unread, report, .. } = self;
        let many = Many::made(rows, unread, Box::new(move |job| set(write(job))));
        Many { at_once, stops, report, ..many }
    }

    /// What the service [ignored or changed](Call::compared) of each.
    pub fn compared(self) -> Many<Echo<T>> {
        self.each(Call::compared)
    }
}

impl<T: Send + 'static> Many<T> {
    /// The next outcome, as soon as there is one; `None` behind the last. An error in place of an outcome says that the rows of
    /// a query could not be read further: it comes behind all outcomes.
    ///
    /// Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Result<Outcome<T>, Error>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// All outcomes.
    pub async fn all(mut self) -> Outcomes<T> {
        let (mut rows, mut unread) = (Vec::new(), None);
        while let Some(outcome) = self.next().await {
            match outcome {
                Ok(outcome) => rows.push(outcome),
                Err(error) => unread = Some(error),
            }
        }
        Outcomes { rows, untouched: self.untouched(), unread }
    }

    /// The rows that are known and whose writes have not begun.
    pub fn untouched(&self) -> Vec<SysId> {
        self.rows.known.iter().map(|job| job.sys_id).collect()
    }

    /// Begins as many writes as may be under way.
    fn begin(&mut self, cx: &mut Context<'_>) {
        while !self.stopped && self.under_way.len() < self.at_once {
            match self.rows.poll(cx) {
                Poll::Ready(Ok(Some(job))) => {
                    let sys_id = job.sys_id;
                    self.under_way.push(One { sys_id, call: (self.write)(job).into_future() });
                }
                Poll::Ready(Ok(None)) | Poll::Pending => return,
                Poll::Ready(Err(error)) => {
                    self.unread = Some(error);
                    self.rows.query = None;
                }
            }
        }
    }

    fn done(&mut self, outcome: &Outcome<T>) {
        match outcome.result {
            Ok(_) => self.progress.succeeded += 1,
            Err(_) => self.progress.failed += 1,
        }
        self.stopped |= self.stops && outcome.result.is_err();
        self.progress.under_way = self.under_way.len() as u64;
        self.progress.waiting = self.rows.known.len() as u64;
        if let Some(report) = &mut self.report {
            report(self.progress);
        }
    }

    /// Whether nothing more is to begin.
    fn is_over(&self) -> bool {
        self.stopped || (self.rows.known.is_empty() && self.rows.query.is_none())
    }
}

impl<T: Send + 'static> Stream for Many<T> {
    type Item = Result<Outcome<T>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.begin(cx);
        match Pin::new(&mut self.under_way).poll_next(cx) {
            Poll::Ready(Some(outcome)) => {
                self.done(&outcome);
                Poll::Ready(Some(Ok(outcome)))
            }
            Poll::Ready(None) if self.is_over() => Poll::Ready(self.unread.take().map(Err)),
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }
}

impl Found {
    fn of(list: List<Record>) -> Result<Self, Error> {
        // Put together with nothing, raw text is read.
        let query = list.query.clone().and(Query::new());
        query.encode()?;
        let refused = |why| Err(Error::new(Kind::InvalidInput, why));
        if query.clone().without_order().is_empty() && list.params.get("sysparm_limit").is_none() {
            return refused(
                "a query without conditions is every row of the table: if that is meant, say field(\"sys_id\").is_not_empty()",
            );
        }
        if list.params.get("sysparm_offset").is_some() {
            return refused("rows are not skipped where others are written: the writes would shift them");
        }
        let tested: Vec<String> = query.fields().into_iter().map(str::to_owned).collect();
        let first = Way::of(&query, DisplayValue::Stored) != Way::BySysId;
        let keys = tested.iter().map(String::as_str).chain(["sys_id"]);
        let rows = list.query(&query).fields(keys.collect::<Vec<_>>()).stream();
        Ok(Self { rows, tested, first })
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<SysId, Error>>> {
        let row = ready!(Pin::new(&mut self.rows).poll_next(cx));
        Poll::Ready(row.map(|row| self.checked(&row?)))
    }

    fn checked(&self, row: &Record) -> Result<SysId, Error> {
        match self.tested.iter().find(|field| row.get(field).is_none()) {
            None => row.sys_id(),
            Some(field) => {
                let why = format!(
                    "the rows show no {field}, which the query names: it does not exist, or this user may not read it, and the \
                     service drops such a condition and selects more rows"
                );
                Err(Error::new(Kind::InvalidInput, why))
            }
        }
    }
}

impl Source {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Job>, Error>> {
        while let Some(found) = &mut self.query {
            if !found.first && !self.known.is_empty() {
                break;
            }
            match ready!(found.poll(cx)) {
                Some(Ok(sys_id)) => self.known.push_back(Job { sys_id, change: None }),
                None => self.query = None,
                Some(Err(error)) => {
                    // Not all of them are known, so none is written.
                    if found.first {
                        self.known.clear();
                    }
                    return Poll::Ready(Err(error));
                }
            }
        }
        Poll::Ready(Ok(self.known.pop_front()))
    }
}

/// The write of one row.
struct One<T> {
    sys_id: SysId,
    call: CallFuture<T>,
}

impl<T> Future for One<T> {
    type Output = Outcome<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome<T>> {
        let result = ready!(Pin::new(&mut self.call).poll(cx));
        Poll::Ready(Outcome { sys_id: self.sys_id, result })
    }
}

impl<T> fmt::Debug for Many<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Many").field("progress", &self.progress).finish_non_exhaustive()
    }
}
