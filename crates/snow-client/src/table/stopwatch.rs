//! The time since a read or a bulk write began, and how much of it is done in a second.

use snow_core::Clock;
use std::time::{Duration, SystemTime};

/// Measures the time since it was started.
#[derive(Debug)]
pub(crate) struct Stopwatch {
    clock: Clock,
    began: SystemTime,
}

impl Stopwatch {
    pub(crate) fn start() -> Self {
        let clock = Clock::new();
        Self { began: clock.now(), clock }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.clock.since(self.began)
    }
}

/// Returns how many are done in a second on average; 0 while no time has passed. Always a finite number.
#[expect(clippy::cast_precision_loss, reason = "a rate needs no more digits than a float has")]
pub(crate) fn per_second(count: u64, elapsed: Duration) -> f64 {
    match elapsed.is_zero() {
        true => 0.0,
        false => count as f64 / elapsed.as_secs_f64(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_finite_number() {
        for elapsed in [Duration::ZERO, Duration::from_nanos(1), Duration::MAX] {
            for count in [0, 1, u64::MAX] {
                let rate = per_second(count, elapsed);
                assert!(rate.is_finite() && rate >= 0.0, "{count} in {elapsed:?}: {rate}");
            }
        }
        assert_eq!(per_second(7, Duration::ZERO).to_bits(), 0);
    }
}
