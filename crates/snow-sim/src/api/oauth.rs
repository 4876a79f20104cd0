//! `POST /oauth_token.do` (facts 4.1).

use super::pairs;
use crate::answer::Answer;
use crate::simulator::State;
use crate::tokens::Issued;
use bytes::Bytes;
use http::{Method, StatusCode, request::Parts};
use serde_json::json;

pub(crate) fn token(state: &mut State, head: &Parts, body: &Bytes) -> Answer {
    if head.method != Method::POST {
        return refused();
    }
    let form = pairs(&String::from_utf8_lossy(body));
    let field =
        |name: &str| form.iter().find(|(given, _)| given == name).map_or("", |(_, value)| value.as_str());
    let client = field("client_id");
    if state.clients.get(client).is_none_or(|secret| secret != field("client_secret")) {
        return refused();
    }
    let (now, lifetimes) = (state.clock.now(), state.lifetimes);
    let issued = match field("grant_type") {
        "password" => {
            let user = field("username");
            let known = |account: &crate::simulator::Account| {
                account.password == field("password") && !account.locked
            };
            state.users.get(user).is_some_and(known).then(|| state.tokens.grant(client, user, now, lifetimes))
        }
        "refresh_token" => state.tokens.refresh(client, field("refresh_token"), now, lifetimes),
        _ => None,
    };
    issued.map_or_else(refused, |issued| granted(&issued, now))
}

fn granted(token: &Issued, now: std::time::Duration) -> Answer {
    let body = json!({
        "access_token": token.access,
        "refresh_token": token.refresh,
        "scope": "useraccount",
        "token_type": "Bearer",
        "expires_in": token.access_end.saturating_sub(now).as_secs(),
    });
    Answer::json(StatusCode::OK, body.to_string())
}

/// One answer for every cause (facts 4.1).
fn refused() -> Answer {
    let body = json!({ "error_description": "access_denied", "error": "server_error" });
    Answer::json(StatusCode::UNAUTHORIZED, body.to_string())
}
