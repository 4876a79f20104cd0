//! OAuth tokens of ServiceNow clients in PostgreSQL: any number of processes on any number of machines share one token, and one of them
//! refreshes it.
//!
//! ```no_run
//! # async fn example() -> Result<(), snow_core::Error> {
//! use snow_client::{OAuthClient, oauth::Grant};
//! use snow_store_postgres::{PostgresStore, SealKey};
//!
//! let store = PostgresStore::builder("postgres://app:secret@db.example.com/tokens", "prod/my-app")
//!     .seal(SealKey::from_env("SNOW_SEAL")?) // openssl rand -base64 32
//!     .build()?;
//! let client = OAuthClient::builder()
//!     .instance("prod")
//!     .client_id("my-id")
//!     .client_secret("my-secret")
//!     .grant(Grant::client_credentials())
//!     .token_store(store)
//!     .build()?;
//! client.table("incident").list().limit(10).await?;
//! # Ok(()) }
//! ```
//!
//! The table is created once, with the statement that [`PostgresStore::ddl`] returns.
//!
//! # What it guarantees
//!
//! - One process at a time refreshes the token: the one with the lease. The others wait, and find its token. A failure is shared as
//!   well.
//! - A process that was killed keeps the lease for its length (30 s) at most. One that was only slow, and wakes up after another one
//!   has had the lease, stores nothing: the store keeps the newer token, and the client uses that. The clock is the server's.
//! - Tokens are sealed (AES-256-GCM) unless [`unsealed`](PostgresStoreBuilder::unsealed) is said, and travel over TLS unless the server
//!   is on this machine.
//! - A server that cannot be reached is an error, and not a missing token: a client whose token is still valid goes on using it.
//!
//! # What it does not guarantee
//!
//! - **Fail-over.** A standby that replicates asynchronously may lack the last transactions when it takes over, and so may a server with
//!   `synchronous_commit = off` that crashes: then the token may be refreshed twice, and the older of the two may be the one that is stored.
//!   ServiceNow does not end a refresh token when it is used ([facts 4.2]), so this costs a request there. Where another issuer does,
//!   somebody may have to log in again.
//! - **Process exit.** A process that ends between the issuer's response and the save loses the new token.
//!
//! # The server
//!
//! PostgreSQL 11 or newer. Each step is one statement, nothing is prepared and nothing belongs to a session, so poolers such as PgBouncer may
//! give each transaction another connection. A store has four connections at most.
//!
//! # Tasks
//!
//! A connection is driven by a task of tokio. Another one, the watchdog, runs while a refresh has the lease, extends it after each third
//! of its length, and returns it.
//!
//! [facts 4.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#42-lifetimes

mod address;
mod builder;
mod connections;
mod postgres_error;
mod statements;
mod store;
mod tls;

pub use builder::PostgresStoreBuilder;
#[doc(inline)]
pub use snow_auth::SealKey;
pub use store::PostgresStore;
