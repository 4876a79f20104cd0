//! The session that a person with a browser sees a page in.

use super::HandledRequest;
use crate::response::SimResponse;
use crate::session::{Session, fresh_cookies};
use crate::state::State;

/// A person with a browser.
pub(super) struct BrowserSession {
    pub(super) session: Session,
    /// Whether the browser does not have its cookies yet.
    fresh: bool,
}

impl BrowserSession {
    /// Goes on with a session, or opens one for nobody yet.
    pub(super) fn of(state: &mut State, session: Option<Session>) -> Self {
        match session {
            Some(session) => Self { session, fresh: false },
            None => Self::logged_in(state, ""),
        }
    }

    /// Opens a session for a user.
    pub(super) fn logged_in(state: &mut State, user: &str) -> Self {
        let (now, timeout) = (state.clock.now(), state.settings.session_timeout);
        Self { session: state.sessions.open(user, now, timeout), fresh: true }
    }

    /// The user, if somebody has logged in who still may.
    pub(super) fn user(&self, state: &State) -> Option<String> {
        let user = state.users.get(&self.session.user).filter(|user| !user.locked);
        user.map(|user| user.name.clone())
    }

    /// Responds, with the cookies of the session if the browser does not have them yet.
    pub(super) fn respond(self, state: &State, response: SimResponse) -> HandledRequest {
        let cookies = if self.fresh { fresh_cookies(&self.session.id) } else { Vec::new() };
        let response = cookies.iter().fold(response, |response, cookie| response.with("set-cookie", cookie));
        let user = self.user(state).unwrap_or_default();
        HandledRequest { response, user, session: self.session.number }
    }
}
