//! How a lease in a database is kept while a refresh takes longer than it lasts, and returned when the refresh is over.

use super::lease_id::LeaseId;
use snow_core::{Clock, Error, timer};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::oneshot;

/// How many times its length a lease is kept at most. A refresh that stands still, because nobody waits for it, must not keep it
/// forever.
const MOST: u32 = 4;

/// What a store does with a lease that it has given out.
pub trait LeaseActions: Send + Sync + 'static {
    /// Extends the lease by its whole length. Returns `false` if another process has taken it over.
    fn extend(&self, id: &LeaseId) -> impl Future<Output = Result<bool, Error>> + Send;

    /// Ends the lease, unless another process has taken it over.
    fn release(&self, id: &LeaseId) -> impl Future<Output = Result<(), Error>> + Send;
}

/// The guard of a lease. Dropping it ends the lease, even if it was not known yet whether it had been acquired.
#[derive(Debug)]
pub struct KeptLease {
    id: LeaseId,
    released: Arc<AtomicBool>,
    acquired: Option<oneshot::Sender<()>>,
    _dropped: oneshot::Sender<()>,
}

impl KeptLease {
    /// Notes that the lease was acquired, and is to be extended from now on.
    pub fn mark_acquired(&mut self) {
        if let Some(acquired) = self.acquired.take() {
            let _ = acquired.send(()); // the keeper has ended with its runtime: then the lease expires by itself
        }
    }

    /// Notes that the lease has ended: it was released, or the step that saved the token ended it.
    pub fn mark_released(&self) {
        self.released.store(true, Ordering::Relaxed);
    }

    /// Returns `true` if the lease has ended.
    pub fn was_released(&self) -> bool {
        self.released.load(Ordering::Relaxed)
    }

    /// Returns the id of the lease.
    pub fn id(&self) -> &LeaseId {
        &self.id
    }
}

/// Extends a lease after each third of its length, until its guard is dropped, and then ends it. Without the guard being dropped, it
/// stops after four times the length.
///
/// It is a future for the store to spawn: nothing is spawned here.
#[derive(Debug)]
pub struct LeaseKeeper {
    id: LeaseId,
    length: Duration,
    released: Arc<AtomicBool>,
    acquired: oneshot::Receiver<()>,
    dropped: oneshot::Receiver<()>,
}

impl LeaseKeeper {
    /// Creates the keeper of a lease that is to be acquired, and the guard.
    pub fn new(id: LeaseId, length: Duration) -> (KeptLease, Self) {
        let ((_dropped, dropped), (sender, acquired)) = (oneshot::channel(), oneshot::channel());
        let released = Arc::new(AtomicBool::new(false));
        let guard =
            KeptLease { id: id.clone(), released: released.clone(), acquired: Some(sender), _dropped };
        (guard, Self { id, length, released, acquired, dropped })
    }

    /// Keeps the lease. A failure is tried again after the next third.
    pub async fn keep(mut self, actions: impl LeaseActions) {
        if (&mut self.acquired).await.is_err() {
            return self.release(&actions).await; // the response that it was acquired may have been on its way
        }
        let clock = Clock::new();
        let began = clock.now();
        let third = self.length.checked_div(3).unwrap_or(self.length);
        while clock.since(began) < self.length.saturating_mul(MOST) {
            match timer::timeout(third, &mut self.dropped).await {
                Ok(None) => {}
                Ok(Some(_dropped)) => return self.release(&actions).await,
                Err(_) => return, // there is no timer any more: the lease expires by itself
            }
            if self.released.load(Ordering::Relaxed) {
                return;
            }
            match actions.extend(&self.id).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    tracing::debug!(error = error.report(), "the token store's lease was not extended")
                }
            }
        }
    }

    async fn release(&self, actions: &impl LeaseActions) {
        if self.released.load(Ordering::Relaxed) {
            return;
        }
        if let Err(error) = actions.release(&self.id).await {
            tracing::debug!(error = error.report(), "the token store's lease was not returned; it expires");
        }
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test may fail")]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    const LENGTH: Duration = Duration::from_secs(30);

    /// Notes what it is asked to do; the lease is lost after so many extensions.
    #[derive(Clone)]
    struct Noted {
        calls: Arc<Mutex<Vec<&'static str>>>,
        lost_after: usize,
    }

    impl Noted {
        fn new(lost_after: usize) -> Self {
            Self { calls: Arc::default(), lost_after }
        }

        fn calls(&self) -> Vec<&'static str> {
            self.calls.lock().unwrap().clone()
        }
    }

    impl LeaseActions for Noted {
        async fn extend(&self, _: &LeaseId) -> Result<bool, Error> {
            self.calls.lock().unwrap().push("extend");
            Ok(self.calls().len() <= self.lost_after)
        }

        async fn release(&self, _: &LeaseId) -> Result<(), Error> {
            self.calls.lock().unwrap().push("release");
            Ok(())
        }
    }

    fn acquired() -> (KeptLease, LeaseKeeper) {
        let (mut guard, keeper) = LeaseKeeper::new(LeaseId::random().unwrap(), LENGTH);
        guard.mark_acquired();
        (guard, keeper)
    }

    #[tokio::test(start_paused = true)]
    async fn a_lease_whose_caller_gave_up_before_it_was_acquired_is_released() {
        let (guard, keeper) = LeaseKeeper::new(LeaseId::random().unwrap(), LENGTH);
        drop(guard);
        let noted = Noted::new(100);
        keeper.keep(noted.clone()).await;
        assert_eq!(noted.calls(), ["release"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_lease_that_was_released_already_is_left_alone() {
        let (guard, keeper) = acquired();
        let noted = Noted::new(100);
        guard.mark_released();
        drop(guard);
        keeper.keep(noted.clone()).await;
        let (guard, keeper) = acquired();
        guard.mark_released();
        keeper.keep(noted.clone()).await;
        assert!(guard.was_released());
        assert_eq!(noted.calls(), [""; 0]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_lease_is_extended_at_each_third_and_released_with_its_guard() {
        let (guard, keeper) = acquired();
        let noted = Noted::new(100);
        tokio::join!(keeper.keep(noted.clone()), async {
            timer::sleep(Duration::from_secs(25)).await.unwrap();
            drop(guard);
        });
        assert_eq!(noted.calls(), ["extend", "extend", "release"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_lease_that_was_lost_or_that_stands_still_is_not_kept() {
        let (_guard, keeper) = acquired();
        let noted = Noted::new(1);
        keeper.keep(noted.clone()).await;
        assert_eq!(noted.calls(), ["extend", "extend"]);

        let (_guard, keeper) = acquired();
        let noted = Noted::new(100);
        keeper.keep(noted.clone()).await;
        assert_eq!(noted.calls(), ["extend"; 12], "two minutes, a third of 30 s each time");
    }
}
