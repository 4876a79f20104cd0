//! Whether to try again, and when.

use crate::clock::Dice;
use crate::error::{Attempts, Stop};
use crate::{Clock, Error};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// How often, how soon, and how many at once. Clones share the budget: give the same one to the [`RetryLayer`] and to
/// whoever reads answers and finds them broken.
///
/// By default 4 attempts; between them a pause from nothing to half a second, a second, two (full jitter, at most 20
/// seconds), or as long as the service asks; 20 further attempts in a row over all clones, and one more for every ten
/// operations that need none; and no pause that would end more than 5 minutes after the operation began.
///
/// ```
/// use snow_core::layer::{RetryLayer, RetryPolicy};
/// use std::time::Duration;
///
/// let policy = RetryPolicy::new().max_attempts(6).backoff(Duration::from_secs(1), Duration::from_secs(60));
/// let layer = RetryLayer::new(policy);
/// ```
///
/// [`RetryLayer`]: super::RetryLayer
#[derive(Clone, Debug)]
pub struct RetryPolicy(Arc<PolicySettings>);

#[derive(Clone, Debug)]
struct PolicySettings {
    max_attempts: u32,
    first_backoff: Duration,
    max_backoff: Duration,
    max_elapsed: Duration,
    shared: Arc<PolicyShared>,
}

/// What a policy shares with its clones, however their settings differ.
#[derive(Debug)]
struct PolicyShared {
    budget: RetryBudget,
    jitter: Dice,
    clock: Clock,
}

impl RetryPolicy {
    /// The defaults.
    pub fn new() -> Self {
        let shared = PolicyShared { budget: RetryBudget::new(20), jitter: Dice::new(), clock: Clock::new() };
        Self(Arc::new(PolicySettings {
            max_attempts: 4,
            first_backoff: Duration::from_millis(500),
            max_backoff: Duration::from_secs(20),
            max_elapsed: Duration::from_secs(300),
            shared: Arc::new(shared),
        }))
    }

    /// At most so many attempts, the first one included. One: nothing is sent again.
    #[must_use]
    pub fn max_attempts(mut self, most: u32) -> Self {
        self.settings().max_attempts = most.max(1);
        self
    }

    /// The longest first pause, and the longest of all. Each pause is chosen evenly between nothing and its longest, which
    /// doubles with every attempt.
    #[must_use]
    pub fn backoff(mut self, first: Duration, most: Duration) -> Self {
        let settings = self.settings();
        (settings.first_backoff, settings.max_backoff) = (first, most);
        self
    }

    /// How many further attempts all clones together may make in a row; operations that need none fill it again, ten
    /// of them by one.
    #[must_use]
    pub fn budget(mut self, attempts: u32) -> Self {
        let PolicyShared { jitter, clock, .. } = &*self.0.shared;
        let shared =
            PolicyShared { budget: RetryBudget::new(attempts), jitter: jitter.clone(), clock: *clock };
        self.settings().shared = Arc::new(shared);
        self
    }

    /// No pause may end later than so long after the operation began: the limit of the
    /// [`DeadlineLayer`](crate::layer::DeadlineLayer) above.
    #[must_use]
    pub fn max_elapsed(mut self, deadline: Duration) -> Self {
        self.settings().max_elapsed = deadline;
        self
    }

    fn settings(&mut self) -> &mut PolicySettings {
        Arc::make_mut(&mut self.0)
    }

    /// For whoever reads an answer and finds it broken, which no layer sees: how long to wait before a read is sent again.
    /// `attempts` were made, `elapsed` is the time since the first began.
    ///
    /// # Errors
    /// The same error, with the attempts and why there is no further one; or as it is, if nothing speaks for another.
    pub fn next_delay(&self, error: Error, attempts: u32, elapsed: Duration) -> Result<Duration, Error> {
        if error.may_have_executed() || !error.is_retryable() {
            return Err(error);
        }
        let left = self.0.max_elapsed.saturating_sub(elapsed);
        self.delay(attempts, error.retry_after(), left)
            .map_err(|stop| error.with_attempts(Attempts::new(attempts, Some(stop), false)))
    }

    pub(super) fn elapsed_limit(&self) -> Duration {
        self.0.max_elapsed
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.0.shared.clock
    }

    /// Refills the budget after an operation that needed no second attempt.
    pub(super) fn deposit(&self) {
        self.0.shared.budget.deposit();
    }

    /// Returns how long to wait before the next attempt: as long as the service asks, and some jitter, so that not all requests
    /// come back at once. `attempt` is the number of the last attempt.
    pub(super) fn delay(
        &self,
        attempt: u32,
        requested: Option<Duration>,
        left: Duration,
    ) -> Result<Duration, Stop> {
        let PolicySettings { max_attempts, first_backoff, max_backoff, shared, .. } = &*self.0;
        if attempt >= *max_attempts {
            return Err(Stop::Limit);
        }
        let doubled = first_backoff.saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1)));
        let backoff = shared.jitter.up_to(doubled.min(*max_backoff));
        let delay = requested.unwrap_or_default().saturating_add(backoff);
        if delay >= left {
            return Err(Stop::Deadline);
        }
        if shared.budget.withdraw() { Ok(delay) } else { Err(Stop::Budget) }
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self::new()
    }
}

/// What an operation that needs no second attempt deposits, as a part of an attempt.
const TENTHS: u32 = 10;

/// A token bucket of further attempts. When much fails, retrying everything makes it worse: then the bucket runs empty.
#[derive(Debug)]
struct RetryBudget {
    tenths: AtomicU32,
    max: u32,
}

impl RetryBudget {
    fn new(attempts: u32) -> Self {
        let max = attempts.saturating_mul(TENTHS);
        Self { tenths: AtomicU32::new(max), max }
    }

    /// Takes one attempt out, and returns whether one was left.
    fn withdraw(&self) -> bool {
        let less = |tenths: u32| tenths.checked_sub(TENTHS);
        self.tenths.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
    }

    /// Puts a tenth of an attempt back.
    fn deposit(&self) {
        if self.tenths.load(Ordering::Relaxed) < self.max {
            let more = |tenths: u32| (tenths < self.max).then_some(tenths.saturating_add(1));
            let _full = self.tenths.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        }
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test may fail")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_pause_is_within_its_bounds(made in 1_u32..200, asked in prop::option::of(prop_oneof![0_u64..100, Just(u64::MAX)]), left in prop_oneof![0_u64..200, Just(u64::MAX)]) {
            let policy = RetryPolicy::new().max_attempts(u32::MAX);
            let (asked, left) = (asked.map(Duration::from_secs), Duration::from_secs(left));
            let doubled = Duration::from_millis(500) * 2_u32.pow(made.min(10) - 1);
            let longest = doubled.min(Duration::from_secs(20));
            match policy.delay(made, asked, left) {
                Ok(pause) => prop_assert!(pause >= asked.unwrap_or_default() && pause <= asked.unwrap_or_default().saturating_add(longest) && pause < left),
                Err(stop) => prop_assert!(stop == Stop::Deadline && asked.unwrap_or_default().saturating_add(longest) >= left),
            }
        }
    }

    #[test]
    fn two_requests_do_not_come_back_at_once() {
        let policy = RetryPolicy::new().budget(100);
        let pauses: std::collections::HashSet<_> =
            (0..20).map(|_| policy.delay(1, None, Duration::MAX).unwrap()).collect();
        assert!(pauses.len() > 15, "{pauses:?}");
    }

    #[test]
    fn runs_empty_and_fills_again_by_tenths() {
        let budget = RetryBudget::new(2);
        budget.deposit();
        assert!(budget.withdraw() && budget.withdraw() && !budget.withdraw());
        (0..9).for_each(|_| budget.deposit());
        assert!(!budget.withdraw());
        budget.deposit();
        assert!(budget.withdraw() && !budget.withdraw());
    }
}
