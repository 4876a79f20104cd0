//! The token that all callers share, and its one renewal in flight.
//!
//! The renewal is a shared future, not a lock held across the request: fifty callers who wait for an endpoint that fails
//! share one failure, and the one who began it may be dropped without anybody noticing. A call that finds a good token takes
//! no lock at all.

use super::Token;
use super::grant::Grant;
use super::renewal::Renewal;
use super::running::{Marked, is_running};
use super::state::{Failure, Held, Means, Obtained, Plan, Ready, State, Want};
use super::store::Store;
use arc_swap::ArcSwapOption;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Either, Shared};
use snow_core::{Error, Kind};
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::SystemTime;

type Flight = Shared<BoxFuture<'static, Result<Obtained, Failure>>>;

pub(super) struct Cell {
    pub(super) renewal: Renewal,
    state: Mutex<State<Flight>>,
    /// What the state says of a call that finds nothing to be done.
    good: ArcSwapOption<Good>,
}

struct Good {
    ready: Ready,
    until: Option<SystemTime>,
}

impl Cell {
    pub(super) fn new(renewal: Renewal) -> Arc<Self> {
        let means = Means {
            store: renewal.store.as_ref().is_some_and(Store::is_read),
            grant: renewal.grant.is_some(),
            best_effort: renewal.best_effort,
            password: renewal.grant.as_ref().is_some_and(Grant::sends_a_password),
        };
        let state = Mutex::new(State::new(means));
        Arc::new(Self { renewal, state, good: ArcSwapOption::empty() })
    }

    pub(super) fn token(&self) -> Option<Token> {
        self.lock().token().cloned()
    }

    pub(super) fn store_error(&self) -> Option<Error> {
        self.lock().store_error().cloned()
    }

    pub(super) fn set(&self, token: Option<Token>) -> Result<(), Error> {
        let replaced = self.change(|state| state.install(token))?;
        drop(replaced); // with the lock open: a renewal in flight takes futures of the user's with it
        Ok(())
    }

    /// Uses a token that is being obtained, once it is saved. A renewal that is under way is for nothing then, and nothing goes
    /// out with the token before.
    pub(super) async fn log_in(
        self: &Arc<Self>,
        token: impl Future<Output = Result<Token, Error>>,
    ) -> Result<Token, Error> {
        self.refuse_own_hooks()?;
        let token = token.await?;
        let plan = Plan::Save { token: token.clone(), login: true };
        let (replaced, (id, flight)) = self.change(|state| {
            let replaced = state.log_in(token);
            let flying = state.take_off(|id| self.flight(id, plan));
            state.joined(flying.0);
            (replaced, flying)
        });
        drop(replaced);
        let result = self.wait(id, flight).await;
        match self.landed(id, result, false) {
            Ok(Some(held)) => Ok(held.token),
            Ok(None) => {
                Err(Error::new(Kind::TokenNotSaved, "another login or a logout took the place of this one"))
            }
            Err(error) => {
                self.change(State::end_rest);
                Err(error)
            }
        }
    }

    /// Ends the use of a token, if it is still the one in use.
    pub(super) fn forget(&self, token: &Token) -> Result<(), Error> {
        let replaced = self.change(|state| {
            let current = state.newest().is_some_and(|newest| newest.access_token() == token.access_token());
            if current { state.install(None).map(Some) } else { Ok(None) }
        })?;
        drop(replaced);
        Ok(())
    }

    /// The newest token there is, whether the store has it or not.
    pub(super) fn newest(&self) -> Option<Token> {
        self.lock().newest().cloned()
    }

    /// What to go out with, if that is known at once.
    pub(super) fn ready(&self) -> Option<Ready> {
        let good = self.good.load();
        let good = good.as_ref()?;
        good.until.is_none_or(|until| self.renewal.now() < until).then(|| good.ready.clone())
    }

    /// What to go out with, renewed if it has to be.
    pub(super) async fn get(self: &Arc<Self>) -> Result<Ready, Error> {
        self.obtain(false, |state, now| state.want(now)).await
    }

    /// What to go out with after this one was refused; the same one again if there is no other.
    pub(super) async fn after_refusal(self: &Arc<Self>, generation: u64) -> Result<Ready, Error> {
        self.obtain(true, |state, now| state.refused(generation, now)).await
    }

    async fn obtain(
        self: &Arc<Self>,
        refused: bool,
        mut ask: impl FnMut(&mut State<Flight>, SystemTime) -> Want<Flight>,
    ) -> Result<Ready, Error> {
        for _ in 0..TURNS {
            let now = self.renewal.now();
            let next = self.change(|state| {
                let (id, flight) = match ask(state, now) {
                    Want::Use(held) => return Ok(Either::Left(held.ready)),
                    Want::Fail(error) => return Err(error),
                    Want::Join(id, flight) => (id, flight),
                    Want::Start(plan) => state.take_off(|id| self.flight(id, plan)),
                };
                state.joined(id);
                Ok(Either::Right((id, flight)))
            })?;
            let (id, flight) = match next {
                Either::Left(ready) => return Ok(ready),
                Either::Right(flying) => flying,
            };
            if let Err(error) = self.refuse_own_hooks() {
                drop(Waiting { cell: self, id });
                return Err(error);
            }
            let result = self.wait(id, flight).await;
            if let Some(held) = self.landed(id, result, refused)? {
                return Ok(held.ready);
            }
        }
        Err(Error::new(Kind::Busy, "the token was replaced again and again while this call waited for it")
            .before_sending())
    }

    /// Waits for a flight; one that nobody waits for may be given up.
    async fn wait(&self, id: u64, flight: Flight) -> Result<Obtained, Failure> {
        let waiting = Waiting { cell: self, id };
        let result = flight.await;
        std::mem::forget(waiting); // whoever lands it takes it off
        result
    }

    fn landed(
        &self,
        id: u64,
        result: Result<Obtained, Failure>,
        refused: bool,
    ) -> Result<Option<Held>, Error> {
        let now = self.renewal.now();
        self.change(|state| state.landed(id, result, refused, now))
    }

    /// What is in flight owns all it needs and only looks at the cell.
    fn flight(self: &Arc<Self>, id: u64, plan: Plan) -> Flight {
        let (renewal, cell) = (self.renewal.clone(), Arc::downgrade(self));
        let flight = async move { renewal.run(plan, || is_current(&cell, id)).await };
        let caught = AssertUnwindSafe(flight).catch_unwind().map(|done| {
            done.unwrap_or_else(|_panic| {
                let why = "the service below, or a signer, panicked in a token request";
                Err(Failure::from(Error::new(Kind::Foreign, why).before_sending()))
            })
        });
        Marked { id: self.mark(), inner: caught.boxed() }.boxed().shared()
    }

    fn mark(&self) -> usize {
        Arc::as_ptr(&self.renewal.stored).cast::<()>() as usize
    }

    /// A store, an updater, a callback or a signer that calls its own client would wait for itself.
    fn refuse_own_hooks(&self) -> Result<(), Error> {
        let store = self.renewal.store.as_ref().is_some_and(Store::is_running_here);
        if store || is_running(self.mark()) {
            let why = "a token store, updater, callback or signer calls the client whose token it saves or makes, which waits \
                       for it";
            return Err(Error::new(Kind::InvalidInput, why));
        }
        Ok(())
    }

    /// Changes the state, and tells those who take no lock.
    fn change<T>(&self, change: impl FnOnce(&mut State<Flight>) -> T) -> T {
        let mut state = self.lock();
        let changed = change(&mut state);
        let good = state.ready();
        let known = self.good.load();
        let known = known.as_ref().map(|good| (good.ready.generation, good.until));
        if known != good.map(|(ready, until)| (ready.generation, until)) {
            self.good.store(good.map(|(ready, until)| Arc::new(Good { ready: ready.clone(), until })));
        }
        changed
    }

    fn lock(&self) -> MutexGuard<'_, State<Flight>> {
        // Nothing panics under the lock, and no code of the user's runs there.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who waits for a flight.
struct Waiting<'a> {
    cell: &'a Cell,
    id: u64,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let abandoned = self.cell.change(|state| state.left(self.id));
        drop(abandoned);
    }
}

/// How often a call asks again whose flight came to nothing for it.
const TURNS: usize = 8;

fn is_current(cell: &Weak<Cell>, id: u64) -> bool {
    cell.upgrade().is_some_and(|cell| cell.lock().is_flying(id))
}
