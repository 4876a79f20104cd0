//! A whole table as a stream, in constant memory: complete, or an error.
#![warn(clippy::arithmetic_side_effects)]

mod drift_check;
mod key_range;
mod malformed_page;
mod options;
mod page_in_flight;
mod page_request;
mod page_response;
mod page_retry;
mod page_size;
mod page_summary;
mod paginator;
mod position;
mod query_parts;
mod range_reader;
mod read_context;
mod read_order;
mod record_buffer;
mod report;
mod scheduler;
mod stream_reader;
mod stream_request;
mod wake_flag;

use crate::table::list_request::ListRequest;
use futures_core::Stream;
use futures_util::future::BoxFuture;
use options::StreamOptions;
pub use position::StreamPosition;
pub(crate) use read_order::ReadOrder;
pub use report::StreamReport;
use snow_core::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use stream_reader::StreamReader;

/// The rows of a query, all of them, one by one: a [`Stream`], with a [`next`](Self::next) of its own.
///
/// - Rows come by `sys_id`, page by page from the last one on: no row is lost or repeated, whatever is inserted or deleted
///   meanwhile. A query sorted by `sys_created_on` keeps that order in the same way; one sorted by
///   anything else is read by position, and the [report](Self::report) says that it may have drifted.
/// - The end is proven, never guessed: a short page is none (facts 9). If the read is not complete, it ends in an error.
/// - A page that ran into the instance's quota, or whose answer was cut, is asked for again from the last good row, smaller,
///   and grows back (facts 3.4).
/// - The next page is asked for while this one is consumed. Memory does not grow: about twice [`buffer`](Self::buffer).
/// - It starts no task: it goes on when it is polled. A page that fits the buffer is taken in whole before its first row is
///   given out, so that whoever calls the client for each row does not wait for a place that the page holds. Asking ahead
///   never takes the last place.
/// - An `is_in` that makes the query too long for a URL is split; rows then come part by part. Unless it is an `is_in` of
///   `sys_id`, the ids are read once more at the end, and the report says whether records may have moved between the parts.
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
pub struct RecordStream<T> {
    state: StreamState<T>,
    /// Looks whether all fields exist, if the client does so.
    field_check: Option<BoxFuture<'static, Result<(), Error>>>,
}

enum StreamState<T> {
    /// Nothing was asked for yet.
    New(Box<(ListRequest<T>, StreamOptions)>),
    Reading(Box<StreamReader<T>>),
    Ended(StreamReport, Option<StreamPosition>),
    /// The stream failed before anything was asked for.
    Refused,
}

impl<T> RecordStream<T> {
    pub(crate) fn new(list: ListRequest<T>) -> Self {
        let field_check = list.field_existence_check();
        Self { state: StreamState::New(Box::new((list, StreamOptions::default()))), field_check }
    }

    fn set(mut self, set: impl FnOnce(&mut StreamOptions)) -> Self {
        if let StreamState::New(new) = &mut self.state {
            set(&mut new.1);
        }
        self
    }

    /// How many rows to ask for at once. By default as many as fit the [buffer](Self::buffer), 1,000 at most. A page that does not
    /// fit the buffer is read on as its rows are consumed, and keeps its place until then.
    pub fn page_size(self, rows: u32) -> Self {
        self.set(|options| options.page_size = Some(rows))
    }

    /// How many bytes of rows to keep, 2 MiB by default; with what comes ahead, memory is twice that.
    pub fn buffer(self, bytes: usize) -> Self {
        self.set(|options| options.buffer = bytes)
    }

    /// Reads so many ranges of `sys_id` at once. RecordStream still come in the order of their `sys_id`, unless they may come
    /// [as they are](Self::unordered). The client's own limit on concurrent requests is heeded, and one of its places is left to
    /// others; so are all pauses. Only for reads by `sys_id`.
    pub fn parallel(self, requests: usize) -> Self {
        self.set(|options| options.parallel = requests.max(1))
    }

    /// Gives rows out as they come, in no order: for a [`parallel`](Self::parallel) read that is not to wait for its slowest range.
    pub fn unordered(self) -> Self {
        self.set(|options| options.in_order = false)
    }

    /// Reads by position: for database views and whatever else has no `sys_id` of its own. Rows that come and go meanwhile shift
    /// all behind them, so that rows may be missed or repeated.
    pub fn by_offset(self) -> Self {
        self.set(|options| options.by_offset = true)
    }

    /// Compares what was read by position with a second read of all ids, by `sys_id`, where it took more than one page; reads the
    /// first so many rows of an order in one page.
    pub(crate) fn ids_compared(self) -> Self {
        self.set(|options| options.verifies = true)
    }

    /// Goes on where another read of the same question stopped.
    pub fn resume(self, position: StreamPosition) -> Self {
        self.set(|options| options.resume = Some(position))
    }

    /// Whether the query is read in parts, because it is too long for one URL. Known once the first row was asked for.
    pub(crate) fn is_split(&self) -> bool {
        matches!(&self.state, StreamState::Reading(reader) if reader.is_split())
    }

    /// Where the read stands: behind the last row that was given out. `None` at the end, and before anything was asked.
    pub fn position(&self) -> Option<StreamPosition> {
        match &self.state {
            StreamState::Reading(reader) => reader.position(),
            StreamState::Ended(_, position) => position.clone(),
            StreamState::New(_) | StreamState::Refused => None,
        }
    }

    /// What the read has come to so far, and at the end whether all rows came.
    pub fn report(&self) -> StreamReport {
        match &self.state {
            StreamState::Reading(reader) => reader.report(false),
            StreamState::Ended(report, _) => report.clone(),
            StreamState::New(_) | StreamState::Refused => StreamReport::empty(),
        }
    }

    /// The next row; `None` behind the last one.
    ///
    /// Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        std::future::poll_fn(|cx| self.poll_record(cx)).await
    }

    fn poll_record(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, Error>>> {
        if let Some(check) = &mut self.field_check {
            let checked = ready!(check.as_mut().poll(cx));
            self.field_check = None;
            if let Err(error) = checked {
                return self.refuse(error);
            }
        }
        if let StreamState::New(_) = &self.state
            && let StreamState::New(new) = std::mem::replace(&mut self.state, StreamState::Refused)
        {
            match StreamReader::new(new.0, new.1) {
                Ok(reader) => self.state = StreamState::Reading(Box::new(reader)),
                Err(error) => return self.refuse(error),
            }
        }
        let StreamState::Reading(reader) = &mut self.state else { return Poll::Ready(None) };
        let record = ready!(reader.poll(cx)).transpose().map_err(Error::of_read);
        if let Err(_) | Ok(None) = record {
            let is_end = record.is_ok();
            let report = reader.report(is_end && !reader.has_reached_limit());
            let position = if is_end { None } else { reader.position() };
            self.state = StreamState::Ended(report, position);
        }
        Poll::Ready(record.transpose())
    }

    fn refuse(&mut self, error: Error) -> Poll<Option<Result<T, Error>>> {
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
