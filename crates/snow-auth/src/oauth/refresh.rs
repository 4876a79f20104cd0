//! How a token is refreshed: it comes from the store, by the refresh token, or by the user's grant, and it is saved before any
//! call uses it.

use super::Token;
use super::endpoint::{Endpoint, RequestFailure};
use super::grant::Grant;
use super::store::{Lease, RefreshFailure, Store};
use super::token_state::{
    FailedRefresh, LONGEST_COOL_DOWN, RefreshPlan, Refreshed, cool_down_after, no_refresh_token, no_token,
};
use futures_util::lock::Mutex;
use snow_core::{Error, ErrorKind, Secret};
use std::sync::Arc;
use std::time::SystemTime;

/// Everything that a refresh takes, apart from knowing which token is the current one.
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
}

/// A token that the store holds.
struct StoredToken {
    token: Token,
    /// Whether it is another one than this process knows of.
    is_news: bool,
}

impl Refresher {
    /// Carries a plan out. `is_current` tells whether it is still wanted: if somebody logged in or out in the meantime, the
    /// store is theirs.
    pub(super) async fn run(
        &self,
        plan: RefreshPlan,
        is_current: impl Fn() -> bool,
    ) -> Result<Refreshed, FailedRefresh> {
        match plan {
            RefreshPlan::Save { token, login } => self.save_later(token, login, is_current).await,
            RefreshPlan::Replace { old, read_store } => {
                if old.is_none()
                    && read_store
                    && let Some(token) = self.first_from_store().await?
                {
                    return Ok(Refreshed::saved(token));
                }
                self.replace(old, read_store, is_current).await
            }
        }
    }

    /// Gives the store a token that it does not have yet.
    async fn save_later(
        &self,
        token: Token,
        login: bool,
        is_current: impl Fn() -> bool,
    ) -> Result<Refreshed, FailedRefresh> {
        let kept = |error| FailedRefresh { error, unsaved: Some(token.clone()) };
        let _lease = self.lease().await.map_err(kept)?;
        // In the meantime another process may have got a newer one. A login is what the user wants.
        if !login
            && let Some(StoredToken { token: stored, is_news: true }) = self.load().await.map_err(kept)?
            && stored.access_token() != token.access_token()
            && !stored.is_expired(self.now())
        {
            return Ok(Refreshed::saved(stored));
        }
        self.save(token, is_current).await
    }

    /// At the start a fresh token of the store is used without waiting for a lease.
    async fn first_from_store(&self) -> Result<Option<Token>, Error> {
        match self.load().await? {
            Some(stored) => Ok(Some(stored.token).filter(|token| !token.is_expired(self.now()))),
            None if self.grant.is_none() => Err(no_token()),
            None => Ok(None),
        }
    }

    /// Gets a token in place of the old one, and saves it.
    async fn replace(
        &self,
        old: Option<Token>,
        read_store: bool,
        is_current: impl Fn() -> bool,
    ) -> Result<Refreshed, FailedRefresh> {
        let _lease = self.lease().await?;
        let stored = if read_store { self.load().await? } else { None };
        let (now, mut before) = (self.now(), Vec::from_iter(old));
        if let Some(StoredToken { token, is_news }) = stored {
            // Of a token that is refused, another process may know no more than that it lives longer.
            let is_other =
                before.iter().all(|old| old.access_token() != token.access_token() || old.is_expired(now));
            if is_news && is_other && !token.is_expired(now) {
                return Ok(Refreshed::saved(token)); // another process was here
            }
            before.insert(if is_news { 0 } else { before.len() }, token);
        }
        if read_store {
            self.fail_as_other_process().await?;
        }
        match self.request(before).await {
            Ok(TokenRequest::New(token)) => self.save(token, is_current).await,
            Ok(TokenRequest::Unchanged(token)) => Ok(Refreshed::saved(token)),
            Err(failed) => Err(self.after_failed_request(failed, is_current).await),
        }
    }

    /// Tells other processes of the failure, and saves the refresh token that came with it.
    async fn after_failed_request(
        &self,
        failed: FailedRequest,
        is_current: impl Fn() -> bool,
    ) -> FailedRefresh {
        self.share_failure(&failed.error).await;
        let Some(kept) = failed.kept else { return failed.error.into() };
        if let Err(FailedRefresh { error, .. }) = self.save(kept.clone(), is_current).await {
            tracing::warn!(error = error.report(), "a new refresh token is not saved yet");
        }
        FailedRefresh { error: failed.error, unsaved: Some(kept) }
    }

    /// Requests a new token from the endpoint: by the refresh token of those before (the newest first), else by the user's
    /// grant. Returns an old one if there is nothing to request it with and the old one has not expired.
    async fn request(&self, before: Vec<Token>) -> Result<TokenRequest, FailedRequest> {
        let mut refused: Option<(Error, &Token)> = None;
        for token in before.iter().filter(|token| token.refresh_token().is_some()) {
            if refused.as_ref().is_some_and(|(_, tried)| tried.refresh_token() == token.refresh_token()) {
                continue;
            }
            match self.endpoint.refresh(token).await {
                Ok(token) => return Ok(TokenRequest::New(token)),
                Err(failure) if failure.error.kind() == ErrorKind::ReauthenticationRequired => {
                    refused = Some((failure.error, token));
                }
                Err(failure) => return Err(FailedRequest::new(failure, token)),
            }
        }
        // Refresh tokens are dead, or there is none: the original grant is the way back.
        let refused = refused.map(|(error, _)| error);
        match (&self.grant, refused) {
            (Some(grant), refused) => {
                let token = self.endpoint.obtain(grant).await.map_err(|e| match refused {
                    Some(error) => e.with_context(&format!("{error}; and the grant in its place failed")),
                    None => e,
                });
                Ok(TokenRequest::New(token?))
            }
            (None, Some(error)) => Err(error.into()),
            (None, None) => match before.into_iter().next() {
                Some(token) if !token.is_expired(self.now()) => Ok(TokenRequest::Unchanged(token)),
                Some(_) => Err(no_refresh_token().into()),
                None => Err(no_token().into()),
            },
        }
    }

    async fn save(&self, token: Token, is_current: impl Fn() -> bool) -> Result<Refreshed, FailedRefresh> {
        let Some(store) = &self.store else { return Ok(Refreshed::saved(token)) };
        let mut stored = self.stored.lock().await;
        if !is_current() {
            return Ok(Refreshed::saved(token));
        }
        match store.save(&token).await {
            Ok(()) => {
                *stored = Some(token.clone());
                Ok(Refreshed::saved(token))
            }
            Err(error) if self.best_effort => {
                tracing::warn!(error = error.report(), "calls go on with a token that is not saved");
                Ok(Refreshed { token, store_error: Some(error) })
            }
            Err(error) => Err(FailedRefresh { error, unsaved: Some(token) }),
        }
    }

    async fn load(&self) -> Result<Option<StoredToken>, Error> {
        let Some(store) = &self.store else { return Ok(None) };
        let Some(token) = self.or_without_store(store.load().await, || None)? else { return Ok(None) };
        let mut stored = self.stored.lock().await;
        let is_news = stored.as_ref() != Some(&token);
        *stored = Some(token.clone());
        Ok(Some(StoredToken { token, is_news }))
    }

    async fn lease(&self) -> Result<Lease, Error> {
        let Some(store) = &self.store else { return Ok(Lease::none()) };
        self.or_without_store(store.lease().await, Lease::none)
    }

    /// A store that cannot be read is an error, unless calls are to go on without it.
    fn or_without_store<T>(&self, read: Result<T, Error>, without: impl FnOnce() -> T) -> Result<T, Error> {
        match read {
            Err(error) if self.best_effort => {
                tracing::warn!(error = error.report(), "calls go on without the token store");
                Ok(without())
            }
            read => read,
        }
    }

    /// Another process asked a moment ago and was refused: its failure counts for this one, too.
    async fn fail_as_other_process(&self) -> Result<(), Error> {
        let Some(store) = &self.store else { return Ok(()) };
        let failure = self.or_without_store(store.failure().await, || None)?;
        let lasting = failure.and_then(|failure| failure.error(self.now(), LONGEST_COOL_DOWN));
        lasting.map_or(Ok(()), Err)
    }

    /// Takes a revoked token out of the store, unless another one is there by now.
    pub(super) async fn remove(&self, token: &Token) -> Result<(), Error> {
        let Some(store) = &self.store else { return Ok(()) };
        let _lease = store.lease().await?;
        let mut stored = self.stored.lock().await;
        let other = store.load().await?.filter(|other| other.access_token() != token.access_token());
        if other.is_none() {
            store.remove().await?;
            *stored = None;
        }
        Ok(())
    }

    async fn share_failure(&self, error: &Error) {
        let Some(store) = &self.store else { return };
        if error.kind() == ErrorKind::NoToken {
            return;
        }
        let failure = RefreshFailure::new(error, self.now(), cool_down_after(error));
        if let Err(error) = store.save_failure(failure).await {
            tracing::warn!(error = error.report(), "other processes will not hear of the failure");
        }
    }

    pub(super) fn now(&self) -> SystemTime {
        self.endpoint.clock.now()
    }
}

/// What a request for a token brought.
enum TokenRequest {
    New(Token),
    /// An old one, because there is nothing to request another one with.
    Unchanged(Token),
}

/// Why a request brought no token.
struct FailedRequest {
    error: Error,
    /// The token before, with the refresh token that came in place of its own.
    kept: Option<Token>,
}

impl FailedRequest {
    fn new(failure: RequestFailure, before: &Token) -> Self {
        let is_new = |new: &Secret| before.refresh_token() != Some(new);
        match failure.refresh_token.filter(is_new) {
            Some(new) => {
                let error =
                    failure.error.with_advice("its new refresh token is kept, and the next call tries again");
                Self { error, kept: Some(before.clone().with_refresh_token(new)) }
            }
            None => failure.error.into(),
        }
    }
}

impl From<Error> for FailedRequest {
    fn from(error: Error) -> Self {
        Self { error, kept: None }
    }
}
