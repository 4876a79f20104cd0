//! What an OAuth client is made of.

use crate::Client;
use crate::OAuthClient;
use crate::client::builder::ClientBuilder;
use crate::oauth::{Grant, StorePolicy, Token, TokenStore};
use crate::request::client_inner::ClientInner;
use crate::stack;
use snow_auth::OAuthBuilder;
use snow_core::{BoxError, Error, Secret};
use std::future::Future;
use std::time::Duration;

/// The login of an [`OAuthClient`]: how it obtains tokens, and where they are kept.
#[derive(Clone, Debug, Default)]
pub struct OAuthLogin {
    oauth: OAuthBuilder,
}

/// Settings of an [`OAuthClient`].
pub type OAuthClientBuilder = ClientBuilder<OAuthLogin>;

impl ClientBuilder<OAuthLogin> {
    /// The id of the OAuth client, from the instance's application registry.
    pub fn client_id(mut self, id: impl Into<String>) -> Self {
        self.login.oauth = self.login.oauth.client_id(id);
        self
    }

    /// The OAuth client's secret.
    pub fn client_secret(mut self, secret: impl Into<Secret>) -> Self {
        self.login.oauth = self.login.oauth.client_secret(secret);
        self
    }

    /// Called with every new token that this client obtains, and waited for before any call goes out with it. If it
    /// fails, so does the call; the token is kept and given to it again with the next one.
    ///
    /// It must not call the client whose token it saves: such a call is refused, because it would wait for itself.
    pub fn token_updater<F, Fut, E>(mut self, save: F) -> Self
    where
        F: Fn(Token) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<BoxError> + 'static,
    {
        self.login.oauth = self.login.oauth.token_updater(save);
        self
    }

    /// Where tokens are kept: a token that is there is used at the start, and each new one is there before any call goes out
    /// with it. A [`FileStore`](crate::FileStore) is shared by processes. In place of a
    /// [`token_updater`](Self::token_updater).
    pub fn token_store(mut self, store: impl TokenStore) -> Self {
        self.login.oauth = self.login.oauth.token_store(store);
        self
    }

    /// What happens when the store or the updater fails: by default the call does.
    pub fn store_policy(mut self, policy: StorePolicy) -> Self {
        self.login.oauth = self.login.oauth.store_policy(policy);
        self
    }

    /// The way to the first token without a person, and back when the refresh token is dead: client credentials, a signed
    /// assertion, user and password kept in memory, another provider. See [`Grant`].
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
    ///     .build()?; // the first call gets a token
    /// # Ok::<_, snow_client::Error>(())
    /// ```
    pub fn grant(mut self, grant: Grant) -> Self {
        self.login.oauth = self.login.oauth.grant(grant);
        self
    }

    /// A public client, which has no secret: a program on people's machines. It logs in by
    /// [`authorization`](OAuthClient::authorization) alone.
    pub fn public_client(mut self) -> Self {
        self.login.oauth = self.login.oauth.public_client();
        self
    }

    /// A scope to ask for; may be called several times. Without one the service gives `useraccount` (facts 4.1).
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.login.oauth = self.login.oauth.scope(scope);
        self
    }

    /// Where tokens are asked for, in place of the instance's `/oauth_token.do`: a gateway's own path, or another issuer.
    pub fn token_url(mut self, url: impl Into<String>) -> Self {
        self.login.oauth = self.login.oauth.token_url(url);
        self
    }

    /// Where people log in, in place of the instance's `/oauth_auth.do`.
    pub fn authorization_url(mut self, url: impl Into<String>) -> Self {
        self.login.oauth = self.login.oauth.authorization_url(url);
        self
    }

    /// Where tokens are revoked, in place of the instance's `/oauth_revoke_token.do`; asked by a form, as RFC 7009 says.
    pub fn revocation_url(mut self, url: impl Into<String>) -> Self {
        self.login.oauth = self.login.oauth.revocation_url(url);
        self
    }

    /// Sets how long a token request may take, from the request to the end of the response; 30 s by default. Calls that wait for
    /// the token fail with the request. A call whose own [deadline](Self::deadline) comes first fails by itself, and its error says
    /// that it waited for a token.
    pub fn token_timeout(mut self, limit: Duration) -> Self {
        self.login.oauth = self.login.oauth.token_timeout(limit);
        self
    }

    /// Sets how long each call of your own code may take: of the token store or updater, of a [`Signer`](crate::Signer), and of a
    /// [callback](Grant::callback); 30 s by default. A store may wait ten times as long for its
    /// [lease](TokenStore::lease), because another process may hold it for as long as it refreshes the token.
    ///
    /// A store or an updater that does not finish by then has failed: see [`store_policy`](Self::store_policy).
    pub fn callback_timeout(mut self, limit: Duration) -> Self {
        self.login.oauth = self.login.oauth.callback_timeout(limit);
        self
    }

    /// The client. Without a [`grant`](Self::grant) or a token in its [store](Self::token_store) it has no token yet: see
    /// [`OAuthClient::generate_token`] and [`OAuthClient::set_token`].
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`], naming the setting that is missing, wrong, or at odds with another.
    pub fn build(self) -> Result<OAuthClient, Error> {
        let instance = self.checked_instance()?;
        let (settings, bottom) = (&self.settings, self.bottom()?);
        let oauth = self.login.oauth.build(&instance, stack::token(&instance, settings, bottom.clone()))?;
        bottom.prepare(&instance)?;
        let client = Client::with_dictionary(|dictionary| {
            ClientInner::new(instance, settings, oauth.layer(), bottom, dictionary)
        });
        Ok(OAuthClient { client, oauth })
    }
}
