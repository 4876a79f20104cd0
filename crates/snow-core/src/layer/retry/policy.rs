//! How often and when a request is retried.

use super::event::{RetryEvent, RetryHook};
use crate::clock::Dice;
use crate::error::{Attempts, Stop};
use crate::{Clock, Error};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// A policy that decides how often and when a request is retried. [`RetryLayer`] says which requests are.
///
/// Clones share the budget: give clones of one policy to the [`RetryLayer`] and to the code that reads responses and retries when
/// a body breaks off (see [`next_delay`](Self::next_delay)).
///
/// # Defaults
///
/// | setting | default |
/// |---|---|
/// | [`max_attempts`](Self::max_attempts) | 4, the first one included |
/// | [`backoff`](Self::backoff) | a random pause of at most 500 ms before the first retry, doubled with each retry up to 20 seconds; if the service says how long to wait, that time is added |
/// | [`budget`](Self::budget) | 20 retries in a row over all clones; ten calls that succeed at once earn one back |
/// | [`max_elapsed`](Self::max_elapsed) | no pause ends later than 5 minutes after the call began |
/// | [`on_retry`](Self::on_retry) | none; a `DEBUG` event of [`tracing`] is emitted in any case |
///
/// # Examples
///
/// ```
/// use snow_client::layer::{RetryLayer, RetryPolicy};
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
    on_retry: RetryHook,
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
    /// Creates a policy with the defaults above.
    pub fn new() -> Self {
        let shared = PolicyShared { budget: RetryBudget::new(20), jitter: Dice::new(), clock: Clock::new() };
        Self(Arc::new(PolicySettings {
            max_attempts: 4,
            first_backoff: Duration::from_millis(500),
            max_backoff: Duration::from_secs(20),
            max_elapsed: Duration::from_secs(300),
            on_retry: RetryHook::default(),
            shared: Arc::new(shared),
        }))
    }

    /// Sets the maximum number of attempts, the first one included. `1` disables retries, and `0` is treated as `1`.
    #[must_use]
    pub fn max_attempts(mut self, max: u32) -> Self {
        self.settings().max_attempts = max.max(1);
        self
    }

    /// Sets the maximum pause before the first retry, and the maximum of all pauses. Each pause is random, from zero to its maximum
    /// (full jitter), and the maximum doubles with each retry.
    #[must_use]
    pub fn backoff(mut self, first: Duration, max: Duration) -> Self {
        let settings = self.settings();
        (settings.first_backoff, settings.max_backoff) = (first, max);
        self
    }

    /// Sets how many retries all clones together may make in a row. Each call that needs no retry refills the budget by a tenth of
    /// a retry. So when most requests fail, few are retried.
    #[must_use]
    pub fn budget(mut self, attempts: u32) -> Self {
        let PolicyShared { jitter, clock, .. } = &*self.0.shared;
        let shared =
            PolicyShared { budget: RetryBudget::new(attempts), jitter: jitter.clone(), clock: *clock };
        self.settings().shared = Arc::new(shared);
        self
    }

    /// Sets the time after the beginning of a call within which every pause must end: the limit of the
    /// [`DeadlineLayer`](crate::layer::DeadlineLayer) above. A retry whose pause would end later is not made.
    #[must_use]
    pub fn max_elapsed(mut self, max: Duration) -> Self {
        self.settings().max_elapsed = max;
        self
    }

    /// Calls `hook` before each retry, before the pause begins: for metrics, or for logs of your own. It replaces an earlier hook.
    ///
    /// The hook runs in the task that makes the request, so it should return quickly. A `DEBUG` event of [`tracing`] with the fields
    /// `attempt`, `delay_ms`, `kind` and `status` is emitted with or without a hook.
    ///
    /// ```
    /// use snow_client::layer::RetryPolicy;
    ///
    /// let policy = RetryPolicy::new().on_retry(|event| {
    ///     eprintln!("attempt {} failed ({}), next one in {:?}", event.attempt, event.error, event.delay);
    /// });
    /// ```
    #[must_use]
    pub fn on_retry(mut self, hook: impl Fn(&RetryEvent<'_>) + Send + Sync + 'static) -> Self {
        self.settings().on_retry = RetryHook::new(hook);
        self
    }

    fn settings(&mut self) -> &mut PolicySettings {
        Arc::make_mut(&mut self.0)
    }

    /// Returns how long to wait before a read is retried whose response could not be read. A retry layer does not see that, because
    /// its part ends with the head of the response.
    ///
    /// `attempts` is the number of attempts so far, and `elapsed` the time since the first one began. A retry takes from the
    /// budget, and is reported to the [`on_retry`](Self::on_retry) hook.
    ///
    /// # Errors
    /// Returns `error` if there is no further attempt: with the number of attempts and the reason, or unchanged if it is not
    /// retryable.
    pub fn next_delay(&self, error: Error, attempts: u32, elapsed: Duration) -> Result<Duration, Error> {
        if error.may_have_executed() || !error.is_retryable() {
            return Err(error);
        }
        let left = self.0.max_elapsed.saturating_sub(elapsed);
        match self.delay(attempts, error.retry_after(), left) {
            Ok(delay) => {
                self.report(&error, attempts, delay);
                Ok(delay)
            }
            Err(stop) => Err(error.with_attempts(Attempts::new(attempts, Some(stop), false))),
        }
    }

    /// Reports a retry to the hook and to tracing. `attempt` is the number of the attempt that failed.
    pub(super) fn report(&self, error: &Error, attempt: u32, delay: Duration) {
        self.0.on_retry.report(&RetryEvent { error, attempt, delay });
    }

    pub(super) fn elapsed_limit(&self) -> Duration {
        self.0.max_elapsed
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.0.shared.clock
    }

    /// Refills the budget after a call that needed no retry.
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

/// A call that needs no retry deposits one part of so many.
const TENTHS: u32 = 10;

/// A token bucket of retries. When much fails, retrying everything makes it worse: then the bucket runs empty.
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

    /// Withdraws one retry, and returns whether one was left.
    fn withdraw(&self) -> bool {
        let less = |tenths: u32| tenths.checked_sub(TENTHS);
        self.tenths.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
    }

    /// Deposits a tenth of a retry.
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
