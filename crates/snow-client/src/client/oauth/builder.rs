//! The settings of an OAuth client.

use crate::Client;
use crate::OAuthClient;
use crate::client::builder::ClientBuilder;
use crate::client::login::LoginKind;
use crate::oauth::{Grant, StorePolicy, Token, TokenStore};
use crate::request::client_inner::ClientInner;
use crate::stack;
use snow_auth::OAuthBuilder;
use snow_core::{BoxError, Error, LoginUsed, Secret};
use std::future::Future;
use std::time::Duration;

/// The login of an [`OAuthClient`]: how it obtains tokens, and where they are stored.
#[derive(Clone, Debug, Default)]
pub struct OAuthLogin {
    oauth: OAuthBuilder,
}

/// A builder of an [`OAuthClient`].
pub type OAuthClientBuilder = ClientBuilder<OAuthLogin>;

impl LoginKind for OAuthLogin {}

impl ClientBuilder<OAuthLogin> {
    /// Sets the id of the OAuth client, from the instance's application registry.
    pub fn client_id(mut self, id: impl Into<String>) -> Self {
        self.login.oauth = self.login.oauth.client_id(id);
        self
    }

    /// Sets the secret of the OAuth client.
    pub fn client_secret(mut self, secret: impl Into<Secret>) -> Self {
        self.login.oauth = self.login.oauth.client_secret(secret);
        self
    }

    /// Sets a function that saves tokens. It is called with every new token that this client obtains, and completes before any call
    /// is sent with the token. If it fails, so does the call; the token is kept, and passed to the function again with the next
    /// call.
    ///
    /// The function must not call the client whose token it saves: such a call would wait for itself, and is refused.
    pub fn token_updater<F, Fut, E>(mut self, save: F) -> Self
    where
        F: Fn(Token) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<BoxError> + 'static,
    {
        self.login.oauth = self.login.oauth.token_updater(save);
        self
    }

    /// Sets where tokens are stored, instead of a [`token_updater`](Self::token_updater). A stored token is used from the start,
    /// and each new one is stored before any call is sent with it. Several processes can share a
    /// [`FileStore`](crate::oauth::FileStore).
    pub fn token_store(mut self, store: impl TokenStore) -> Self {
        self.login.oauth = self.login.oauth.token_store(store);
        self
    }

    /// Sets what happens when the store or the updater fails. By default the call fails.
    pub fn store_policy(mut self, policy: StorePolicy) -> Self {
        self.login.oauth = self.login.oauth.store_policy(policy);
        self
    }

    /// Sets how to obtain the first token without a person, and a new one when the refresh token has expired: client credentials, a
    /// signed assertion, user and password kept in memory, or another provider. See [`Grant`].
    ///
    /// ```
    /// use snow_client::{OAuthClient, oauth::Grant};
    ///
    /// let client = OAuthClient::builder()
    ///     .instance("dev12345")
    ///     .client_id("my-id")
    ///     .client_secret("my-secret")
    ///     .grant(Grant::client_credentials())
    /// #   .transport(snow_client::Transport::builder().build()?)
    ///     .build()?; // the first call requests a token
    /// # Ok::<_, snow_client::Error>(())
    /// ```
    #[doc(alias("login", "refresh"))]
    pub fn grant(mut self, grant: Grant) -> Self {
        self.login.oauth = self.login.oauth.grant(grant);
        self
    }

    /// Sets whether the OAuth client is public and has no secret, such as a program on a user's own machine. It can log in with
    /// [`authorization`](OAuthClient::authorization), and with a [signed assertion](Grant::jwt_bearer). Default: `false`.
    pub fn public_client(mut self, public: bool) -> Self {
        self.login.oauth = self.login.oauth.public_client(public);
        self
    }

    /// Adds a scope to request; may be called several times. Without a scope the service grants `useraccount` ([facts 4.1]).
    ///
    /// [facts 4.1]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#41-token-endpoint
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.login.oauth = self.login.oauth.scope(scope);
        self
    }

    /// Sets the URL of the token endpoint, instead of the instance's `/oauth_token.do`: that of a gateway, or of another issuer.
    pub fn token_url(mut self, url: impl Into<String>) -> Self {
        self.login.oauth = self.login.oauth.token_url(url);
        self
    }

    /// Sets the URL of the login page, instead of the instance's `/oauth_auth.do`.
    pub fn authorization_url(mut self, url: impl Into<String>) -> Self {
        self.login.oauth = self.login.oauth.authorization_url(url);
        self
    }

    /// Sets the URL that revokes tokens, instead of the instance's `/oauth_revoke_token.do`. It receives a form, as in RFC 7009.
    pub fn revocation_url(mut self, url: impl Into<String>) -> Self {
        self.login.oauth = self.login.oauth.revocation_url(url);
        self
    }

    /// Sets how long a token request may take, from the request to the end of the response; 30 seconds by default. Calls that wait
    /// for the token fail with the request. A call whose own [deadline](Self::deadline) passes first fails alone, and its error
    /// says that it waited for a token.
    pub fn token_timeout(mut self, limit: Duration) -> Self {
        self.login.oauth = self.login.oauth.token_timeout(limit);
        self
    }

    /// Sets how long each call of your own code may take: of the token store or updater, of a [`Signer`](crate::oauth::Signer), and
    /// of the callback of a [grant](Grant::callback) or of a [one-time password](Grant::one_time_password); 30 seconds by default. A store may wait ten times as long for its [lease](TokenStore::lease), because
    /// another process may hold it while it refreshes the token.
    ///
    /// A store or an updater that takes longer counts as failed: see [`store_policy`](Self::store_policy).
    pub fn callback_timeout(mut self, limit: Duration) -> Self {
        self.login.oauth = self.login.oauth.callback_timeout(limit);
        self
    }

    /// Creates the client. Without a [`grant`](Self::grant) or a token in its [store](Self::token_store) it has no token yet: see
    /// [`OAuthClient::generate_token`] and [`OAuthClient::set_token`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput), naming the setting that is missing, wrong, or in conflict with another.
    pub fn build(self) -> Result<OAuthClient, Error> {
        let instance = self.checked_instance()?;
        let (settings, bottom) = (&self.settings, self.bottom()?);
        let oauth = self.login.oauth.build(&instance, stack::token(&instance, settings, bottom.clone()))?;
        bottom.prepare(&instance)?;
        let client = Client::with_dictionary(|dictionary| {
            let login = Some(LoginUsed::Token);
            ClientInner::new(instance, settings, login, oauth.layer(), bottom, dictionary)
        });
        Ok(OAuthClient { client, oauth })
    }
}
