//! The state that all clones of a throttle share: the permits, and the gate that a 429 closes.

use super::gate::{Gate, Obstacle, Probe};
use crate::{Clock, Error, ErrorKind, clock, retry_after, timer};
use http::{HeaderMap, StatusCode};
use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};

/// The state that all clones share.
pub(super) struct ThrottleState {
    pub(super) permits: Arc<Semaphore>,
    max: usize,
    clock: Clock,
    pub(super) gate: Arc<Gate>,
}

/// The pause after a 429 that does not say how long to wait.
const DEFAULT_PAUSE: Duration = Duration::from_secs(1);

/// How long a request may wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct MaxWait {
    /// For a permit.
    pub(super) permit: Duration,
    /// For the end of pauses.
    pub(super) pause: Duration,
}

/// What a request is sent with: a permit, and the probe if it is the first request after a pause.
pub(super) type Admission = (Permit, Option<Box<Probe>>);

impl ThrottleState {
    pub(super) fn new(max: usize) -> Self {
        let max = max.clamp(1, Semaphore::MAX_PERMITS);
        let permits = Arc::new(Semaphore::new(max));
        Self { permits, max, clock: Clock::new(), gate: Arc::new(Gate::new()) }
    }

    /// Returns a state with the same permits and a gate of its own.
    pub(super) fn with_own_gate(&self) -> Self {
        let gate = Arc::new(Gate::new());
        Self { permits: self.permits.clone(), max: self.max, clock: Clock::new(), gate }
    }

    /// Admits a request at once, if the gate is open and a permit is free.
    #[inline]
    pub(super) fn try_admit(self: &Arc<Self>) -> Option<Admission> {
        if !self.gate.is_open() {
            return None;
        }
        self.permits.try_acquire().ok().map(|permit| (self.into_permit(permit), None))
    }

    /// Admits a request that must not take the last permit.
    pub(super) fn try_admit_prefetch(self: &Arc<Self>) -> Result<Admission, Error> {
        let two = self.permits.try_acquire_many(2).ok().filter(|_| self.gate.is_open());
        let one = two.and_then(|mut two| two.split(1));
        one.map(|one| (self.into_permit(one), None)).ok_or_else(|| {
            Error::new(
                ErrorKind::PermitTimeout,
                "the last free concurrency permit is not used for a prefetch",
            )
        })
    }

    fn into_permit(self: &Arc<Self>, permit: SemaphorePermit<'_>) -> Permit {
        permit.forget(); // dropping the Permit returns it
        Permit(self.clone())
    }

    pub(super) async fn admit(self: Arc<Self>, max_wait: MaxWait) -> Result<Admission, Error> {
        let began = clock::now();
        let mut held_back = Duration::ZERO;
        loop {
            held_back = held_back.saturating_add(self.wait_for_gate(max_wait.pause, held_back).await?);
            let waited = began.elapsed().saturating_sub(held_back);
            let permit =
                timer::timeout(max_wait.permit.saturating_sub(waited), self.permits.acquire()).await?;
            let permit = permit.ok_or_else(|| self.permit_timeout(max_wait.permit))?;
            let permit = permit.map_err(|_closed| Error::internal("the throttle's semaphore was closed"))?;
            if let Some(probe) = self.gate.enter() {
                return Ok((self.into_permit(permit), probe.map(Box::new)));
            }
        }
    }

    /// Waits until the gate is open or a pause has ended, and returns how long that took. Fails at once if a pause would hold the
    /// request back for longer than `max` in all; `before` is how long it was held back so far.
    async fn wait_for_gate(&self, max: Duration, before: Duration) -> Result<Duration, Error> {
        let began = clock::now();
        loop {
            let mut changed = pin!(self.gate.changed());
            changed.as_mut().enable(); // before the state is read, so that no change is missed
            let left = match self.gate.obstacle() {
                None => return Ok(began.elapsed()),
                Some(Obstacle::Probe(left)) => left,
                Some(Obstacle::Pause(left)) => {
                    let held_back = before.saturating_add(began.elapsed());
                    if held_back.saturating_add(left) > max {
                        return Err(held_back_too_long(left));
                    }
                    left
                }
            };
            timer::timeout(left, changed).await?;
        }
    }

    fn permit_timeout(&self, waited: Duration) -> Error {
        let why = format!(
            "no concurrency permit was free for {waited:?}: all {} were taken by requests without a response and by responses \
             that were not read to the end",
            self.max
        );
        Error::new(ErrorKind::PermitTimeout, why)
    }
}

/// A concurrency permit, which returns to the semaphore when it is dropped.
pub(super) struct Permit(Arc<ThrottleState>);

impl Permit {
    /// Closes the gate after a 429. Any other response that says when to come back concerns its own request only.
    #[inline]
    pub(super) fn observe(&self, status: StatusCode, headers: &HeaderMap) {
        if status == StatusCode::TOO_MANY_REQUESTS {
            let ThrottleState { gate, clock, .. } = &*self.0;
            gate.pause(retry_after::of(status, headers, clock).unwrap_or(DEFAULT_PAUSE));
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.permits.add_permits(1);
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn held_back_too_long(left: Duration) -> Error {
    let why = "the instance rejected an earlier request (429), and the pause that it asked for is longer than this request may wait, \
               so it was not sent";
    Error::new(ErrorKind::RateLimited, why).with_retry_after(left).before_sending()
}

impl fmt::Debug for ThrottleState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} free", self.permits.available_permits(), self.max)
    }
}
