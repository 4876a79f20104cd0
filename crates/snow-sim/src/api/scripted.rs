//! Scripted REST: whatever a test mounts under `/api/{namespace}/` (facts 7.3).

use crate::response::SimResponse;
use crate::state::State;
use bytes::Bytes;
use http::{Request, request::Parts};

pub(super) fn handle(state: &State, head: &Parts, body: &Bytes) -> Option<SimResponse> {
    let (namespace, _) = head.uri.path().strip_prefix("/api/")?.split_once('/')?;
    let script = state.scripts.get(namespace)?;
    let (head, body) = script(Request::from_parts(head.clone(), body.clone())).into_parts();
    let mut response = SimResponse::new(head.status, body, true);
    response.headers = head.headers;
    Some(response)
}
