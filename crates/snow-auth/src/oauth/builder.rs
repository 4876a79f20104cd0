//! The settings of an OAuth client.

use super::endpoint::{Endpoint, Revocation};
use super::grant::Grant;
use super::last_login::LastLogin;
use super::refresh::Refresher;
use super::shared_token::SharedToken;
use super::store::{Store, Updater};
use super::timeouts::Timeouts;
use super::token_owner::TokenOwner;
use super::{OAuth, Token, TokenStore};
use http::Uri;
use snow_core::{
    ApiPath, BoxError, Clock, Error, ErrorKind, HttpService, Instance, Params, Secret, check_credential,
};
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// A policy for calls while the [`TokenStore`] fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum StorePolicy {
    /// The call fails. A token that was not saved is kept, and the next call saves it first. This is the default: no call uses a
    /// token that the store does not have.
    #[default]
    Required,
    /// Calls go on, and saving the token is tried again every 30 s. The failure is a `tracing` event at WARN, and
    /// [`OAuth::store_error`] returns it.
    BestEffort,
}

/// A builder of an [`OAuth`] client.
#[derive(Clone, Default)]
#[must_use]
pub struct OAuthBuilder {
    client_id: String,
    client_secret: Option<Secret>,
    public: bool,
    grant: Option<Grant>,
    store: Option<Store>,
    policy: StorePolicy,
    scopes: Vec<String>,
    token_url: Option<String>,
    authorization_url: Option<String>,
    revocation_url: Option<String>,
    timeouts: Timeouts,
}

impl OAuthBuilder {
    /// Sets the id of the client, from the instance's application registry.
    pub fn client_id(mut self, id: impl Into<String>) -> Self {
        self.client_id = id.into();
        self
    }

    /// Sets the secret of the client. It is sent in the form of token requests and nowhere else ([facts 4.1]).
    ///
    /// [facts 4.1]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#41-token-endpoint
    pub fn client_secret(mut self, secret: impl Into<Secret>) -> Self {
        self.client_secret = Some(secret.into());
        self
    }

    /// Sets whether this is a public client, which has no secret: a program on people's machines. It can log in by
    /// [`authorization`](OAuth::authorization), or by a [signed assertion](Grant::jwt_bearer), whose request then has neither id nor
    /// secret. It gets no refresh token ([facts 4.1]). Default: `false`.
    ///
    /// [facts 4.1]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#41-token-endpoint
    pub fn public_client(mut self, public: bool) -> Self {
        self.public = public;
        self
    }

    /// Sets how to obtain the first token, and another one when the refresh token is no longer accepted. Its secrets are kept in
    /// memory. Without a grant, the first token comes from [`generate_token`](OAuth::generate_token) or the token store, and a
    /// person has to log in again when the refresh token expires.
    pub fn grant(mut self, grant: Grant) -> Self {
        self.grant = Some(grant);
        self
    }

    /// Sets where tokens are kept. A stored token is used at the start, and each new token is saved before any request uses it. It
    /// replaces a [`token_updater`](Self::token_updater).
    pub fn token_store(mut self, store: impl TokenStore) -> Self {
        self.store = Some(Store::new(store));
        self
    }

    /// Sets a closure that saves every new token, and has to succeed before any request uses the token. If it fails, so does the
    /// call; the token is kept, and the next call saves it first. It is the short form of a [`token_store`](Self::token_store)
    /// that is never read.
    ///
    /// It must not call the client whose token it saves: such a call fails, because it would wait for itself.
    pub fn token_updater<F, Fut, E>(mut self, save: F) -> Self
    where
        F: Fn(Token) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<BoxError> + 'static,
    {
        self.store = Some(Store::write_only(Updater(save)));
        self
    }

    /// Sets what happens when the store or the updater fails; [`StorePolicy::Required`] by default.
    pub fn store_policy(mut self, policy: StorePolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Adds a scope to request. Without any, the service grants `useraccount` ([facts 4.1]).
    ///
    /// [facts 4.1]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#41-token-endpoint
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scopes.push(scope.into());
        self
    }

    /// Sets where tokens are requested, in place of the instance's `/oauth_token.do`: the path of a gateway, or another issuer.
    /// The client's credentials are sent to this address and to no other.
    pub fn token_url(mut self, url: impl Into<String>) -> Self {
        self.token_url = Some(url.into());
        self
    }

    /// Sets where people log in, in place of the instance's `/oauth_auth.do`.
    pub fn authorization_url(mut self, url: impl Into<String>) -> Self {
        self.authorization_url = Some(url.into());
        self
    }

    /// Sets where tokens are revoked, in place of the instance's `/oauth_revoke_token.do`. The request is a form, as in RFC 7009.
    pub fn revocation_url(mut self, url: impl Into<String>) -> Self {
        self.revocation_url = Some(url.into());
        self
    }

    /// Sets how long a token request may take, from the request to the end of the response; 30 s by default. Calls that wait for
    /// the token fail with the request. It should be shorter than the deadline of a call, and than a [lease](crate::Lease) of the
    /// token store lasts.
    pub fn token_timeout(mut self, limit: Duration) -> Self {
        self.timeouts.token_request = limit;
        self
    }

    /// Sets how long each call of your own code may take: of the token store or updater, of a [`Signer`](crate::Signer), and of the
    /// callback of a [grant](Grant::callback) or of a [one-time password](Grant::one_time_password); 30 s by default. A store may wait ten times as long for its [lease](TokenStore::lease),
    /// because another process may hold it for as long as it refreshes the token.
    ///
    /// A store or an updater that does not finish by then has failed: see [`StorePolicy`].
    pub fn callback_timeout(mut self, limit: Duration) -> Self {
        self.timeouts.callback = limit;
        self
    }

    /// Creates the client of an instance. Token requests go over `service`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] if
    ///
    /// - the client's id or secret is missing, or the grant lacks something;
    /// - one of these begins or ends with a line break or another control character;
    /// - an address is not valid.
    pub fn build<S, R>(self, instance: &Instance, service: S) -> Result<OAuth, Error>
    where
        S: tower_service::Service<http::Request<snow_core::Body>, Response = http::Response<R>>,
        S: Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        S::Error: Into<BoxError>,
        R: http_body::Body<Data = bytes::Bytes> + Send + 'static,
        R::Error: Into<BoxError>,
    {
        let client_secret = self.checked_secret()?;
        let at = |url: &Option<String>, what, path: &ApiPath| match url {
            Some(url) => absolute(url, what),
            None => instance.uri(path, &Params::new()),
        };
        let endpoint = Endpoint {
            service: HttpService::new(service),
            uri: at(&self.token_url, "token URL", &ApiPath::OAUTH_TOKEN)?,
            authorize: at(&self.authorization_url, "authorization URL", &ApiPath::OAUTH_AUTHORIZE)?,
            revoke: match &self.revocation_url {
                Some(url) => Revocation::Form(absolute(url, "revocation URL")?),
                None => Revocation::Query(instance.uri(&ApiPath::OAUTH_REVOKE, &Params::new())?),
            },
            owner: TokenOwner::new(instance, &self.client_id),
            client_id: self.client_id,
            client_secret,
            scopes: self.scopes,
            timeouts: self.timeouts,
            clock: Clock::new(),
        };
        let refresher = Refresher {
            endpoint,
            grant: self.grant,
            store: self.store.map(|store| store.with_timeouts(self.timeouts)),
            best_effort: self.policy == StorePolicy::BestEffort,
            stored: Arc::default(),
            told: Arc::default(),
        };
        let last_login = Arc::new(LastLogin::new(self.public));
        Ok(OAuth { origin: instance.origin().clone(), token: SharedToken::new(refresher), last_login })
    }

    /// Returns the secret, which may be missing for a public client or a callback only.
    fn checked_secret(&self) -> Result<Option<Secret>, Error> {
        self.grant.as_ref().map_or(Ok(()), Grant::check)?;
        check_credential("client_id", &self.client_id)?;
        self.scopes.iter().try_for_each(|scope| check_credential("scope", scope))?;
        if let Some(secret) = &self.client_secret {
            check_credential("client_secret", secret.expose())?;
        }
        let secret = self.client_secret.clone().filter(|secret| !secret.is_empty());
        if self.grant.as_ref().is_some_and(|grant| !grant.needs_endpoint()) {
            return Ok(secret);
        }
        let missing = |what| {
            let why = "is missing: both id and secret are in the instance's application registry";
            Error::new(ErrorKind::InvalidInput, format!("the {what} {why}"))
        };
        match (self.client_id.is_empty(), self.public, secret) {
            (true, ..) => Err(missing("client_id")),
            (_, true, Some(_)) => Err(Error::new(
                ErrorKind::InvalidInput,
                "a client_secret was set, and a public client has none",
            )),
            (_, false, None) => Err(missing("client_secret")),
            (_, _, secret) => Ok(secret),
        }
    }
}

/// Parses an address with a path, as strictly as that of an instance.
fn absolute(url: &str, what: &str) -> Result<Uri, Error> {
    let refuse =
        |error| Error::new(ErrorKind::InvalidInput, format!("the {what} is not usable")).with_reason(error);
    if !url.contains("://") {
        // What stands before an @ may be a password.
        let shown = url.rsplit('@').next().unwrap_or_default();
        return Err(Error::new(
            ErrorKind::InvalidInput,
            format!("the {what} {shown:?} is not a complete https URL"),
        ));
    }
    let there = Instance::parse_verbatim(url).map_err(|error| error.with_context(&format!("the {what}")))?;
    // For some issuers a path with a slash at its end is another one than without.
    let slash = if url.ends_with('/') { "/" } else { "" };
    let text = format!("{}{}{slash}", there.origin(), there.prefix());
    text.parse().map_err(|e: http::uri::InvalidUri| refuse(e))
}

impl fmt::Debug for OAuthBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuthBuilder")
            .field("client_id", &self.client_id)
            .field("grant", &self.grant)
            .finish_non_exhaustive()
    }
}
