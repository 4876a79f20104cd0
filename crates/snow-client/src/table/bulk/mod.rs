//! Bulk writes: many updates or deletions, each with an outcome of its own.

mod dry_run;
mod outcomes;
mod queried_ids;
mod selection_guard;
mod write_queue;

use crate::Record;
use crate::batch::api_call::ApiCall;
use crate::request::call::CallFuture;
use crate::table::list_request::ListRequest;
use crate::table::stop::StopHandle;
use crate::table::update_record::UpdateRecord;
use crate::table::verify::WriteReport;
use bytes::Bytes;
pub use dry_run::DryRun;
use futures_core::Stream;
use futures_util::stream::FuturesUnordered;
pub use outcomes::{BulkReport, WriteOutcome, WriteProgress};
use snow_core::{Error, SysId};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use write_queue::{QueuedWrite, WriteQueue};

/// How many writes are under way at once by default: as many as a node of an instance runs at a time (facts 8.2).
const DEFAULT_CONCURRENCY: usize = 4;

/// Updates or deletions of many records: a [`Stream`] of outcomes, one for each record. [`next`](Self::next) returns one outcome,
/// [`all`](Self::all) returns all of them.
///
/// [`update_many`](crate::Table::update_many), [`update_each`](crate::Table::update_each) and
/// [`delete_many`](crate::Table::delete_many) of a table write the records with the given ids;
/// [`update_all`](crate::table::ListRecords::update_all) and [`delete_all`](crate::table::ListRecords::delete_all) of a list write the
/// records of a query. Each write is a call like any other: it waits for a concurrency permit, is retried if that is safe, and its
/// error says whether it may have been executed. A write that fails does not stop the others, unless
/// [`stop_at_first_error`](Self::stop_at_first_error) is set. Outcomes are returned in the order in which the writes end.
///
/// The records of a query are read by `sys_id`, each once and regardless of the query's order, while the first of them are written.
/// If the query has an order and a limit, the records up to the limit are read in that order before anything is written. So are all
/// records of a query that is read in parts because it is too long for one URL. If records moved meanwhile so that some may have
/// been missed,
/// [`BulkReport::may_have_drifted`] is true.
///
/// A query is refused before anything is written
///
/// - if it has neither a condition nor a limit, because it would select every record of the table;
/// - if it has a condition on, or an order by, a field that the records do not contain: the service drops such a condition and
///   selects more records ([facts 2.5]);
/// - if it is raw text that cannot be parsed;
/// - if it has an offset.
///
/// [`dry_run`](Self::dry_run) returns the records that would be written. [`stop_handle`](Self::stop_handle) ends a bulk write without losing
/// an outcome.
///
/// # Cancel safety
///
/// It spawns no task: it makes progress when it is polled. **Dropping it leaves it unknown whether the writes under way were
/// executed.**
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
/// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
/// use serde_json::json;
/// use snow_client::field;
///
/// let low = client.table("incident").list().query(field("priority").eq(5));
/// let update = low.update_all(&json!({ "urgency": "2" })).concurrency(2).map_call(|call| call.require_applied(true));
/// let report = update.all().await;
/// for (sys_id, error) in report.failures() {
///     eprintln!("{sys_id}: {error}");
/// }
/// assert!(report.is_complete());
/// # Ok(()) }
/// ```
///
/// [facts 2.5]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#25-queries-that-are-wrong
#[must_use = "nothing is written unless it is polled"]
pub struct BulkWrite<C: ApiCall> {
    queue: WriteQueue,
    start_write: StartWrite<C>,
    in_flight: FuturesUnordered<WriteInFlight<C::Response>>,
    concurrency: usize,
    stops_at_error: bool,
    stop: StopHandle,
    /// Whether no further write begins.
    has_stopped: bool,
    /// Why not all records of the query are known.
    query_error: Option<Error>,
    progress: WriteProgress,
    on_progress: Option<Box<dyn FnMut(WriteProgress) + Send + Sync>>,
}

type StartWrite<C> = Box<dyn Fn(QueuedWrite) -> C + Send + Sync>;

impl<C: ApiCall> BulkWrite<C> {
    /// Writes the records with these ids, all in the same way.
    pub(crate) fn of_ids(
        sys_ids: impl IntoIterator<Item = SysId>,
        write: impl Fn(SysId) -> C + Send + Sync + 'static,
    ) -> Self {
        let writes = sys_ids.into_iter().map(QueuedWrite::new).collect();
        Self::new(WriteQueue::of_writes(writes), None, Box::new(move |queued| write(queued.sys_id)))
    }

    /// Updates the records with these ids, each with a body of its own.
    pub(crate) fn of_updates(
        updates: impl IntoIterator<Item = (SysId, Result<Bytes, Error>)>,
        write: impl Fn(SysId, Result<Bytes, Error>) -> C + Send + Sync + 'static,
    ) -> Self {
        let writes = updates.into_iter().map(|(sys_id, body)| QueuedWrite { sys_id, body: Some(body) });
        let queue = WriteQueue::of_writes(writes.collect());
        let write =
            move |queued: QueuedWrite| write(queued.sys_id, queued.body.unwrap_or_else(|| Ok(Bytes::new())));
        Self::new(queue, None, Box::new(write))
    }

    /// Writes the records of a query, all in the same way.
    pub(crate) fn of_query(
        list: ListRequest<Record>,
        write: impl Fn(SysId) -> C + Send + Sync + 'static,
    ) -> Self {
        let (queue, refusal) = match WriteQueue::of_query(list) {
            Ok(queue) => (queue, None),
            Err(error) => (WriteQueue::default(), Some(error)),
        };
        Self::new(queue, refusal, Box::new(move |queued| write(queued.sys_id)))
    }

    fn new(queue: WriteQueue, query_error: Option<Error>, start_write: StartWrite<C>) -> Self {
        Self {
            queue,
            start_write,
            in_flight: FuturesUnordered::new(),
            concurrency: DEFAULT_CONCURRENCY,
            stops_at_error: false,
            stop: StopHandle::new(),
            has_stopped: false,
            query_error,
            progress: WriteProgress::default(),
            on_progress: None,
        }
    }

    /// Sets the maximum number of writes that are under way at the same time; 4 by default. The client's own limit on concurrent
    /// requests applies as well.
    pub fn concurrency(self, writes: usize) -> Self {
        Self { concurrency: writes.max(1), ..self }
    }

    /// Sets whether no further write begins once one has failed; `false` by default. Writes that are under way are finished, and
    /// have their outcomes.
    pub fn stop_at_first_error(self, stop: bool) -> Self {
        Self { stops_at_error: stop, ..self }
    }

    /// Returns a handle that stops the bulk write from any task: no further write begins, and those under way are finished and have
    /// their outcomes. Stopping it on Ctrl-C thus loses no outcome.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
    /// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
    /// use serde_json::json;
    /// use snow_client::field;
    /// use std::time::Duration;
    ///
    /// let update = client.table("incident").list().query(field("priority").eq(5)).update_all(&json!({ "urgency": "2" }));
    /// let stop = update.stop_handle();
    /// tokio::spawn(async move {
    ///     tokio::time::sleep(Duration::from_secs(600)).await; // or tokio::signal::ctrl_c()
    ///     stop.stop();
    /// });
    /// let report = update.all().await;
    /// println!("{} written, {} not started", report.outcomes.len(), report.untouched.len());
    /// # Ok(()) }
    /// ```
    pub fn stop_handle(&self) -> StopHandle {
        self.stop.clone()
    }

    /// Calls a function with the progress of the bulk write after each write.
    pub fn on_progress(self, report: impl FnMut(WriteProgress) + Send + Sync + 'static) -> Self {
        Self { on_progress: Some(Box::new(report)), ..self }
    }

    /// Changes each call before it is sent, for example its parameters, its deadline, or
    /// [`require_applied`](crate::table::UpdateRecord::require_applied).
    pub fn map_call<D: ApiCall>(self, map: impl Fn(C) -> D + Send + Sync + 'static) -> BulkWrite<D> {
        let Self { queue, start_write, concurrency, stops_at_error, stop, query_error, on_progress, .. } =
            self;
        let mapped = BulkWrite::new(queue, query_error, Box::new(move |queued| map(start_write(queued))));
        BulkWrite { concurrency, stops_at_error, stop, on_progress, ..mapped }
    }
}

impl<O: Send + 'static> BulkWrite<UpdateRecord<O>> {
    /// Returns a [`WriteReport`] for each record: see [`UpdateRecord::verified`].
    pub fn verified(self) -> BulkWrite<UpdateRecord<WriteReport<O>>> {
        self.map_call(UpdateRecord::verified)
    }
}

impl<C: ApiCall> BulkWrite<C> {
    /// Returns the next outcome when a write ends, and `None` after the last one. An error instead of an outcome means that the
    /// records of the query could not be read further; it is returned after all outcomes.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future of this method loses nothing.
    pub async fn next(&mut self) -> Option<Result<WriteOutcome<C::Response>, Error>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// Executes all writes, and returns their outcomes.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves it unknown which records were written. Use [`stop_handle`](Self::stop_handle) to end it early.
    pub async fn all(mut self) -> BulkReport<C::Response> {
        let (mut outcomes, mut unread) = (Vec::new(), None);
        while let Some(outcome) = self.next().await {
            match outcome {
                Ok(outcome) => outcomes.push(outcome),
                Err(error) => unread = Some(error),
            }
        }
        BulkReport {
            outcomes,
            untouched: self.untouched(),
            stopped: self.has_stopped && !self.queue.is_done(),
            unread,
            may_have_drifted: self.queue.may_have_drifted(),
        }
    }

    /// Returns the records that are known so far and whose writes have not started.
    pub fn untouched(&self) -> Vec<SysId> {
        self.queue.waiting().map(|queued| queued.sys_id).collect()
    }

    /// Begins as many writes as may be under way. Pending while the records of the query are waited for.
    fn begin_writes(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while !self.has_stopped && self.in_flight.len() < self.concurrency {
            match ready!(self.queue.poll_next(cx)) {
                Ok(Some(queued)) => {
                    let sys_id = queued.sys_id;
                    let call = (self.start_write)(queued).into_future();
                    self.in_flight.push(WriteInFlight { sys_id, call });
                }
                Ok(None) => return Poll::Ready(()),
                Err(error) => self.query_error = Some(error),
            }
        }
        Poll::Ready(())
    }

    fn record_outcome(&mut self, outcome: &WriteOutcome<C::Response>) {
        match outcome.result {
            Ok(_) => self.progress.succeeded += 1,
            Err(_) => self.progress.failed += 1,
        }
        self.has_stopped |= self.stops_at_error && outcome.result.is_err();
        self.progress.under_way = self.in_flight.len() as u64;
        self.progress.waiting = self.queue.waiting().len() as u64;
        if let Some(on_progress) = &mut self.on_progress {
            on_progress(self.progress);
        }
    }

    /// Whether no further write begins.
    fn is_done(&self) -> bool {
        self.has_stopped || self.queue.is_done()
    }
}

impl<C: ApiCall> Stream for BulkWrite<C> {
    type Item = Result<WriteOutcome<C::Response>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.has_stopped |= self.stop.poll_stopped(cx).is_ready();
        let begun = self.begin_writes(cx);
        match Pin::new(&mut self.in_flight).poll_next(cx) {
            Poll::Ready(Some(outcome)) => {
                self.record_outcome(&outcome);
                Poll::Ready(Some(Ok(outcome)))
            }
            Poll::Ready(None) if self.is_done() => Poll::Ready(self.query_error.take().map(Err)),
            Poll::Ready(None) if begun.is_ready() => {
                self.has_stopped = true;
                Poll::Ready(Some(Err(Error::internal(
                    "a bulk write has nothing under way and nothing to wait for",
                ))))
            }
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }
}

/// The write of one record.
struct WriteInFlight<T> {
    sys_id: SysId,
    call: CallFuture<T>,
}

impl<T> Future for WriteInFlight<T> {
    type Output = WriteOutcome<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<WriteOutcome<T>> {
        let result = ready!(Pin::new(&mut self.call).poll(cx));
        Poll::Ready(WriteOutcome { sys_id: self.sys_id, result })
    }
}

impl<C: ApiCall> fmt::Debug for BulkWrite<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BulkWrite").field("progress", &self.progress).finish_non_exhaustive()
    }
}
