//! What all clones of a throttle share: places, and until when nobody may send.

use crate::{Clock, Error, Kind, clock, retry_after};
use http::{HeaderMap, StatusCode};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// What all clones share.
pub(super) struct Limits {
    pub(super) places: Semaphore,
    most: usize,
    pub(super) clock: Clock,
    began: Instant,
    /// In milliseconds since it began; none before that.
    paused_until: AtomicU64,
}

/// How long a 429 that says nothing of it stops everybody.
const BARE: Duration = Duration::from_secs(1);

impl Limits {
    pub(super) fn new(most: usize) -> Self {
        let most = most.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            places: Semaphore::new(most),
            most,
            clock: Clock::new(),
            began: clock::now(),
            paused_until: AtomicU64::new(0),
        }
    }

    /// How long nobody may send.
    fn paused(&self) -> Option<Duration> {
        let until = self.paused_until.load(Ordering::Relaxed);
        if until == 0 {
            return None;
        }
        let until = self.began + Duration::from_millis(until);
        until.checked_duration_since(clock::now()).filter(|left| !left.is_zero())
    }

    pub(super) fn pause(&self, time: Duration) {
        let until = self.began.elapsed().saturating_add(time).as_millis();
        self.paused_until.fetch_max(u64::try_from(until).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// A place, if one can be had at once.
    pub(super) fn place(self: &Arc<Self>) -> Option<Place> {
        if self.paused().is_some() {
            return None;
        }
        self.places.try_acquire().ok().map(|permit| self.give(permit))
    }

    /// A place that leaves another one free.
    pub(super) fn spare_place(self: &Arc<Self>) -> Result<Place, Error> {
        let two = self.places.try_acquire_many(2).ok().filter(|_| self.paused().is_none());
        let one = two.and_then(|mut two| two.split(1));
        one.map(|one| self.give(one)).ok_or_else(|| {
            Error::new(Kind::QueueTimeout, "no place was to spare for a request that nobody waits for yet")
        })
    }

    fn give(self: &Arc<Self>, permit: SemaphorePermit<'_>) -> Place {
        permit.forget(); // the place gives it back
        Place(self.clone())
    }

    pub(super) async fn wait(self: Arc<Self>, most: Duration) -> Result<Place, Error> {
        let began = clock::now();
        loop {
            let left = most.saturating_sub(began.elapsed());
            if let Some(pause) = self.paused() {
                if pause > left {
                    return Err(stopped(pause));
                }
                tokio::time::sleep(pause).await;
                continue;
            }
            // The semaphore is never closed, so the inner error never is.
            let place = tokio::time::timeout(left, self.places.acquire()).await;
            let Ok(Ok(place)) = place else { return Err(self.taken(most)) };
            if self.paused().is_none() {
                return Ok(self.give(place));
            }
        }
    }

    fn taken(&self, waited: Duration) -> Error {
        let why = format!(
            "no place was free for {waited:?}: all {} were taken by requests without an answer and by answers that nobody \
             has read to the end",
            self.most
        );
        Error::new(Kind::QueueTimeout, why)
    }
}

/// One of the places, until it is dropped.
pub(super) struct Place(Arc<Limits>);

impl Place {
    /// Takes note of what an answer asks of all.
    #[inline]
    pub(super) fn heed(&self, status: StatusCode, headers: &HeaderMap) {
        match retry_after::of(status, headers, &self.0.clock) {
            Some(time) => self.0.pause(time),
            None if status == StatusCode::TOO_MANY_REQUESTS => self.0.pause(BARE),
            None => {}
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.places.add_permits(1);
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn stopped(left: Duration) -> Error {
    let why = "the instance asked to wait longer than a request may, so this one was not sent";
    Error::new(Kind::RateLimited, why).with_retry_after(left).before_sending()
}

impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} free", self.places.available_permits(), self.most)
    }
}
