//! Reads a whole table as a stream, in constant memory: completely, or with an error.
#![warn(clippy::arithmetic_side_effects)]

mod buffer_usage;
mod collect;
mod concurrency;
mod drift_check;
mod key_range;
mod malformed_page;
mod options;
mod page_in_flight;
mod page_request;
mod page_response;
mod page_retry;
mod page_size;
mod page_stream;
mod page_summary;
mod paginator;
mod position;
mod progress;
mod progress_reporter;
mod query_parts;
mod range_reader;
mod read_context;
mod read_order;
mod record_buffer;
mod record_page;
mod report;
mod scheduler;
mod stream_part;
mod stream_reader;
mod stream_request;
mod wake_flag;

use crate::Record;
use crate::request::api_request::ApiRequest;
use crate::request::checked_request::CheckedRequest;
use crate::table::list_request::ListRequest;
use crate::table::stop::StopHandle;
use futures_core::Stream;
use futures_util::future::BoxFuture;
pub(crate) use options::DEFAULT_BUFFER;
use options::StreamOptions;
pub use page_stream::PageStream;
pub use position::StreamPosition;
pub use progress::StreamProgress;
use progress_reporter::ProgressReporter;
pub(crate) use read_order::ReadOrder;
pub use record_page::RecordPage;
pub use report::StreamReport;
use snow_core::{Error, ErrorKind};
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
pub use stream_part::StreamPart;
pub(crate) use stream_part::cut;
use stream_reader::StreamReader;

/// All records of a query, one by one: a [`Stream`] with a [`next`](Self::next) method of its own. Returned by
/// [`ListRecords::stream`](crate::table::ListRecords::stream).
///
/// # Guarantees
///
/// - No record is lost or repeated, even if records are inserted or deleted while the stream reads. Records come in the order of
///   their `sys_id`, and each page continues after the last record of the page before. A query sorted by `sys_created_on` keeps
///   that order and the guarantee. A query sorted by anything else is read by position; the [report](Self::report) then says that
///   records may have been missed or repeated.
/// - The end is proven by a count; a short page is not taken for the end. If the read cannot be completed, it ends in an error.
/// - A page that exceeded the instance's transaction quota, or whose response was cut off, is requested again with a smaller limit,
///   starting after the last good record. The limit grows again afterwards.
///
/// # Requests and memory
///
/// - The next page is requested while the current one is consumed. At most about twice the [`buffer`](Self::buffer) is held in
///   memory.
/// - A stream spawns no task; it makes progress when it is polled.
/// - A page that fits the buffer is received completely before its first record is returned, so the page holds no concurrency
///   permit while you call the client for each record. Prefetching never takes the last permit.
///
/// # Long queries
///
/// A query with an `is_in` that is too long for one URL is split, and the records come part by part. Unless it is an `is_in` of
/// `sys_id`, all `sys_id`s are read once more at the end, and the report says whether records may have moved between the parts.
///
/// # Examples
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").incidents(500).build()?;
/// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
/// use snow_client::field;
///
/// let open = field("active").eq(true);
/// let mut records = client.table("incident").list().query(open).fields(["number"]).stream();
/// while let Some(incident) = records.next().await {
///     println!("{}", incident?.value("number")?);
/// }
/// let report = records.report();
/// assert!(report.complete && report.received > 0);
/// # Ok(()) }
/// ```
///
/// Reading a table in parallel, page by page, for as long as the program runs:
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").incidents(500).build()?;
/// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
/// let mut pages = client.table("incident").list().fields(["number"]).stream().parallel(4).unordered(true).pages();
/// let stop = pages.stop_handle(); // for the task that waits for Ctrl-C
/// while let Some(page) = pages.next().await {
///     println!("{} records", page?.len());
/// #   stop.stop();
/// }
/// if let Some(position) = pages.position() {
///     println!("to be continued: {}", serde_json::to_string(&position)?);
/// }
/// # Ok(()) }
/// ```
#[must_use = "a stream does nothing unless it is polled"]
pub struct RecordStream<T = Record> {
    state: StreamState<T>,
    /// The check of the list's request, until it is done.
    check: Option<BoxFuture<'static, Result<CheckedRequest, Error>>>,
    stop: StopHandle,
    progress: ProgressReporter,
    /// Whether something was set after the stream had begun.
    is_set_late: bool,
}

enum StreamState<T> {
    /// Nothing was requested yet.
    New(Box<(ListRequest<T>, StreamOptions)>),
    Reading(Box<StreamReader<T>>),
    Ended(StreamReport, Option<StreamPosition>),
    /// The stream failed before anything was requested.
    Refused,
}

impl<T> RecordStream<T> {
    pub(crate) fn new(list: ListRequest<T>) -> Self {
        Self {
            state: StreamState::New(Box::new((list, StreamOptions::default()))),
            check: None,
            stop: StopHandle::new(),
            progress: ProgressReporter::default(),
            is_set_late: false,
        }
    }

    /// Reads this part only.
    pub(crate) fn part(self, part: StreamPart) -> Self {
        self.set(|options| options.part = Some(part))
    }

    fn set(mut self, set: impl FnOnce(&mut StreamOptions)) -> Self {
        match &mut self.state {
            StreamState::New(new) => set(&mut new.1),
            _ => self.is_set_late = true,
        }
        self
    }

    /// Sets the number of records of a page. By default a page has as many as fit the [buffer](Self::buffer), and at most 1,000.
    ///
    /// A page that does not fit the buffer is received as its records are consumed, and holds its concurrency permit until then. A page
    /// of a read by position is always held in memory as a whole.
    #[doc(alias = "sysparm_limit")]
    pub fn page_size(self, records: u32) -> Self {
        self.set(|options| options.page_size = Some(records))
    }

    /// Sets how many bytes of records are buffered; 2 MiB by default. Including prefetched pages, up to twice as much is held in
    /// memory.
    pub fn buffer(self, bytes: usize) -> Self {
        self.set(|options| options.buffer = bytes)
    }

    /// Sets how many ranges of `sys_id` are read concurrently; one by default. `0` is treated as `1`.
    ///
    /// Records still come in the order of their `sys_id`, unless they may come [unordered](Self::unordered). The client's limit on
    /// concurrent requests and its pauses apply; one permit is left for other requests.
    ///
    /// Works only for reads by `sys_id`: with any other order, or with [`by_offset`](Self::by_offset), the stream fails with
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput).
    pub fn parallel(self, requests: usize) -> Self {
        self.set(|options| options.parallel = requests.max(1))
    }

    /// Sets whether records are returned as they arrive, in any order; `false` by default. A [`parallel`](Self::parallel) read then
    /// does not wait for its slowest range.
    pub fn unordered(self, unordered: bool) -> Self {
        self.set(|options| options.in_order = !unordered)
    }

    /// Sets whether records are read by position; `false` by default. Use it for database views and other tables without a `sys_id`
    /// of their own.
    ///
    /// A record that is inserted or deleted meanwhile shifts all later ones, so records may be missed or repeated.
    #[doc(alias = "sysparm_offset")]
    pub fn by_offset(self, by_offset: bool) -> Self {
        self.set(|options| options.by_offset = by_offset)
    }

    /// Compares what was read by position with a second read of all ids, by `sys_id`, where it took more than one page; reads the
    /// first so many records of an order in one page.
    pub(crate) fn ids_compared(self) -> Self {
        self.set(|options| options.verifies = true)
    }

    /// Continues where an earlier read of the same records stopped.
    ///
    /// What selects the records has to be the same: the instance, table, query or filters, order, offset, the domain and the category
    /// of the query, and every parameter set with `param`; otherwise the stream fails with
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput). How they are read and returned may differ: fields, display values,
    /// view, limit, page size, buffer and parallelism.
    #[doc(alias("cursor", "continue"))]
    pub fn resume(self, position: StreamPosition) -> Self {
        self.set(|options| options.resume = Some(position))
    }

    /// Converts this stream into one of pages.
    #[doc(alias = "paginate")]
    pub fn pages(self) -> PageStream<T> {
        PageStream::new(self)
    }

    /// Returns whether the query is read in parts, because it is too long for one URL. Known after the first record was requested.
    pub(crate) fn is_split(&self) -> bool {
        matches!(&self.state, StreamState::Reading(reader) if reader.is_split())
    }

    /// Returns the position after the last record that was returned, to [resume](Self::resume) from; `None` at the end, and before
    /// anything was requested.
    #[doc(alias = "cursor")]
    pub fn position(&self) -> Option<StreamPosition> {
        match &self.state {
            StreamState::Reading(reader) => reader.position(),
            StreamState::Ended(_, position) => position.clone(),
            StreamState::New(_) | StreamState::Refused => None,
        }
    }

    /// Returns what the stream has read so far and, at the end, whether all records came.
    pub fn report(&self) -> StreamReport {
        match &self.state {
            StreamState::Reading(reader) => reader.report(false),
            StreamState::Ended(report, _) => report.clone(),
            StreamState::New(_) | StreamState::Refused => StreamReport::empty(),
        }
    }

    /// Returns a handle that stops the stream, from this task or any other.
    ///
    /// After [`StopHandle::stop`], the stream sends no further request. It still returns the records that have arrived, and
    /// those of requests that are under way. It ends before the first record that would take a new request: [`next`](Self::next)
    /// returns `None`, the report's [`complete`](StreamReport::complete) is false, and [`position`](Self::position) is where to
    /// [resume](Self::resume). Stopping and resuming gives every record once.
    ///
    /// - If all records have arrived already, the stream ends as it would have, and is complete.
    /// - In an ordered [`parallel`](Self::parallel) read, records that were prefetched beyond a gap are dropped. The resumed read
    ///   requests them again.
    /// - A request that waits to be sent (for a concurrency permit, or for the time of a retry) is withdrawn. A page that fails after the
    ///   stop is not requested again.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let simulator = snow_sim::Simulator::builder().without_demo_data().user("admin", "secret").incidents(500).build()?;
    /// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
    /// let stream = || client.table("incident").list().fields(["number"]).stream().page_size(100);
    /// let mut records = stream();
    /// let stop = records.stop_handle();
    /// let mut count = 0;
    /// while let Some(record) = records.next().await {
    ///     record?;
    ///     count += 1;
    ///     stop.stop();
    /// }
    /// assert!(!records.report().complete && count < 500);
    ///
    /// let mut rest = stream().resume(records.position().expect("it is not complete"));
    /// while let Some(record) = rest.next().await {
    ///     record?;
    ///     count += 1;
    /// }
    /// assert_eq!((count, rest.report().complete), (500, true));
    /// # Ok(()) }
    /// ```
    pub fn stop_handle(&self) -> StopHandle {
        self.stop.clone()
    }

    /// Returns the next record; `None` after the last one. After an error there are no more records.
    ///
    /// # Errors
    ///
    /// The error that ended the read. [`ErrorKind::Decode`](crate::ErrorKind::Decode) for a record that cannot be read as
    /// `T`; the [position](Self::position) is then after that record.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: the next call goes on.
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        std::future::poll_fn(|cx| self.poll_record(cx)).await
    }

    fn poll_record(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, Error>>> {
        self.poll_reader(cx, StreamReader::poll)
    }

    /// Polls for the next item, and wakes the task when the stream is stopped.
    fn poll_reader<X>(
        &mut self,
        cx: &mut Context<'_>,
        poll: impl Fn(&mut StreamReader<T>, &mut Context<'_>) -> Poll<Option<Result<X, Error>>>,
    ) -> Poll<Option<Result<X, Error>>> {
        self.report_page();
        let is_stopped = self.stop.is_stopped();
        let polled = self.poll_item(cx, &poll, is_stopped);
        if polled.is_pending() && !is_stopped && self.stop.poll_stopped(cx).is_ready() {
            return self.poll_item(cx, &poll, true);
        }
        polled
    }

    fn poll_item<X>(
        &mut self,
        cx: &mut Context<'_>,
        poll: impl Fn(&mut StreamReader<T>, &mut Context<'_>) -> Poll<Option<Result<X, Error>>>,
        is_stopped: bool,
    ) -> Poll<Option<Result<X, Error>>> {
        if std::mem::take(&mut self.is_set_late) {
            let why = "a stream cannot be changed after its first record is requested: call resume(), page_size() and the other settings \
                       before it";
            return self.refuse(Error::new(ErrorKind::InvalidInput, why));
        }
        if let Err(error) = ready!(self.begin(cx, is_stopped)) {
            return self.refuse(error);
        }
        let StreamState::Reading(reader) = &mut self.state else { return Poll::Ready(None) };
        if is_stopped {
            reader.stop();
        }
        let item = ready!(poll(reader, cx)).transpose().map_err(Error::of_read);
        if let Ok(Some(_)) = item {
            self.progress.note_item(reader);
            return Poll::Ready(item.transpose());
        }
        let (progress, is_end) = (reader.progress(), item.is_ok() && !reader.has_ended_early());
        let report = reader.report(is_end && !reader.has_reached_limit());
        let position = if is_end { None } else { reader.position() };
        self.state = StreamState::Ended(report, position);
        if item.is_ok() {
            self.progress.finish(progress);
        }
        Poll::Ready(item.transpose())
    }

    /// Creates the reader, when the request of the list has been checked.
    fn begin(&mut self, cx: &mut Context<'_>, is_stopped: bool) -> Poll<Result<(), Error>> {
        let StreamState::New(new) = &self.state else { return Poll::Ready(Ok(())) };
        let checked = match is_stopped {
            // Nothing is sent, and the reader is needed for the position.
            true => new.0.request.clone().map(ApiRequest::without_validation),
            false => ready!(self.check.get_or_insert_with(|| new.0.check()).as_mut().poll(cx)),
        };
        self.check = None;
        let StreamState::New(new) = std::mem::replace(&mut self.state, StreamState::Refused) else {
            return Poll::Ready(Err(Error::internal("a stream began twice")));
        };
        let (list, options) = *new;
        let reader = checked.and_then(|checked| StreamReader::new(list, checked, options));
        Poll::Ready(reader.map(|reader| self.state = StreamState::Reading(Box::new(reader))))
    }

    fn refuse<X>(&mut self, error: Error) -> Poll<Option<Result<X, Error>>> {
        self.state = StreamState::Refused;
        Poll::Ready(Some(Err(error.of_read())))
    }
}

impl<T> Stream for RecordStream<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_record(cx)
    }
}

impl<T> fmt::Debug for RecordStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordStream").field("report", &self.report()).finish_non_exhaustive()
    }
}
