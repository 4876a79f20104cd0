//! How a token is requested: by a refresh token, else by the user's grant, and under a lease that outlasts the request.

use super::{RefreshProgress, Refresher};
use crate::Token;
use crate::oauth::endpoint::RequestFailure;
use crate::oauth::token_state::{no_refresh_token, no_token};
use snow_core::{Error, ErrorKind, Secret};
use std::time::Duration;

/// The tokens that a refresh knows, from one lease to the next.
#[derive(Default)]
pub(super) struct KnownTokens {
    /// The token that is replaced.
    pub(super) old: Option<Token>,
    /// The tokens whose refresh tokens are tried, the newest first.
    candidates: Vec<Token>,
    /// The refresh tokens that the endpoint refused, and what it said of the last one.
    refused: Vec<Secret>,
    refusal: Option<Error>,
    /// Whether another process took a lease over before a new token was saved.
    pub(super) superseded: bool,
}

impl KnownTokens {
    pub(super) fn new(old: Option<Token>) -> Self {
        Self { candidates: Vec::from_iter(old.clone()), old, ..Self::default() }
    }

    /// Adds a token of the store. It comes first if it is not known yet.
    pub(super) fn add_stored(&mut self, token: Token, is_news: bool) {
        if !self.candidates.contains(&token) {
            let place = if is_news { 0 } else { self.candidates.len() };
            self.candidates.insert(place, token);
        }
    }

    /// Discards a token whose lease was taken over. No call uses it, but where refresh tokens rotate, its refresh token may be
    /// the only one that still works.
    pub(super) fn discard(&mut self, token: Token) {
        self.superseded = true;
        if token.refresh_token().is_some() {
            self.candidates.insert(0, token);
        }
    }
}

/// The result of a request for a token.
pub(super) enum TokenRequest {
    New(Token),
    /// An old one, because there is nothing to request another one with.
    Unchanged(Token),
    /// Nothing was sent: the lease may end before the response, which may take this long, and was not extended.
    LeaseTooShort(Duration),
}

/// Why a request brought no token.
pub(super) struct FailedRequest {
    pub(super) error: Error,
    /// The token before, with the refresh token that came in place of its own.
    pub(super) kept: Option<Token>,
}

impl Refresher {
    /// Requests a new token: by the refresh tokens of the known ones, else by the user's grant. Returns a known one if there is
    /// nothing to request it with and the known one has not expired.
    pub(super) async fn request(
        &self,
        known: &mut KnownTokens,
        progress: &RefreshProgress,
    ) -> Result<TokenRequest, FailedRequest> {
        for token in &known.candidates {
            let Some(refresh_token) = token.refresh_token() else { continue };
            if known.refused.contains(refresh_token) {
                continue;
            }
            let limit = self.endpoint.timeouts.token_request;
            if !self.lease_outlasts(limit, progress).await {
                return Ok(TokenRequest::LeaseTooShort(limit));
            }
            progress.set_requesting();
            match self.endpoint.refresh(token).await {
                Ok(token) => return Ok(TokenRequest::New(token)),
                Err(failure) if failure.error.kind() == ErrorKind::ReauthenticationRequired => {
                    known.refused.push(refresh_token.clone());
                    known.refusal = Some(failure.error);
                    progress.set_idle();
                }
                Err(failure) => return Err(FailedRequest::new(failure, token)),
            }
        }
        // The refresh tokens are no longer accepted, or there is none.
        match (&self.grant, &known.refusal) {
            (Some(_), _) => self.request_by_grant(known, progress).await,
            (None, Some(refusal)) => Err(refusal.clone().into()),
            (None, None) => match known.candidates.first() {
                Some(token) if !token.is_expired(self.now()) => Ok(TokenRequest::Unchanged(token.clone())),
                Some(_) => Err(no_refresh_token().into()),
                None => Err(no_token().into()),
            },
        }
    }

    async fn request_by_grant(
        &self,
        known: &KnownTokens,
        progress: &RefreshProgress,
    ) -> Result<TokenRequest, FailedRequest> {
        let Some(grant) = &self.grant else { return Err(no_refresh_token().into()) };
        let with_refusal = |error: Error| match &known.refusal {
            Some(refusal) => {
                error.with_context(&format!("{refusal}; and the grant that was tried instead failed as well"))
            }
            None => error,
        };
        let request = self.endpoint.prepare(grant).await.map_err(with_refusal)?;
        let limit = request.timeout(&self.endpoint.timeouts);
        if !self.lease_outlasts(limit, progress).await {
            return Ok(TokenRequest::LeaseTooShort(limit));
        }
        progress.set_requesting();
        Ok(TokenRequest::New(self.endpoint.send(request).await.map_err(with_refusal)?))
    }
}

impl Refresher {
    /// Returns `true` if the lease lasts longer than this, by being extended if need be.
    async fn lease_outlasts(&self, limit: Duration, progress: &RefreshProgress) -> bool {
        let Some(lease) = progress.lease() else { return false };
        if lease.outlasts(limit) {
            return true;
        }
        let Some(store) = &self.store else { return false };
        store.extend(&lease, limit).await.unwrap_or_else(|error| {
            tracing::debug!(error = error.report(), "the token store's lease was not extended");
            false
        })
    }
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
