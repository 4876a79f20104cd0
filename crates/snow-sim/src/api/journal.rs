//! `GET /__sim/journal`: what arrived so far, for a client that runs against the simulator as a program.

use super::{HandledRequest, PageRequest};
use crate::response::SimResponse;
use crate::state::State;
use http::StatusCode;

pub(super) fn handle(state: &mut State, _: PageRequest<'_>) -> HandledRequest {
    let entries: Vec<_> = state.journal.iter().map(crate::Entry::to_json).collect();
    let body = serde_json::Value::Array(entries).to_string();
    HandledRequest::anonymous(SimResponse::json(StatusCode::OK, body))
}
