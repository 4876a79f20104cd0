//! A failed token request, which the store tells other processes about.
//!
//! A process that has lost its lease tells nobody: its request may have failed only because another process has obtained a newer
//! token. It looks for that token instead.

use super::token_request::{FailedRequest, KnownTokens};
use super::{LeaseOutcome, RefreshProgress, Refresher, SaveOutcome, StoreRead};
use crate::Token;
use crate::oauth::store::{RefreshFailure, StoreWrite};
use crate::oauth::token_state::{FailedRefresh, LONGEST_COOL_DOWN, Refreshed, cool_down_after};
use snow_core::{Error, ErrorKind};

impl Refresher {
    /// Fails if another process requested a token a moment ago and failed. That a password was refused says nothing to a process that
    /// has another one, and this client itself knows better when it may try again.
    pub(super) async fn fail_as_other_process(&self) -> Result<(), FailedRefresh> {
        let Some(store) = &self.store else { return Ok(()) };
        let failure = self.or_without_store(store.failure().await, || None)?;
        let told = self.told.lock().await.clone();
        let of_others = failure.filter(|failure| Some(failure) != told.as_ref());
        let concerns_us =
            |f: &RefreshFailure| f.password_mark.is_none() || f.password_mark == self.password_mark();
        let lasting = of_others.filter(concerns_us);
        match lasting.and_then(|failure| failure.error(self.now(), LONGEST_COOL_DOWN)) {
            None => Ok(()),
            Some(error) => {
                let left = error.retry_after().unwrap_or_default();
                Err(FailedRefresh::of_other_process(error, left))
            }
        }
    }

    /// Returns the mark of the grant's password.
    fn password_mark(&self) -> Option<u16> {
        let (user, password) = self.grant.as_ref()?.user_and_password()?;
        Some(self.endpoint.owner.password_mark(user, password))
    }

    /// Tells other processes of the failure, and saves the refresh token that came with it.
    pub(super) async fn after_failed_request(
        &self,
        failed: FailedRequest,
        progress: &RefreshProgress,
        is_current: &impl Fn() -> bool,
    ) -> Result<LeaseOutcome, FailedRefresh> {
        match &failed.kept {
            Some(kept) => progress.set_saving(kept),
            None => progress.set_idle(),
        }
        if self.share_failure(&failed.error, progress).await == StoreWrite::Superseded {
            return Ok(LeaseOutcome::FailedSuperseded(failed));
        }
        let Some(kept) = failed.kept.clone() else { return Err(failed.error.into()) };
        match self.save(kept.clone(), progress, is_current).await {
            Ok(SaveOutcome::Saved(_) | SaveOutcome::LeaseReturned) => {}
            Ok(SaveOutcome::Superseded) => return Ok(LeaseOutcome::FailedSuperseded(failed)),
            Err(FailedRefresh { error, .. }) => {
                tracing::warn!(error = error.report(), "a new refresh token is not saved yet")
            }
        }
        Err(FailedRefresh::unsaved(failed.error, kept))
    }

    /// Returns the token of the process that took the lease over, or the failure. Nothing is requested again, because a password
    /// that was refused must not be sent a second time.
    pub(super) async fn after_superseded_failure(
        &self,
        failed: FailedRequest,
        known: &KnownTokens,
        read_store: bool,
        progress: &RefreshProgress,
    ) -> Result<Refreshed, FailedRefresh> {
        if read_store {
            match self.newer_stored(known, progress).await {
                Ok(Some(token)) => return Ok(Refreshed::saved(token)),
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(error = error.report(), "the token of another process was not loaded")
                }
            }
        }
        Err(failed.into_superseded())
    }

    /// Waits for the process that has the lease, and returns its token.
    async fn newer_stored(
        &self,
        known: &KnownTokens,
        progress: &RefreshProgress,
    ) -> Result<Option<Token>, Error> {
        progress.begin(self.lease().await?);
        match self.load().await? {
            StoreRead::Token(stored) if self.may_use(&stored, known) => Ok(Some(stored.token)),
            _ => Ok(None),
        }
    }

    /// Remembers the failure in the store. A store that fails changes nothing for the caller, whose request has failed anyway.
    async fn share_failure(&self, error: &Error, progress: &RefreshProgress) -> StoreWrite {
        let (Some(store), Some(lease)) = (&self.store, progress.lease()) else { return StoreWrite::Applied };
        if error.kind() == ErrorKind::NoToken {
            return StoreWrite::Applied;
        }
        let password_mark = self.password_mark().filter(|_| error.kind() == ErrorKind::TokenRefused);
        let cool_down = cool_down_after(error, password_mark.is_some());
        let failure = RefreshFailure::of(error, self.now(), cool_down, password_mark);
        *self.told.lock().await = Some(failure.clone());
        store.save_failure(failure, &lease).await.unwrap_or_else(|error| {
            tracing::warn!(error = error.report(), "other processes will not hear of the failure");
            StoreWrite::Applied
        })
    }
}

impl FailedRequest {
    /// Returns the failure of a refresh whose lease another process took over. A refresh token that came with it is not kept.
    pub(super) fn into_superseded(self) -> FailedRefresh {
        if self.kept.is_none() {
            return self.error.into();
        }
        let advice = "another process took over the lease of the token store, whose token the next call uses";
        FailedRefresh::superseded(self.error.with_advice(advice))
    }
}
