//! How a lease is waited for that another process has.

use super::lease_id::LeaseId;
use snow_core::{Clock, Error, ErrorKind, timer};
use std::future::Future;
use std::time::Duration;

/// The first and the longest pause between two attempts, before jitter.
const PAUSES: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(250));

/// Attempts to acquire a lease again and again, with pauses that differ from process to process, until it is acquired or `most` is
/// over. Returns how long the last attempt took, which is missing from the length of the lease.
///
/// # Errors
/// Fails if an attempt does, and with [`ErrorKind::TimedOut`] if another process keeps the lease for longer than `most`.
pub async fn wait_for_lease<F, Fut>(id: &LeaseId, most: Duration, mut attempt: F) -> Result<Duration, Error>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<bool, Error>>,
{
    let clock = Clock::new();
    let (began, mut pause, mut round) = (clock.now(), PAUSES.0, 0_u32);
    loop {
        let attempted = clock.now();
        if attempt().await? {
            return Ok(clock.since(attempted));
        }
        let waited = clock.since(began);
        if waited >= most {
            let why = format!("other processes have kept the lease for {waited:?}");
            return Err(Error::new(ErrorKind::TimedOut, why).with_advice(
                "the process that has it refreshes the token or has been killed: try again in a moment",
            ));
        }
        timer::sleep(pause.mul_f64(0.5 + id.jitter(round))).await?;
        round = round.saturating_add(1);
        pause = pause.saturating_mul(2).min(PAUSES.1);
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test may fail")]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_asks_until_it_has_the_lease_or_its_time_is_over() {
        let (id, mut asked) = (LeaseId::random().unwrap(), 0);
        let acquired = wait_for_lease(&id, Duration::from_secs(10), || {
            asked += 1;
            std::future::ready(Ok(asked == 5))
        });
        acquired.await.unwrap();
        assert_eq!(asked, 5);

        let (clock, began) = (Clock::new(), Clock::new().now());
        let error = wait_for_lease(&id, Duration::from_secs(10), || std::future::ready(Ok(false)));
        assert_eq!(error.await.unwrap_err().kind(), ErrorKind::TimedOut);
        assert!((10..11).contains(&clock.since(began).as_secs()), "{:?}", clock.since(began));

        let broken = || std::future::ready(Err(Error::new(ErrorKind::Connect, "as the test says")));
        let error = wait_for_lease(&id, Duration::from_secs(10), broken).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connect);
    }
}
