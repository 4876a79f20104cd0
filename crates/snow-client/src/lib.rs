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

mod aggregate;
mod api;
mod attachment;
mod batch;
mod client;
mod import;
mod request;
mod schema;
mod stack;
mod table;

pub use aggregate::{Aggregate, Aggregated, Aggregates, Comparison, Group};
pub use api::Api;
pub use attachment::{
    Attachment, Attachments, Attribute, Content, Download, DownloadStream, FileState, TransferProgress,
    Upload, UploadFuture, Uploaded,
};
pub use batch::{Batch, BatchItem, BatchResponse};
pub use client::Client;
pub use client::builder::ClientBuilder;
pub use client::oauth::OAuthClient;
pub use client::oauth::builder::OAuthClientBuilder;
pub use import::{Import, ImportOutcome, ImportProgress, ImportResult, ImportSet, RowStatus};
pub use request::call::{Call, CallFuture};
pub use schema::typed_field::TypedField;
pub use schema::{Choice, Column, Schema, TableSchema, diff};
#[cfg(feature = "jwt")]
pub use snow_auth::KeySigner;
#[cfg(feature = "loopback")]
pub use snow_auth::Loopback;
pub use snow_auth::{
    Algorithm, AuthorizationRequest, Credentials, FileStore, Grant, JwtBearer, Lease, MemoryStore, OAuth,
    RefreshFailure, Signer, StorePolicy, Token, TokenStore,
};
pub use snow_core::decode::{ApiResponse, DisplayOnly, Reference, WithDisplay};
pub use snow_core::layer::RetryPolicy;
pub use snow_core::query::{self, Query, field};
pub use snow_core::transport::{Proxy, TlsVersion};
pub use snow_core::{
    Body, Date, DateTime, DisplayValue, Error, ErrorKind, Field, Instance, Record, Secret, ServiceMessage,
    SysId, Transport,
};
pub use table::Table;
pub use table::bulk::{BulkReport, BulkWrite, WriteOutcome, WriteProgress};
pub use table::list::List;
pub use table::page::Page;
pub use table::stop::StopHandle;
pub use table::stream::{PageStream, RecordPage, RecordStream, StreamPosition, StreamReport};
pub use table::upsert::{Upsert, Upserted};
pub use table::verify::{ChangedField, WriteReport};
