//! What a call does that is about to be sent.

use super::{CurrentToken, TokenMachine, no_refresh_token, no_token};
use crate::Token;
use snow_core::Error;
use std::time::SystemTime;

/// What a call does.
pub(in crate::oauth) enum NextStep<F> {
    Use(CurrentToken),
    /// Wait for the refresh in flight.
    Join(u64, F),
    /// Start this refresh: see [`TokenMachine::start_refresh`].
    Start(RefreshPlan),
    Fail(Error),
}

/// What a refresh does.
#[derive(Clone)]
pub(in crate::oauth) enum RefreshPlan {
    /// Give the store a token that it does not have yet.
    Save { token: Token, login: bool },
    /// Get a token in place of this one. Where `read_store` is set, the store may have it.
    Replace { old: Option<Token>, read_store: bool },
}

impl<F: Clone> TokenMachine<F> {
    pub(in crate::oauth) fn next_step(&self, now: SystemTime) -> NextStep<F> {
        match self.state.usable(now) {
            Some(current) if self.uses_as_it_is(current, now) => NextStep::Use(current.clone()),
            Some(current) => match self.refresh_step(now) {
                NextStep::Fail(_) => NextStep::Use(current.clone()),
                step => step,
            },
            None => self.refresh_step(now),
        }
    }

    /// A usable token is used while another call refreshes it, and while no refresh is started.
    fn uses_as_it_is(&self, current: &CurrentToken, now: SystemTime) -> bool {
        let due = current.is_due(now) || self.save_due_at().is_some_and(|due| now >= due);
        !due || self.in_flight.is_some() || self.is_cooling_down(now)
    }

    fn refresh_step(&self, now: SystemTime) -> NextStep<F> {
        if let Some(in_flight) = &self.in_flight {
            return NextStep::Join(in_flight.id, in_flight.handle.clone());
        }
        if let Some(step) = self.cool_down_step(now) {
            return step;
        }
        match self.token_to_save(now) {
            Some(token) => NextStep::Start(RefreshPlan::Save { token: token.clone(), login: false }),
            None => self.replace_step(now),
        }
    }

    fn cool_down_step(&self, now: SystemTime) -> Option<NextStep<F>> {
        match (&self.active_cool_down(now)?.error, self.state.token()) {
            (Some(error), _) => Some(NextStep::Fail(error.clone())),
            (None, Some(current)) if !current.token.is_expired(now) => Some(NextStep::Use(current.clone())),
            (None, _) => None,
        }
    }

    /// While the token in use is refused, the unsaved one need not be saved: it is the same, or older.
    fn token_to_save(&self, now: SystemTime) -> Option<&Token> {
        let unsaved = self.unsaved.as_ref().filter(|_| !self.state.is_refused())?;
        Some(&unsaved.token).filter(|token| !token.is_expired(now))
    }

    /// The newest token is replaced, because it has the newest refresh token.
    fn replace_step(&self, now: SystemTime) -> NextStep<F> {
        let old = self.newest();
        let read_store = self.capabilities.store && !self.state.is_logged_out();
        let can_refresh = old.is_some_and(|old| old.refresh_token().is_some());
        if read_store || self.capabilities.grant || can_refresh {
            return NextStep::Start(RefreshPlan::Replace { old: old.cloned(), read_store });
        }
        match (old, self.state.token()) {
            (None, _) => NextStep::Fail(no_token()),
            // A refused token may be good for other calls. An expired one is not.
            (Some(_), Some(current)) if !current.token.is_expired(now) => NextStep::Use(current.clone()),
            (Some(_), _) => NextStep::Fail(no_refresh_token()),
        }
    }
}
