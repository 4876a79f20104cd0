//! The token that all callers share, and its one refresh in flight.
//!
//! The refresh is a shared future, not a lock held across the request: fifty callers who wait for an endpoint that fails share
//! one failure, and the one who started it may be dropped without anybody noticing. A call that finds a usable token takes no
//! lock: after each change the machine's header is published together with how long it may be used.

use super::Token;
use super::grant::Grant;
use super::reentrancy::{PollTracker, is_polled_here};
use super::refresh::{RefreshProgress, Refresher};
use super::store::Store;
use super::token_state::{
    BearerHeader, Capabilities, CurrentToken, FailedRefresh, NextStep, RefreshPlan, Refreshed, TokenMachine,
};
use arc_swap::ArcSwapOption;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Either, Shared};
use snow_core::{Error, ErrorKind};
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::SystemTime;

/// A handle on a refresh in flight.
#[derive(Clone)]
struct RefreshHandle {
    refresh: Shared<BoxFuture<'static, Result<Refreshed, FailedRefresh>>>,
    progress: RefreshProgress,
}

type Machine = TokenMachine<RefreshHandle>;

/// How often a call tries again if a refresh gave it no token.
const MAX_ROUNDS: usize = 8;

pub(super) struct SharedToken {
    pub(super) refresher: Refresher,
    machine: Mutex<Machine>,
    /// What [`TokenMachine::header`] returned after the last change.
    published: ArcSwapOption<PublishedHeader>,
}

struct PublishedHeader {
    header: BearerHeader,
    until: Option<SystemTime>,
}

impl SharedToken {
    pub(super) fn new(refresher: Refresher) -> Arc<Self> {
        let capabilities = Capabilities {
            store: refresher.store.as_ref().is_some_and(Store::is_read),
            grant: refresher.grant.is_some(),
            best_effort: refresher.best_effort,
            password: refresher.grant.as_ref().is_some_and(Grant::sends_a_password),
        };
        let machine = Mutex::new(TokenMachine::new(capabilities));
        Arc::new(Self { refresher, machine, published: ArcSwapOption::empty() })
    }

    pub(super) fn token(&self) -> Option<Token> {
        self.lock().token().cloned()
    }

    pub(super) fn store_error(&self) -> Option<Error> {
        self.lock().store_error().cloned()
    }

    pub(super) fn set(&self, token: Option<Token>) -> Result<(), Error> {
        let replaced = self.change(|machine| machine.set_token(token))?;
        drop(replaced); // outside of the lock, because a refresh in flight holds futures of the caller
        Ok(())
    }

    /// Uses a token that is being obtained, once it is saved. A refresh in flight is no longer wanted then, and no call uses
    /// the token before.
    pub(super) async fn log_in(
        self: &Arc<Self>,
        token: impl Future<Output = Result<Token, Error>>,
    ) -> Result<Token, Error> {
        self.refuse_own_hooks()?;
        let token = token.await?;
        let plan = RefreshPlan::Save { token: token.clone(), login: true };
        let (replaced, (id, handle)) = self.change(|machine| {
            let replaced = machine.log_in(token);
            let started = machine.start_refresh(|id| self.start(id, plan));
            machine.add_waiter(started.0);
            (replaced, started)
        });
        drop(replaced);
        let result = self.wait(id, handle).await;
        match self.finish(id, result, false) {
            Ok(Some(current)) => Ok(current.token),
            Ok(None) => {
                Err(Error::new(ErrorKind::TokenNotSaved, "another login or a logout replaced this one"))
            }
            Err(error) => {
                self.change(TokenMachine::end_cool_down);
                Err(error)
            }
        }
    }

    /// Ends the use of a token, if it is still the one in use.
    pub(super) fn forget(&self, token: &Token) -> Result<(), Error> {
        let replaced = self.change(|machine| {
            let newest = machine.newest();
            let is_newest = newest.is_some_and(|newest| newest.access_token() == token.access_token());
            if is_newest { machine.set_token(None).map(Some) } else { Ok(None) }
        })?;
        drop(replaced);
        Ok(())
    }

    /// Returns the newest token, whether the store has it or not.
    pub(super) fn newest(&self) -> Option<Token> {
        self.lock().newest().cloned()
    }

    /// Returns the header of a call, if that is known at once.
    pub(super) fn header_now(&self) -> Option<BearerHeader> {
        let published = self.published.load();
        let published = published.as_ref()?;
        let is_usable = published.until.is_none_or(|until| self.refresher.now() < until);
        is_usable.then(|| published.header.clone())
    }

    /// Returns the header of a call, after a refresh if that is needed.
    pub(super) async fn header(self: &Arc<Self>) -> Result<BearerHeader, Error> {
        self.wait_for_header(false, |machine, now| machine.next_step(now)).await
    }

    /// Returns the header of a call whose token was refused; the same one again if there is no other.
    pub(super) async fn header_after_refusal(
        self: &Arc<Self>,
        generation: u64,
    ) -> Result<BearerHeader, Error> {
        self.wait_for_header(true, |machine, now| machine.refused(generation, now)).await
    }

    async fn wait_for_header(
        self: &Arc<Self>,
        refused: bool,
        mut next_step: impl FnMut(&mut Machine, SystemTime) -> NextStep<RefreshHandle>,
    ) -> Result<BearerHeader, Error> {
        for _ in 0..MAX_ROUNDS {
            let (id, handle) = match self.take_step(&mut next_step)? {
                Either::Left(header) => return Ok(header),
                Either::Right(refresh) => refresh,
            };
            if let Err(error) = self.refuse_own_hooks() {
                drop(Waiter { shared: self, id });
                return Err(error);
            }
            let result = self.wait(id, handle).await;
            if let Some(current) = self.finish(id, result, refused)? {
                return Ok(current.header);
            }
        }
        Err(Error::new(
            ErrorKind::InstanceBusy,
            "the token was replaced again and again while this call waited for it",
        )
        .before_sending())
    }

    /// Returns the header to use, or the refresh to wait for.
    fn take_step(
        self: &Arc<Self>,
        next_step: &mut impl FnMut(&mut Machine, SystemTime) -> NextStep<RefreshHandle>,
    ) -> Result<Either<BearerHeader, (u64, RefreshHandle)>, Error> {
        let now = self.refresher.now();
        self.change(|machine| {
            let (id, handle) = match next_step(machine, now) {
                NextStep::Use(current) => return Ok(Either::Left(current.header)),
                NextStep::Fail(error) => return Err(error),
                NextStep::Join(id, handle) => (id, handle),
                NextStep::Start(plan) => machine.start_refresh(|id| self.start(id, plan)),
            };
            machine.add_waiter(id);
            Ok(Either::Right((id, handle)))
        })
    }

    /// Waits for a refresh. One that nobody waits for stands still, or ends.
    async fn wait(&self, id: u64, handle: RefreshHandle) -> Result<Refreshed, FailedRefresh> {
        let waiter = Waiter { shared: self, id };
        let result = handle.refresh.await;
        std::mem::forget(waiter); // finish() ends it
        result
    }

    fn finish(
        &self,
        id: u64,
        result: Result<Refreshed, FailedRefresh>,
        refused: bool,
    ) -> Result<Option<CurrentToken>, Error> {
        let now = self.refresher.now();
        self.change(|machine| machine.finish_refresh(id, result, refused, now))
    }

    /// A refresh in flight owns all it needs and only looks at the shared token.
    fn start(self: &Arc<Self>, id: u64, plan: RefreshPlan) -> RefreshHandle {
        let (refresher, shared) = (self.refresher.clone(), Arc::downgrade(self));
        let progress = RefreshProgress::default();
        let own = progress.clone();
        let refresh = async move { refresher.run(plan, &own, || is_in_flight(&shared, id)).await };
        let caught = AssertUnwindSafe(refresh).catch_unwind().map(|done| {
            done.unwrap_or_else(|_panic| {
                let why = "the service below, or a signer, panicked in a token request";
                Err(FailedRefresh::from(Error::new(ErrorKind::Other, why).before_sending()))
            })
        });
        let tracked = PollTracker { id: self.tracking_id(), inner: caught.boxed() };
        RefreshHandle { refresh: tracked.boxed().shared(), progress }
    }

    fn tracking_id(&self) -> usize {
        Arc::as_ptr(&self.refresher.stored).cast::<()>() as usize
    }

    /// A store, an updater, a callback or a signer that calls its own client would wait for itself.
    fn refuse_own_hooks(&self) -> Result<(), Error> {
        let store = self.refresher.store.as_ref().is_some_and(Store::is_polled_here);
        if store || is_polled_here(self.tracking_id()) {
            let why = "a token store, updater, callback or signer calls the client whose token it saves or obtains, which \
                       waits for it";
            let advice = "do not call the client from its own token store, updater, callback or signer";
            return Err(Error::new(ErrorKind::InvalidInput, why).with_advice(advice));
        }
        Ok(())
    }

    /// Changes the machine, and publishes its header for those who take no lock.
    fn change<T>(&self, change: impl FnOnce(&mut Machine) -> T) -> T {
        let mut machine = self.lock();
        let changed = change(&mut machine);
        let header = machine.header();
        let published = self.published.load();
        let published = published.as_ref().map(|known| (known.header.generation, known.until));
        if published != header.map(|(header, until)| (header.generation, until)) {
            let new = header.map(|(header, until)| PublishedHeader { header: header.clone(), until });
            self.published.store(new.map(Arc::new));
        }
        changed
    }

    fn lock(&self) -> MutexGuard<'_, Machine> {
        // Nothing panics under the lock, and no code of the user's runs there.
        self.machine.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call that waits for a refresh.
struct Waiter<'a> {
    shared: &'a SharedToken,
    id: u64,
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        let mut returned = None;
        let ended = self.shared.change(|machine| {
            machine.remove_waiter(self.id, |handle| {
                let (abandonment, lease) = handle.progress.abandon();
                returned = lease;
                abandonment
            })
        });
        drop((ended, returned));
    }
}

fn is_in_flight(shared: &Weak<SharedToken>, id: u64) -> bool {
    shared.upgrade().is_some_and(|shared| shared.lock().is_in_flight(id))
}
