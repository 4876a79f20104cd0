//! Waiting, and timeouts for futures. This is the only file that makes timers: a timer of tokio belongs to the runtime in which it was
//! made, stops with it, and panics outside one.
#![warn(clippy::arithmetic_side_effects)]

use crate::clock::Dice;
use crate::{Error, ErrorKind, clock};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::runtime::{Handle, Id};
use tokio::time::{self, Instant};

/// Limits, and the timer that enforces them. The timer is made when a future has to wait for the first time, so that neither a layer
/// nor a call needs a runtime. On the heap, so that futures stay small.
#[derive(Debug)]
pub(crate) struct Timer<T>(Box<Limited<T>>);

#[derive(Debug)]
struct Limited<T> {
    limits: T,
    armed: Option<Armed>,
}

/// A timer of tokio stops with its runtime, and panics once that has shut down. So it is made again in any other runtime.
#[derive(Debug)]
struct Armed {
    runtime: Id,
    sleep: Pin<Box<time::Sleep>>,
}

impl<T> Timer<T> {
    pub(crate) fn new(limits: T) -> Self {
        Self(Box::new(Limited { limits, armed: None }))
    }

    pub(crate) fn limits(&self) -> &T {
        &self.0.limits
    }

    /// Completes when the moment has come. Calls `moment` when it is polled for the first time, or for the first time since it was
    /// stopped; without a moment it never completes. Fails outside a runtime.
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    pub(crate) fn poll_elapsed(
        &mut self,
        cx: &mut Context<'_>,
        moment: impl FnOnce(&T) -> Option<Instant>,
    ) -> Poll<Result<(), Error>> {
        let runtime = Handle::try_current().map_err(|_| no_runtime())?.id();
        let Limited { limits, armed } = &mut *self.0;
        let current = match armed.take() {
            Some(armed) if armed.runtime == runtime => armed,
            other => {
                let until = other.map_or_else(|| moment(limits), |armed| Some(armed.sleep.deadline()));
                let Some(until) = until else { return Poll::Pending };
                Armed { runtime, sleep: Box::pin(time::sleep_until(until)) }
            }
        };
        armed.insert(current).sleep.as_mut().poll(cx).map(Ok)
    }

    pub(crate) fn stop(&mut self) {
        self.0.armed = None;
    }
}

/// Waits for `time`, counted from this call; a time of more than a hundred years never ends. The future may move from one tokio
/// runtime to another while it waits.
///
/// # Errors
/// Fails with [`ErrorKind::Other`] if it is polled outside a tokio runtime.
///
/// # Panics
/// The future panics in a tokio runtime without timers: call `enable_time()` or `enable_all()` on the runtime's builder.
///
/// ```
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), snow_core::Error> {
/// use snow_core::{Clock, timer};
/// use std::time::Duration;
///
/// let clock = Clock::new();
/// let before = clock.now();
/// timer::sleep(Duration::from_secs(3)).await?;
/// assert_eq!(clock.now().duration_since(before).unwrap().as_secs(), 3);
/// # Ok(()) }
/// ```
pub fn sleep(time: Duration) -> Sleep {
    Sleep(Timer::new(clock::after(time)))
}

/// Returns a random time between `time` and a tenth more, so that many programs that repeat something do not do it at the same moment.
///
/// ```
/// use std::time::Duration;
///
/// let pause = snow_core::timer::with_jitter(Duration::from_secs(10));
/// assert!((10..=11).contains(&pause.as_secs()));
/// ```
pub fn with_jitter(time: Duration) -> Duration {
    time.saturating_add(Dice::new().up_to(time.checked_div(10).unwrap_or_default()))
}

/// The future of [`sleep`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Sleep(Timer<Option<Instant>>);

impl Future for Sleep {
    type Output = Result<(), Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll_elapsed(cx, |moment| *moment)
    }
}

/// Waits for a future, but no longer than `limit`. Returns `None` if the future is not complete by then.
///
/// # Errors
/// Fails with [`ErrorKind::Other`] if it has to wait outside a tokio runtime.
///
/// # Panics
/// The future panics in a tokio runtime without timers, as [`sleep`] does.
///
/// ```
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), snow_core::Error> {
/// use snow_core::timer;
/// use std::time::Duration;
///
/// let limit = Duration::from_secs(1);
/// assert_eq!(timer::timeout(limit, async { "done" }).await?, Some("done"));
/// assert_eq!(timer::timeout(limit, std::future::pending::<()>()).await?, None);
/// # Ok(()) }
/// ```
pub async fn timeout<T>(limit: Duration, future: impl Future<Output = T>) -> Result<Option<T>, Error> {
    let (mut future, mut sleep) = (pin!(future), sleep(limit));
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(done) => Poll::Ready(Ok(Some(done))),
        Poll::Pending => Pin::new(&mut sleep).poll(cx).map(|waited| waited.map(|()| None)),
    })
    .await
}

fn no_runtime() -> Error {
    Error::new(ErrorKind::Other, "a timeout or a pause needs a tokio runtime: call this inside one")
}
