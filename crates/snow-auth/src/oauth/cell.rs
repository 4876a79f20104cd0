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
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::SystemTime;

type Flight = Shared<BoxFuture<'static, Result<Token, Failure>>>;

pub(super) struct Cell {
    endpoint: Endpoint,
    updater: Option<Updater>,
    state: Mutex<State<Flight>>,
    /// Held while the user's storage is written: an older token must not overtake a newer one.
    saving: Arc<futures_util::lock::Mutex<()>>,
}

impl Cell {
    pub(super) fn new(endpoint: Endpoint, updater: Option<Updater>) -> Arc<Self> {
        Arc::new(Self { endpoint, updater, state: Mutex::new(State::new()), saving: Arc::default() })
    }

    pub(super) fn token(&self) -> Option<Token> {
        self.lock().token().cloned()
    }

    pub(super) fn set(&self, token: Option<Token>) -> Result<(), Error> {
        let replaced = self.lock().install(token)?;
        drop(replaced); // with the lock open: a renewal in flight takes futures of the user's with it
        Ok(())
    }

    /// Logs in, saves the token, and only then lets calls use it. A renewal that is under way is for nothing then.
    pub(super) async fn generate(&self, user: &str, password: &Secret) -> Result<Token, Error> {
        self.refuse_own_updater()?;
        let token = self.endpoint.password(user, password).await?;
        let before = self.token();
        self.set(before)?;
        let _saving = self.saving.lock().await;
        match save(self.updater.as_ref(), token).await {
            Ok(token) => self.set(Some(token.clone())).map(|()| token),
            Err(failure) => {
                // The user chose another login: nothing goes out with the one before.
                self.set(None)?;
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
    pub(super) async fn get(self: &Arc<Self>) -> Result<Held, Error> {
        self.obtain(false, |state, now| state.want(now)).await
    }

    /// The token to go out with after this one was refused; the same one again if there is no other.
    pub(super) async fn after_refusal(self: &Arc<Self>, generation: u64) -> Result<Held, Error> {
        self.obtain(true, |state, now| state.refused(generation, now)).await
    }

    async fn obtain(
        self: &Arc<Self>,
        refused: bool,
        ask: impl FnOnce(&mut State<Flight>, SystemTime) -> Want<Flight>,
    ) -> Result<Held, Error> {
        let (id, flight) = {
            let mut state = self.lock();
            match ask(&mut state, self.endpoint.clock.now()) {
                Want::Use(held) => return Ok(held),
                Want::Fail(error) => return Err(error),
                Want::Join(id, flight) => (id, flight),
                Want::Start(plan) => state.take_off(|id| self.renewal(id, plan)),
            }
        };
        self.refuse_own_updater()?;
        let result = flight.await;
        self.lock().landed(id, result, refused, self.endpoint.clock.now())
    }

    /// The renewal owns all it needs and only looks at the cell, so that an abandoned one keeps nothing alive.
    fn renewal(self: &Arc<Self>, id: u64, plan: Plan) -> Flight {
        let (endpoint, updater, saving) = (self.endpoint.clone(), self.updater.clone(), self.saving.clone());
        let cell = Arc::downgrade(self);
        let renewal = async move {
            let token = match plan {
                Plan::Save(token) => token,
                Plan::Refresh(old) => endpoint.refresh(&old).await.map_err(Failure::from)?,
            };
            let _saving = saving.lock().await;
            match is_current(&cell, id) {
                true => save(updater.as_ref(), token).await,
                false => Ok(token), // somebody logged in, or out: the storage is theirs
            }
        };
        let caught = AssertUnwindSafe(renewal).catch_unwind().map(|done| {
            done.unwrap_or_else(|_panic| {
                Err(Failure::from(
                    Error::new(Kind::Foreign, "the service below panicked in a token request")
                        .before_sending(),
                ))
            })
        });
        caught.boxed().shared()
    }

    /// An updater that calls its own client would wait for itself.
    fn refuse_own_updater(&self) -> Result<(), Error> {
        if self.updater.as_ref().is_some_and(Updater::is_running_here) {
            let why = "the token updater calls the client whose token it saves, which waits for it";
            return Err(Error::new(Kind::InvalidInput, why));
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State<Flight>> {
        // Nothing panics under the lock, and no code of the user's runs there.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_current(cell: &Weak<Cell>, id: u64) -> bool {
    cell.upgrade().is_some_and(|cell| cell.lock().is_flying(id))
}

/// Gives a new token to the user's storage and waits until it is there.
async fn save(updater: Option<&Updater>, token: Token) -> Result<Token, Failure> {
    let Some(updater) = updater else { return Ok(token) };
    let saved = AssertUnwindSafe(async { updater.save(token.clone()).await }).catch_unwind().await;
    let error = match saved {
        Ok(Ok(())) => return Ok(token),
        Ok(Err(error)) => Error::new(Kind::TokenNotSaved, "the token updater failed").with_source(error),
        Err(_panic) => Error::new(Kind::TokenNotSaved, "the token updater panicked"),
    };
    Err(Failure { error, unsaved: Some(token) })
}
