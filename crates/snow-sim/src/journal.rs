//! What arrived, for assertions.

use crate::Guess;
use http::{Method, StatusCode};
use serde_json::{Value, json};

/// A request that arrived, and how it was answered. Holds no credential.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// The method.
    pub method: Method,
    /// The path, as it came.
    pub path: String,
    /// The query, as it came; empty if there was none. An API key in it is left out.
    pub query: String,
    /// The user it was done for; empty if nobody was logged in.
    pub user: String,
    /// The status of the answer.
    pub status: StatusCode,
    /// Bytes of the request's body.
    pub received: usize,
    /// Bytes of the answer's body, before any compression.
    pub sent: usize,
    /// The number of the session, from 1; 0 where the edge answered.
    pub session: u64,
    /// The number of the connection, from 1; 0 in memory.
    pub connection: u64,
    /// Whether the request reached the instance: `false` where a [`Gateway`](crate::Gateway) responded without asking it.
    pub reached: bool,
    /// What the response depended on that no source settles.
    pub guesses: Vec<Guess>,
}

impl Entry {
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "method": self.method.as_str(),
            "path": self.path,
            "query": self.query,
            "user": self.user,
            "status": self.status.as_u16(),
            "received": self.received,
            "sent": self.sent,
            "session": self.session,
            "connection": self.connection,
            "reached": self.reached,
            "guesses": self.guesses.iter().map(|guess| guess.reason()).collect::<Vec<_>>(),
        })
    }
}
