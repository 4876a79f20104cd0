//! The token that all callers share, and its one renewal in flight.
//!
//! The renewal is a shared future, not a lock held across the request: fifty callers who wait for an endpoint that fails
//! share one failure, and the one who began it may be dropped without anybody noticing. A call that finds a good token takes
//! no lock at all.

use super::Token;
use super::renewal::Renewal;
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
            store: renewal.store.is_some(),
            grant: renewal.grant.is_some(),
            best_effort: renewal.best_effort,
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
        self.refuse_own_store()?;
        let token = token.await?;
        let (replaced, (id, flight)) = self.change(|state| {
            let replaced = state.log_in(token.clone());
            (replaced, state.take_off(|id| self.flight(id, Plan::Save(token))))
        });
        drop(replaced);
        let result = flight.await;
        let landed = self.landed(id, result, true);
        landed.map(|held| held.token).inspect_err(|_| self.change(State::end_rest))
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
        ask: impl FnOnce(&mut State<Flight>, SystemTime) -> Want<Flight>,
    ) -> Result<Ready, Error> {
        let now = self.renewal.now();
        let next = self.change(|state| match ask(state, now) {
            Want::Use(held) => Ok(Either::Left(held.ready)),
            Want::Fail(error) => Err(error),
            Want::Join(id, flight) => Ok(Either::Right((id, flight))),
            Want::Start(plan) => Ok(Either::Right(state.take_off(|id| self.flight(id, plan)))),
        })?;
        let (id, flight) = match next {
            Either::Left(ready) => return Ok(ready),
            Either::Right(flying) => flying,
        };
        self.refuse_own_store()?;
        let result = flight.await;
        self.landed(id, result, refused).map(|held| held.ready)
    }

    fn landed(&self, id: u64, result: Result<Obtained, Failure>, refused: bool) -> Result<Held, Error> {
        let now = self.renewal.now();
        self.change(|state| state.landed(id, result, refused, now))
    }

    /// What is in flight owns all it needs and only looks at the cell, so that an abandoned one keeps nothing alive.
    fn flight(self: &Arc<Self>, id: u64, plan: Plan) -> Flight {
        let (renewal, cell) = (self.renewal.clone(), Arc::downgrade(self));
        let flight = async move { renewal.run(plan, || is_current(&cell, id)).await };
        let caught = AssertUnwindSafe(flight).catch_unwind().map(|done| {
            done.unwrap_or_else(|_panic| {
                let why = "the service below, or a signer, panicked in a token request";
                Err(Failure::from(Error::new(Kind::Foreign, why).before_sending()))
            })
        });
        caught.boxed().shared()
    }

    /// A store that calls its own client would wait for itself.
    fn refuse_own_store(&self) -> Result<(), Error> {
        if self.renewal.store.as_ref().is_some_and(Store::is_running_here) {
            let why = "the token store or updater calls the client whose token it saves, which waits for it";
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

fn is_current(cell: &Weak<Cell>, id: u64) -> bool {
    cell.upgrade().is_some_and(|cell| cell.lock().is_flying(id))
}
