//! The client with an OAuth token.

pub(crate) mod builder;

use crate::Client;
use crate::client::OAuthClientBuilder;
use crate::oauth::{AuthorizationRequest, Grant, OAuth, Token};
use snow_core::{Error, Secret};
use std::ops::Deref;

/// A client of one instance that logs in with OAuth. Clones share the token.
///
/// It has all methods of [`Client`]. An expired token is refreshed before the next call is sent. A token that the instance refuses
/// is refreshed once, and the call is sent once more. However many calls wait, there is one token request. The token updater, or
/// the token store, has each new token before any call is sent with it.
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
    /// Returns a builder, to set the instance and the OAuth client and to build the client.
    pub fn builder() -> OAuthClientBuilder {
        OAuthClientBuilder::default()
    }

    /// Requests a token with the password grant, passes it to the token updater, and uses it from then on. The password is not
    /// kept: when the refresh token has expired as well (after 100 days by default), call this again.
    ///
    /// If the user has a second factor, append the one-time password to the password ([facts 3.2]);
    /// [`Grant::one_time_password`] asks for one by itself.
    ///
    /// [facts 3.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#32-401
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TokenRefused`](crate::ErrorKind::TokenRefused) if the instance refuses,
    /// [`ErrorKind::TokenNotSaved`](crate::ErrorKind::TokenNotSaved) if the updater fails, and the errors of the token request.
    #[doc(alias("login", "password"))]
    pub async fn generate_token(&self, user: &str, password: impl Into<Secret>) -> Result<Token, Error> {
        self.client.inner.check_process()?;
        self.client.inner.stored.forget();
        self.oauth.generate_token(user, password).await
    }

    /// Requests a token with a grant, saves it, and uses it from then on. To have the client do this by itself, see
    /// [`OAuthClientBuilder::grant`].
    ///
    /// # Errors
    ///
    /// As [`generate_token`](Self::generate_token).
    #[doc(alias("login", "authenticate"))]
    pub async fn log_in(&self, grant: &Grant) -> Result<Token, Error> {
        self.client.inner.check_process()?;
        self.client.inner.stored.forget();
        self.oauth.log_in(grant).await
    }

    /// Begins a login in a browser, which returns to `redirect_uri`. The instance's application registry has to list that URI for
    /// this OAuth client ([facts 4.3]). Programs on a user's own machine can use a `Loopback`, with the feature `loopback`.
    ///
    /// ```
    /// # async fn example(client: &snow_client::OAuthClient) -> Result<(), snow_client::Error> {
    /// let request = client.authorization("https://app.example.com/callback")?;
    /// println!("Log in here: {}", request.url());
    /// // The browser comes back to https://app.example.com/callback with this query:
    /// let query = "code=…&state=…";
    /// client.exchange_code(&request, query).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if the redirect URI is not an absolute URL.
    ///
    /// [facts 4.3]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#43-authorization-code
    pub fn authorization(&self, redirect_uri: &str) -> Result<AuthorizationRequest, Error> {
        self.oauth.authorization(redirect_uri)
    }

    /// Completes a login in a browser: takes the URL, or its query, to which the browser was redirected, exchanges the code for a
    /// token, saves the token, and uses it from then on.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if the redirect does not belong to this request,
    /// [`ErrorKind::TokenRefused`](crate::ErrorKind::TokenRefused) if the user or the instance refused, and as
    /// [`generate_token`](Self::generate_token).
    pub async fn exchange_code(
        &self,
        request: &AuthorizationRequest,
        callback: &str,
    ) -> Result<Token, Error> {
        self.client.inner.check_process()?;
        self.client.inner.stored.forget();
        self.oauth.exchange_code(request, callback).await
    }

    /// Revokes the token on the instance, including its refresh token, then deletes it here and in the storage. Everyone who uses
    /// the same token is logged out, too ([facts 4.2]).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoToken`](crate::ErrorKind::NoToken) if the client has no token. If the request to the instance fails, the token is
    /// kept.
    ///
    /// [facts 4.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#42-lifetimes
    pub async fn revoke(&self) -> Result<(), Error> {
        self.client.inner.check_process()?;
        self.oauth.revoke().await
    }

    /// Returns the error of the storage if it could not save the current token and calls continue regardless; see
    /// [`StorePolicy::BestEffort`](crate::oauth::StorePolicy::BestEffort).
    pub fn store_error(&self) -> Option<Error> {
        self.oauth.store_error()
    }

    /// Returns the holder of the token, for layers of your own stack and for a `Loopback`.
    pub fn oauth(&self) -> &OAuth {
        &self.oauth
    }

    /// Sets the token, such as one that you have stored, or removes it with `None`. The token updater is not called, because the
    /// token is stored already.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if the access token is empty or cannot be sent in a header.
    pub fn set_token(&self, token: impl Into<Option<Token>>) -> Result<(), Error> {
        self.client.inner.stored.forget();
        self.oauth.set_token(token)
    }

    /// Returns the current token, if there is one. It may have expired; the next call then refreshes it, so that no method does.
    #[doc(alias("refresh", "refresh_token", "access_token"))]
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
