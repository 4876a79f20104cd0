//! What arrived, for assertions.

use crate::Guess;
use crate::form::pairs;
use bytes::Bytes;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use std::fmt;

/// The largest body that is kept.
const MOST: usize = 1 << 20;

/// The most of a body that a message shows.
const SHOWN: usize = 400;

/// A request that arrived, and its response. Holds no credential.
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
    /// The status of the response.
    pub status: StatusCode,
    /// Bytes of the request's body.
    pub received: usize,
    /// Bytes of the response's body, before any compression.
    pub sent: usize,
    /// The number of the session, from 1; 0 if the edge responded.
    pub session: u64,
    /// The number of the connection, from 1; 0 in memory.
    pub connection: u64,
    /// Whether the request reached the instance: `false` where a [`Gateway`](crate::Gateway) responded without asking it.
    pub reached: bool,
    /// What the response depended on that no source settles.
    pub guesses: Vec<Guess>,
    /// The body of a call of an API, as it came. Empty for files, for bodies of more than a mebibyte, and for pages such as the token
    /// endpoint, whose bodies hold credentials.
    pub body: Bytes,
}

impl Entry {
    /// Returns the body as JSON; null if it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Returns a parameter of the query, percent-decoded.
    pub fn param(&self, name: &str) -> Option<String> {
        pairs(&self.query).into_iter().find(|(given, _)| given == name).map(|(_, value)| value)
    }

    /// Returns as much of a request's body as the journal keeps.
    pub(crate) fn kept_body(path: &str, body: &Bytes) -> Bytes {
        let is_kept = path.starts_with("/api/") && body.len() <= MOST;
        if is_kept { body.clone() } else { Bytes::new() }
    }

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

/// One line for messages: method, path and query, user, status, body.
impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)?;
        if !self.query.is_empty() {
            write!(f, "?{}", self.query)?;
        }
        if !self.user.is_empty() {
            write!(f, " by {}", self.user)?;
        }
        write!(f, ": {}", self.status.as_u16())?;
        let body = String::from_utf8_lossy(&self.body);
        let shown: String = body.chars().take(SHOWN).collect();
        let more = if shown.len() < body.len() { " …" } else { "" };
        if shown.is_empty() { Ok(()) } else { write!(f, ", with the body {shown}{more}") }
    }
}
