//! The retry of a page that failed, by the client's retry policy.

use super::read_context::ReadContext;
use snow_core::Error;
use std::time::{Duration, SystemTime};

/// How often a page has failed in a row, and since when.
#[derive(Default)]
pub(super) struct PageRetry {
    failures: u32,
    failing_since: Option<SystemTime>,
}

impl PageRetry {
    /// Forgets all failures, because records came.
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }

    /// Counts a failure, and returns how long to wait before the page is asked for again.
    ///
    /// # Errors
    ///
    /// The error itself, if the policy allows no further attempt.
    pub(super) fn delay(&mut self, error: Error, context: &ReadContext<'_>) -> Result<Duration, Error> {
        let now = context.clock.now();
        let since = *self.failing_since.get_or_insert(now);
        self.failures = self.failures.saturating_add(1);
        let elapsed = now.duration_since(since).unwrap_or(Duration::ZERO);
        context.request.retry_delay(error, self.failures, elapsed)
    }
}
