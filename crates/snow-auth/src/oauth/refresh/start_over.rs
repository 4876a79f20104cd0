//! A lease that came to nothing: it was too short, or another process took it over.

use super::MAX_LEASES;
use snow_core::{Error, ErrorKind};
use std::time::Duration;

/// Why a refresh starts over with another lease.
#[derive(Clone, Copy)]
pub(super) enum StartOver {
    /// The lease might have ended before the response to a token request, which may take this long.
    LeaseTooShort(Duration),
    /// Another process took the lease over before the token was saved.
    Superseded,
}

impl StartOver {
    /// Returns the error of a refresh whose last lease ended like this.
    pub(super) fn into_error(self) -> Error {
        let (kind, why, advice) = match self {
            Self::LeaseTooShort(limit) => (
                ErrorKind::TokenNotLoaded,
                format!("the last one did not last longer than the {limit:?} that a token request may take"),
                "let the store's leases last longer, or shorten the timeout (token_timeout, callback_timeout)",
            ),
            Self::Superseded => (
                ErrorKind::TokenNotSaved,
                "another process took over the last one before the new token was saved".to_owned(),
                "the new token was discarded; let the store's leases last longer than requesting and saving a token takes",
            ),
        };
        let why = format!("no token could be saved under {MAX_LEASES} leases of the token store: {why}");
        Error::new(kind, why).with_advice(advice)
    }
}

/// Returns the error of a token that was not saved while the store holds none.
pub(super) fn superseded_and_empty() -> Error {
    let why = "another process took over the token store's lease before the new token was saved, and the store holds no token \
               now";
    Error::new(ErrorKind::TokenNotSaved, why).with_advice(
        "the new token was discarded, because the other process may have revoked it; log in again",
    )
}
