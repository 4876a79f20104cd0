//! The client with a token.

pub(crate) mod builder;

use crate::Client;
use crate::client::OAuthClientBuilder;
use crate::oauth::{AuthorizationRequest, Grant, OAuth, Token};
use snow_core::{Error, Secret};
use std::ops::Deref;

/// A client of one instance that logs in with OAuth. Clones share the token.
///
/// A token that is over is renewed before the next call goes out, and one that the instance refuses is renewed once and the
/// call sent once more; however many calls wait, there is one token request. The token updater has each new token before
/// any call goes out with it.
///
/// ```no_run
/// # async fn example() -> Result<(), snow_client::Error> {
/// use snow_client::{OAuthClient, oauth::Token};
///
/// let client = OAuthClient::builder()
///     .instance("dev12345")
///     .client_id("my-id")
///     .client_secret("my-secret")
///     .token_updater(|token: Token| async move { std::fs::write("token.json", serde_json::to_vec(&token)?) })
///     .build()?;
/// client.generate_token("admin", "secret").await?;
/// println!("{} incidents", client.table("incident").list().limit(10).await?.len());
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct OAuthClient {
    pub(crate) client: Client,
    pub(crate) oauth: OAuth,
}

impl OAuthClient {
    /// A client to be configured.
    pub fn builder() -> OAuthClientBuilder {
        OAuthClientBuilder::default()
    }

    /// Gets a token with the password grant, gives it to the token updater, and uses it from then on. The password is
    /// not kept: when the refresh token is over too (after 100 days by default), this has to be called again.
    ///
    /// # Errors
    /// [`ErrorKind::TokenRefused`](crate::ErrorKind::TokenRefused) if the instance says no,
    /// [`ErrorKind::TokenNotSaved`](crate::ErrorKind::TokenNotSaved) if the updater fails, or what went wrong on the way.
    pub async fn generate_token(&self, user: &str, password: impl Into<Secret>) -> Result<Token, Error> {
        self.client.inner.stored.forget();
        self.oauth.generate_token(user, password).await
    }

    /// Gets a token by a grant, saves it, and uses it from then on. See [`OAuthClientBuilder::grant`] for a client that
    /// does so by itself.
    ///
    /// # Errors
    /// As [`generate_token`](Self::generate_token).
    pub async fn log_in(&self, grant: &Grant) -> Result<Token, Error> {
        self.client.inner.stored.forget();
        self.oauth.log_in(grant).await
    }

    /// Begins a login in a browser, which comes back to `redirect_uri`: one that the instance's registry has for this
    /// client (facts 4.3). Programs on people's machines have a `Loopback` for it, with the feature `loopback`.
    ///
    /// ```
    /// # fn example(client: &snow_client::OAuthClient) -> Result<(), snow_client::Error> {
    /// let request = client.authorization("https://app.example.com/callback")?;
    /// println!("Log in here: {}", request.url());
    /// // The browser comes back to https://app.example.com/callback?code=…&state=…
    /// # Ok(()) }
    /// # async fn back(client: &snow_client::OAuthClient, request: &snow_client::oauth::AuthorizationRequest, query: &str) -> Result<(), snow_client::Error> {
    /// client.exchange_code(request, query).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if the redirect URI is not an absolute URL.
    pub fn authorization(&self, redirect_uri: &str) -> Result<AuthorizationRequest, Error> {
        self.oauth.authorization(redirect_uri)
    }

    /// Ends a login in a browser: takes what the browser came back with (the whole address, or its query), exchanges the
    /// code for a token, saves it, and uses it from then on.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if it is not the answer to this request,
    /// [`ErrorKind::TokenRefused`](crate::ErrorKind::TokenRefused) if the person or the instance said no, or as
    /// [`generate_token`](Self::generate_token).
    pub async fn exchange_code(&self, request: &AuthorizationRequest, answer: &str) -> Result<Token, Error> {
        self.client.inner.stored.forget();
        self.oauth.exchange_code(request, answer).await
    }

    /// Ends the token on the instance, refresh token and all, then forgets it here and in the storage. Everybody who uses
    /// the same token is logged out, too (facts 4.2).
    ///
    /// # Errors
    /// [`ErrorKind::NoToken`](crate::ErrorKind::NoToken) if there is none. If the instance could not be asked, the token is kept.
    pub async fn revoke(&self) -> Result<(), Error> {
        self.oauth.revoke().await
    }

    /// Why the storage did not take the token in use, where calls go on all the same; see
    /// [`StorePolicy::BestEffort`](crate::StorePolicy::BestEffort).
    pub fn store_error(&self) -> Option<Error> {
        self.oauth.store_error()
    }

    /// What holds the token: for layers of your own stack, and for a `Loopback`.
    pub fn oauth(&self) -> &OAuth {
        &self.oauth
    }

    /// Uses a stored token from now on, or none. The token updater does not hear of it: it came from the storage.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if the access token is empty or no header can carry it.
    pub fn set_token(&self, token: impl Into<Option<Token>>) -> Result<(), Error> {
        self.client.inner.stored.forget();
        self.oauth.set_token(token)
    }

    /// The token in use, if there is one. It may be over and be renewed with the next call.
    pub fn token(&self) -> Option<Token> {
        self.oauth.token()
    }
}

/// An OAuth client is a client with a token: it has all methods of [`Client`].
impl Deref for OAuthClient {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl AsRef<Client> for OAuthClient {
    fn as_ref(&self) -> &Client {
        &self.client
    }
}

/// The client shares the token, which is refreshed as before.
impl From<OAuthClient> for Client {
    fn from(oauth: OAuthClient) -> Self {
        oauth.client
    }
}
