//! The right to refresh the token, and how long it lasts.

use snow_core::Clock;
use std::any::Any;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// The right to refresh the token of a [`TokenStore`](crate::TokenStore), returned to the store when it is dropped.
///
/// A lease holds a guard of the store's own: a locked file, or the key and the number of a lock in a database. Dropping the lease drops
/// the guard, which should release the lock. [`TokenStore::save`](crate::TokenStore::save) gets the guard back by
/// [`guard`](Self::guard), and so knows under which lock the token was obtained.
///
/// A lease that expires by itself, as a lock in a database does, says so with [`valid_for`](Self::valid_for). A token is
/// requested only while more is left of the lease than the request may take
/// ([`token_timeout`](crate::OAuthBuilder::token_timeout), 30 s by default); a shorter one is
/// [extended](crate::TokenStore::extend) first.
///
/// ```
/// use snow_client::oauth::Lease;
/// use std::time::Duration;
///
/// struct RowLock {
///     version: i64,
/// }
///
/// let lease = Lease::new(RowLock { version: 7 }).valid_for(Duration::from_secs(60));
/// assert_eq!(lease.guard::<RowLock>().map(|lock| lock.version), Some(7));
/// assert!(lease.guard::<String>().is_none());
/// ```
#[must_use = "a lease that is dropped is given back"]
pub struct Lease {
    guard: Option<Box<dyn Any + Send + Sync>>,
    validity: Mutex<Option<Validity>>,
}

/// How long a lease lasts, counted by the clock that was read when it began.
#[derive(Clone, Copy)]
pub(super) struct Validity {
    clock: Clock,
    began: SystemTime,
    length: Duration,
}

impl Lease {
    /// Creates a lease that lasts as long as its guard.
    pub fn new(guard: impl Send + Sync + 'static) -> Self {
        Self { guard: Some(Box::new(guard)), validity: Mutex::default() }
    }

    /// Creates a lease without a guard, for a store that nobody else uses.
    pub fn none() -> Self {
        Self { guard: None, validity: Mutex::default() }
    }

    /// Sets how long the lease lasts, counted from this call. Without it, the lease lasts until it is dropped.
    ///
    /// It is a duration, and not a point in time, because a database and this machine have different clocks. Where
    /// acquiring the lock takes long, pass what is left of it by then.
    pub fn valid_for(self, length: Duration) -> Self {
        self.set_validity(Some(Validity::new(length)));
        self
    }

    /// Returns the guard that the lease was created with, if it is of this type.
    pub fn guard<G: 'static>(&self) -> Option<&G> {
        self.guard.as_deref().and_then(|guard| guard.downcast_ref())
    }

    /// Returns `true` if more is left of the lease than `time`.
    pub(in crate::oauth) fn outlasts(&self, time: Duration) -> bool {
        self.validity().is_none_or(|validity| validity.left() > time)
    }

    /// Returns `true` if the lease lasts until it is dropped.
    pub(in crate::oauth) fn is_unlimited(&self) -> bool {
        self.validity().is_none()
    }

    /// Sets how long the lease lasts from `began` on.
    pub(super) fn extend(&self, began: Validity) {
        self.set_validity(Some(began));
    }

    fn validity(&self) -> Option<Validity> {
        *self.validity.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_validity(&self, validity: Option<Validity>) {
        *self.validity.lock().unwrap_or_else(PoisonError::into_inner) = validity;
    }
}

impl Validity {
    /// Creates one that begins now.
    pub(super) fn new(length: Duration) -> Self {
        let clock = Clock::new();
        Self { clock, began: clock.now(), length }
    }

    /// Sets its length, counted from when it began.
    pub(super) fn with_length(self, length: Duration) -> Self {
        Self { length, ..self }
    }

    /// Returns how much is left of it.
    pub(super) fn left(&self) -> Duration {
        self.length.saturating_sub(self.clock.since(self.began))
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = self.validity().map(|validity| validity.length);
        f.debug_struct("Lease").field("valid_for", &length).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_lease_ends_after_its_validity_and_one_without_never_does() {
        let (hour, lease) = (Duration::from_secs(3_600), Lease::none().valid_for(Duration::from_secs(60)));
        tokio::time::advance(Duration::from_secs(29)).await;
        assert!(lease.outlasts(Duration::from_secs(30)));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(!lease.outlasts(Duration::from_secs(30)), "exactly that long is not longer");
        tokio::time::advance(hour).await;
        assert!(!lease.outlasts(Duration::ZERO));
        assert!(Lease::new("guard").outlasts(hour) && Lease::none().outlasts(Duration::MAX));
    }

    #[test]
    fn the_guard_is_returned_and_dropped_with_the_lease() {
        let guard = std::sync::Arc::new(7);
        let lease = Lease::new(guard.clone()).valid_for(Duration::from_secs(1));
        assert_eq!(lease.guard::<std::sync::Arc<i32>>(), Some(&guard));
        assert!(lease.guard::<i32>().is_none() && Lease::none().guard::<i32>().is_none());
        drop(lease);
        assert_eq!(std::sync::Arc::strong_count(&guard), 1);
    }
}
