//! Sessions and their cookies (facts 1.4, 8.3): one request at a time, and a CSRF token.

use crate::data::scramble;
use crate::gate::Gate;
use http::{HeaderMap, header};
use std::collections::HashMap;
use std::time::Duration;

#[derive(Debug, Default)]
pub(crate) struct Sessions {
    open: HashMap<String, Session>,
    made: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Session {
    /// The value of its cookie.
    pub(crate) id: String,
    pub(crate) number: u64,
    pub(crate) user: String,
    pub(crate) token: String,
    pub(crate) gate: Gate,
    last: Duration,
}

impl Sessions {
    /// The session that a request's cookies name, if it is still open.
    pub(crate) fn find(&mut self, headers: &HeaderMap, now: Duration, timeout: Duration) -> Option<Session> {
        let id = cookie(headers, "JSESSIONID")?;
        let session = self.open.get_mut(&id).filter(|session| now < session.last.saturating_add(timeout))?;
        session.last = now;
        Some(session.clone())
    }

    /// Whether a request's cookies name a session that was idle for too long.
    pub(crate) fn has_ended(&self, headers: &HeaderMap, now: Duration, timeout: Duration) -> bool {
        let session = cookie(headers, "JSESSIONID").and_then(|id| self.open.get(&id));
        session.is_some_and(|session| now >= session.last.saturating_add(timeout))
    }

    pub(crate) fn open(&mut self, user: &str, now: Duration, timeout: Duration) -> Session {
        self.made += 1;
        if self.made.is_multiple_of(1_024) {
            self.open.retain(|_, session| now < session.last.saturating_add(timeout));
        }
        let id = format!("{:016X}{:016X}", scramble(self.made), scramble(!self.made));
        let token = format!(
            "{:016x}{:016x}{:08x}",
            scramble(self.made ^ 0xA5A5),
            scramble(self.made ^ 0x5A5A),
            self.made
        );
        let (number, user) = (self.made, user.to_owned());
        let session = Session { id: id.clone(), number, user, token, gate: Gate::default(), last: now };
        self.open.insert(id, session.clone());
        session
    }

    pub(crate) fn log_in(&mut self, id: &str, user: &str) {
        if let Some(session) = self.open.get_mut(id) {
            user.clone_into(&mut session.user);
        }
    }

    /// Ends a session: a login gets a new one, so that nobody can plant its id.
    pub(crate) fn close(&mut self, id: &str) {
        self.open.remove(id);
    }

    pub(crate) fn made(&self) -> u64 {
        self.made
    }
}

fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let all = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(given, _)| *given == name).map(|(_, value)| value.to_owned())
}

/// Returns the cookies of a session that begins (facts 1.4).
pub(crate) fn fresh_cookies(id: &str) -> Vec<String> {
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
