//! Clients, their settings, and how they log in.
//!
//! Start with [`Client::builder`](crate::Client::builder), or with [`OAuthClient::builder`](crate::OAuthClient::builder) for OAuth:
//! both return a [`ClientBuilder`], whose methods are the settings. [`Secret`] keeps passwords and tokens out of logs.

mod apis;
pub(crate) mod builder;
mod direct_login;
mod environment;
mod login;
#[cfg(feature = "oauth")]
pub(crate) mod oauth;
mod of_list;

pub use builder::ClientBuilder;
pub use login::DirectLogin;
#[cfg(feature = "oauth")]
pub use oauth::builder::{OAuthClientBuilder, OAuthLogin};
pub use snow_auth::{BasicWithOneTimePassword, Credentials, RequestSigner};
pub use snow_core::Secret;

use crate::Instance;
use crate::request::client_inner::ClientInner;
use crate::request::client_inner::dictionary::Dictionary;
use crate::schema::SchemaCache;
use snow_core::HttpService;
use std::sync::Arc;

/// A client of one instance.
///
/// It is cheap to clone, is `Send` and `Sync`, and starts no task of its own. Clones share connections, limits and caches.
///
/// ```no_run
/// # async fn example() -> Result<(), snow_client::Error> {
/// let client = snow_client::Client::builder().instance("dev12345").user("admin").password("secret").build()?;
/// let incident = client.table("incident").get("a9e30c7dc61122760116894de7bcc7bd").await?;
/// println!("{}", incident.value("short_description")?);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    pub(crate) inner: Arc<ClientInner>,
}

impl Client {
    /// Makes a client that knows nothing of its instance's tables yet.
    fn with_dictionary(inner: impl FnOnce(Arc<dyn Dictionary>) -> Arc<ClientInner>) -> Self {
        Self { inner: inner(Arc::<SchemaCache>::default()) }
    }

    /// Returns a builder, to set the instance and the login and to build the client.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// Returns the instance.
    pub fn instance(&self) -> &Instance {
        &self.inner.instance
    }

    /// Returns the whole stack as a tower service, for requests that [`api`](Self::api) cannot send. It accepts requests with or
    /// without a host, authenticates and retries them, and returns plain responses.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
    /// # let url = simulator.listen().await?;
    /// # let client = snow_client::Client::builder().instance(url.url()).user("admin").password("secret").build()?;
    /// let request = http::Request::get("/api/now/table/incident?sysparm_limit=1").body(snow_client::transport::Body::empty())?;
    /// let response = client.service().send(request).await?;
    /// assert_eq!(response.status(), 200);
    /// # Ok(()) }
    /// ```
    pub fn service(&self) -> &HttpService {
        &self.inner.http
    }
}
