//! Ways to log in to a ServiceNow instance, each a tower layer that stands alone over anybody's HTTP client.
//!
//! | layer | what it adds |
//! |---|---|
//! | [`BasicAuthLayer`] | `Authorization: Basic`, with the first request: nothing waits for a challenge (facts 3.2) |
//! | [`OAuthLayer`] | `Authorization: Bearer`, renewed once for all callers, saved before it is used |
//!
//! Each knows the origin its credentials are for and sends them nowhere else.
//!
//! "Facts 4.2" and the like name sections of `docs/servicenow-behaviour.md` in the repository.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod basic;
mod layer;
mod oauth;

pub use basic::{BasicAuth, BasicAuthLayer};
pub use layer::{OAuthFuture, OAuthLayer, OAuthService};
pub use oauth::{OAuth, OAuthBuilder, Token};
