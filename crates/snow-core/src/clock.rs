//! The only file that reads a clock or rolls dice, and that counts with times: whatever is added, no sum is too large for it.
#![warn(clippy::arithmetic_side_effects)]

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

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
        self.wall.checked_add(Instant::now().saturating_duration_since(self.since)).unwrap_or(self.wall)
    }

    /// The time of day in seconds since 1970.
    pub fn unix(&self) -> Duration {
        self.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
    }

    /// How long ago a moment was; zero if it is still to come.
    pub fn since(&self, moment: SystemTime) -> Duration {
        self.now().duration_since(moment).unwrap_or_default()
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

/// A hundred years, after which nobody waits any more: tokio's timers panic for moments near the end of what clocks can tell.
const NEVER: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// So long from now; `None` for a time after which nobody waits any more.
pub(crate) fn after(time: Duration) -> Option<Instant> {
    now().checked_add(time).filter(|_| time < NEVER)
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
        Duration::try_from_secs_f64(most.as_secs_f64() * share).unwrap_or(most).min(most)
    }
}
