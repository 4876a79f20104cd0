//! What a request waits for before it is sent, noted for the error of a call that gives up meanwhile; and that it was sent before.

use http::Request;
use snow_core::{Departure, RequestOptions, WaitGuard};

/// Whether this attempt is the first one that may be sent.
#[derive(Clone)]
pub(crate) struct FirstDeparture(Option<Departure>);

impl FirstDeparture {
    pub(crate) fn of<B>(request: &Request<B>) -> Self {
        Self(Departure::of(request).filter(|departure| !departure.has_left()).cloned())
    }

    /// Notes that a 401 came: the service executes no request that it does not let in.
    pub(crate) fn was_refused(&self) {
        if let Some(departure) = &self.0 {
            departure.come_back();
        }
    }
}

/// Notes what the request waits for, until the guard is dropped.
pub(crate) fn note_wait<B>(request: &Request<B>, what: impl FnOnce() -> String) -> Option<WaitGuard> {
    Departure::of(request).map(|departure| departure.wait_for(what()))
}

/// Tells the layers below that the request was sent before.
pub(crate) fn sent_before<B>(mut request: Request<B>) -> Request<B> {
    let operation = RequestOptions::of(&request).cloned().unwrap_or_default();
    let sent = operation.attempts().saturating_add(1);
    request.extensions_mut().insert(operation.attempted(sent));
    request
}
