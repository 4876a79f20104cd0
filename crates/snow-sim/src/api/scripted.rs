//! Scripted REST: whatever a test mounts at a path, before the built-in APIs (facts 7.3).

use crate::response::SimResponse;
use crate::state::{ScriptedApi, State};
use bytes::Bytes;
use http::{Request, request::Parts};

pub(super) fn handle(state: &State, head: &Parts, body: &Bytes) -> Option<SimResponse> {
    let script = find(state, head)?;
    let (head, body) = script(Request::from_parts(head.clone(), body.clone())).into_parts();
    let mut response = SimResponse::new(head.status, body, true);
    response.headers = head.headers;
    Some(response)
}

pub(super) fn is_at(state: &State, head: &Parts) -> bool {
    find(state, head).is_some()
}

/// The script with the longest prefix.
fn find<'a>(state: &'a State, head: &Parts) -> Option<&'a ScriptedApi> {
    let fitting = state.scripts.iter().filter(|(prefix, _)| prefix.fits(head.uri.path()));
    fitting.max_by_key(|(prefix, _)| prefix.as_str().len()).map(|(_, script)| script)
}
