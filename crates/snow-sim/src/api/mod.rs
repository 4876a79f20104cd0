//! Which API a path belongs to. Each API area is a file.

mod attachment;
mod authorize;
mod batch;
mod change;
mod form;
mod import;
mod login;
mod oauth;
mod page;
mod script;
mod stats;
mod table;

use crate::answer::Answer;
use crate::fault::{rate_headers, rate_limited};
use crate::session::Session;
use crate::upload::{Received, Upload};
use crate::{Release, User, auth, simulator::State};
use bytes::Bytes;
use form::decode;
pub(crate) use form::pairs;
use http::{Method, StatusCode, request::Parts};

/// A request as the APIs see it.
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    /// Decoded segments of the path below the API's own.
    pub(crate) segments: Vec<String>,
    pub(crate) params: Vec<(String, String)>,
    pub(crate) body: &'a Bytes,
    /// The file that came in place of a body.
    pub(crate) upload: Option<&'a Upload>,
    pub(crate) head: &'a Parts,
    /// `https://host`, for links.
    pub(crate) origin: String,
    /// `/api/now/v2`, as it was asked for: links repeat it (facts 1.1).
    pub(crate) base: String,
    pub(crate) user: User,
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

/// APIs of an instance that are not simulated yet: their paths say so, in place of being unknown.
const LATER: &[&str] = &["cmdb", "identifyreconcile", "email"];

/// The answer, the user it was for, and the number of the session.
pub(crate) fn answer(
    state: &mut State,
    head: &Parts,
    received: &Received,
    secure: bool,
    session: Option<(String, Session)>,
) -> (Answer, String, u64) {
    let body = &received.body;
    match head.uri.path() {
        "/oauth_token.do" => return (oauth::token(state, head, body), String::new(), 0),
        "/oauth_revoke_token.do" => return (oauth::revoke(state, head), String::new(), 0),
        "/oauth_auth.do" => return authorize::answer(state, head, body, session),
        "/login.do" => return login::answer(state, head, body, session),
        "/__sim/journal" => return (journal(state), String::new(), 0),
        _ => {}
    }
    state.database.end_scans(&state.clock);
    import::run_what_waits(state);
    let query = head.uri.query().unwrap_or_default();
    let user = auth::user(state, &head.headers, query, session.as_ref().map(|(_, session)| session));
    let (now, timeout) = (state.clock.now(), state.settings.session_timeout);
    let name = user.as_deref().unwrap_or_default().to_owned();
    let (number, cookies) = match session {
        Some((id, session)) => {
            if !name.is_empty() {
                state.sessions.log_in(&id, &name);
            }
            (session.number, vec!["glide_user_activity=b3BhcXVl; Path=/; Secure; HttpOnly".to_owned()])
        }
        None => {
            let (id, session) = state.sessions.open(&name, now, timeout);
            (session.number, fresh_cookies(&id))
        }
    };
    let mut answer = match user {
        Ok(user) => limited(state, head, received, secure, &user),
        // The Attachment API of newer releases: not 401, where nobody tried to log in (facts 3.2).
        Err(_) if forbids_strangers(state, head) => {
            Answer::fault(StatusCode::FORBIDDEN, "User Not Authorized", "Failed API level ACL Validation")
        }
        Err(refusal) => *refusal,
    };
    for cookie in cookies {
        answer = answer.with("set-cookie", &cookie);
    }
    (answer, name, number)
}

fn forbids_strangers(state: &State, head: &Parts) -> bool {
    let attachment = route(head.uri.path()).is_some_and(|(_, api, _)| api == "attachment");
    let query = head.uri.query().unwrap_or_default();
    attachment && state.settings.release == Release::Y2026 && !auth::tried(&head.headers, query)
}

/// Those of a session that begins (facts 1.4).
fn fresh_cookies(id: &str) -> Vec<String> {
    let gone = "Max-Age=0; Expires=Thu, 01-Jan-1970 00:00:10 GMT; Path=/; Secure; HttpOnly";
    vec![
        format!("JSESSIONID={id}; Path=/; HttpOnly"),
        format!("glide_user=; {gone}"),
        format!("glide_user_session=; {gone}"),
        "glide_user_route=glide.25f503d194e031df369081787f629f2a; Max-Age=2147483647; Path=/; Secure; HttpOnly".into(),
        "glide_node_id_for_js=ae4ebddf99c7c01bedb922ff3ba4dc894124d2abe87073ef1fe5639fe12c732c; Path=/; Secure".into(),
        format!("glide_session_store={id}; Max-Age=1800; Path=/; Secure; HttpOnly"),
    ]
}

/// Counts against the rate rule, in windows of an hour with a fixed end (facts 8.1).
fn limited(state: &mut State, head: &Parts, body: &Received, secure: bool, user: &str) -> Answer {
    let Some(rule) = state.settings.rate_limit else { return routed(state, head, body, secure, user) };
    let now = state.clock.now().as_secs();
    let window = now / 3_600;
    let reset = (window + 1) * 3_600;
    let counted = state.counted.entry(user.to_owned()).or_default();
    if counted.0 != window {
        *counted = (window, 0);
    }
    counted.1 += 1;
    if counted.1 > rule.per_hour {
        return rate_limited(rule.per_hour, reset - now, reset);
    }
    rate_headers(routed(state, head, body, secure, user), rule.per_hour, reset)
}

fn routed(state: &mut State, head: &Parts, received: &Received, secure: bool, user: &str) -> Answer {
    let body = &received.body;
    let Some(user) = state.users.get(user).cloned() else { return no_such_api() };
    if let Some(answer) = script::answer(state, head, body) {
        return answer;
    }
    let Some((base, api, segments)) = route(head.uri.path()) else { return no_such_api() };
    let host = head.uri.authority().map(ToString::to_string);
    let host = host.or_else(|| Some(head.headers.get("host")?.to_str().ok()?.to_owned()));
    let call = Call {
        method: method(head),
        segments,
        params: pairs(head.uri.query().unwrap_or_default()),
        body,
        upload: received.upload.as_ref(),
        head,
        origin: format!(
            "{}://{}",
            if secure { "https" } else { "http" },
            host.unwrap_or_else(|| "localhost".into())
        ),
        base,
        user,
    };
    if call.base.starts_with(CHANGE) {
        return if api == "change" { change::answer(state, &call) } else { no_such_api() };
    }
    match api.as_str() {
        "table" => table::answer(state, &call),
        "attachment" => attachment::answer(state, &call),
        "batch" => batch::answer(state, &call),
        "import" => import::answer(state, &call),
        "stats" => stats::answer(state, &call),
        api if LATER.contains(&api) => Answer::not_simulated(&format!("the API {api:?}")),
        _ => no_such_api(),
    }
}

/// A POST may stand for another method (facts 1.1).
fn method(head: &Parts) -> Method {
    let override_ = head.headers.get("x-http-method-override").filter(|_| head.method == Method::POST);
    override_.and_then(|name| name.to_str().ok()?.parse().ok()).unwrap_or_else(|| head.method.clone())
}

/// The namespace of change management.
const CHANGE: &str = "/api/sn_chg_rest";

/// Base, API and the segments below it, of `/api/now[/vN]/{api}/…`.
fn route(path: &str) -> Option<(String, String, Vec<String>)> {
    let mut spaces = ["/api/now", CHANGE].into_iter();
    let (space, rest) =
        spaces.find_map(|space| Some((space, path.strip_prefix(space)?.strip_prefix('/')?)))?;
    let (version, rest) = match rest.split_once('/') {
        Some((version @ ("v1" | "v2"), rest)) => (format!("/{version}"), rest),
        _ => (String::new(), rest),
    };
    let mut segments = rest.split('/').map(decode);
    let api = segments.next()?;
    let segments: Vec<_> = segments.collect();
    let whole = segments.iter().all(|segment| !segment.is_empty());
    whole.then(|| (format!("{space}{version}"), api, segments))
}

pub(crate) fn no_such_api() -> Answer {
    Answer::fault(StatusCode::BAD_REQUEST, "Requested URI does not represent any resource", "")
}

fn journal(state: &State) -> Answer {
    let entries: Vec<_> = state.journal.iter().map(crate::Entry::to_json).collect();
    Answer::json(StatusCode::OK, serde_json::Value::Array(entries).to_string())
}
