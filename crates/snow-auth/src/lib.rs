//! Authentication for ServiceNow as tower layers, for any HTTP client.
//!
//! | layer | what it adds to a request |
//! |---|---|
//! | [`BasicAuthLayer`] | `Authorization: Basic`, without waiting for a challenge ([facts 3.2]) |
//! | [`OAuthLayer`] | `Authorization: Bearer` with a token that is refreshed once for all callers, and saved before it is used |
//! | [`BearerAuthLayer`] | `Authorization: Bearer` with a constant token |
//! | [`ApiKeyLayer`] | `x-sn-apikey` ([facts 4.5]) |
//! | [`SigningLayer`] | the headers that your own [`RequestSigner`] makes of a request and its body: an HMAC ([facts 4.5]) |
//! | [`CredentialsLayer`] | what your own [`Credentials`] add, such as the token of a session; [`BasicWithOneTimePassword`] is one |
//!
//! An [`OAuth`] client obtains tokens by password, refresh token, client credentials, a signed assertion ([`JwtBearer`]), a
//! person's login in a browser ([`AuthorizationRequest`]), or a callback to another provider ([`Grant`]). It keeps them in a
//! [`TokenStore`]: a closure, memory ([`MemoryStore`]), a file that processes share ([`FileStore`]), or your own. A client
//! certificate (mTLS) is a setting of the transport.
//!
//! Each layer knows the origin of its credentials and sends them to no other.
//!
//! "[Facts 4.2]" and the like are sections of the page
//! [How ServiceNow behaves](https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md).
//!
//! [facts 3.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#32-401
//! [facts 4.5]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#45-other-ways-in
//! [Facts 4.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#42-lifetimes
#![cfg_attr(docsrs, feature(doc_cfg))]

mod api_key;
mod basic;
mod basic_with_one_time_password;
mod bearer;
mod credentials;
mod foreign_origin;
mod header;
#[cfg(feature = "oauth")]
mod layer;
#[cfg(feature = "oauth")]
mod oauth;
mod one_time_password;
#[cfg(feature = "shared-store")]
mod seal_key;
#[doc(hidden)]
#[cfg(feature = "shared-store")]
pub mod shared_store;
mod signing;
mod waiting;

pub use api_key::ApiKeyLayer;
pub use basic::BasicAuthLayer;
pub use basic_with_one_time_password::BasicWithOneTimePassword;
pub use bearer::BearerAuthLayer;
pub use credentials::{Credentials, CredentialsFuture, CredentialsLayer, CredentialsService};
pub use header::HeaderAuth;
#[cfg(feature = "oauth")]
pub use layer::{OAuthFuture, OAuthLayer, OAuthService};
#[cfg(feature = "jwt")]
pub use oauth::KeySigner;
#[cfg(feature = "loopback")]
pub use oauth::Loopback;
#[cfg(feature = "oauth")]
pub use oauth::{
    Algorithm, Audience, AuthorizationRequest, FileStore, Grant, JwtBearer, Lease, MemoryStore, OAuth,
    OAuthBuilder, RefreshFailure, Signer, StorePolicy, StoreWrite, Token, TokenStore,
};
#[cfg(feature = "shared-store")]
pub use seal_key::SealKey;
pub use signing::{RequestSigner, SigningFuture, SigningLayer, SigningService};
