//! A bulk write under way.

use super::{BulkReport, BulkWrite, WriteOutcome, WriteProgress};
use crate::batch::api_call::{ApiCall, Token};
use crate::request::call::CallFuture;
use crate::table::stop::StopHandle;
use crate::table::stopwatch::Stopwatch;
use bytes::Bytes;
use futures_core::Stream;
use futures_util::stream::FuturesUnordered;
use snow_core::{Error, SysId};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// The outcomes of a bulk write, one for each record, in the order in which the writes end: a [`Stream`] with a
/// [`next`](Self::next) of its own. Returned by [`BulkWrite::stream`].
///
/// An error instead of an outcome means that the records of the query could not be read further; it is returned after all outcomes.
///
/// # Cancel safety
///
/// It spawns no task: writes go on when it is polled. **Dropping it leaves it unknown what became of the writes under way.**
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
/// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
/// use serde_json::json;
/// use snow_client::field;
///
/// let low = client.table("incident").list().query(field("priority").eq(5));
/// let mut outcomes = low.update_all(&json!({ "urgency": "2" })).stream();
/// while let Some(outcome) = outcomes.next().await {
///     let outcome = outcome?;
///     println!("{}: {}", outcome.sys_id, if outcome.result.is_ok() { "updated" } else { "failed" });
/// }
/// assert!(!outcomes.is_stopped() && outcomes.untouched().is_empty());
/// # Ok(()) }
/// ```
#[must_use = "nothing is written unless it is polled"]
pub struct OutcomeStream<C: ApiCall> {
    write: BulkWrite<C>,
    in_flight: FuturesUnordered<WriteInFlight<C::Response>>,
    /// Whether no further write begins.
    has_stopped: bool,
    progress: WriteProgress,
    /// Runs since the first poll.
    stopwatch: Option<Stopwatch>,
}

impl<C: ApiCall> OutcomeStream<C> {
    pub(super) fn new(write: BulkWrite<C>) -> Self {
        let in_flight = FuturesUnordered::new();
        Self { write, in_flight, has_stopped: false, progress: WriteProgress::default(), stopwatch: None }
    }

    /// Returns the next outcome when a write ends, and `None` after the last one.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future of this method loses nothing.
    pub async fn next(&mut self) -> Option<Result<WriteOutcome<C::Response>, Error>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// Finishes all writes, and returns the outcomes that were not returned before.
    pub async fn finish(mut self) -> BulkReport<C::Response> {
        let (mut outcomes, mut unread) = (Vec::new(), None);
        while let Some(outcome) = self.next().await {
            match outcome {
                Ok(outcome) => outcomes.push(outcome),
                Err(error) => unread = Some(error),
            }
        }
        let (untouched, stopped) = (self.untouched(), self.is_stopped());
        BulkReport { outcomes, untouched, stopped, unread, may_have_drifted: self.may_have_drifted() }
    }

    /// Returns the records that are known so far and whose writes have not started.
    pub fn untouched(&self) -> Vec<SysId> {
        self.write.queue.waiting().map(|queued| queued.sys_id).collect()
    }

    /// Returns whether the bulk write was stopped, by an error or by its handle, before it was known that all records were written.
    pub fn is_stopped(&self) -> bool {
        self.has_stopped && (self.write.queue.is_cut_short() || !self.write.queue.is_done())
    }

    /// Returns whether records of the query may have been missed because records moved while the query was read.
    pub fn may_have_drifted(&self) -> bool {
        self.write.queue.may_have_drifted()
    }

    /// Returns a handle that stops the bulk write: see [`BulkWrite::stop_handle`].
    pub fn stop_handle(&self) -> StopHandle {
        self.write.stop.clone()
    }

    /// Begins no further write.
    fn halt(&mut self) {
        self.has_stopped = true;
        self.write.queue.stop();
    }

    /// Begins as many writes as may be under way. Pending while the records of the query are waited for.
    fn begin_writes(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while !self.has_stopped && self.in_flight.len() < self.write.concurrency {
            match ready!(self.write.queue.poll_next(cx)) {
                Ok(Some(queued)) => {
                    let sys_id = queued.sys_id;
                    let call = (self.write.start_write)(queued).into_call(Token(()));
                    let body = call.request.as_ref().ok().and_then(|request| request.body.as_ref());
                    let bytes = body.map_or(0, Bytes::len);
                    self.in_flight.push(WriteInFlight { sys_id, bytes, call: call.send() });
                }
                Ok(None) => return Poll::Ready(()),
                Err(error) => self.write.query_error = Some(error),
            }
        }
        Poll::Ready(())
    }

    fn record_outcome(&mut self, outcome: &WriteOutcome<C::Response>, bytes: usize) {
        if self.write.stops_at_error && outcome.result.is_err() {
            self.halt();
        }
        let (expected, elapsed) =
            (self.write.queue.expected(), self.stopwatch.as_ref().map(Stopwatch::elapsed));
        let before = self.progress;
        self.progress = WriteProgress {
            succeeded: before.succeeded.saturating_add(u64::from(outcome.result.is_ok())),
            failed: before.failed.saturating_add(u64::from(outcome.result.is_err())),
            under_way: self.in_flight.len() as u64,
            waiting: self.write.queue.waiting().len() as u64,
            expected,
            bytes: before.bytes.saturating_add(bytes as u64),
            elapsed: elapsed.unwrap_or_default(),
        };
        if let Some(on_progress) = &mut self.write.on_progress {
            on_progress(self.progress);
        }
    }

    /// Whether no further write begins.
    fn is_done(&self) -> bool {
        self.has_stopped || self.write.queue.is_done()
    }
}

impl<C: ApiCall> Stream for OutcomeStream<C> {
    type Item = Result<WriteOutcome<C::Response>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.write.stop.poll_stopped(cx).is_ready() {
            self.halt();
        }
        self.stopwatch.get_or_insert_with(Stopwatch::start);
        let begun = self.begin_writes(cx);
        match Pin::new(&mut self.in_flight).poll_next(cx) {
            Poll::Ready(Some((outcome, bytes))) => {
                self.record_outcome(&outcome, bytes);
                Poll::Ready(Some(Ok(outcome)))
            }
            Poll::Ready(None) if self.is_done() => Poll::Ready(self.write.query_error.take().map(Err)),
            Poll::Ready(None) if begun.is_ready() => {
                self.halt();
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
    /// How many bytes it sends.
    bytes: usize,
    call: CallFuture<T>,
}

impl<T> Future for WriteInFlight<T> {
    type Output = (WriteOutcome<T>, usize);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let result = ready!(Pin::new(&mut self.call).poll(cx));
        Poll::Ready((WriteOutcome { sys_id: self.sys_id, result }, self.bytes))
    }
}

impl<C: ApiCall> fmt::Debug for OutcomeStream<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutcomeStream").field("progress", &self.progress).finish_non_exhaustive()
    }
}
