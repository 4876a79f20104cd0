//! Streams as iterators.

use super::park::{poll_to_end, poll_while};
use super::process::HomeProcess;
use super::waiter;
use futures_core::Stream;
use snow_core::Error;
use std::fmt;
use std::future::poll_fn;
use std::iter::FusedIterator;
use std::mem;
use std::ops::Deref;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::task::unconstrained;

/// Streams as iterators whose `next` waits: [`RecordStream`](crate::stream::RecordStream), [`PageStream`](crate::stream::PageStream),
/// [`OutcomeStream`](crate::bulk::OutcomeStream), [`DownloadStream`](crate::attachment::DownloadStream), and every other stream of
/// `Result<_, snow_client::Error>`.
///
/// It is implemented for all of them; bring it into scope.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").incidents(300).build()?;
/// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
/// use snow_client::blocking::Iterate;
///
/// let mut records = client.table("incident").list().fields(["number"]).stream().parallel(2).iterate();
/// for record in &mut records {
///     println!("{}", record?.value("number")?);
/// }
/// assert!(records.stream().report().complete);
/// # Ok(()) }
/// ```
///
/// A mutable reference to a stream is a stream, too: `(&mut stream).iterate()` leaves the stream to its owner.
pub trait Iterate: Stream<Item = Result<Self::Value, Error>> + Sized {
    /// What the iterator returns, unless it returns an error.
    type Value;

    /// Returns an iterator over the items of the stream. Nothing is sent before its first `next`.
    fn iterate(self) -> Iter<Self>;
}

impl<S, T> Iterate for S
where
    S: Stream<Item = Result<T, Error>>,
{
    type Value = T;

    fn iterate(self) -> Iter<Self> {
        let stream = Arc::new(Mutex::new(Box::pin(self)));
        Iter { stream, has_ended: false, process: HomeProcess::new() }
    }
}

/// An iterator over a stream. Returned by [`Iterate::iterate`].
///
/// `next` waits for the next item of the stream as [`Wait::wait`](super::Wait::wait) waits for a call. What `wait` would return as an
/// error is the last item of the iterator.
///
/// An iterator may be dropped anywhere and at any time; that never panics. In a child process, an iterator that was made before the
/// fork stays in memory.
pub struct Iter<S> {
    /// Shared only to be left in memory, and locked by nobody else.
    stream: Arc<Mutex<Pin<Box<S>>>>,
    has_ended: bool,
    process: HomeProcess,
}

impl<S> Iter<S> {
    /// Returns the stream: its report, its position, its handle to stop it.
    pub fn stream(&self) -> impl Deref<Target = S> {
        StreamGuard(lock(&self.stream))
    }
}

impl<S, T> Iter<S>
where
    S: Stream<Item = Result<T, Error>>,
{
    /// Waits for the next item, and calls `go_on` at the beginning and then every `tick`: see
    /// [`Wait::wait_while`](super::Wait::wait_while). Returns `None` if it returned `false`. Nothing is lost then: the next call goes on.
    ///
    /// `Some(None)` is the end.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
    /// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
    /// use snow_client::blocking::Iterate;
    /// use std::sync::atomic::{AtomicBool, Ordering};
    /// use std::time::Duration;
    ///
    /// static INTERRUPTED: AtomicBool = AtomicBool::new(false); // set by the handler of a signal
    /// let mut records = client.table("incident").list().stream().iterate();
    /// let go_on = || !INTERRUPTED.load(Ordering::Relaxed);
    /// while let Some(Some(record)) = records.next_while(Duration::from_millis(50), go_on) {
    ///     println!("{}", record?.value("number")?);
    /// }
    /// # assert!(records.stream().report().complete);
    /// # Ok(()) }
    /// ```
    pub fn next_while(
        &mut self,
        tick: Duration,
        go_on: impl FnMut() -> bool,
    ) -> Option<Option<Result<T, Error>>> {
        self.advance(|next| poll_while(next, tick, go_on))
    }

    fn advance(
        &mut self,
        wait: impl FnOnce(
            Pin<&mut dyn Future<Output = Option<Result<T, Error>>>>,
        ) -> Option<Option<Result<T, Error>>>,
    ) -> Option<Option<Result<T, Error>>> {
        if self.has_ended {
            return Some(None);
        }
        let entered = self.process.check("the iterator").and_then(|()| waiter::enter());
        let _entered = match entered {
            Ok(entered) => entered,
            Err(error) => {
                self.has_ended = true;
                return Some(Some(Err(error)));
            }
        };
        let mut stream = lock(&self.stream);
        let item = wait(pin!(unconstrained(poll_fn(|cx| stream.as_mut().poll_next(cx)))));
        drop(stream);
        self.has_ended = matches!(item, Some(None));
        item
    }
}

impl<S, T> Iterator for Iter<S>
where
    S: Stream<Item = Result<T, Error>>,
{
    type Item = Result<T, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.advance(|next| Some(poll_to_end(next))).flatten()
    }
}

impl<S, T> FusedIterator for Iter<S> where S: Stream<Item = Result<T, Error>> {}

impl<S> Drop for Iter<S> {
    fn drop(&mut self) {
        if self.process.is_elsewhere() {
            // Dropping a connection takes locks that a thread of the parent may have held when it was forked.
            mem::forget(self.stream.clone());
        }
    }
}

impl<S: fmt::Debug> fmt::Debug for Iter<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Iter").field(&*self.stream()).finish()
    }
}

/// The stream of an iterator.
struct StreamGuard<'a, S>(MutexGuard<'a, Pin<Box<S>>>);

impl<S> Deref for StreamGuard<'_, S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.0
    }
}

fn lock<S>(stream: &Mutex<Pin<Box<S>>>) -> MutexGuard<'_, Pin<Box<S>>> {
    stream.lock().unwrap_or_else(PoisonError::into_inner)
}
