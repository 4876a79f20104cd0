//! What the head of a response tells: the number of matching rows, and what belongs to every error about the response.

use crate::error::Attempts;
use crate::{Clock, Error, retry_after};
use http::HeaderMap;
use http::response::Parts;

pub(super) fn total(headers: &HeaderMap) -> Option<u64> {
    headers.get("x-total-count")?.to_str().ok()?.parse().ok()
}

/// Adds what every error of an answer knows: its status, its transaction, how long to wait and how often it was tried.
pub(super) fn annotate(error: Error, head: &Parts) -> Error {
    let mut error = error.with_status(head.status);
    if let Some(attempts) = head.extensions.get::<Attempts>() {
        error = error.with_attempts(*attempts);
    }
    if let Some(id) = head.headers.get("x-transaction-id").and_then(|id| id.to_str().ok()) {
        error = error.with_transaction_id(id);
    }
    match retry_after::of(head.status, &head.headers, &Clock::new()) {
        Some(wait) => error.with_retry_after(wait),
        None => error,
    }
}
