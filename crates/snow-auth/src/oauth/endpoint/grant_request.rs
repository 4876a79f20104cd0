//! Obtains a token by a grant of the caller.

use super::form::form_request;
use super::oauth2_client::TokenReply;
use super::refusal_advice::RequestKind;
use super::response::no_token_in_response;
use super::{Endpoint, RequestFailure};
use crate::Token;
use crate::oauth::grant::{Grant, GrantKind, TokenCallback};
use crate::oauth::jwt_bearer::{AssertionContext, JwtBearer};
use crate::oauth::timeouts::{Timeouts, within_callback_timeout};
use crate::one_time_password::OneTimePassword;
use futures_util::FutureExt;
use http::Method;
use oauth2::{CsrfToken, ResourceOwnerPassword, ResourceOwnerUsername};
use snow_core::{Error, ErrorKind, Secret};
use std::panic::AssertUnwindSafe;
use std::time::{Duration, SystemTime};

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// A grant that is ready to be sent: an assertion is signed, and a one-time password is part of the password.
pub(in crate::oauth) enum GrantRequest<'a> {
    Password { user: &'a str, password: Secret, one_time: bool },
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

    fn kind(&self) -> RequestKind {
        match self {
            Self::Password { one_time: false, .. } => RequestKind::Password,
            Self::Password { one_time: true, .. } => RequestKind::OneTimePassword,
            Self::ClientCredentials => RequestKind::ClientCredentials,
            Self::Assertion(_) => RequestKind::Assertion,
            Self::Callback(_) => RequestKind::Callback,
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
            GrantKind::Password { user, password, one_time: None } => {
                GrantRequest::Password { user, password: password.clone(), one_time: false }
            }
            GrantKind::Password { user, password, one_time: Some(one_time) } => {
                let password = self.ask(one_time, password).await?;
                GrantRequest::Password { user, password, one_time: true }
            }
            GrantKind::ClientCredentials => GrantRequest::ClientCredentials,
            GrantKind::JwtBearer(assertion) => GrantRequest::Assertion(self.sign(assertion).await?),
            GrantKind::Callback(callback) => GrantRequest::Callback(&**callback),
        })
    }

    /// Obtains a token by a grant that is ready to be sent.
    pub(in crate::oauth) async fn send(&self, request: GrantRequest<'_>) -> Result<Token, Error> {
        let kind = request.kind();
        let token = match request {
            GrantRequest::Password { user, password, .. } => self.password(user, &password).await,
            GrantRequest::ClientCredentials => self.client_credentials().await,
            GrantRequest::Assertion(assertion) => {
                let fields = vec![("grant_type", JWT_BEARER), ("assertion", assertion.expose())];
                self.request_by_form(fields).await
            }
            GrantRequest::Callback(callback) => self.callback(callback).await,
        };
        token.map_err(|failure| kind.advise(failure.error))
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

    async fn ask(&self, one_time: &OneTimePassword, password: &Secret) -> Result<Secret, Error> {
        let what = "the callback that returns one-time passwords";
        within_callback_timeout(what, self.timeouts.callback, one_time.append_to(password)).await?
    }

    /// Signs an assertion. The instance compares its times with a clock of its own, so they are those of the machine's clock now.
    async fn sign(&self, assertion: &JwtBearer) -> Result<Secret, Error> {
        let now = self.clock.wall_now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let id = CsrfToken::new_random();
        let signed = assertion.assertion(AssertionContext {
            client_id: self.checked_client_id()?,
            token_endpoint: &self.uri,
            now: now.as_secs(),
            id: id.secret(),
        });
        within_callback_timeout("the signer", self.timeouts.callback, signed).await?
    }

    /// Requests a token with these fields: for grants that `oauth2` does not have.
    async fn request_by_form(&self, mut fields: Vec<(&str, &str)>) -> Result<Token, RequestFailure> {
        let (sent, scope) = (self.clock.unix(), self.scopes.join(" "));
        if !scope.is_empty() {
            fields.push(("scope", &scope));
        }
        // The assertion of a public client names it already (facts 13.2).
        let form = match &self.client_secret {
            Some(_) => self.form(&self.uri, fields),
            None => form_request(&self.uri, &fields),
        };
        let request = form.map(|form| form.expose().as_bytes().to_vec());
        let of_endpoint = |error: Error| error.with_request(&Method::POST, &self.uri).before_sending();
        let response = self.http()(request).await.map_err(of_endpoint)?;
        let reply: Result<TokenReply, _> = serde_json::from_slice(response.body());
        self.accept(reply.map_err(|_| of_endpoint(no_token_in_response()))?, sent, None)
    }

    async fn callback(&self, callback: &TokenCallback) -> Result<Token, RequestFailure> {
        const WHAT: &str = "the callback that obtains tokens";
        // The error of the callback is the diagnosis, because nothing is known here about how it obtains tokens.
        let refused =
            |why: &str| Error::new(ErrorKind::TokenRefused, format!("{WHAT} failed{why}")).with_advice("");
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::endpoint::Revocation;
    use crate::oauth::token_owner::TokenOwner;
    use crate::{Algorithm, Signer};
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
    use http::{Response, Uri};
    use snow_core::{Body, Clock, HttpService, Instance};

    struct Unsigned;

    impl Signer for Unsigned {
        type Error = Error;

        fn algorithm(&self) -> Algorithm {
            Algorithm::Es256
        }

        async fn sign(&self, _: &[u8]) -> Result<Vec<u8>, Error> {
            Ok(Vec::new())
        }
    }

    /// The clock by which tokens expire stands still while a machine sleeps. An assertion with the time of such a clock would be
    /// refused until the program is restarted.
    #[tokio::test]
    async fn an_assertion_has_the_time_of_day_after_the_machine_has_slept() {
        let nobody = tower::service_fn(|_| async { Ok::<_, Error>(Response::new(Body::empty())) });
        let uri = Uri::from_static("https://dev1.service-now.com/oauth_token.do");
        let endpoint = Endpoint {
            service: HttpService::new(nobody),
            uri: uri.clone(),
            authorize: uri.clone(),
            revoke: Revocation::Query(uri),
            client_id: "my-id".into(),
            owner: TokenOwner::new(&Instance::parse("dev1").unwrap(), "my-id"),
            client_secret: None,
            scopes: Vec::new(),
            timeouts: Timeouts::default(),
            clock: Clock::after_sleep(Duration::from_secs(3_600)),
        };
        let assertion = JwtBearer::new("robot", Unsigned).backdate(Duration::ZERO);
        let signed = endpoint.sign(&assertion).await.unwrap();
        let claims = BASE64.decode(signed.expose().split('.').nth(1).unwrap()).unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
        let ahead = claims["iat"].as_u64().unwrap() - endpoint.clock.unix().as_secs();
        assert!((3_590..3_610).contains(&ahead), "{ahead}");
    }
}
