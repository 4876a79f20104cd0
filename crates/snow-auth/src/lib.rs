//! Ways to log in to a ServiceNow instance, each a tower layer that stands alone over anybody's HTTP client.
//!
//! | layer | what it adds |
//! |---|---|
//! | [`BasicAuthLayer`] | `Authorization: Basic`, with the first request: nothing waits for a challenge (facts 3.2) |
//! | [`OAuthLayer`] | `Authorization: Bearer`, renewed once for all callers, saved before it is used |
//! | [`BearerAuthLayer`] | `Authorization: Bearer` with a token that somebody else keeps fresh |
//! | [`ApiKeyLayer`] | `x-sn-apikey` (facts 4.5) |
//! | [`CredentialsLayer`] | what [`Credentials`] of one's own add: a signature, a session's token |
//!
//! An [`OAuth`] client gets its tokens by password, refresh token, client credentials, a signed assertion ([`JwtBearer`]), a
//! person's login in a browser ([`AuthorizationRequest`]), or a callback to another provider ([`Grant`]); it keeps them in a
//! [`TokenStore`]: a closure, memory, a file that processes share ([`FileStore`]), or one's own.
//! A client certificate (mTLS) is the transport's business.
//!
//! Each knows the origin its credentials are for and sends them nowhere else.
//!
//! "Facts 4.2" and the like name sections of `docs/servicenow-behaviour.md` in the repository.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod api_key;
mod basic;
mod bearer;
mod credentials;
mod header;
mod layer;
mod oauth;
mod waiting;

pub use api_key::ApiKeyLayer;
pub use basic::BasicAuthLayer;
pub use bearer::BearerAuthLayer;
pub use credentials::{Credentials, CredentialsFuture, CredentialsLayer, CredentialsService};
pub use header::HeaderAuth;
pub use layer::{OAuthFuture, OAuthLayer, OAuthService};
#[cfg(feature = "jwt")]
pub use oauth::KeySigner;
#[cfg(feature = "loopback")]
pub use oauth::Loopback;
pub use oauth::{
    Algorithm, AuthorizationRequest, FileStore, Grant, JwtBearer, Lease, MemoryStore, OAuth, OAuthBuilder,
    RefreshFailure, Saved, Signer, StorePolicy, Token, TokenStore,
};
