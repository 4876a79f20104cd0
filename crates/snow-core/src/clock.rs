//! The only file that reads a clock or rolls dice.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};
use tokio::time::{Instant, Sleep};

/// Where the time comes from.
///
/// Wall time is derived from tokio's clock: read once when the clock is made, then counted on. So a test that pauses
/// tokio's time stops this clock too, and `tokio::time::advance` moves it. A machine that sleeps may stop it for as
/// long: a token then looks younger than it is, the service answers 401, and the token is renewed on that.
///
/// ```
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// use std::time::Duration;
///
/// let clock = snow_core::Clock::new();
/// let before = clock.now();
/// tokio::time::advance(Duration::from_secs(1800)).await;
/// assert_eq!(clock.now().duration_since(before).unwrap(), Duration::from_secs(1800));
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    wall: SystemTime,
    since: Instant,
}

impl Clock {
    /// A clock that shows the machine's time and counts on from there.
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    pub fn new() -> Self {
        Self { wall: SystemTime::now(), since: Instant::now() }
    }

    /// The time of day.
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    pub fn now(&self) -> SystemTime {
        self.wall + Instant::now().saturating_duration_since(self.since)
    }

    /// The time of day in seconds since 1970.
    pub fn unix(&self) -> Duration {
        self.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

/// The moment, by tokio's clock.
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Sleeps until a moment; costs nothing before it is first waited for.
#[derive(Debug)]
pub(crate) struct Timer {
    at: Option<Instant>,
    /// On the heap: most requests are done before they wait for as many timers as they have.
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Timer {
    /// For this moment; never without one.
    pub(crate) fn new(at: Option<Instant>) -> Self {
        Self { at, sleep: None }
    }

    /// For so long from now; never without a limit.
    pub(crate) fn after(limit: Option<Duration>) -> Self {
        Self::new(limit.and_then(|limit| now().checked_add(limit)))
    }

    /// Whether the moment has come.
    pub(crate) fn poll_elapsed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(at) = self.at else { return Poll::Pending };
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(at)));
        sleep.as_mut().poll(cx)
    }

    /// Another moment.
    pub(crate) fn reset(&mut self, at: Option<Instant>) {
        self.at = at;
        if let (Some(at), Some(sleep)) = (at, &mut self.sleep) {
            sleep.as_mut().reset(at);
        }
    }
}

/// Where randomness comes from: shared by its clones.
#[derive(Clone, Debug)]
pub(crate) struct Dice(Arc<Mutex<fastrand::Rng>>);

impl Dice {
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(fastrand::Rng::new())))
    }

    /// Evenly from nothing to the whole of a time.
    pub(crate) fn up_to(&self, most: Duration) -> Duration {
        let share = self.0.lock().unwrap_or_else(PoisonError::into_inner).f64();
        most.mul_f64(share)
    }
}
