//! Who is asking (facts 3.2, 4.5).

use crate::response::SimResponse;
use crate::session::Session;
use crate::state::State;
use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderMap, StatusCode, header};

/// The user that a request is done for, or the 401.
pub(crate) fn user(
    state: &State,
    headers: &HeaderMap,
    query: &str,
    session: Option<&Session>,
) -> Result<String, Box<SimResponse>> {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let (scheme, credentials) = given.and_then(|given| given.split_once(' ')).unwrap_or_default();
    let found = match scheme.to_ascii_lowercase().as_str() {
        "basic" => basic(state, credentials),
        "bearer" => state.tokens.user(credentials.trim(), state.clock.now()),
        _ => api_key(state, headers, query),
    };
    let found = match (found, session, given) {
        (None, Some(session), None) => Some(by_session(session, headers)?),
        (found, ..) => found,
    };
    found
        .filter(|user| state.users.get(user).is_some_and(|account| !account.locked))
        .ok_or_else(|| Box::new(unauthenticated()))
}

/// Whether a request came with anything to log in by.
pub(crate) fn has_credentials(headers: &HeaderMap, query: &str) -> bool {
    let any = ["authorization", "x-sn-apikey", "cookie"];
    any.iter().any(|name| headers.contains_key(*name))
        || crate::form::pairs(query).iter().any(|(name, _)| name == "x-sn-apikey")
}

fn basic(state: &State, credentials: &str) -> Option<String> {
    let pair = String::from_utf8(BASE64_STANDARD.decode(credentials.trim()).ok()?).ok()?;
    let (user, password) = pair.split_once(':')?;
    let account = state.users.get(user).filter(|account| account.password == password)?;
    let allowed = !state.settings.basic_restricted || account.has_role("snc_basic_auth_api_access");
    allowed.then(|| user.to_owned())
}

fn api_key(state: &State, headers: &HeaderMap, query: &str) -> Option<String> {
    let header = headers.get("x-sn-apikey").and_then(|key| key.to_str().ok()).map(str::to_owned);
    let param =
        || crate::form::pairs(query).into_iter().find(|(name, _)| name == "x-sn-apikey").map(|(_, key)| key);
    state.api_keys.get(&header.or_else(param)?).cloned()
}

/// A session needs its token against forgery (facts 10.2).
fn by_session(session: &Session, headers: &HeaderMap) -> Result<String, Box<SimResponse>> {
    if session.user.is_empty() {
        return Err(Box::new(unauthenticated()));
    }
    if headers.get("x-usertoken").is_some_and(|token| token == session.token.as_str()) {
        return Ok(session.user.clone());
    }
    let detail = "Required to provide Auth information";
    let refusal = SimResponse::error(StatusCode::UNAUTHORIZED, "User is not authenticated", detail);
    Err(Box::new(refusal.with("x-usertoken-response", &session.token)))
}

/// The same for no, wrong, locked and expired (facts 3.2).
fn unauthenticated() -> SimResponse {
    SimResponse::error(
        StatusCode::UNAUTHORIZED,
        "User Not Authenticated",
        "Required to provide Auth information",
    )
    .with("www-authenticate", "BASIC realm=\"Service-now\"")
}
