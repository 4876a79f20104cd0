//! The instance's time: tokio's, moved as the test wants it. The only file that reads a clock.

use std::time::{Duration, SystemTime};
use tokio::time::{Instant, Sleep};

/// For the time that an instance takes.
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub(crate) fn sleep(time: Duration) -> Sleep {
    tokio::time::sleep(time)
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: Duration,
    since: Instant,
    moved: Duration,
}

impl Clock {
    /// Starts at a time of day, or now, and runs on with tokio's clock.
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    pub(crate) fn starting(at: Option<SystemTime>) -> Self {
        let start =
            at.unwrap_or_else(SystemTime::now).duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self { start, since: Instant::now(), moved: Duration::ZERO }
    }

    /// Since 1970.
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    pub(crate) fn now(&self) -> Duration {
        self.start + self.moved + Instant::now().saturating_duration_since(self.since)
    }

    pub(crate) fn advance(&mut self, by: Duration) {
        self.moved += by;
    }

    /// To the second, as the service keeps time (facts 2.6).
    pub(crate) fn timestamp(&self) -> jiff::Timestamp {
        let seconds = i64::try_from(self.now().as_secs()).unwrap_or(i64::MAX);
        jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::MAX)
    }

    pub(crate) fn stamp(&self) -> String {
        stamp(self.timestamp())
    }
}

/// A time as the service stores it: `2026-06-26 00:00:00`, in UTC.
pub(crate) fn stamp(time: jiff::Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S").to_string()
}
