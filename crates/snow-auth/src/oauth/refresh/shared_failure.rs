//! A failed token request, which other processes hear of by the store.
//!
//! A process that has lost its lease tells nobody: its request may have failed only because another process has obtained a newer
//! token. It looks for that token instead.

use super::token_request::{FailedRequest, KnownTokens};
use super::{LeaseOutcome, Refresher, StoreRead};
use crate::Token;
use crate::oauth::store::{Lease, RefreshFailure, StoreWrite};
use crate::oauth::token_state::{FailedRefresh, LONGEST_COOL_DOWN, Refreshed, cool_down_after};
use snow_core::{Error, ErrorKind};

impl Refresher {
    /// Fails if another process requested a token a moment ago and failed.
    pub(super) async fn fail_as_other_process(&self) -> Result<(), Error> {
        let Some(store) = &self.store else { return Ok(()) };
        let failure = self.or_without_store(store.failure().await, || None)?;
        let lasting = failure.and_then(|failure| failure.error(self.now(), LONGEST_COOL_DOWN));
        lasting.map_or(Ok(()), Err)
    }

    /// Tells other processes of the failure, and saves the refresh token that came with it.
    pub(super) async fn after_failed_request(
        &self,
        failed: FailedRequest,
        lease: &Lease,
        is_current: &impl Fn() -> bool,
    ) -> Result<LeaseOutcome, FailedRefresh> {
        if self.share_failure(&failed.error, lease).await == StoreWrite::Superseded {
            return Ok(LeaseOutcome::FailedSuperseded(failed));
        }
        let Some(kept) = failed.kept.clone() else { return Err(failed.error.into()) };
        match self.save(kept.clone(), lease, is_current).await {
            Ok(Some(_)) => {}
            Ok(None) => return Ok(LeaseOutcome::FailedSuperseded(failed)),
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
    ) -> Result<Refreshed, FailedRefresh> {
        if read_store {
            match self.newer_stored(known).await {
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
    async fn newer_stored(&self, known: &KnownTokens) -> Result<Option<Token>, Error> {
        let _lease = self.lease().await?;
        match self.load().await? {
            StoreRead::Token(stored) if self.may_use(&stored, known) => Ok(Some(stored.token)),
            _ => Ok(None),
        }
    }

    /// Remembers the failure in the store. A store that fails changes nothing for the caller, whose request has failed anyway.
    async fn share_failure(&self, error: &Error, lease: &Lease) -> StoreWrite {
        let Some(store) = &self.store else { return StoreWrite::Applied };
        if error.kind() == ErrorKind::NoToken {
            return StoreWrite::Applied;
        }
        let failure = RefreshFailure::of(error, self.now(), cool_down_after(error));
        store.save_failure(failure, lease).await.unwrap_or_else(|error| {
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
