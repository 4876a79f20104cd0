//! A token by a grant of the user's.

use super::oauth2_client::TokenReply;
use super::response::no_token_in_response;
use super::{Endpoint, RequestFailure};
use crate::Token;
use crate::oauth::grant::{Grant, GrantKind, TokenCallback};
use crate::oauth::jwt_bearer::JwtBearer;
use crate::oauth::timeouts::{Timeouts, within_callback_timeout};
use futures_util::FutureExt;
use http::Method;
use oauth2::{CsrfToken, ResourceOwnerPassword, ResourceOwnerUsername};
use snow_core::{Error, ErrorKind, Secret};
use std::panic::AssertUnwindSafe;
use std::time::Duration;

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// A grant that is ready to be sent: an assertion is signed.
pub(in crate::oauth) enum GrantRequest<'a> {
    Password { user: &'a str, password: &'a Secret },
    ClientCredentials,
    Assertion(Secret),
    Callback(&'a TokenCallback),
}

impl GrantRequest<'_> {
    /// Returns how long it may take to send it and to receive the token.
    pub(in crate::oauth) fn timeout(&self, timeouts: &Timeouts) -> Duration {
        match self {
            Self::Password { .. } | Self::ClientCredentials | Self::Assertion(_) => timeouts.token_request,
            Self::Callback(_) => timeouts.callback,
        }
    }
}

impl Endpoint {
    /// Obtains a token by a grant.
    pub(in crate::oauth) async fn obtain(&self, grant: &Grant) -> Result<Token, Error> {
        self.send(self.prepare(grant).await?).await
    }

    /// Does what comes before the token request itself.
    pub(in crate::oauth) async fn prepare<'a>(&self, grant: &'a Grant) -> Result<GrantRequest<'a>, Error> {
        Ok(match &grant.0 {
            GrantKind::Password { user, password } => GrantRequest::Password { user, password },
            GrantKind::ClientCredentials => GrantRequest::ClientCredentials,
            GrantKind::JwtBearer(assertion) => GrantRequest::Assertion(self.sign(assertion).await?),
            GrantKind::Callback(callback) => GrantRequest::Callback(&**callback),
        })
    }

    /// Obtains a token by a grant that is ready to be sent.
    pub(in crate::oauth) async fn send(&self, request: GrantRequest<'_>) -> Result<Token, Error> {
        let token = match request {
            GrantRequest::Password { user, password } => self.password(user, password).await,
            GrantRequest::ClientCredentials => self.client_credentials().await,
            GrantRequest::Assertion(assertion) => {
                let fields = vec![("grant_type", JWT_BEARER), ("assertion", assertion.expose())];
                self.request_by_form(fields).await
            }
            GrantRequest::Callback(callback) => self.callback(callback).await,
        };
        token.map_err(|failure| failure.error)
    }

    async fn password(&self, user: &str, password: &Secret) -> Result<Token, RequestFailure> {
        let (client, sent) = (self.oauth2_client()?, self.clock.unix());
        let user = ResourceOwnerUsername::new(user.to_owned());
        let password = ResourceOwnerPassword::new(password.expose().to_owned());
        let (http, scopes) = (self.http(), self.scopes());
        let reply = client.exchange_password(&user, &password).add_scopes(scopes).request_async(&http).await;
        self.accept(reply.map_err(|error| self.error_of(error))?, sent, None)
    }

    async fn client_credentials(&self) -> Result<Token, RequestFailure> {
        let (client, sent) = (self.oauth2_client()?, self.clock.unix());
        let (http, scopes) = (self.http(), self.scopes());
        let reply = client.exchange_client_credentials().add_scopes(scopes).request_async(&http).await;
        self.accept(reply.map_err(|error| self.error_of(error))?, sent, None)
    }

    async fn sign(&self, assertion: &JwtBearer) -> Result<Secret, Error> {
        let jti = CsrfToken::new_random();
        let signed = assertion.assertion(&self.client_id, self.clock.unix().as_secs(), jti.secret());
        within_callback_timeout("the signer", self.timeouts.callback, signed).await?
    }

    /// Requests a token with these fields: for grants that `oauth2` does not have.
    async fn request_by_form(&self, mut fields: Vec<(&str, &str)>) -> Result<Token, RequestFailure> {
        let (sent, scope) = (self.clock.unix(), self.scopes.join(" "));
        if !scope.is_empty() {
            fields.push(("scope", &scope));
        }
        let request = self.form(&self.uri, fields).map(|form| form.expose().as_bytes().to_vec());
        let of_endpoint = |error: Error| error.with_request(&Method::POST, &self.uri).before_sending();
        let response = self.http()(request).await.map_err(of_endpoint)?;
        let reply: Result<TokenReply, _> = serde_json::from_slice(response.body());
        self.accept(reply.map_err(|_| of_endpoint(no_token_in_response()))?, sent, None)
    }

    async fn callback(&self, callback: &TokenCallback) -> Result<Token, RequestFailure> {
        const WHAT: &str = "the callback that obtains tokens";
        let refused = |why: &str| Error::new(ErrorKind::TokenRefused, format!("{WHAT} failed{why}"));
        let sent = self.clock.unix();
        let caught = AssertUnwindSafe(async { callback().await }).catch_unwind();
        let token = match within_callback_timeout(WHAT, self.timeouts.callback, caught).await? {
            Ok(token) => token.map_err(|error| match error.downcast::<Error>() {
                Ok(own) if own.kind() != ErrorKind::Other => *own,
                Ok(own) => refused("").with_reason(*own),
                Err(foreign) => refused("").with_reason(foreign),
            }),
            Err(_panic) => Err(refused(": it panicked")),
        };
        self.check_token(token.map_err(Error::before_sending)?.with_expiry_since(sent))
    }
}
