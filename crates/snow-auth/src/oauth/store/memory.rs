//! Tokens in memory.

use super::lease::Validity;
use super::{Lease, RefreshFailure, StoreWrite, TokenStore};
use crate::Token;
use futures_util::lock::{Mutex as AsyncMutex, OwnedMutexGuard};
use snow_core::timer;
use std::convert::Infallible;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a lease lasts that nobody extends: longer than a token request may take by default.
const LEASE: Duration = Duration::from_secs(120);

/// A store in memory, for tests and for several clients of one user in one process. Its clones share one token.
///
/// One client at a time refreshes the token, and the others find it. A client whose refresh stands still, because all of its callers
/// gave up, keeps the [lease](TokenStore::lease) for two minutes at most.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use snow_client::oauth::{Lease, MemoryStore, StoreWrite, Token, TokenStore};
///
/// let store = MemoryStore::new();
/// let Ok(saved) = store.save(&Token::new("abc"), &Lease::none()).await;
/// assert_eq!(saved, StoreWrite::Applied);
/// let Ok(token) = store.clone().load().await;
/// assert_eq!(token.unwrap().access_token().expose(), "abc");
/// # }
/// ```
#[derive(Clone, Default)]
pub struct MemoryStore(Arc<Mutex<Memory>>);

#[derive(Default)]
struct Memory {
    token: Option<Token>,
    failure: Option<RefreshFailure>,
    /// Locked by the client that has the lease. Another one comes in its place when a lease is taken over.
    turn: Arc<AsyncMutex<()>>,
    /// The number of the last lease.
    number: u64,
    /// How long the last lease lasts.
    validity: Option<Validity>,
}

/// The guard of a lease: its number, and the lock that others wait for.
struct MemoryLease {
    number: u64,
    _turn: OwnedMutexGuard<()>,
}

impl MemoryStore {
    /// Creates a store without a token.
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the contents, unless another client has taken the lease over.
    fn write(&self, lease: &Lease, write: impl FnOnce(&mut Memory)) -> StoreWrite {
        let mut memory = self.lock();
        if lease.guard::<MemoryLease>().is_some_and(|lease| lease.number != memory.number) {
            return StoreWrite::Superseded;
        }
        write(&mut memory);
        StoreWrite::Applied
    }
}

impl Memory {
    /// Returns what is left of the last lease.
    fn left(&self) -> Duration {
        self.validity.map_or(Duration::ZERO, |validity| validity.left())
    }
}

impl TokenStore for MemoryStore {
    type Error = Infallible;

    async fn load(&self) -> Result<Option<Token>, Infallible> {
        Ok(self.lock().token.clone())
    }

    async fn save(&self, token: &Token, lease: &Lease) -> Result<StoreWrite, Infallible> {
        Ok(self.write(lease, |memory| (memory.token, memory.failure) = (Some(token.clone()), None)))
    }

    async fn remove(&self, lease: &Lease) -> Result<StoreWrite, Infallible> {
        Ok(self.write(lease, |memory| (memory.token, memory.failure) = (None, None)))
    }

    /// Waits for the client that has the lease, until it drops the lease or the lease has ended.
    async fn lease(&self) -> Result<Lease, Infallible> {
        loop {
            let (turn, left) = {
                let memory = self.lock();
                (memory.turn.clone(), memory.left())
            };
            // Outside a runtime there is no timer, and the client that has the lease is waited for without a limit.
            let acquired = match timer::timeout(left, turn.clone().lock_owned()).await {
                Ok(acquired) => acquired,
                Err(_) => Some(turn.clone().lock_owned().await),
            };
            let mut memory = self.lock();
            if !Arc::ptr_eq(&memory.turn, &turn) {
                continue; // it was taken over
            }
            if let Some(turn) = acquired {
                memory.number = memory.number.saturating_add(1);
                memory.validity = Some(Validity::new(LEASE));
                return Ok(Lease::new(MemoryLease { number: memory.number, _turn: turn }).valid_for(LEASE));
            }
            if memory.left().is_zero() {
                memory.turn = Arc::default();
            }
        }
    }

    async fn extend(&self, lease: &Lease, longer_than: Duration) -> Result<Option<Duration>, Infallible> {
        let length = longer_than.saturating_add(LEASE);
        let extended = self.write(lease, |memory| memory.validity = Some(Validity::new(length)));
        Ok((extended == StoreWrite::Applied).then_some(length))
    }

    async fn failure(&self) -> Result<Option<RefreshFailure>, Infallible> {
        Ok(self.lock().failure.clone())
    }

    async fn save_failure(&self, failure: &RefreshFailure, lease: &Lease) -> Result<StoreWrite, Infallible> {
        Ok(self.write(lease, |memory| memory.failure = Some(failure.clone())))
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryStore")
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test may fail")]
mod tests {
    use super::*;
    use snow_core::Clock;

    #[tokio::test(start_paused = true)]
    async fn one_client_at_a_time_has_the_lease_and_one_that_stands_still_loses_it() {
        let store = MemoryStore::new();
        let Ok(first) = store.lease().await;
        let mut waiting = tokio_test::task::spawn(store.lease());
        assert!(waiting.poll().is_pending());
        drop(first);
        assert!(waiting.is_woken());
        let Ok(second) = waiting.await;

        let clock = Clock::new();
        let began = clock.now();
        let Ok(third) = store.lease().await;
        assert!(clock.since(began) > LEASE - Duration::from_secs(1), "{:?}", clock.since(began));
        let Ok(saved) = store.save(&Token::new("old"), &second).await;
        assert_eq!(saved, StoreWrite::Superseded);
        let Ok(extended) = store.extend(&second, LEASE).await;
        assert_eq!(extended, None);
        let Ok(saved) = store.save(&Token::new("new"), &third).await;
        assert_eq!(saved, StoreWrite::Applied);
        drop(second); // returns only its own lease
        assert!(timer::timeout(LEASE / 2, store.lease()).await.unwrap().is_none());
        let Ok(token) = store.load().await;
        assert_eq!(token, Some(Token::new("new")));
    }

    #[tokio::test(start_paused = true)]
    async fn an_extended_lease_is_waited_for() {
        let store = MemoryStore::new();
        let Ok(first) = store.lease().await;
        let (clock, hour) = (Clock::new(), Duration::from_secs(3_600));
        let began = clock.now();
        let Ok(extended) = store.extend(&first, hour).await;
        assert!(extended.unwrap() > hour);
        let Ok(_second) = store.lease().await;
        assert!(clock.since(began) > hour, "{:?}", clock.since(began));
    }
}
