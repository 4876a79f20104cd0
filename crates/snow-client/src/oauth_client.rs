//! The client with a token.

use crate::{Client, Instance, OAuthClientBuilder, Secret, Table, Token};
use snow_auth::OAuth;
use snow_core::{Error, HttpService};

/// A client of one instance that logs in with OAuth. Clones share the token.
///
/// A token that is over is renewed before the next call goes out, and one that the instance refuses is renewed once and the
/// call sent once more; however many calls wait, there is one token request. The token updater has each new token before
/// any call goes out with it.
///
/// ```no_run
/// # async fn example() -> Result<(), snow_client::Error> {
/// use snow_client::{OAuthClient, Token};
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
    /// [`Kind::TokenRefused`](crate::Kind::TokenRefused) if the instance says no,
    /// [`Kind::TokenNotSaved`](crate::Kind::TokenNotSaved) if the updater fails, or what went wrong on the way.
    pub async fn generate_token(&self, user: &str, password: impl Into<Secret>) -> Result<Token, Error> {
        self.oauth.generate_token(user, password).await
    }

    /// Uses a stored token from now on, or none. The token updater does not hear of it: it came from the storage.
    ///
    /// # Errors
    /// [`Kind::InvalidInput`](crate::Kind::InvalidInput) if the access token is empty or no header can carry it.
    pub fn set_token(&self, token: impl Into<Option<Token>>) -> Result<(), Error> {
        self.oauth.set_token(token)
    }

    /// The token in use, if there is one. It may be over and be renewed with the next call.
    pub fn token(&self) -> Option<Token> {
        self.oauth.token()
    }

    /// A table, by its name (`incident`), not its label.
    pub fn table(&self, name: &str) -> Table {
        self.client.table(name)
    }

    /// The instance.
    pub fn instance(&self) -> &Instance {
        self.client.instance()
    }

    /// The whole stack as a tower service; see [`Client::service`].
    pub fn service(&self) -> &HttpService {
        self.client.service()
    }
}
