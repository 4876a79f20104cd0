//! A ServiceNow client. [`Client`] logs in with user and password, or goes over a service of your own; [`OAuthClient`]
//! gets a token, keeps it fresh, and keeps your storage in sync.
//!
//! ```
//! # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
//! # let url = simulator.listen().await?;
//! # let (instance, url) = (url.url(), url);
//! use snow_client::{Client, field};
//!
//! let client = Client::builder().instance(instance).user("admin").password("secret").build()?;
//! let open = field("active").eq(true).order_by("number");
//! let page = client.table("incident").list().query(open).fields(["number"]).limit(2).await?;
//! for incident in &page {
//!     println!("{}", incident.value("number")?);
//! }
//! assert_eq!(page.len(), 2);
//! # Ok(()) }
//! ```
//!
//! An answer is right and complete, or it is an [`Error`] that says what happened: the service answers 200 with half the
//! rows, 202 for "not done", and HTML pages where JSON was asked for.
//!
//! Clients are cheap to clone, are shared by any number of tasks, and start no task of their own. Dropping the future of a
//! read is harmless. Dropping the future of a write leaves open whether it was carried out.
//!
//! # Panics
//!
//! A client waits with tokio's timers and sockets: a call panics in a tokio runtime that is built without them. Call `enable_all()`
//! on the `tokio::runtime::Builder`; `#[tokio::main]` does so. Outside a runtime a call is an error.
//!
//! "Facts 3.4" and the like name sections of `docs/servicenow-behaviour.md` in the repository.
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod aggregate;
pub mod api;
pub mod attachment;
pub mod batch;
pub mod client;
#[cfg(doctest)]
mod compile_fail;
pub mod import;
mod request;
pub mod schema;
mod stack;
pub mod table;

pub use client::Client;
pub use client::oauth::OAuthClient;
pub use snow_core::query::{Query, field};
pub use snow_core::{Date, DateTime, DisplayValue, Error, ErrorKind, Instance, Record, SysId, Transport};
pub use table::Table;

/// The result of a call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Updates and deletions of many records.
pub mod bulk {
    pub use crate::table::bulk::{BulkReport, BulkWrite, DryRun, WriteOutcome, WriteProgress};
    pub use crate::table::stop::StopHandle;
}

/// Streams of the records of a table.
pub mod stream {
    pub use crate::table::stop::StopHandle;
    pub use crate::table::stream::{PageStream, RecordPage, RecordStream, StreamPosition, StreamReport};
}

/// Records and their fields, and what types read of them.
pub mod record {
    pub use snow_core::decode::{DisplayOnly, Field, Record, Reference, WithDisplay};
}

/// Queries: which records, in which order.
pub mod query {
    pub use snow_core::query::*;
}

/// Errors: what failed, whether it was executed, and what to do.
pub mod error {
    pub use snow_core::layer::{Attempts, Stop};
    pub use snow_core::{BoxError, Error, ErrorKind, ServiceMessage};
}

/// OAuth: grants, tokens, where tokens are stored, and logins in a browser.
pub mod oauth {
    #[cfg(feature = "jwt")]
    pub use snow_auth::KeySigner;
    #[cfg(feature = "loopback")]
    pub use snow_auth::Loopback;
    pub use snow_auth::{
        Algorithm, AuthorizationRequest, FileStore, Grant, JwtBearer, Lease, MemoryStore, OAuth,
        OAuthBuilder, OAuthLayer, RefreshFailure, Saved, Signer, StorePolicy, Token, TokenStore,
    };
}

/// The layers of the default stack, for stacks of your own.
pub mod layer {
    pub use snow_auth::{ApiKeyLayer, BasicAuthLayer, BearerAuthLayer, CredentialsLayer, OAuthLayer};
    pub use snow_core::layer::*;
    pub use snow_core::{Departure, RequestOptions};
}

/// HTTP below the layers: the default transport and its settings, bodies, and the erased service.
pub mod transport {
    pub use snow_core::transport::{Proxy, TlsVersion, Transport, TransportBuilder};
    pub use snow_core::{Body, HttpFuture, HttpService, Origin, Replay};
}
