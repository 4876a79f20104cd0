//! Who is asking (facts 3.2, 4.5).

use crate::login_rules::Account;
use crate::response::SimResponse;
use crate::session::Session;
use crate::state::State;
use crate::user::PasswordLogin;
use crate::{Guess, LoginMethod, User};
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header, request::Parts};

/// The user of a request, and how they logged in.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    pub(crate) user: String,
    method: LoginMethod,
    /// The client whose token it was.
    client: Option<String>,
}

/// Who sent a request, or the refusal: of their credentials, or of this way to log in to what they ask for.
pub(crate) fn login(
    state: &mut State,
    head: &Parts,
    body: &Bytes,
    session: Option<&Session>,
) -> Result<Login, Box<SimResponse>> {
    let (headers, query) = (&head.headers, head.uri.query().unwrap_or_default());
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let (scheme, credentials) = given.and_then(|given| given.split_once(' ')).unwrap_or_default();
    let mut client = None;
    let (found, method) = match scheme.to_ascii_lowercase().as_str() {
        "basic" => (basic(state, credentials)?, LoginMethod::Basic),
        "bearer" => {
            let token = state.tokens.live(credentials.trim(), state.clock.now());
            client = token.map(|token| token.client.clone());
            (token.map(|token| token.user.clone()), LoginMethod::OAuth)
        }
        _ => (api_key(state, headers, query), LoginMethod::ApiKey),
    };
    let (found, method) = match found {
        None => by_script(state, head, body, scheme),
        found => (found, method),
    };
    let (found, method) = match (found, session, given) {
        (None, Some(session), None) => (Some(by_session(session, headers)?), LoginMethod::Session),
        (found, ..) => (found, method),
    };
    let user = found.filter(|user| state.users.get(user).is_some_and(|account| !account.locked));
    let user = user.ok_or_else(|| Box::new(unauthenticated("BASIC")))?;
    let login = Login { user, method, client };
    may_call(state, &login, head.uri.path())?;
    Ok(login)
}

/// Refuses what lies outside of the scope of a token (facts 4.1), or where access policies allow other ways to log in (facts 4.5).
pub(crate) fn may_call(state: &State, login: &Login, path: &str) -> Result<(), Box<SimResponse>> {
    let client = login.client.as_ref().and_then(|client| state.clients.get(client));
    if client.is_some_and(|client| !client.apis.is_empty() && !client.apis.iter().any(|api| api.fits(path))) {
        let detail = "Failed API level ACL Validation";
        let refusal = SimResponse::error(StatusCode::FORBIDDEN, "User Not Authorized", detail);
        return Err(Box::new(refusal.guess(Guess::TokenOutsideScope)));
    }
    let policies = || state.policies.iter().filter(|policy| policy.fits(path));
    if policies().next().is_none() || policies().any(|policy| policy.allows(login.method)) {
        return Ok(());
    }
    let basic = policies().any(|policy| policy.allows(LoginMethod::Basic));
    Err(Box::new(unauthenticated(if basic { "BASIC" } else { "BEARER" })))
}

/// The user that a script of the customer's recognizes (facts 4.5, 13.2).
fn by_script(state: &State, head: &Parts, body: &Bytes, scheme: &str) -> (Option<String>, LoginMethod) {
    let method = match scheme.eq_ignore_ascii_case("bearer") {
        true => LoginMethod::OAuth,
        false => LoginMethod::Signature,
    };
    (state.login_scripts.iter().find_map(|script| script(head, body)), method)
}

/// Whether a request came with anything to log in by.
pub(crate) fn has_credentials(headers: &HeaderMap, query: &str) -> bool {
    let any = ["authorization", "x-sn-apikey", "cookie"];
    any.iter().any(|name| headers.contains_key(*name))
        || headers.keys().any(|name| name.as_str().starts_with("x-sn-hmac"))
        || crate::form::pairs(query).iter().any(|(name, _)| name == "x-sn-apikey")
}

fn basic(state: &mut State, credentials: &str) -> Result<Option<String>, Box<SimResponse>> {
    let decoded =
        BASE64_STANDARD.decode(credentials.trim()).ok().and_then(|pair| String::from_utf8(pair).ok());
    let Some((user, password)) = decoded.as_deref().and_then(|pair| pair.split_once(':')) else {
        return Ok(None);
    };
    let Some(account) = state.users.get(user) else { return Ok(None) };
    let login = account.password_login(password);
    let with_code = login == PasswordLogin::WithCode;
    let has_code = account.one_time_password.is_some();
    if !with_code && state.settings.basic_needs_one_time_password && has_code {
        return Err(Box::new(unauthenticated("BASIC").with("x-mfa_token", "invalid")));
    }
    if login == PasswordLogin::Wrong {
        return Ok(None);
    }
    let name = account.name.clone();
    let restriction = state.settings.basic_restriction.as_ref().filter(|_| !with_code);
    let refusing = restriction.filter(|restriction| !restriction.lets_through(&facts_of(state, account)));
    match refusing.map(|restriction| restriction.enforced) {
        Some(true) => return Ok(None),
        Some(false) => _ = state.tracked_basic_logins.insert(name.clone()),
        None => {}
    }
    Ok(Some(name))
}

/// What a restriction looks at. The record of a user may have been changed since.
fn facts_of<'a>(state: &State, user: &'a User) -> Account<'a> {
    Account {
        name: &user.name,
        roles: &user.roles,
        web_service_access_only: state.is_for_web_services(&user.name),
    }
}

fn api_key(state: &State, headers: &HeaderMap, query: &str) -> Option<String> {
    let header = headers.get("x-sn-apikey").and_then(|key| key.to_str().ok()).map(str::to_owned);
    let param =
        || crate::form::pairs(query).into_iter().find(|(name, _)| name == "x-sn-apikey").map(|(_, key)| key);
    state.api_keys.get(&header.or_else(param)?).cloned()
}

/// A session needs its CSRF token (facts 10.2).
fn by_session(session: &Session, headers: &HeaderMap) -> Result<String, Box<SimResponse>> {
    if session.user.is_empty() {
        return Err(Box::new(unauthenticated("BASIC")));
    }
    if headers.get("x-usertoken").is_some_and(|token| token == session.token.as_str()) {
        return Ok(session.user.clone());
    }
    let detail = "Required to provide Auth information";
    let refusal = SimResponse::error(StatusCode::UNAUTHORIZED, "User is not authenticated", detail);
    Err(Box::new(refusal.with("x-usertoken-response", &session.token)))
}

/// The same for no, wrong, locked and expired (facts 3.2).
fn unauthenticated(scheme: &str) -> SimResponse {
    SimResponse::error(
        StatusCode::UNAUTHORIZED,
        "User Not Authenticated",
        "Required to provide Auth information",
    )
    .with("www-authenticate", &format!("{scheme} realm=\"Service-now\""))
}
