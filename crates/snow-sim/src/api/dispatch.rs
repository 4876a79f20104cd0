//! From a request to what handles it: who asks, in which session, within which rate, and which API.

use super::path::ApiPath;
use super::{Call, HandledRequest, IncomingRequest, PAGES, PageRequest, ROUTES};
use super::{import, media_type, scripted, tiny_url, unsimulated};
use crate::Release;
use crate::auth::{self, Login};
use crate::form::pairs;
use crate::rate_limit::rate_headers;
use crate::response::SimResponse;
use crate::session::{Session, fresh_cookies};
use crate::state::State;
use http::{StatusCode, request::Parts};
use std::cell::RefCell;

/// Handles a request. `session` is the one that its cookies name.
pub(crate) fn handle(
    state: &mut State,
    request: IncomingRequest<'_>,
    session: Option<Session>,
) -> HandledRequest {
    let head = request.head;
    if let Some((_, page)) = PAGES.iter().find(|(path, _)| *path == head.uri.path()) {
        return page(state, PageRequest { head, body: &request.body.body, session });
    }
    state.end_scans();
    import::run_pending(state);
    let login = auth::login(state, head, request.body.received(), session.as_ref());
    let name = login.as_ref().map(|login| login.user.clone()).unwrap_or_default();
    let (session, cookies) = continue_session(state, session, &name);
    let response = match login {
        _ if needs_xml(state, head) => SimResponse::no_xml(),
        Ok(login) => call_within_rate(state, request, &login),
        // The Attachment API of newer releases: not 401, where nobody tried to log in (facts 3.2).
        Err(_) if forbids_strangers(state, head) => {
            let detail = "Failed API level ACL Validation";
            SimResponse::error(StatusCode::FORBIDDEN, "User Not Authorized", detail)
        }
        Err(refusal) => *refusal,
    };
    let response = cookies.iter().fold(response, |response, cookie| response.with("set-cookie", cookie));
    HandledRequest { response, user: name, session }
}

/// Goes on with a session, or opens one. Returns its number and the cookies to set.
fn continue_session(state: &mut State, session: Option<Session>, user: &str) -> (u64, Vec<String>) {
    let Some(session) = session else {
        let (now, timeout) = (state.clock.now(), state.settings.session_timeout);
        let session = state.sessions.open(user, now, timeout);
        return (session.number, fresh_cookies(&session.id));
    };
    if !user.is_empty() {
        state.sessions.log_in(&session.id, user);
    }
    (session.number, vec!["glide_user_activity=b3BhcXVl; Path=/; Secure; HttpOnly".to_owned()])
}

/// Returns whether a request is about XML, which no built-in API is simulated with. A script chooses its own formats.
pub(super) fn needs_xml(state: &State, head: &Parts) -> bool {
    media_type::wants_xml(head) && !scripted::is_at(state, head)
}

fn forbids_strangers(state: &State, head: &Parts) -> bool {
    let attachment = ApiPath::parse(head.uri.path()).is_some_and(|path| path.api == "attachment");
    let query = head.uri.query().unwrap_or_default();
    attachment && state.settings.release == Release::Y2026 && !auth::has_credentials(&head.headers, query)
}

/// Calls the API if the rate rule lets the user.
fn call_within_rate(state: &mut State, request: IncomingRequest<'_>, login: &Login) -> SimResponse {
    let Some(rule) = state.settings.rate_limit else { return call_api(state, request, login) };
    match state.rate_counter.count(&login.user, rule, state.clock.now()) {
        Ok(reset) => rate_headers(call_api(state, request, login), rule.per_hour, reset),
        Err(refusal) => *refusal,
    }
}

/// Calls the API that the path names, for a user. No rate rule counts this call: an item of a batch is one, too.
pub(super) fn call_api(state: &mut State, request: IncomingRequest<'_>, login: &Login) -> SimResponse {
    let Some((user, odd_locale)) = state.account(&login.user) else { return SimResponse::no_such_api() };
    if let Some(response) = scripted::handle(state, request.head, &request.body.body) {
        return response;
    }
    let target = request.head.uri.path();
    let unknown = || unsimulated::response(target).unwrap_or_else(SimResponse::no_such_api);
    let Some(path) = ApiPath::parse(target) else { return unknown() };
    let is_it = |namespace: &str, api: &str| namespace == path.namespace && api == path.api;
    let Some((.., handler)) = ROUTES.iter().find(|(namespace, api, _)| is_it(namespace, api)) else {
        return unknown();
    };
    let (params, of_tiny_url) =
        tiny_url::expand(&state.database, pairs(request.head.uri.query().unwrap_or_default()));
    let call = Call {
        method: request.method(),
        segments: path.segments,
        params,
        body: &request.body.body,
        upload: request.body.upload.as_ref(),
        head: request.head,
        origin: request.origin(),
        base: path.base,
        user,
        login,
        guesses: RefCell::new(odd_locale.into_iter().chain(of_tiny_url).collect()),
    };
    let response = handler(state, &call);
    response.with_guesses(call.guesses.take())
}
