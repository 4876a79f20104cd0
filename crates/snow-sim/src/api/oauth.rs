//! `POST /oauth_token.do` with its five grants, and `/oauth_revoke_token.do` (facts 4.1, 4.4).

use super::assertion::{self, AssertionVerifier};
use super::{HandledRequest, PageRequest};
use crate::form::Form;
use crate::response::SimResponse;
use crate::state::State;
use crate::tokens::IssuedToken;
use crate::user::PasswordLogin;
use crate::{Guess, JwtAudience, OAuthApplication};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD as BASE64};
use http::{Method, StatusCode, request::Parts};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

const AUTHORIZATION_CODE: &str = "authorization_code";
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

impl Form {
    /// The client's credentials by HTTP Basic, where the form has none. Undocumented and unsettled (facts 12), but it is how
    /// pysnow sends them, which is used with instances. Returns whether it took them.
    fn add_client(&mut self, head: &Parts) -> bool {
        let header = head.headers.get(http::header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let encoded = header.and_then(|value| value.strip_prefix("Basic ")).unwrap_or_default();
        let decoded =
            BASE64_STANDARD.decode(encoded.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let Some((id, secret)) = decoded.as_deref().and_then(|pair| pair.split_once(':')) else {
            return false;
        };
        for (name, value) in [("client_id", id), ("client_secret", secret)] {
            if self.get(name).is_empty() {
                self.0.insert(0, (name.to_owned(), value.to_owned()));
            }
        }
        true
    }
}

pub(super) fn token(state: &mut State, PageRequest { head, body, .. }: PageRequest<'_>) -> HandledRequest {
    let mut form = Form::of_body(body);
    let mut guesses = Vec::new();
    if form.add_client(head) {
        guesses.push(Guess::ClientByBasic);
    }
    let now = state.clock.now();
    // Parameters are taken from the body alone (facts 4.1).
    let issued =
        (head.method == Method::POST).then(|| grant(state, head, &form, now, &mut guesses)).flatten();
    let content_type = head.headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if content_type.is_some_and(|value| value.starts_with("application/json")) {
        guesses.push(Guess::TokenRequestNotForm);
    }
    let response = match issued {
        Some((issued, refreshable)) => {
            let scope = state.clients.get(&issued.client).map_or("useraccount", |client| &client.scope);
            granted(&issued, scope, refreshable, now)
        }
        None => refused(),
    };
    HandledRequest::anonymous(response.with_guesses(guesses))
}

fn grant(
    state: &mut State,
    head: &Parts,
    form: &Form,
    now: Duration,
    guesses: &mut Vec<Guess>,
) -> Option<(IssuedToken, bool)> {
    let grants = state.settings.grants;
    let grant = form.get("grant_type");
    let client = client(state, form)?;
    let id = client.id.as_str();
    // One without a secret proves itself by the verifier of a code or the signature of an assertion (facts 4.1, 13.2).
    let is_proven = !client.public || [AUTHORIZATION_CODE, JWT_BEARER].contains(&grant);
    if client.secret != form.get("client_secret") || !is_proven {
        return None;
    }
    if grant == "refresh_token" {
        // A locked user's token is given again all the same; it is the calls that are refused.
        let issued = grants
            .refresh_token
            .then(|| state.tokens.refresh(id, form.get("refresh_token"), now, &state.settings));
        let issued = issued.flatten()?;
        if state.users.get(&issued.user).is_some_and(|user| user.locked) {
            guesses.push(Guess::RefreshOfLockedUser);
        }
        if issued.access_end.saturating_sub(now) < state.settings.access_token_lifetime {
            guesses.push(Guess::RemainingLifetime);
        }
        return Some((issued, true));
    }
    let user = match grant {
        "password" if grants.password => {
            password_user(state, form.get("username"), form.get("password"), guesses)
        }
        "client_credentials" if grants.client_credentials => client.user.clone(),
        JWT_BEARER if grants.jwt_bearer => assertion_user(state, head, &client, form.get("assertion"), now),
        AUTHORIZATION_CODE if grants.authorization_code => {
            code_user(state, id, form, client.public, now, guesses)
        }
        _ => None,
    }?;
    let account = state.users.get(&user).filter(|user| !user.locked)?;
    let role = &state.settings.token_role;
    if !role.is_empty() && !account.has_role(role) {
        return None;
    }
    let refreshable = !client.public && matches!(grant, "password" | AUTHORIZATION_CODE);
    Some((state.tokens.grant(id, &user, now, &state.settings), refreshable))
}

/// The client that a request names, in its form or, of a public one, in its assertion (facts 13.2).
fn client(state: &State, form: &Form) -> Option<Arc<OAuthApplication>> {
    let id = form.get("client_id");
    if !id.is_empty() || form.get("grant_type") != JWT_BEARER {
        return state.clients.get(id).cloned();
    }
    let named = assertion::client_ids(form.get("assertion"));
    named.iter().find_map(|id| state.clients.get(id)).filter(|client| client.public).cloned()
}

/// The user whose password this is, with or without a second factor behind it.
fn password_user(state: &State, name: &str, password: &str, guesses: &mut Vec<Guess>) -> Option<String> {
    let user = state.users.get(name)?;
    let login = user.password_login(password);
    let needs_code =
        state.settings.password_grant_needs_one_time_password && user.one_time_password.is_some();
    if login == PasswordLogin::WithCode || needs_code {
        guesses.push(Guess::OneTimePasswordGrant);
    }
    let fits = match login {
        PasswordLogin::WithCode => true,
        PasswordLogin::Alone => !needs_code,
        PasswordLogin::Wrong => false,
    };
    fits.then(|| user.name.clone())
}

/// The user whom an assertion is about. Users with the role admin get no token by one (facts 13.2).
fn assertion_user(
    state: &mut State,
    head: &Parts,
    client: &OAuthApplication,
    assertion: &str,
    now: Duration,
) -> Option<String> {
    let audience = match state.settings.jwt_audience {
        JwtAudience::ClientId => client.id.clone(),
        JwtAudience::TokenEndpoint => assertion::token_endpoint(head),
    };
    let verifier = AssertionVerifier {
        client,
        audience: &audience,
        now: now.as_secs_f64(),
        skew: state.settings.jwt_clock_skew.as_secs_f64(),
    };
    let (user, id) = verifier.subject(assertion)?;
    let is_admin = state.users.get(&user)?.is_admin();
    let allowed = !is_admin || state.settings.jwt_admins;
    (allowed && state.tokens.first_use(id)).then_some(user)
}

/// The user that consented, if the code, the redirect and the verifier fit.
fn code_user(
    state: &mut State,
    client: &str,
    form: &Form,
    public: bool,
    now: Duration,
    guesses: &mut Vec<Guess>,
) -> Option<String> {
    let code = state.tokens.take_code(form.get("code"))?;
    let fits = code.client == client && code.redirect == form.get("redirect_uri") && now < code.end;
    let proven = match &code.challenge {
        None if public => {
            guesses.push(Guess::ChallengeRequired);
            false
        }
        None => true,
        Some(challenge) => {
            let digest = ring::digest::digest(&ring::digest::SHA256, form.get("code_verifier").as_bytes());
            *challenge == BASE64.encode(digest)
        }
    };
    (fits && proven).then_some(code.user)
}

fn granted(token: &IssuedToken, scope: &str, refreshable: bool, now: Duration) -> SimResponse {
    let mut body = json!({
        "access_token": token.access,
        "scope": scope,
        "token_type": "Bearer",
        "expires_in": token.access_end.saturating_sub(now).as_secs(),
    });
    if refreshable {
        body["refresh_token"] = token.refresh.clone().into();
    }
    SimResponse::json(StatusCode::OK, body.to_string())
}

/// One response for every cause (facts 4.1).
fn refused() -> SimResponse {
    let body = json!({ "error_description": "access_denied", "error": "server_error" });
    SimResponse::json(StatusCode::UNAUTHORIZED, body.to_string())
}

/// Needs no authentication; what it answers is unsettled (facts 4.4).
pub(super) fn revoke(state: &mut State, request: PageRequest<'_>) -> HandledRequest {
    let form = Form::of_query(request.head.uri.query());
    state.tokens.revoke(form.get("token"));
    HandledRequest::anonymous(SimResponse::empty(StatusCode::OK).guess(Guess::Revocation))
}
