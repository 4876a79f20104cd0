//! Sessions and their cookies (facts 1.4, 8.3): one request at a time, and a token against forgery.

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
    pub(crate) number: u64,
    pub(crate) user: String,
    pub(crate) token: String,
    pub(crate) gate: Gate,
    last: Duration,
}

impl Sessions {
    /// The session that a request's cookies name, if it is still open.
    pub(crate) fn of(
        &mut self,
        headers: &HeaderMap,
        now: Duration,
        timeout: Duration,
    ) -> Option<(String, Session)> {
        let id = cookie(headers, "JSESSIONID")?;
        let session = self.open.get_mut(&id).filter(|session| now < session.last.saturating_add(timeout))?;
        session.last = now;
        Some((id, session.clone()))
    }

    pub(crate) fn open(&mut self, user: &str, now: Duration, timeout: Duration) -> (String, Session) {
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
        let session =
            Session { number: self.made, user: user.to_owned(), token, gate: Gate::default(), last: now };
        self.open.insert(id.clone(), session.clone());
        (id, session)
    }

    pub(crate) fn log_in(&mut self, id: &str, user: &str) {
        if let Some(session) = self.open.get_mut(id) {
            user.clone_into(&mut session.user);
        }
    }

    /// Ends a session: who logs in gets a new one, so that nobody can have planted its id.
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
