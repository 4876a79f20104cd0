//! The token endpoint. Only this folder names the `oauth2` crate.
//!
//! ServiceNow wants the client's credentials in the form, responds with 401 `server_error` / `access_denied` to everything it
//! refuses (facts 4.1), and with 200 and an HTML page when it sleeps (facts 3.6). So a response is classified before `oauth2`
//! reads it: its own errors carry the whole response, tokens included.
//!
//! `oauth2` has no JWT bearer grant, and its revocation takes a form where the service takes a query: those two are requests
//! of our own over the same service.

mod authorization_code;
mod form;
mod grant_request;
mod oauth2_client;
mod refresh_request;
mod refusal_advice;
mod response;
mod revocation;

use super::Token;
use super::timeouts::{Timeouts, while_polled};
use super::token_owner::TokenOwner;
use http::{Method, Uri};
use response::no_token_in_response;
pub(super) use revocation::Revocation;
use snow_core::{Clock, Error, ErrorKind, HttpService, Secret};
use std::time::Duration;

/// Far more than any token response.
const MAX_RESPONSE: usize = 1 << 20;

#[derive(Clone)]
pub(super) struct Endpoint {
    pub(super) service: HttpService,
    /// Where tokens are requested.
    pub(super) uri: Uri,
    /// Where a person logs in.
    pub(super) authorize: Uri,
    pub(super) revoke: Revocation,
    pub(super) client_id: String,
    /// Named by every token that is obtained.
    pub(super) owner: TokenOwner,
    /// `None` for a public client.
    pub(super) client_secret: Option<Secret>,
    pub(super) scopes: Vec<String>,
    pub(super) timeouts: Timeouts,
    pub(super) clock: Clock,
}

/// Why a request brought no token to use.
pub(super) struct RequestFailure {
    pub(super) error: Error,
    /// The refresh token that came nevertheless. If the previous one ended with this request, it is the only one that works.
    pub(super) refresh_token: Option<Secret>,
}

impl From<Error> for RequestFailure {
    fn from(error: Error) -> Self {
        Self { error, refresh_token: None }
    }
}

impl Endpoint {
    /// Returns the client's id, which a client that only has a callback may lack.
    fn checked_client_id(&self) -> Result<&str, Error> {
        if self.client_id.is_empty() {
            let why = "the client_id is missing, which this login needs: it is in the instance's application registry";
            return Err(Error::new(ErrorKind::InvalidInput, why));
        }
        Ok(&self.client_id)
    }

    /// Refuses a token that no header can carry before it is saved, and writes the owner into all others.
    fn check_token(&self, token: Token) -> Result<Token, RequestFailure> {
        let error = match token.header() {
            Ok(_) => return Ok(self.owner.mark(token)),
            Err(_) if token.access_token().is_empty() => no_token_in_response(),
            Err(error) => error.of_response().with_context("the token endpoint's response cannot be used"),
        };
        let error = error.with_request(&Method::POST, &self.uri).before_sending();
        Err(RequestFailure { error, refresh_token: token.refresh_token().cloned() })
    }
}

/// Limits the time of a whole exchange with the endpoint.
async fn within<T>(limit: Duration, exchange: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    while_polled(limit, exchange).await?.unwrap_or_else(|| {
        Err(Error::new(ErrorKind::TimedOut, format!("the token endpoint did not respond within {limit:?}"))
            .with_advice("find out whether it can be reached from here, or allow more with token_timeout()"))
    })
}
