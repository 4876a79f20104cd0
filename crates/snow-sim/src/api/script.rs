//! Scripted REST: whatever a test mounts under `/api/{namespace}/` (facts 7.3).

use crate::answer::Answer;
use crate::simulator::State;
use bytes::Bytes;
use http::{Request, request::Parts};

pub(super) fn answer(state: &State, head: &Parts, body: &Bytes) -> Option<Answer> {
    let (namespace, _) = head.uri.path().strip_prefix("/api/")?.split_once('/')?;
    let script = state.scripts.get(namespace)?;
    let (head, body) = script(Request::from_parts(head.clone(), body.clone())).into_parts();
    let mut answer = Answer::new(head.status, body, true);
    answer.headers = head.headers;
    Some(answer)
}
