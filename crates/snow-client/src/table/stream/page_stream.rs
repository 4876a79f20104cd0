//! A stream of pages.

use super::position::StreamPosition;
use super::record_page::RecordPage;
use super::report::StreamReport;
use super::{RecordStream, StreamReader};
use crate::table::stop::StopHandle;
use futures_core::Stream;
use snow_core::{Error, Record};
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

/// All records of a query, page by page: a [`Stream`] of [`RecordPage`]s. Returned by [`RecordStream::pages`].
///
/// The records, their order, the guarantees and the memory limit are those of the [`RecordStream`].
///
/// - An item contains the records of one response. Responses without records (because all of their records are hidden from the
///   user) are skipped, so an item is never empty, and a query that matches nothing has no items.
/// - A page that does not fit the [buffer](RecordStream::buffer), or that breaks off and is requested again, comes in several
///   items. By default the page size is chosen to fit. If you set a [`page_size`](RecordStream::page_size), a page has to fit the
///   buffer; in a [`parallel`](RecordStream::parallel) read, each range has an equal share of the buffer (at least 64 KiB).
/// - A page ends before a record that cannot be read as `T`. The next item is then the error.
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").incidents(500).build()?;
/// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
/// # let store = |_: &[snow_client::Record], _: String| {};
/// let mut pages = client.table("incident").list().fields(["number"]).stream().page_size(200).pages();
/// while let Some(page) = pages.next().await {
///     let page = page?;
///     let position = serde_json::to_string(&pages.position())?;
///     store(&page, position);
/// }
/// assert!(pages.report().complete);
/// # Ok(()) }
/// ```
#[must_use = "a stream does nothing unless it is polled"]
pub struct PageStream<T = Record> {
    records: RecordStream<T>,
}

impl<T> PageStream<T> {
    pub(super) fn new(records: RecordStream<T>) -> Self {
        Self { records }
    }

    /// Returns the next page; `None` after the last one. After an error there are no more pages.
    ///
    /// # Errors
    ///
    /// As [`RecordStream::next`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: the next call goes on.
    pub async fn next(&mut self) -> Option<Result<RecordPage<T>, Error>> {
        std::future::poll_fn(|cx| self.poll_page(cx)).await
    }

    /// Returns the position after the last record of the last page; see [`RecordStream::position`].
    #[doc(alias = "cursor")]
    pub fn position(&self) -> Option<StreamPosition> {
        self.records.position()
    }

    /// Returns what the stream has read so far; see [`RecordStream::report`].
    pub fn report(&self) -> StreamReport {
        self.records.report()
    }

    /// Returns a handle that stops the stream; see [`RecordStream::stop_handle`].
    pub fn stop_handle(&self) -> StopHandle {
        self.records.stop_handle()
    }

    fn poll_page(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<RecordPage<T>, Error>>> {
        self.records.poll_reader(cx, StreamReader::poll_page)
    }
}

impl<T> Stream for PageStream<T> {
    type Item = Result<RecordPage<T>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_page(cx)
    }
}

impl<T> fmt::Debug for PageStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageStream").field("report", &self.report()).finish_non_exhaustive()
    }
}
