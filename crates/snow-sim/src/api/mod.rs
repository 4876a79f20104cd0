//! Which API a path belongs to. Each API area is a file.

mod oauth;
mod table;

use crate::answer::Answer;
use crate::{auth, simulator::State};
use bytes::Bytes;
use http::{Method, StatusCode, request::Parts};
use percent_encoding::percent_decode_str;

/// A request as the APIs see it.
pub(crate) struct Call<'a> {
    pub(crate) method: &'a Method,
    /// Decoded segments of the path below the API's own.
    pub(crate) segments: Vec<String>,
    pub(crate) params: Vec<(String, String)>,
    pub(crate) body: &'a Bytes,
    /// `https://host`, for links.
    pub(crate) origin: String,
    /// `/api/now/v2`, as it was asked for: links repeat it (facts 1.1).
    pub(crate) base: String,
    /// The path and query, as they came.
    pub(crate) target: &'a str,
    pub(crate) user: String,
}

impl Call<'_> {
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().rev().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// Booleans are the words true and false; anything else is false (facts 1.2).
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.param(name) == Some("true")
    }
}

/// The answer, and the user it was for.
pub(crate) fn answer(state: &mut State, head: &Parts, body: &Bytes, secure: bool) -> (Answer, String) {
    if head.uri.path() == "/oauth_token.do" {
        return (oauth::token(state, head, body), String::new());
    }
    let user = match auth::user(state, &head.headers) {
        Ok(user) => user,
        Err(refusal) => return (refusal, String::new()),
    };
    let Some((base, api, segments)) = route(head.uri.path()) else { return (no_such_api(), user) };
    let host = head.uri.authority().map(ToString::to_string);
    let host = host.or_else(|| Some(head.headers.get("host")?.to_str().ok()?.to_owned()));
    let call = Call {
        method: &head.method,
        segments,
        params: pairs(head.uri.query().unwrap_or_default()),
        body,
        origin: format!(
            "{}://{}",
            if secure { "https" } else { "http" },
            host.unwrap_or_else(|| "localhost".into())
        ),
        base,
        target: head.uri.path_and_query().map_or("/", |target| target.as_str()),
        user: user.clone(),
    };
    let answer = match api.as_str() {
        "table" => table::answer(state, &call),
        _ => no_such_api(),
    };
    (answer, user)
}

/// Base, API and the segments below it, of `/api/now[/vN]/{api}/…`.
fn route(path: &str) -> Option<(String, String, Vec<String>)> {
    let rest = path.strip_prefix("/api/now/")?;
    let (version, rest) = match rest.split_once('/') {
        Some((version @ ("v1" | "v2"), rest)) => (format!("/{version}"), rest),
        _ => (String::new(), rest),
    };
    let mut segments = rest.split('/').map(decode);
    let api = segments.next()?;
    let segments: Vec<_> = segments.collect();
    let whole = segments.iter().all(|segment| !segment.is_empty());
    whole.then(|| (format!("/api/now{version}"), api, segments))
}

pub(crate) fn no_such_api() -> Answer {
    Answer::fault(StatusCode::BAD_REQUEST, "Requested URI does not represent any resource", "")
}

/// Names and values of a query or a form.
pub(crate) fn pairs(text: &str) -> Vec<(String, String)> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

fn decode(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}
