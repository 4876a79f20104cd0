//! The only file that reads a clock or generates random numbers. Its arithmetic with times saturates, so no sum overflows.
#![warn(clippy::arithmetic_side_effects)]

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant as StdInstant, SystemTime};
use tokio::time::Instant;

/// A clock that tells the time of day.
///
/// The time is read once when the clock is made, and then counted on with tokio's clock. So a test that pauses tokio's time pauses
/// this clock too, and `tokio::time::advance` moves it. While a machine sleeps, the clock may stand still: a token then seems younger than
/// it is, the service responds 401, and the token is refreshed after that. [`wall_now`](Self::wall_now) is for times that somebody
/// else compares with a clock of their own.
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
    /// The same moment on the operating system's monotonic clock, which no test moves.
    real_since: StdInstant,
}

impl Clock {
    /// Creates a clock that shows the machine's time.
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    pub fn new() -> Self {
        Self { wall: SystemTime::now(), since: Instant::now(), real_since: StdInstant::now() }
    }

    /// Creates the clock of a program whose machine has slept for this long since the clock was made. For tests.
    #[doc(hidden)]
    #[must_use]
    pub fn after_sleep(slept: Duration) -> Self {
        let clock = Self::new();
        Self { wall: clock.wall.checked_sub(slept).unwrap_or(clock.wall), ..clock }
    }

    /// Returns the time of day.
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    pub fn now(&self) -> SystemTime {
        self.wall.checked_add(Instant::now().saturating_duration_since(self.since)).unwrap_or(self.wall)
    }

    /// Returns the time of day that the machine shows now. It is read anew each time, so it is right after the machine has slept, and
    /// follows when somebody sets the machine's clock. `tokio::time::advance` moves it, as it moves [`now`](Self::now).
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    pub fn wall_now(&self) -> SystemTime {
        let counted = Instant::now().saturating_duration_since(self.since);
        wall(SystemTime::now(), counted, StdInstant::now().saturating_duration_since(self.real_since))
    }

    /// Returns the time since the start of 1970.
    pub fn unix(&self) -> Duration {
        self.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
    }

    /// Returns the time since a moment; zero if it is in the future.
    pub fn since(&self, moment: SystemTime) -> Duration {
        self.now().duration_since(moment).unwrap_or_default()
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

/// Returns the time of a machine's clock, shifted by as much as a test has moved tokio's clock: by the time that tokio has counted and
/// that did not pass. Otherwise the two are the same.
fn wall(machine: SystemTime, counted: Duration, passed: Duration) -> SystemTime {
    let later = machine.checked_add(counted.saturating_sub(passed)).unwrap_or(machine);
    later.checked_sub(passed.saturating_sub(counted)).unwrap_or(later)
}

/// Returns the current moment of tokio's clock.
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// A hundred years. Longer times never end: tokio's timers panic near the end of their range.
const NEVER: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// Returns the moment after this time; `None` for a time that never ends.
pub(crate) fn after(time: Duration) -> Option<Instant> {
    now().checked_add(time).filter(|_| time < NEVER)
}

/// A source of randomness that clones share.
#[derive(Clone, Debug)]
pub(crate) struct Dice(Arc<Mutex<fastrand::Rng>>);

impl Dice {
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(fastrand::Rng::new())))
    }

    /// Returns a random time, evenly distributed from zero to `most`.
    pub(crate) fn up_to(&self, most: Duration) -> Duration {
        let share = self.0.lock().unwrap_or_else(PoisonError::into_inner).f64();
        Duration::try_from_secs_f64(most.as_secs_f64() * share).unwrap_or(most).min(most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    #[test]
    fn the_wall_clock_goes_on_while_the_machine_sleeps() {
        let started = SystemTime::UNIX_EPOCH + HOUR;
        let minute = Duration::from_secs(60);
        // Both clocks that count stood still for an hour, and the machine's did not.
        assert_eq!(wall(started + HOUR + minute, minute, minute), started + HOUR + minute);
        // A test has advanced tokio's clock, or has paused it.
        assert_eq!(wall(started, HOUR, Duration::ZERO), started + HOUR);
        assert_eq!(wall(started + minute, Duration::ZERO, minute), started);
        let slept = Clock::after_sleep(HOUR);
        let behind = slept.wall_now().duration_since(slept.now()).unwrap();
        assert!(behind > HOUR - minute && behind < HOUR + minute, "{behind:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_test_moves_both() {
        let clock = Clock::new();
        let before = (clock.now(), clock.wall_now());
        tokio::time::advance(HOUR).await;
        assert_eq!(clock.now().duration_since(before.0).unwrap(), HOUR);
        let moved = clock.wall_now().duration_since(before.1).unwrap();
        assert!(
            moved > HOUR - Duration::from_secs(60) && moved < HOUR + Duration::from_secs(60),
            "{moved:?}"
        );
    }
}
