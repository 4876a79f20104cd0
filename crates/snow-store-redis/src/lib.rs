//! OAuth tokens of ServiceNow clients in Redis: any number of processes on any number of machines share one token, and one of them
//! refreshes it.
//!
//! ```no_run
//! # async fn example() -> Result<(), snow_core::Error> {
//! use snow_client::{OAuthClient, oauth::Grant};
//! use snow_store_redis::{RedisStore, SealKey};
//!
//! let store = RedisStore::builder("rediss://app:secret@cache.example.com:6380/0", "snow:prod:my-app")
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
//! # What it guarantees
//!
//! - One process at a time refreshes the token: the one with the lease. The others wait, and find its token. A failure is shared as
//!   well.
//! - A process that was killed keeps the lease for its length (30 s) at most. One that was only slow, and wakes up after another one
//!   has had the lease, stores nothing: the store keeps the newer token, and the client uses that.
//! - Tokens are sealed (AES-256-GCM) unless [`unsealed`](RedisStoreBuilder::unsealed) is said, and travel over TLS unless the server
//!   is on this machine.
//! - A server that cannot be reached is an error, and not a missing token: a client whose token is still valid goes on using it.
//!
//! # What it does not guarantee
//!
//! - **Fail-over.** Redis replicates asynchronously. A replica that becomes the master may not have the last lease or the last token:
//!   then at worst the token is refreshed twice, and the older of the two may be the one that is stored. ServiceNow does not
//!   end a refresh token when it is used ([facts 4.2]), so this costs a request there. Where another issuer does, somebody may have to log in
//!   again. The same goes for a server that restarts without having saved its last writes (`appendfsync everysec` may lose a
//!   second).
//! - **Eviction.** A server that evicts keys may drop the token. The next refresh writes it back.
//! - **Process exit.** A process that ends between the issuer's response and the save loses the new token.
//!
//! # The server
//!
//! Redis 6 or newer, Valkey, or a service that speaks their protocol; a single server or a cluster, whose redirects are followed.
//! All keys of a store have one hash tag, and so are in one slot. Sentinel is not supported: give an address that always leads to
//! the master. The user needs `GET`, `EVAL`, and in scripts `SET`, `DEL`, `EXISTS` and `PTTL`, on the keys `{key}:*`: `ACL
//! SETUSER app on >secret ~{snow:prod:my-app}:* +get +eval +set +del +exists +pttl +select +asking`.
//!
//! # Tasks
//!
//! A connection is driven by a task of tokio. Another one, the watchdog, runs while a refresh has the lease, extends it after each third
//! of its length, and returns it.
//!
//! [facts 4.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#42-lifetimes

mod address;
mod builder;
mod connection;
mod redis_error;
mod scripts;
mod store;

pub use builder::RedisStoreBuilder;
#[doc(inline)]
pub use snow_auth::SealKey;
pub use store::RedisStore;
