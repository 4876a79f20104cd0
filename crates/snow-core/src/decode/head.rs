//! Reads the head of a response: the number of matching records, and what is added to every error about the response.

use crate::error::Attempts;
use crate::{Clock, Error, LoginUsed, retry_after};
use http::HeaderMap;
use http::response::Parts;

pub(super) fn total(headers: &HeaderMap) -> Option<u64> {
    headers.get("x-total-count")?.to_str().ok()?.parse().ok()
}

/// Adds to an error what the head contains: the status, the transaction, how long to wait, the number of attempts and the login.
pub(super) fn annotate(error: Error, head: &Parts) -> Error {
    let mut error = error.with_status(head.status);
    if let Some(attempts) = head.extensions.get::<Attempts>() {
        error = error.with_attempts(*attempts);
    }
    if let Some(login) = head.extensions.get::<LoginUsed>() {
        error = error.with_login(*login);
    }
    if let Some(id) = head.headers.get("x-transaction-id").and_then(|id| id.to_str().ok()) {
        error = error.with_transaction_id(id);
    }
    match retry_after::of(head.status, &head.headers, &Clock::new()) {
        Some(wait) => error.with_retry_after(wait),
        None => error,
    }
}
