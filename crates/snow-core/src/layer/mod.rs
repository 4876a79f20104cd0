//! Layers that need no credentials. Each stands alone in anybody's tower stack: one file, one layer.

mod base_uri;
mod default_headers;

pub use base_uri::{BaseUri, BaseUriFuture, BaseUriLayer};
pub use default_headers::{DefaultHeaders, DefaultHeadersLayer};
