//! How a token is refreshed: it comes from the store, by the refresh token, or by the user's grant, and it is saved before any
//! call uses it.
//!
//! A refresh holds a lease of the store from reading it to saving the new token. It starts over with another lease, and reads
//! the store again, if the lease may end before the response to a token request comes and cannot be extended, or if another process
//! took it over before the token was saved.

mod progress;
mod removal;
mod shared_failure;
mod start_over;
mod token_request;

use super::Token;
use super::endpoint::Endpoint;
use super::grant::Grant;
use super::store::{Lease, RefreshFailure, Store, StoreWrite};
use super::token_state::{FailedRefresh, RefreshPlan, Refreshed, no_token};
use futures_util::lock::Mutex;
pub(super) use progress::RefreshProgress;
use snow_core::{Error, ErrorKind};
use start_over::{StartOver, superseded_and_empty};
use std::sync::Arc;
use std::time::SystemTime;
use token_request::{FailedRequest, KnownTokens, TokenRequest};

/// How many leases one refresh takes: each further one because the one before was too short or was taken over.
const MAX_LEASES: usize = 3;

/// Where a token of another client was found, for errors.
const IN_THE_STORE: &str = "in the place of this client in the token store";

/// Everything that a refresh needs, except which token is the current one.
#[derive(Clone)]
pub(super) struct Refresher {
    pub(super) endpoint: Endpoint,
    pub(super) grant: Option<Grant>,
    pub(super) store: Option<Store>,
    /// Whether calls use a token that the store did not take.
    pub(super) best_effort: bool,
    /// What the store held when it was last read or written. Locked while it is written: an older token must not overtake a
    /// newer one.
    pub(super) stored: Arc<Mutex<Option<Token>>>,
    /// The failure that this client told the others last.
    pub(super) told: Arc<Mutex<Option<RefreshFailure>>>,
}

/// The result of reading the store.
enum StoreRead {
    Token(StoredToken),
    Empty,
    /// There is no store, or calls go on without it because it failed.
    Unavailable,
}

/// A token that the store holds.
struct StoredToken {
    token: Token,
    /// Whether it is not the one that this process knows.
    is_news: bool,
}

/// The result of a refresh under one lease.
enum LeaseOutcome {
    Refreshed(Refreshed),
    StartOver(StartOver),
    /// The request failed, and another process had taken the lease over by then.
    FailedSuperseded(FailedRequest),
    /// The lease was returned while nobody waited for the refresh, and the token is not saved.
    LeaseReturned(Token),
}

/// The result of saving a token.
enum SaveOutcome {
    Saved(Refreshed),
    Superseded,
    /// The lease was returned while nobody waited for the refresh.
    LeaseReturned,
}

impl Refresher {
    /// Executes a plan. `is_current` tells whether it is still wanted: if somebody logged in or out in the meantime, the store is
    /// theirs.
    pub(super) async fn run(
        &self,
        plan: RefreshPlan,
        progress: &RefreshProgress,
        is_current: impl Fn() -> bool,
    ) -> Result<Refreshed, FailedRefresh> {
        let refreshed = self.carry_out(plan, progress, is_current).await;
        self.return_lease(progress).await;
        refreshed
    }

    async fn carry_out(
        &self,
        plan: RefreshPlan,
        progress: &RefreshProgress,
        is_current: impl Fn() -> bool,
    ) -> Result<Refreshed, FailedRefresh> {
        match plan {
            RefreshPlan::Save { token, login: true } => self.save_login(token, progress, is_current).await,
            RefreshPlan::Save { token, login: false } => self.save_later(token, progress, &is_current).await,
            RefreshPlan::Replace { old, read_store } => {
                if old.is_none()
                    && read_store
                    && let Some(token) = self.first_from_store().await?
                {
                    return Ok(Refreshed::saved(token));
                }
                self.replace(KnownTokens::new(old), read_store, progress, &is_current).await
            }
        }
    }

    /// Saves the token of a login, whatever the store holds, because it is what the user wants; but not in the place of the token
    /// of another instance or client.
    async fn save_login(
        &self,
        token: Token,
        progress: &RefreshProgress,
        is_current: impl Fn() -> bool,
    ) -> Result<Refreshed, FailedRefresh> {
        for _ in 0..MAX_LEASES {
            let lease = self.lease().await.map_err(|error| FailedRefresh::unsaved(error, token.clone()))?;
            progress.begin(lease);
            self.refuse_place_of_others().await.map_err(FailedRefresh::superseded)?;
            if let SaveOutcome::Saved(refreshed) = self.save(token.clone(), progress, &is_current).await? {
                return Ok(refreshed);
            }
            self.return_lease(progress).await;
        }
        Err(FailedRefresh::superseded(StartOver::Superseded.into_error()))
    }

    /// Gives the store a token that it does not have yet, unless another process has saved a newer one by now.
    async fn save_later(
        &self,
        token: Token,
        progress: &RefreshProgress,
        is_current: &impl Fn() -> bool,
    ) -> Result<Refreshed, FailedRefresh> {
        let unsaved = |error| FailedRefresh::unsaved(error, token.clone());
        progress.begin(self.lease().await.map_err(unsaved)?);
        if let StoreRead::Token(StoredToken { token: stored, is_news: true }) =
            self.load().await.map_err(unsaved)?
            && stored.access_token() != token.access_token()
            && !stored.is_expired(self.now())
        {
            return Ok(Refreshed::saved(stored));
        }
        if let SaveOutcome::Saved(refreshed) = self.save(token.clone(), progress, is_current).await? {
            return Ok(refreshed);
        }
        self.return_lease(progress).await; // the store may wait for it before it gives another one
        let mut known = KnownTokens::default();
        known.discard(token);
        let refreshed = self.replace(known, true, progress, is_current).await;
        refreshed.map_err(FailedRefresh::discarding)
    }

    /// Returns a fresh token of the store. At the start there is no need to wait for a lease.
    async fn first_from_store(&self) -> Result<Option<Token>, Error> {
        match self.load().await? {
            StoreRead::Token(stored) => Ok(Some(stored.token).filter(|token| !token.is_expired(self.now()))),
            StoreRead::Empty | StoreRead::Unavailable if self.grant.is_none() => Err(no_token()),
            StoreRead::Empty | StoreRead::Unavailable => Ok(None),
        }
    }

    /// Gets a token in place of the old one, and saves it.
    async fn replace(
        &self,
        mut known: KnownTokens,
        read_store: bool,
        progress: &RefreshProgress,
        is_current: &impl Fn() -> bool,
    ) -> Result<Refreshed, FailedRefresh> {
        let mut leases: usize = 0;
        let error = loop {
            progress.begin(self.lease().await?);
            let why = match self.replace_under_lease(&mut known, read_store, progress, is_current).await? {
                LeaseOutcome::StartOver(why) => why,
                other => return self.after_lease(other, &known, read_store, progress, is_current).await,
            };
            self.return_lease(progress).await;
            leases = leases.saturating_add(1);
            if leases >= MAX_LEASES {
                break why.into_error();
            }
        };
        // Without a store that works, calls go on if the policy says so.
        progress.begin(self.or_without_store(Err(error.clone()), Lease::none)?);
        match self.replace_under_lease(&mut known, read_store, progress, is_current).await? {
            LeaseOutcome::StartOver(_) => Err(error.into()),
            other => self.after_lease(other, &known, false, progress, is_current).await,
        }
    }

    /// Ends a refresh that does not start over.
    async fn after_lease(
        &self,
        outcome: LeaseOutcome,
        known: &KnownTokens,
        read_store: bool,
        progress: &RefreshProgress,
        is_current: &impl Fn() -> bool,
    ) -> Result<Refreshed, FailedRefresh> {
        match outcome {
            LeaseOutcome::Refreshed(refreshed) => Ok(refreshed),
            LeaseOutcome::StartOver(why) => Err(why.into_error().into()),
            LeaseOutcome::FailedSuperseded(failed) => {
                progress.set_idle();
                self.return_lease(progress).await;
                self.after_superseded_failure(failed, known, read_store, progress).await
            }
            LeaseOutcome::LeaseReturned(token) => {
                Box::pin(self.save_later(token, progress, is_current)).await
            }
        }
    }

    /// Does it under one lease, which has to last until the token is saved.
    async fn replace_under_lease(
        &self,
        known: &mut KnownTokens,
        read_store: bool,
        progress: &RefreshProgress,
        is_current: &impl Fn() -> bool,
    ) -> Result<LeaseOutcome, FailedRefresh> {
        if read_store {
            match self.load().await? {
                StoreRead::Token(stored) if self.may_use(&stored, known) => {
                    return Ok(LeaseOutcome::Refreshed(Refreshed::saved(stored.token))); // another process has refreshed the token
                }
                StoreRead::Token(stored) => known.add_stored(stored.token, stored.is_news),
                StoreRead::Empty if known.superseded => {
                    return Err(superseded_and_empty().into());
                }
                StoreRead::Empty | StoreRead::Unavailable => {}
            }
            self.fail_as_other_process().await?;
        }
        let token = match self.request(known, progress).await {
            Ok(TokenRequest::New(token)) => token,
            Ok(TokenRequest::Unchanged(token)) => {
                return Ok(LeaseOutcome::Refreshed(Refreshed::saved(token)));
            }
            Ok(TokenRequest::LeaseTooShort(limit)) => {
                return Ok(LeaseOutcome::StartOver(StartOver::LeaseTooShort(limit)));
            }
            Err(failed) => return self.after_failed_request(failed, progress, is_current).await,
        };
        match self.save(token.clone(), progress, is_current).await? {
            SaveOutcome::Saved(refreshed) => Ok(LeaseOutcome::Refreshed(refreshed)),
            SaveOutcome::Superseded => {
                known.discard(token);
                Ok(LeaseOutcome::StartOver(StartOver::Superseded))
            }
            SaveOutcome::LeaseReturned => Ok(LeaseOutcome::LeaseReturned(token)),
        }
    }

    /// Returns `true` if a stored token can be used in place of the old one. Of a token that is refused, another process may
    /// know no more than that it lives longer.
    fn may_use(&self, stored: &StoredToken, known: &KnownTokens) -> bool {
        let now = self.now();
        let is_other = |old: &Token| old.access_token() != stored.token.access_token() || old.is_expired(now);
        stored.is_news && known.old.as_ref().is_none_or(is_other) && !stored.token.is_expired(now)
    }

    /// Saves a token. If the lease was taken over, the store does not have it, and no call may use it.
    async fn save(
        &self,
        token: Token,
        progress: &RefreshProgress,
        is_current: &impl Fn() -> bool,
    ) -> Result<SaveOutcome, FailedRefresh> {
        progress.set_saving(&token);
        let Some(store) = &self.store else { return Ok(SaveOutcome::Saved(Refreshed::saved(token))) };
        let mut stored = self.stored.lock().await;
        if !is_current() {
            return Ok(SaveOutcome::Saved(Refreshed::saved(token)));
        }
        let Some(lease) = progress.lease() else { return Ok(SaveOutcome::LeaseReturned) };
        let saved = store.save(&token, &lease).await;
        drop(lease);
        match saved {
            Ok(StoreWrite::Applied) => {
                *stored = Some(token.clone());
                Ok(SaveOutcome::Saved(Refreshed::saved(token)))
            }
            Ok(StoreWrite::Superseded) => {
                tracing::debug!("another process took over the token store's lease");
                progress.set_idle();
                Ok(SaveOutcome::Superseded)
            }
            Err(error) if self.best_effort => {
                tracing::warn!(error = error.report(), "calls go on with a token that is not saved");
                Ok(SaveOutcome::Saved(Refreshed { token, store_error: Some(error) }))
            }
            Err(error) => Err(FailedRefresh::unsaved(error, token)),
        }
    }

    async fn load(&self) -> Result<StoreRead, Error> {
        let Some(store) = &self.store else { return Ok(StoreRead::Unavailable) };
        let Some(read) = self.or_without_store(store.load().await.map(Some), || None)? else {
            return Ok(StoreRead::Unavailable);
        };
        let Some(token) = read else { return Ok(StoreRead::Empty) };
        self.endpoint.owner.check(&token, ErrorKind::TokenNotLoaded, IN_THE_STORE)?;
        let mut stored = self.stored.lock().await;
        let is_news = stored.as_ref() != Some(&token);
        *stored = Some(token.clone());
        Ok(StoreRead::Token(StoredToken { token, is_news }))
    }

    /// Fails if the store holds a token of another instance or client, even where calls go on without a store: it is not the store
    /// that fails. A store that cannot be read says nothing, so that a login replaces a token that is damaged.
    async fn refuse_place_of_others(&self) -> Result<(), Error> {
        let Some(store) = self.store.as_ref().filter(|store| store.is_read()) else { return Ok(()) };
        match store.load().await {
            Ok(Some(token)) => self.endpoint.owner.check(&token, ErrorKind::TokenNotSaved, IN_THE_STORE),
            Ok(None) | Err(_) => Ok(()),
        }
    }

    async fn lease(&self) -> Result<Lease, Error> {
        let Some(store) = &self.store else { return Ok(Lease::none()) };
        self.or_without_store(store.lease().await, Lease::none)
    }

    /// Returns the lease under way to the store, if there is one.
    async fn return_lease(&self, progress: &RefreshProgress) {
        if let (Some(store), Some(lease)) = (&self.store, progress.end()) {
            store.release(lease).await;
        }
    }

    /// Returns the error of a store that failed, unless calls are to go on without the store.
    fn or_without_store<T>(&self, read: Result<T, Error>, without: impl FnOnce() -> T) -> Result<T, Error> {
        match read {
            Err(error) if self.best_effort => {
                tracing::warn!(error = error.report(), "calls go on without the token store");
                Ok(without())
            }
            read => read,
        }
    }

    pub(super) fn now(&self) -> SystemTime {
        self.endpoint.clock.now()
    }
}
