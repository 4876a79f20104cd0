//! How a token is had: from the store, by its refresh token, or by the user's grant; and saved before anybody uses it.

use super::Token;
use super::endpoint::Endpoint;
use super::grant::Grant;
use super::state::{Failure, LONGEST_REST, Obtained, Plan, no_refresh_token, no_token, rest_after};
use super::store::{Lease, RenewalFailure, Store};
use futures_util::lock::Mutex;
use snow_core::{Error, Kind};
use std::sync::Arc;
use std::time::SystemTime;

/// All that it takes, apart from knowing which token is the current one.
#[derive(Clone)]
pub(super) struct Renewal {
    pub(super) endpoint: Endpoint,
    pub(super) grant: Option<Grant>,
    pub(super) store: Option<Store>,
    /// Whether calls go out with a token that the store did not take.
    pub(super) best_effort: bool,
    /// What the store held when it was last read or written. Locked while it is written: an older token must not overtake a
    /// newer one.
    pub(super) stored: Arc<Mutex<Option<Token>>>,
}

impl Renewal {
    /// Carries a plan out. `is_current` tells whether it is still wanted: if somebody logged in or out meanwhile, the store is
    /// theirs.
    pub(super) async fn run(&self, plan: Plan, is_current: impl Fn() -> bool) -> Result<Obtained, Failure> {
        match plan {
            Plan::Save { token, login } => {
                let kept = |error| Failure { error, unsaved: Some(token.clone()) };
                let _lease = self.lease().await.map_err(kept)?;
                // Meanwhile another process may have got a newer one; a login is what the user wants.
                if !login
                    && let Some((stored, true)) = self.load().await.map_err(kept)?
                    && stored.access_token() != token.access_token()
                    && !stored.is_over(self.now())
                {
                    return Ok(saved(stored));
                }
                self.save(token, is_current).await
            }
            Plan::Obtain { old, look } => self.obtain(old, look, is_current).await,
        }
    }

    async fn obtain(
        &self,
        old: Option<Token>,
        look: bool,
        is_current: impl Fn() -> bool,
    ) -> Result<Obtained, Failure> {
        if old.is_none() && look {
            // At the start: a fresh token is used without keeping anybody waiting for a lease.
            match self.load().await? {
                Some((stored, _)) if !stored.is_over(self.now()) => return Ok(saved(stored)),
                None if self.grant.is_none() => return Err(no_token().into()),
                _ => {}
            }
        }
        let _lease = self.lease().await?;
        let stored = if look { self.load().await? } else { None };
        let (now, mut before) = (self.now(), Vec::from_iter(old));
        if let Some((stored, is_news)) = stored {
            // Of a token that is refused, another process may know no more than that it lives longer.
            let is_other =
                before.iter().all(|old| old.access_token() != stored.access_token() || old.is_over(now));
            if is_news && is_other && !stored.is_over(now) {
                return Ok(saved(stored)); // another process was here
            }
            before.insert(if is_news { 0 } else { before.len() }, stored);
        }
        if look {
            self.refuse_what_failed_elsewhere().await?;
        }
        match self.ask(before).await {
            Ok(Asked::New(token)) => self.save(token, is_current).await,
            Ok(Asked::Nothing(token)) => Ok(saved(token)),
            Err(error) => {
                self.remember(&error).await;
                Err(error.into())
            }
        }
    }

    /// A new token from the endpoint, by the refresh token of those before (the newest first), else by the user's grant; or
    /// an old one, if there is nothing to ask with and its time is not up.
    async fn ask(&self, before: Vec<Token>) -> Result<Asked, Error> {
        let mut refused: Option<(Error, &Token)> = None;
        for token in before.iter().filter(|token| token.refresh_token().is_some()) {
            if refused.as_ref().is_some_and(|(_, tried)| tried.refresh_token() == token.refresh_token()) {
                continue;
            }
            match self.endpoint.refresh(token).await {
                Ok(token) => return Ok(Asked::New(token)),
                Err(error) if error.kind() == Kind::LoginAgain => refused = Some((error, token)),
                Err(error) => return Err(error),
            }
        }
        // Refresh tokens are dead, or there is none: the original grant is the way back.
        match (&self.grant, refused) {
            (Some(grant), refused) => {
                self.endpoint.obtain(grant).await.map(Asked::New).map_err(|e| match refused {
                    Some((error, _)) => {
                        e.with_context(&format!("{error}; and the grant in its place failed"))
                    }
                    None => e,
                })
            }
            (None, Some((error, _))) => Err(error),
            (None, None) => match before.into_iter().next() {
                Some(token) if !token.is_over(self.now()) => Ok(Asked::Nothing(token)),
                Some(_) => Err(no_refresh_token()),
                None => Err(no_token()),
            },
        }
    }

    async fn save(&self, token: Token, is_current: impl Fn() -> bool) -> Result<Obtained, Failure> {
        let Some(store) = &self.store else { return Ok(saved(token)) };
        let mut stored = self.stored.lock().await;
        if !is_current() {
            return Ok(saved(token));
        }
        match store.save(&token).await {
            Ok(()) => {
                *stored = Some(token.clone());
                Ok(saved(token))
            }
            Err(error) if self.best_effort => {
                tracing::warn!(%error, "calls go on with a token that is not saved");
                Ok(Obtained { token, unsaved: Some(error) })
            }
            Err(error) => Err(Failure { error, unsaved: Some(token) }),
        }
    }

    /// The stored token, and whether it is another one than this process knows of.
    async fn load(&self) -> Result<Option<(Token, bool)>, Error> {
        let Some(store) = &self.store else { return Ok(None) };
        let Some(token) = self.or_go_on(store.load().await, || None)? else { return Ok(None) };
        let mut stored = self.stored.lock().await;
        let is_news = stored.as_ref() != Some(&token);
        *stored = Some(token.clone());
        Ok(Some((token, is_news)))
    }

    async fn lease(&self) -> Result<Lease, Error> {
        let Some(store) = &self.store else { return Ok(Lease::none()) };
        self.or_go_on(store.lease().await, Lease::none)
    }

    /// A store that cannot be read is an error, unless calls are to go on without it.
    fn or_go_on<T>(&self, read: Result<T, Error>, without: impl FnOnce() -> T) -> Result<T, Error> {
        match read {
            Err(error) if self.best_effort => {
                tracing::warn!(%error, "calls go on without the token store");
                Ok(without())
            }
            read => read,
        }
    }

    /// Another process asked a moment ago and was told no: its answer is ours, too.
    async fn refuse_what_failed_elsewhere(&self) -> Result<(), Error> {
        let Some(store) = &self.store else { return Ok(()) };
        let failure = self.or_go_on(store.failure().await, || None)?;
        let lasting = failure.and_then(|failure| failure.error(self.now(), LONGEST_REST));
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

    async fn remember(&self, error: &Error) {
        let Some(store) = &self.store else { return };
        if error.kind() == Kind::NoToken {
            return;
        }
        let failure = RenewalFailure::new(error, self.now(), rest_after(error));
        if let Err(error) = store.save_failure(failure).await {
            tracing::warn!(%error, "other processes will not hear of the failure");
        }
    }

    pub(super) fn now(&self) -> SystemTime {
        self.endpoint.clock.now()
    }
}

enum Asked {
    New(Token),
    Nothing(Token),
}

fn saved(token: Token) -> Obtained {
    Obtained { token, unsaved: None }
}
