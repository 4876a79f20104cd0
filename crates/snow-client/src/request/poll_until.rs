//! Waits for work that the instance does by itself, by polling.

use snow_core::{Clock, Error, timer};
use std::time::Duration;

/// The pauses between two polls: the first one, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(10));

/// Polls until something is done: after half a second, and then at increasing intervals.
///
/// # Errors
///
/// Those of `look`, and what `timed_out` makes of the last result after `limit`.
pub(crate) async fn poll_until<T, F>(
    limit: Duration,
    mut look: impl FnMut() -> F,
    is_done: impl Fn(&T) -> bool,
    timed_out: impl FnOnce(T) -> Error,
) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    let (clock, mut pause) = (Clock::new(), PAUSES.0);
    let began = clock.now();
    loop {
        let seen = look().await?;
        if is_done(&seen) {
            return Ok(seen);
        }
        let left = limit.saturating_sub(clock.since(began));
        if left.is_zero() {
            return Err(timed_out(seen));
        }
        timer::sleep(pause.min(left)).await?;
        pause = pause.saturating_mul(2).min(PAUSES.1);
    }
}
