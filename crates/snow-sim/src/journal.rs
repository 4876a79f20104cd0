//! What arrived, for assertions.

use http::{Method, StatusCode};

/// A request that arrived, and how it was answered. Holds no credential.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// The method.
    pub method: Method,
    /// The path, as it came.
    pub path: String,
    /// The query, as it came; empty if there was none.
    pub query: String,
    /// The user it was done for; empty if nobody was logged in.
    pub user: String,
    /// The status of the answer.
    pub status: StatusCode,
}
