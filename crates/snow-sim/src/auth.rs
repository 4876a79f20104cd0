//! Who is asking (facts 3.2).

use crate::answer::Answer;
use crate::simulator::State;
use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderMap, StatusCode, header};

/// The user that a request is done for, or the 401.
pub(crate) fn user(state: &State, headers: &HeaderMap) -> Result<String, Answer> {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (scheme, credentials) = given.split_once(' ').unwrap_or_default();
    let found = match scheme.to_ascii_lowercase().as_str() {
        "basic" => basic(state, credentials),
        "bearer" => state.tokens.user(credentials, state.clock.now()),
        _ => None,
    };
    found
        .filter(|user| state.users.get(user).is_some_and(|account| !account.locked))
        .ok_or_else(unauthenticated)
}

fn basic(state: &State, credentials: &str) -> Option<String> {
    let pair = String::from_utf8(BASE64_STANDARD.decode(credentials.trim()).ok()?).ok()?;
    let (user, password) = pair.split_once(':')?;
    state.users.get(user).filter(|account| account.password == password)?;
    Some(user.to_owned())
}

/// The same for no, wrong, locked and expired (facts 3.2).
fn unauthenticated() -> Answer {
    Answer::fault(StatusCode::UNAUTHORIZED, "User Not Authenticated", "Required to provide Auth information")
        .with("www-authenticate", "BASIC realm=\"Service-now\"")
}
