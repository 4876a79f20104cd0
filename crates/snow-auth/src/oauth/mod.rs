//! OAuth: obtaining a token, refreshing it, and saving it.
#![warn(clippy::arithmetic_side_effects)]

mod algorithm;
mod authorization;
mod builder;
mod endpoint;
mod grant;
mod jwt_bearer;
#[cfg(feature = "jwt")]
mod key_signer;
mod last_login;
#[cfg(feature = "loopback")]
mod loopback;
mod reentrancy;
mod refresh;
mod shared_token;
mod store;
mod timeouts;
mod token;
mod token_owner;
mod token_state;

pub use algorithm::Algorithm;
pub use authorization::AuthorizationRequest;
pub use builder::{OAuthBuilder, StorePolicy};
pub use grant::Grant;
pub use jwt_bearer::{Audience, JwtBearer, Signer};
#[cfg(feature = "jwt")]
pub use key_signer::KeySigner;
use last_login::{LastLogin, LoginCall};
#[cfg(feature = "loopback")]
pub use loopback::Loopback;
use shared_token::SharedToken;
use snow_core::{Error, LoginUsed, Origin, Secret};
use std::{fmt, sync::Arc};
pub use store::{FileStore, Lease, MemoryStore, RefreshFailure, StoreWrite, TokenStore};
pub use token::Token;
pub(crate) use token_state::BearerHeader;

/// An OAuth client of one instance. All clones and all layers made from it share one token.
///
/// Token requests go over the service that is given to [`OAuthBuilder::build`]. Give it the transport of the data calls, so that
/// proxies, certificates and timeouts apply to both.
///
/// # Examples
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use http::{Request, Response};
/// use snow_client::{Instance, oauth::OAuth, transport::Body};
/// use tower::{Layer, ServiceExt, service_fn};
///
/// // Some HTTP service: it responds to the token request with a token, and to everything else with the header it saw.
/// let http = service_fn(|request: Request<Body>| async move {
///     let json = r#"{"access_token":"abc","refresh_token":"def","expires_in":1799,"token_type":"Bearer"}"#;
///     let seen = request.headers().get("authorization").map(|h| h.to_str().unwrap().to_owned());
///     let builder = Response::builder().header("content-type", "application/json");
///     builder.body(Body::from(if request.uri().path() == "/oauth_token.do" { json.to_owned() } else { seen.unwrap() }))
/// });
///
/// let oauth = OAuth::builder()
///     .client_id("my-id")
///     .client_secret("my-secret")
///     .build(&Instance::parse("dev12345")?, http)?;
/// oauth.generate_token("admin", "secret").await?;
/// let response = oauth.layer().layer(http).oneshot(Request::get("/anything").body(Body::empty())?).await?;
/// assert_eq!(response.into_body().collect(64).await?, "Bearer abc");
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct OAuth {
    origin: Origin,
    token: Arc<SharedToken>,
    last_login: Arc<LastLogin>,
}

impl OAuth {
    /// Creates a builder of a client.
    pub fn builder() -> OAuthBuilder {
        OAuthBuilder::default()
    }

    /// Obtains a token with the password grant, saves it, and uses it from then on. The password is not kept.
    ///
    /// If the user has a second factor, append the one-time password to the password ([facts 3.2]). [`Grant::one_time_password`] asks
    /// for one by itself.
    ///
    /// # Errors
    /// - [`ErrorKind::TokenRefused`](snow_core::ErrorKind::TokenRefused) if the instance refuses.
    /// - [`ErrorKind::TokenNotSaved`](snow_core::ErrorKind::TokenNotSaved) if the token store fails.
    /// - The error of the token request, if it failed on the way.
    ///
    /// [facts 3.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#32-401
    #[doc(alias("login", "password"))]
    pub async fn generate_token(&self, user: &str, password: impl Into<Secret>) -> Result<Token, Error> {
        self.log_in(&Grant::password(user, password)).await
    }

    /// Obtains a token by a grant, saves it, and uses it from then on. No further call uses the token before.
    ///
    /// # Errors
    /// Those of [`generate_token`](Self::generate_token).
    #[doc(alias("login", "authenticate"))]
    pub async fn log_in(&self, grant: &Grant) -> Result<Token, Error> {
        grant.check()?;
        self.last_login.note(LoginCall::of(grant));
        self.token.log_in(self.token.refresher.endpoint.obtain(grant)).await
    }

    /// Begins a login in a browser, which returns to `redirect_uri`. The instance's registry must have that URI for this client
    /// ([facts 4.3]). Programs without a web server of their own use `Loopback`, with the feature `loopback`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](snow_core::ErrorKind::InvalidInput) if the redirect URI is not an absolute URL.
    ///
    /// [facts 4.3]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#43-authorization-code
    pub fn authorization(&self, redirect_uri: &str) -> Result<AuthorizationRequest, Error> {
        self.token.refresher.endpoint.authorization(redirect_uri)
    }

    /// Ends a login in a browser: exchanges the code in `callback` for a token, saves it, and uses it from then on. `callback` is
    /// the address that the browser returned to, or its query.
    ///
    /// # Errors
    /// - [`ErrorKind::InvalidInput`](snow_core::ErrorKind::InvalidInput) if `callback` does not belong to this request.
    /// - [`ErrorKind::TokenRefused`](snow_core::ErrorKind::TokenRefused) if the person or the instance refused.
    /// - [`ErrorKind::TokenNotSaved`](snow_core::ErrorKind::TokenNotSaved) if the token store fails.
    /// - The error of the token request, if it failed on the way.
    pub async fn exchange_code(
        &self,
        request: &AuthorizationRequest,
        callback: &str,
    ) -> Result<Token, Error> {
        self.last_login.note(LoginCall::Browser);
        self.token.log_in(self.token.refresher.endpoint.exchange_code(request, callback)).await
    }

    /// Sets the token that calls use from now on, or none. It is not given to the token store, because it came from there.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](snow_core::ErrorKind::InvalidInput) if the access token is empty or has characters that no header may have,
    /// or if the token names another [instance](Token::instance) or [client](Token::client_id) than this one.
    pub fn set_token(&self, token: impl Into<Option<Token>>) -> Result<(), Error> {
        let token = token.into();
        if let Some(token) = &token {
            let owner = &self.token.refresher.endpoint.owner;
            owner.check(token, snow_core::ErrorKind::InvalidInput, "the token that was set")?;
            self.last_login.note(LoginCall::SetToken);
        }
        self.token.set(token)
    }

    /// Returns the token in use, if there is one. It may have expired; the next call then refreshes it, so that no method does.
    #[doc(alias("refresh", "refresh_token", "access_token"))]
    pub fn token(&self) -> Option<Token> {
        self.token.token()
    }

    /// Revokes the token and its refresh token on the instance, then removes it here and from the token store. Everybody who uses
    /// the same token is logged out as well ([facts 4.2]).
    ///
    /// If another process has saved another token by then, the store keeps that one, and `revoke` succeeds: the token of this
    /// client is revoked, and the other one is not.
    ///
    /// # Errors
    /// - [`ErrorKind::NoToken`](snow_core::ErrorKind::NoToken) if there is none.
    /// - The error of the request, if it failed. Then the token is kept.
    /// - [`ErrorKind::TokenNotSaved`](snow_core::ErrorKind::TokenNotSaved) if the token store fails, or if other processes take over
    ///   every [lease](TokenStore::lease) before the token is removed. The token is revoked then, but may still be in the store.
    ///
    /// [facts 4.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#42-lifetimes
    pub async fn revoke(&self) -> Result<(), Error> {
        let no_token = || self.last_login.advise(token_state::no_token());
        let token = self.token.newest().ok_or_else(no_token)?;
        let refresher = &self.token.refresher;
        for part in token.refresh_token().into_iter().chain([token.access_token()]) {
            refresher.endpoint.revoke(part).await?;
        }
        self.token.forget(&token)?;
        refresher.remove(&token).await
    }

    /// Returns why the token in use was not saved, with [`StorePolicy::BestEffort`].
    pub fn store_error(&self) -> Option<Error> {
        self.token.store_error()
    }

    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Says what a call without a token waits for.
    pub(crate) fn what_it_waits_for(&self) -> String {
        let refresher = &self.token.refresher;
        let host = refresher.endpoint.uri.host().unwrap_or("the token endpoint");
        match &refresher.store {
            Some(_) => format!("a token to be obtained from {host} and saved"),
            None => format!("a token from {host}"),
        }
    }

    /// Returns the header of a call, if that is known at once.
    pub(crate) fn header_now(&self) -> Option<BearerHeader> {
        self.token.header_now()
    }

    /// Returns the header of a call, after a refresh if that is needed.
    pub(crate) async fn header(&self) -> Result<BearerHeader, Error> {
        self.token.header().await.map_err(|error| self.last_login.advise(error))
    }

    /// Returns what a refusal of a call with this token says of the token.
    pub(crate) fn login_used(&self, header: &BearerHeader) -> LoginUsed {
        header.login_used(self.token.refresher.now())
    }

    /// Returns the header of a call whose token was refused; the same one again if there is no other.
    pub(crate) async fn header_after_refusal(&self, generation: u64) -> Result<BearerHeader, Error> {
        let header = self.token.header_after_refusal(generation).await;
        header.map_err(|error| self.last_login.advise(error))
    }
}

impl fmt::Debug for OAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuth").field("origin", &self.origin).finish_non_exhaustive()
    }
}
