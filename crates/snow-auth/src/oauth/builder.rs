//! What an OAuth client is made of.

use super::endpoint::{Endpoint, Revocation};
use super::grant::Grant;
use super::refresh::Refresher;
use super::shared_token::SharedToken;
use super::store::{Store, Updater};
use super::timeouts::Timeouts;
use super::{OAuth, Token, TokenStore};
use http::Uri;
use snow_core::{
    ApiPath, BoxError, Clock, Error, ErrorKind, HttpService, Instance, Params, Secret, check_credential,
};
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// What happens when the [`TokenStore`] fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum StorePolicy {
    /// The call fails. A token that was not saved is kept, and given to the store again with the next call. The default: no
    /// call ever goes out with a token that the store does not have.
    #[default]
    Required,
    /// Calls go on, and the token is given to the store again every 30 s. The failure is a `tracing` event at WARN, and
    /// [`OAuth::store_error`] has it.
    BestEffort,
}

/// Settings of an [`OAuth`] client.
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
    /// The id of the client, from the instance's application registry.
    pub fn client_id(mut self, id: impl Into<String>) -> Self {
        self.client_id = id.into();
        self
    }

    /// The client's secret. It goes into the form of token requests and nowhere else (facts 4.1).
    pub fn client_secret(mut self, secret: impl Into<Secret>) -> Self {
        self.client_secret = Some(secret.into());
        self
    }

    /// A public client, which has no secret: a program on people's machines. It logs in by
    /// [`authorization`](OAuth::authorization) alone, and gets no refresh token (facts 4.1).
    pub fn public_client(mut self) -> Self {
        self.public = true;
        self
    }

    /// The way to the first token, and back when the refresh token is dead. Its secrets are kept in memory. Without one,
    /// [`generate_token`](OAuth::generate_token) or a stored token begins, and a person is asked in the end.
    pub fn grant(mut self, grant: Grant) -> Self {
        self.grant = Some(grant);
        self
    }

    /// Where tokens are kept: a token that is there is used at the start, and each new one is there before any request goes
    /// out with it. In place of a [`token_updater`](Self::token_updater).
    pub fn token_store(mut self, store: impl TokenStore) -> Self {
        self.store = Some(Store::new(store));
        self
    }

    /// Called with every new token that this client obtains, and waited for before any request goes out with it. If it
    /// fails, so does the call; the token is kept and given to it again with the next one. The short form of a
    /// [`token_store`](Self::token_store) that is never read.
    ///
    /// It must not call the client whose token it saves: such a call is refused, because it would wait for itself.
    pub fn token_updater<F, Fut, E>(mut self, save: F) -> Self
    where
        F: Fn(Token) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<BoxError> + 'static,
    {
        self.store = Some(Store::write_only(Updater(save)));
        self
    }

    /// What happens when the store or the updater fails.
    pub fn store_policy(mut self, policy: StorePolicy) -> Self {
        self.policy = policy;
        self
    }

    /// A scope to ask for; may be called several times. Without one the service gives `useraccount` (facts 4.1).
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scopes.push(scope.into());
        self
    }

    /// Where tokens are asked for, in place of the instance's `/oauth_token.do`: a gateway's own path, or another issuer. The
    /// client's credentials go to this address and to no other.
    pub fn token_url(mut self, url: impl Into<String>) -> Self {
        self.token_url = Some(url.into());
        self
    }

    /// Where people log in, in place of the instance's `/oauth_auth.do`.
    pub fn authorization_url(mut self, url: impl Into<String>) -> Self {
        self.authorization_url = Some(url.into());
        self
    }

    /// Where tokens are revoked, in place of the instance's `/oauth_revoke_token.do`; it is asked as RFC 7009 says, by a form.
    pub fn revocation_url(mut self, url: impl Into<String>) -> Self {
        self.revocation_url = Some(url.into());
        self
    }

    /// Sets how long a token request may take, from the request to the end of the response; 30 s by default. Calls that wait for
    /// the token fail with the request. It is meant to be shorter than the deadline of a call.
    pub fn token_timeout(mut self, limit: Duration) -> Self {
        self.timeouts.token_request = limit;
        self
    }

    /// Sets how long each call of your own code may take: of the token store or updater, of a [`Signer`](crate::Signer), and of a
    /// [callback](Grant::callback); 30 s by default. A store may wait ten times as long for its [lease](TokenStore::lease),
    /// because another process may hold it for as long as it refreshes the token.
    ///
    /// A store or an updater that does not finish by then has failed: see [`StorePolicy`].
    pub fn callback_timeout(mut self, limit: Duration) -> Self {
        self.timeouts.callback = limit;
        self
    }

    /// The client of an instance, with the service that token requests go over.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] if the client's id or secret is missing, or one of them or of the grant's texts begins or ends with a
    /// line end or another control character, the grant lacks something, or an address is not valid.
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
        };
        Ok(OAuth { origin: instance.origin().clone(), token: SharedToken::new(refresher) })
    }

    /// The secret, if there has to be one: a callback alone needs no client at all.
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
                "a client_secret is given, and a public client has none",
            )),
            (_, false, None) => Err(missing("client_secret")),
            (_, _, secret) => Ok(secret),
        }
    }
}

/// An address with a path, checked as strictly as that of an instance.
fn absolute(url: &str, what: &str) -> Result<Uri, Error> {
    let refuse =
        |error| Error::new(ErrorKind::InvalidInput, format!("the {what} is not usable")).with_reason(error);
    if !url.contains("://") {
        // What stands before an @ may be a password.
        let shown = url.rsplit('@').next().unwrap_or_default();
        return Err(Error::new(
            ErrorKind::InvalidInput,
            format!("the {what} {shown:?} is not a whole https URL"),
        ));
    }
    let there = Instance::parse_verbatim(url).map_err(|error| error.with_context(&format!("the {what}")))?;
    // Some issuers tell a path with a slash at its end from one without.
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
