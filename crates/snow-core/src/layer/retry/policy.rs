//! Whether to try again, and when.

use super::budget::Budget;
use super::{Attempts, Stop};
use crate::clock::Dice;
use crate::{Clock, Error};
use std::sync::Arc;
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
/// let policy = RetryPolicy::new().attempts(6).backoff(Duration::from_secs(1), Duration::from_secs(60));
/// let layer = RetryLayer::new(policy);
/// ```
///
/// [`RetryLayer`]: super::RetryLayer
#[derive(Clone, Debug)]
pub struct RetryPolicy(Arc<Policy>);

#[derive(Clone, Debug)]
struct Policy {
    attempts: u32,
    first: Duration,
    most: Duration,
    within: Duration,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    budget: Budget,
    dice: Dice,
    clock: Clock,
}

impl RetryPolicy {
    /// The defaults.
    pub fn new() -> Self {
        let shared = Shared { budget: Budget::new(20), dice: Dice::new(), clock: Clock::new() };
        Self(Arc::new(Policy {
            attempts: 4,
            first: Duration::from_millis(500),
            most: Duration::from_secs(20),
            within: Duration::from_secs(300),
            shared: Arc::new(shared),
        }))
    }

    /// At most so many attempts, the first one included. One: nothing is sent again.
    #[must_use]
    pub fn attempts(mut self, most: u32) -> Self {
        self.edit().attempts = most.max(1);
        self
    }

    /// The longest first pause, and the longest of all. Each pause is chosen evenly between nothing and its longest, which
    /// doubles with every attempt.
    #[must_use]
    pub fn backoff(mut self, first: Duration, most: Duration) -> Self {
        let policy = self.edit();
        (policy.first, policy.most) = (first, most);
        self
    }

    /// How many further attempts all clones together may make in a row; operations that need none fill it again, ten
    /// of them by one.
    #[must_use]
    pub fn budget(mut self, attempts: u32) -> Self {
        let Shared { dice, clock, .. } = &*self.0.shared;
        let shared = Shared { budget: Budget::new(attempts), dice: dice.clone(), clock: *clock };
        self.edit().shared = Arc::new(shared);
        self
    }

    /// No pause may end later than so long after the operation began: the limit of the
    /// [`DeadlineLayer`](crate::layer::DeadlineLayer) above.
    #[must_use]
    pub fn within(mut self, deadline: Duration) -> Self {
        self.edit().within = deadline;
        self
    }

    /// What its clones share stays shared.
    fn edit(&mut self) -> &mut Policy {
        Arc::make_mut(&mut self.0)
    }

    /// For whoever reads an answer and finds it broken, which no layer sees: how long to wait before a read is sent again.
    /// `attempts` were made, `elapsed` is the time since the first began.
    ///
    /// # Errors
    /// The same error, with the attempts and why there is no further one; or as it is, if nothing speaks for another.
    pub fn again(&self, error: Error, attempts: u32, elapsed: Duration) -> Result<Duration, Error> {
        if error.may_have_happened() || !error.is_retryable() {
            return Err(error);
        }
        let left = self.0.within.saturating_sub(elapsed);
        self.pause(attempts, error.retry_after(), left).map_err(|stop| {
            error.with_attempts(Attempts { count: attempts, stopped: Some(stop), doubtful: false })
        })
    }

    pub(super) fn deadline(&self) -> Duration {
        self.0.within
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.0.shared.clock
    }

    /// Nothing had to be sent again.
    pub(super) fn went_well(&self) {
        self.0.shared.budget.put();
    }

    /// How long to wait before the next attempt. What the service asks for is waited for, and a little longer, so that not
    /// all come back at once.
    pub(super) fn pause(&self, made: u32, asked: Option<Duration>, left: Duration) -> Result<Duration, Stop> {
        if made >= self.0.attempts {
            return Err(Stop::Limit);
        }
        let doubled = self.0.first.saturating_mul(1 << made.saturating_sub(1).min(20));
        let longest = doubled.min(self.0.most);
        let pause = asked.unwrap_or_default() + self.0.shared.dice.up_to(longest);
        if pause >= left {
            return Err(Stop::Deadline);
        }
        if self.0.shared.budget.take() { Ok(pause) } else { Err(Stop::Budget) }
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_pause_is_within_its_bounds(made in 1_u32..200, asked in prop::option::of(0_u64..100), left in 0_u64..200) {
            let policy = RetryPolicy::new().attempts(u32::MAX);
            let (asked, left) = (asked.map(Duration::from_secs), Duration::from_secs(left));
            let doubled = Duration::from_millis(500) * 2_u32.pow(made.min(10) - 1);
            let longest = doubled.min(Duration::from_secs(20));
            match policy.pause(made, asked, left) {
                Ok(pause) => prop_assert!(pause >= asked.unwrap_or_default() && pause <= asked.unwrap_or_default() + longest && pause < left),
                Err(stop) => prop_assert!(stop == Stop::Deadline && asked.unwrap_or_default() + longest >= left),
            }
        }
    }

    #[test]
    fn two_requests_do_not_come_back_at_once() {
        let policy = RetryPolicy::new().budget(100);
        let pauses: std::collections::HashSet<_> =
            (0..20).map(|_| policy.pause(1, None, Duration::MAX).unwrap()).collect();
        assert!(pauses.len() > 15, "{pauses:?}");
    }
}
