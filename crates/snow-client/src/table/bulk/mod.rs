//! Bulk writes: many updates or deletions, each with an outcome of its own.

mod dry_run;
mod outcome_stream;
mod outcomes;
mod progress;
mod queried_ids;
mod selection_guard;
mod write_queue;

use crate::Record;
use crate::batch::api_call::ApiCall;
use crate::table::list_request::ListRequest;
use crate::table::stop::StopHandle;
use crate::table::update_record::UpdateRecord;
use crate::table::verify::WriteReport;
use bytes::Bytes;
pub use dry_run::DryRun;
pub use outcome_stream::OutcomeStream;
pub use outcomes::{BulkReport, WriteOutcome};
pub use progress::WriteProgress;
use snow_core::{Error, SysId};
use std::fmt;
use write_queue::{QueuedWrite, WriteQueue};

/// How many writes are under way at once by default: as many as a node of an instance runs at a time (facts 8.2).
const DEFAULT_CONCURRENCY: usize = 4;

/// Updates or deletions of many records, each with an outcome of its own. [`all`](Self::all) executes them and returns all outcomes;
/// [`stream`](Self::stream) returns one outcome after the other.
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
/// been missed, [`BulkReport::may_have_drifted`] is true.
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
/// Nothing is sent before [`all`](Self::all) is awaited or the stream is polled, and no task is spawned.
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
#[must_use = "nothing is written before it is sent: call `all` or `stream`"]
pub struct BulkWrite<C: ApiCall> {
    queue: WriteQueue,
    start_write: StartWrite<C>,
    concurrency: usize,
    stops_at_error: bool,
    stop: StopHandle,
    /// Why the records of the query are not, or not all, known.
    query_error: Option<Error>,
    on_progress: Option<OnProgress>,
}

type OnProgress = Box<dyn FnMut(WriteProgress) + Send + Sync>;
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
        let (queue, query_error) = match WriteQueue::of_query(list) {
            Ok(queue) => (queue, None),
            Err(error) => (WriteQueue::default(), Some(error)),
        };
        Self::new(queue, query_error, Box::new(move |queued| write(queued.sys_id)))
    }

    fn new(queue: WriteQueue, query_error: Option<Error>, start_write: StartWrite<C>) -> Self {
        Self {
            queue,
            start_write,
            concurrency: DEFAULT_CONCURRENCY,
            stops_at_error: false,
            stop: StopHandle::new(),
            query_error,
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

    /// Calls a function with the progress of the bulk write each time a write ends, before its outcome is returned. It is called in
    /// order, by whoever polls the bulk write, which goes on when it returns, and not after the end.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
    /// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
    /// use serde_json::json;
    /// use snow_client::field;
    ///
    /// let low = client.table("incident").list().query(field("priority").eq(5));
    /// let update = low.update_all(&json!({ "urgency": "2" })).on_progress(|progress| {
    ///     let expected = progress.expected.map_or("?".into(), |expected| expected.to_string());
    ///     println!("{} of {expected}, {:.1} a second", progress.done(), progress.records_per_second());
    /// });
    /// assert!(update.all().await.is_complete());
    /// # Ok(()) }
    /// ```
    #[doc(alias("callback", "progress_bar"))]
    pub fn on_progress(self, report: impl FnMut(WriteProgress) + Send + Sync + 'static) -> Self {
        Self { on_progress: Some(Box::new(report)), ..self }
    }

    /// Changes each call before it is sent, for example its parameters, its deadline, or
    /// [`require_applied`](crate::table::UpdateRecord::require_applied).
    pub fn map_call<D: ApiCall>(self, map: impl Fn(C) -> D + Send + Sync + 'static) -> BulkWrite<D> {
        let Self { queue, start_write, concurrency, stops_at_error, stop, query_error, on_progress } = self;
        let start_write = Box::new(move |queued| map(start_write(queued)));
        BulkWrite { queue, start_write, concurrency, stops_at_error, stop, query_error, on_progress }
    }
}

impl<O: Send + 'static> BulkWrite<UpdateRecord<O>> {
    /// Returns a [`WriteReport`] for each record: see [`UpdateRecord::verified`].
    pub fn verified(self) -> BulkWrite<UpdateRecord<WriteReport<O>>> {
        self.map_call(UpdateRecord::verified)
    }
}

impl<C: ApiCall> BulkWrite<C> {
    /// Returns a stream of the outcomes, one for each record, in the order in which the writes end.
    ///
    /// # Cancel safety
    ///
    /// Dropping the stream leaves it unknown which of the writes under way were executed. Use
    /// [`stop_handle`](Self::stop_handle) to end it early.
    pub fn stream(self) -> OutcomeStream<C> {
        OutcomeStream::new(self)
    }

    /// Executes all writes, and returns their outcomes.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves it unknown which records were written. Use [`stop_handle`](Self::stop_handle) to end it early.
    pub async fn all(self) -> BulkReport<C::Response> {
        self.stream().finish().await
    }
}

impl<C: ApiCall> fmt::Debug for BulkWrite<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BulkWrite").field("waiting", &self.queue.waiting().len()).finish_non_exhaustive()
    }
}
