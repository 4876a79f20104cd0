//! How long each step on the way to a token may take.

use snow_core::{Clock, Error, ErrorKind, timer};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Poll, ready};
use std::time::Duration;

/// How long a token request may take by default.
const TOKEN_REQUEST: Duration = Duration::from_secs(30);
/// How long code of the caller may take by default.
const CALLBACK: Duration = Duration::from_secs(30);
/// How many times as long a store may wait for its lease: others hold it for as long as their own refresh takes.
const LEASE_FACTOR: u32 = 10;

/// How late a timer may be that somebody waits for.
const PUNCTUAL: Duration = Duration::from_millis(500);
/// How long a response may take to be read that came while nobody waited for it.
const GRACE: Duration = Duration::from_millis(500);

#[derive(Clone, Copy)]
pub(super) struct Timeouts {
    /// From the request to the end of the response.
    pub(super) token_request: Duration,
    /// For each call of a store, an updater, a signer or a callback.
    pub(super) callback: Duration,
}

impl Timeouts {
    pub(super) fn lease(&self) -> Duration {
        self.callback.saturating_mul(LEASE_FACTOR)
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { token_request: TOKEN_REQUEST, callback: CALLBACK }
    }
}

/// Waits for code of the caller, which may never finish.
pub(super) async fn within_callback_timeout<T>(
    what: &str,
    limit: Duration,
    work: impl Future<Output = T>,
) -> Result<T, Error> {
    timer::timeout(limit, work).await?.ok_or_else(|| {
        Error::new(ErrorKind::TimedOut, format!("{what} did not finish within {limit:?}"))
            .with_advice("find out what it waits for, or allow more with callback_timeout()")
            .before_sending()
    })
}

/// Waits for a future, but no longer than `limit`, and returns `None` if it is not complete by then. If nobody polled it when its time
/// was up, it gets a moment more from the next poll on: the response may be there, and only has to be read.
pub(super) async fn while_polled<T>(
    limit: Duration,
    future: impl Future<Output = T>,
) -> Result<Option<T>, Error> {
    let (mut future, mut sleep, clock) = (pin!(future), timer::sleep(limit), Clock::new());
    let (began, mut is_extended) = (clock.now(), false);
    poll_fn(|cx| {
        if let Poll::Ready(done) = future.as_mut().poll(cx) {
            return Poll::Ready(Ok(Some(done)));
        }
        let timed_out = ready!(Pin::new(&mut sleep).poll(cx));
        let is_late = clock.since(began) > limit.saturating_add(PUNCTUAL);
        if timed_out.is_err() || !is_late || is_extended {
            return Poll::Ready(timed_out.map(|()| None));
        }
        (is_extended, sleep) = (true, timer::sleep(GRACE));
        Pin::new(&mut sleep).poll(cx).map(|timed_out| timed_out.map(|()| None))
    })
    .await
}

/// Returns `true` if nothing failed but a timeout: then somebody who has only begun to wait may try again.
pub(super) fn is_timeout(error: &Error) -> bool {
    let is_late = |error: &Error| matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::DeadlineExceeded);
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(cause) = next {
        let own = cause.downcast_ref::<Error>();
        if own.is_some_and(is_late) {
            return true;
        }
        next = own.and_then(Error::reason).or_else(|| cause.source());
    }
    false
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test may fail")]
mod tests {
    use super::*;
    use tokio_test::task;

    const LIMIT: Duration = Duration::from_secs(30);

    /// Completes when it is polled for the third time.
    fn third_time() -> impl Future<Output = &'static str> {
        let mut polls = 0_u8;
        poll_fn(move |_| {
            polls = polls.saturating_add(1);
            if polls < 3 { Poll::Pending } else { Poll::Ready("done") }
        })
    }

    #[tokio::test(start_paused = true)]
    async fn who_comes_long_after_the_limit_has_a_moment_to_read_what_is_there() {
        let mut waiting = task::spawn(while_polled(LIMIT, third_time()));
        assert!(waiting.poll().is_pending());
        tokio::time::advance(LIMIT * 2).await;
        assert!(waiting.poll().is_pending(), "the response is there and has to be read");
        assert!(matches!(waiting.poll(), Poll::Ready(Ok(Some("done")))));

        let mut in_vain = task::spawn(while_polled(LIMIT, std::future::pending::<()>()));
        assert!(in_vain.poll().is_pending());
        tokio::time::advance(LIMIT * 2).await;
        assert!(in_vain.poll().is_pending());
        tokio::time::advance(GRACE).await;
        assert!(matches!(in_vain.poll(), Poll::Ready(Ok(None))), "one moment, and no other");
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_all_the_time_waits_no_longer_than_the_limit() {
        let clock = Clock::new();
        let began = clock.now();
        assert!(matches!(while_polled(LIMIT, std::future::pending::<()>()).await, Ok(None)));
        assert!(clock.since(began) < LIMIT + Duration::from_millis(10), "{:?}", clock.since(began));
    }
}
