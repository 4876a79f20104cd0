//! OAuth: get a token, keep it fresh, keep the user's storage in sync.

mod cell;
mod endpoint;
mod state;
mod store;
mod token;

use cell::Cell;
use endpoint::Endpoint;
use snow_core::{ApiPath, BoxError, Clock, Error, HttpService, Instance, Kind, Origin, Params, Secret};
use std::{fmt, future::Future, sync::Arc};

use crate::OAuthLayer;
pub(crate) use state::Held;
use store::Updater;
pub use token::Token;

/// An OAuth client of one instance: it holds the token that all clones and all layers made from it share.
///
/// The token endpoint is reached over the service given to [`OAuthBuilder::build`]: give it the same transport as data
/// calls use, so that proxies, certificates and timeouts hold for both.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use http::{Request, Response};
/// use snow_auth::OAuth;
/// use snow_core::{Body, Instance};
/// use tower::{Layer, ServiceExt, service_fn};
///
/// // Some HTTP service: answers the token request with a token, and everything else with the header it saw.
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
/// let answer = oauth.layer().layer(http).oneshot(Request::get("/anything").body(Body::empty())?).await?;
/// assert_eq!(answer.into_body().collect(64).await?, "Bearer abc");
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct OAuth {
    origin: Origin,
    cell: Arc<Cell>,
}

impl OAuth {
    /// A client to be configured.
    pub fn builder() -> OAuthBuilder {
        OAuthBuilder::default()
    }

    /// A layer that adds the token to every request.
    pub fn layer(&self) -> OAuthLayer {
        OAuthLayer::new(self.clone())
    }

    /// Gets a token with the password grant, gives it to the token updater, and uses it from then on. The password is
    /// not kept.
    ///
    /// # Errors
    /// [`Kind::TokenRefused`] if the instance says no, [`Kind::TokenNotSaved`] if the updater fails, or what went wrong
    /// on the way.
    pub async fn generate_token(&self, user: &str, password: impl Into<Secret>) -> Result<Token, Error> {
        let password = password.into();
        if user.is_empty() || password.is_empty() {
            let which = if user.is_empty() { "user" } else { "password" };
            return Err(Error::new(Kind::InvalidInput, format!("the {which} is empty")));
        }
        self.cell.generate(user, &password).await
    }

    /// Uses a stored token from now on, or none. The token updater does not hear of it: it came from the storage.
    ///
    /// # Errors
    /// [`Kind::InvalidInput`] if the access token is empty or has characters that no header may have.
    pub fn set_token(&self, token: impl Into<Option<Token>>) -> Result<(), Error> {
        self.cell.set(token.into())
    }

    /// The token in use, if there is one. It may be over and be renewed with the next call.
    pub fn token(&self) -> Option<Token> {
        self.cell.token()
    }

    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    pub(crate) fn ready(&self) -> Option<Held> {
        self.cell.ready()
    }

    pub(crate) async fn get(&self) -> Result<Held, Error> {
        self.cell.get().await
    }

    pub(crate) async fn after_refusal(&self, generation: u64) -> Result<Held, Error> {
        self.cell.after_refusal(generation).await
    }
}

impl fmt::Debug for OAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuth").field("origin", &self.origin).finish_non_exhaustive()
    }
}

/// Settings of an [`OAuth`] client.
#[derive(Clone, Default)]
#[must_use]
pub struct OAuthBuilder {
    client_id: String,
    client_secret: Option<Secret>,
    updater: Option<Updater>,
}

impl OAuthBuilder {
    /// The id of the client, from the instance's application registry.
    pub fn client_id(mut self, id: impl Into<String>) -> Self {
        self.client_id = id.into();
        self
    }

    /// The client's secret.
    pub fn client_secret(mut self, secret: impl Into<Secret>) -> Self {
        self.client_secret = Some(secret.into());
        self
    }

    /// Called with every new token that this client obtains, and waited for before any request goes out with it. If it
    /// fails, so does the call; the token is kept and given to it again with the next one.
    ///
    /// It must not call the client whose token it saves: such a call is refused, because it would wait for itself.
    pub fn token_updater<F, Fut, E>(mut self, save: F) -> Self
    where
        F: Fn(Token) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<BoxError>,
    {
        self.updater = Some(Updater::new(save));
        self
    }

    /// The client of an instance, with the service that token requests go over.
    ///
    /// # Errors
    /// [`Kind::InvalidInput`] if the client's id or secret is missing.
    pub fn build<S, R>(self, instance: &Instance, service: S) -> Result<OAuth, Error>
    where
        S: tower_service::Service<http::Request<snow_core::Body>, Response = http::Response<R>>,
        S: Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        S::Error: Into<BoxError>,
        R: http_body::Body<Data = bytes::Bytes> + Send + 'static,
        R::Error: Into<BoxError>,
    {
        let missing = |what| {
            let why = "is missing: both id and secret are in the instance's application registry";
            Error::new(Kind::InvalidInput, format!("the {what} {why}"))
        };
        if self.client_id.is_empty() {
            return Err(missing("client_id"));
        }
        let client_secret = self.client_secret.filter(|secret| !secret.is_empty());
        let endpoint = Endpoint {
            service: HttpService::new(service),
            uri: instance.uri(&ApiPath::OAUTH_TOKEN, &Params::new())?,
            client_id: self.client_id,
            client_secret: client_secret.ok_or_else(|| missing("client_secret"))?,
            clock: Clock::new(),
        };
        Ok(OAuth { origin: instance.origin().clone(), cell: Cell::new(endpoint, self.updater) })
    }
}

impl fmt::Debug for OAuthBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuthBuilder").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}
