//! The token that all callers share, and its one renewal in flight.
//!
//! The renewal is a shared future, not a lock held across the request: fifty callers who wait for an endpoint that fails
//! share one failure, and the one who began it may be dropped without anybody noticing.

use super::endpoint::Endpoint;
use super::state::{Failure, Held, Plan, State, Want};
use super::{Token, store::Updater};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use snow_core::{Error, Kind, Secret};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

type Flight = Shared<BoxFuture<'static, Result<Token, Failure>>>;

pub(super) struct Cell {
    endpoint: Endpoint,
    updater: Option<Updater>,
    state: Mutex<State<Flight>>,
}

impl Cell {
    pub(super) fn new(endpoint: Endpoint, updater: Option<Updater>) -> Arc<Self> {
        Arc::new(Self { endpoint, updater, state: Mutex::new(State::new()) })
    }

    pub(super) fn token(&self) -> Option<Token> {
        self.lock().token().cloned()
    }

    pub(super) fn set(&self, token: Option<Token>) -> Result<(), Error> {
        self.lock().install(token)
    }

    /// Logs in, saves the token, and only then lets calls use it.
    pub(super) async fn generate(&self, user: &str, password: &Secret) -> Result<Token, Error> {
        let token = self.endpoint.password(user, password).await?;
        match save(self.updater.clone(), token).await {
            Ok(token) => self.set(Some(token.clone())).map(|()| token),
            Err(failure) => {
                failure.unsaved.into_iter().for_each(|token| self.lock().keep_unsaved(token));
                Err(failure.error)
            }
        }
    }

    /// The token to go out with, if that is known at once.
    pub(super) fn ready(&self) -> Option<Held> {
        match self.lock().want(self.endpoint.clock.now()) {
            Want::Use(held) => Some(held),
            _ => None,
        }
    }

    /// The token to go out with, renewed if it has to be.
    pub(super) async fn get(&self) -> Result<Held, Error> {
        self.obtain(|state, now| state.want(now)).await
    }

    /// The token to go out with after this one was refused; the same one again if there is no other.
    pub(super) async fn after_refusal(&self, generation: u64) -> Result<Held, Error> {
        self.obtain(|state, now| state.refused(generation, now)).await
    }

    async fn obtain(
        &self,
        ask: impl FnOnce(&mut State<Flight>, std::time::SystemTime) -> Want<Flight>,
    ) -> Result<Held, Error> {
        let (id, flight) = {
            let mut state = self.lock();
            match ask(&mut state, self.endpoint.clock.now()) {
                Want::Use(held) => return Ok(held),
                Want::Fail(error) => return Err(error),
                Want::Join(id, flight) => (id, flight),
                Want::Start(plan) => {
                    let flight = self.renewal(plan);
                    (state.took_off(flight.clone()), flight)
                }
            }
        };
        let result = flight.await;
        self.lock().landed(id, result, self.endpoint.clock.now())
    }

    /// The renewal owns all it needs and nothing of the cell, so that an abandoned one keeps nothing alive.
    fn renewal(&self, plan: Plan) -> Flight {
        let (endpoint, updater) = (self.endpoint.clone(), self.updater.clone());
        async move {
            match plan {
                Plan::Save(token) => save(updater, token).await,
                Plan::Refresh(old) => match endpoint.refresh(&old).await {
                    Ok(token) => save(updater, token).await,
                    Err(error) => Err(Failure { error, unsaved: None }),
                },
            }
        }
        .boxed()
        .shared()
    }

    fn lock(&self) -> MutexGuard<'_, State<Flight>> {
        // No code of the user's runs under the lock, so a poisoned one is still whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives a new token to the user's storage and waits until it is there.
async fn save(updater: Option<Updater>, token: Token) -> Result<Token, Failure> {
    let Some(updater) = updater else { return Ok(token) };
    let saved = AssertUnwindSafe(async { updater.save(token.clone()).await }).catch_unwind().await;
    let error = match saved {
        Ok(Ok(())) => return Ok(token),
        Ok(Err(error)) => Error::new(Kind::TokenNotSaved, "the token updater failed").with_source(error),
        Err(_panic) => Error::new(Kind::TokenNotSaved, "the token updater panicked"),
    };
    Err(Failure { error, unsaved: Some(token) })
}
