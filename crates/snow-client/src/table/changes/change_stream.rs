//! A feed as a stream of batches.

use super::change::ChangeBatch;
use super::feed::ChangeFeed;
use crate::Record;
use crate::table::stop::StopHandle;
use futures_core::Stream;
use futures_util::future::BoxFuture;
use snow_core::Error;
use snow_core::timer::{self, Sleep};
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// The batches of a feed, one after the other, for as long as the program runs: a [`Stream`] with a [`next`](Self::next) method of its
/// own. Returned by [`ChangeFeed::stream`](super::ChangeFeed::stream).
///
/// It ends only when it is [stopped](Self::stop_handle). While there is more to read, batches follow each other at once; when the feed is
/// caught up, or failed, a pause follows, which is up to a tenth longer than the interval, so that many programs do not ask at the same
/// moment. After an error the next batch begins where the failed one did: break out of the loop if the error will not go away.
///
/// ```no_run
/// # async fn example(client: snow_client::Client) -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
///
/// let mut batches = client.table("incident").changes().from_now().stream(Duration::from_secs(30));
/// let stop = batches.stop_handle(); // for the task that waits for Ctrl-C
/// while let Some(batch) = batches.next().await {
///     match batch {
///         Ok(batch) => println!("{} changes", batch.changes().len()), // apply them, and then save batch.cursor()
///         Err(error) if error.is_retryable() => eprintln!("{error}"),
///         Err(error) => return Err(error.into()),
///     }
/// }
/// # stop.stop();
/// # Ok(()) }
/// ```
#[must_use = "a stream does nothing unless it is polled"]
pub struct ChangeStream<T = Record> {
    state: StreamStage<T>,
    interval: Duration,
    stop: StopHandle,
}

/// A feed, and what a poll of it returned.
type PolledFeed<T> = (Box<ChangeFeed<T>>, Result<ChangeBatch<T>, Error>);

enum StreamStage<T> {
    Idle(Box<ChangeFeed<T>>),
    Polling(BoxFuture<'static, PolledFeed<T>>),
    Waiting(Box<ChangeFeed<T>>, Sleep),
    Ended,
}

impl<T: Send + 'static> ChangeFeed<T> {
    /// Returns a stream of batches, with a pause of about `interval` whenever the feed is caught up.
    pub fn stream(self, interval: Duration) -> ChangeStream<T> {
        ChangeStream::new(self, interval)
    }
}

impl<T: Send + 'static> ChangeStream<T> {
    fn new(feed: ChangeFeed<T>, interval: Duration) -> Self {
        Self { state: StreamStage::Idle(Box::new(feed)), interval, stop: StopHandle::new() }
    }

    /// Returns the next batch; `None` after the stream was stopped. A batch that is caught up may be empty.
    ///
    /// # Errors
    ///
    /// Those of [`ChangeFeed::poll`](super::ChangeFeed::poll).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: the next call goes on.
    pub async fn next(&mut self) -> Option<Result<ChangeBatch<T>, Error>> {
        std::future::poll_fn(|cx| self.poll_batch(cx)).await
    }

    /// Returns a handle that stops the stream, from this task or any other: a pause ends at once, and a poll that is under way ends
    /// with its batch. Save the cursor of that batch as any other.
    pub fn stop_handle(&self) -> StopHandle {
        self.stop.clone()
    }

    fn poll_batch(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<ChangeBatch<T>, Error>>> {
        loop {
            match std::mem::replace(&mut self.state, StreamStage::Ended) {
                StreamStage::Ended => return Poll::Ready(None),
                StreamStage::Idle(feed) if self.stop.is_stopped() => drop(feed),
                StreamStage::Idle(mut feed) => {
                    self.state = StreamStage::Polling(Box::pin(async move {
                        let batch = feed.poll().await;
                        (feed, batch)
                    }));
                }
                StreamStage::Waiting(feed, mut pause) => {
                    let waited = Pin::new(&mut pause).poll(cx);
                    if waited.is_pending() && self.stop.poll_stopped(cx).is_pending() {
                        self.state = StreamStage::Waiting(feed, pause);
                        return Poll::Pending;
                    }
                    self.state = StreamStage::Idle(feed);
                    if let Poll::Ready(Err(error)) = waited {
                        return Poll::Ready(Some(Err(error)));
                    }
                }
                StreamStage::Polling(mut polling) => {
                    let Poll::Ready((feed, batch)) = polling.as_mut().poll(cx) else {
                        self.state = StreamStage::Polling(polling);
                        return Poll::Pending;
                    };
                    let pauses = batch.as_ref().map_or(true, ChangeBatch::is_caught_up);
                    self.state = match pauses {
                        true => StreamStage::Waiting(feed, timer::sleep(timer::with_jitter(self.interval))),
                        false => StreamStage::Idle(feed),
                    };
                    return Poll::Ready(Some(batch));
                }
            }
        }
    }
}

impl<T: Send + 'static> Stream for ChangeStream<T> {
    type Item = Result<ChangeBatch<T>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(ready!(self.poll_batch(cx)))
    }
}

impl<T> fmt::Debug for ChangeStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChangeStream").field("interval", &self.interval).finish_non_exhaustive()
    }
}
