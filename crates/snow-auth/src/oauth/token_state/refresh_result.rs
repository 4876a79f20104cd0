//! What the end of a refresh changes.

use super::cool_down::{cool_down_after, later};
use super::in_flight::LastRefresh;
use super::{CoolDown, CurrentToken, TokenMachine, TokenState, UnsavedToken};
use crate::Token;
use crate::oauth::timeouts::is_timeout;
use snow_core::Error;
use std::time::{Duration, SystemTime};

/// How long a store that failed is left alone where calls go on without it.
const SAVE_AGAIN: Duration = Duration::from_secs(30);

/// The result of a successful refresh.
#[derive(Clone)]
pub(in crate::oauth) struct Refreshed {
    pub(in crate::oauth) token: Token,
    /// Why the store does not have it, where calls use it all the same.
    pub(in crate::oauth) store_error: Option<Error>,
}

impl Refreshed {
    /// A token that the store has, or that needs no store.
    pub(in crate::oauth) fn saved(token: Token) -> Self {
        Self { token, store_error: None }
    }
}

/// Why a refresh brought no token to use.
#[derive(Clone)]
pub(in crate::oauth) struct FailedRefresh {
    pub(in crate::oauth) error: Error,
    unsaved: UnsavedChange,
    /// How long another process, whose failure it is, starts no refresh.
    cool_down: Option<Duration>,
}

/// What a failed refresh changes of the token that waits to be saved.
#[derive(Clone)]
enum UnsavedChange {
    Nothing,
    /// This token was obtained and not saved.
    Keep(Box<Token>),
    /// Another process took over the lease of the store, and the token is not wanted any more.
    Discard,
}

impl FailedRefresh {
    /// Creates the failure of a token that is to be saved later.
    pub(in crate::oauth) fn unsaved(error: Error, token: Token) -> Self {
        Self { unsaved: UnsavedChange::Keep(Box::new(token)), ..Self::from(error) }
    }

    /// Creates the failure of a token that another process's token took the place of.
    pub(in crate::oauth) fn superseded(error: Error) -> Self {
        Self { unsaved: UnsavedChange::Discard, ..Self::from(error) }
    }

    /// Creates the failure of another process, which the store remembers for so long.
    pub(in crate::oauth) fn of_other_process(error: Error, left: Duration) -> Self {
        Self { cool_down: Some(left), ..Self::from(error) }
    }

    /// Discards the token that waits to be saved, unless there is a newer one.
    pub(in crate::oauth) fn discarding(self) -> Self {
        match self.unsaved {
            UnsavedChange::Keep(_) => self,
            UnsavedChange::Nothing | UnsavedChange::Discard => {
                Self { unsaved: UnsavedChange::Discard, ..self }
            }
        }
    }
}

impl From<Error> for FailedRefresh {
    fn from(error: Error) -> Self {
        Self { error, unsaved: UnsavedChange::Nothing, cool_down: None }
    }
}

impl<F: Clone> TokenMachine<F> {
    /// Ends a refresh. Everyone who waited for it calls this, and the first one's call counts. A fresh token is used at least
    /// once by each of them, however short its lifetime. `None` means that something else came between and the caller has to ask
    /// again.
    ///
    /// `refused` is whether the caller's own token had been refused: then it fails with the refresh, even if the token lives on.
    pub(in crate::oauth) fn finish_refresh(
        &mut self,
        id: u64,
        result: Result<Refreshed, FailedRefresh>,
        refused: bool,
        now: SystemTime,
    ) -> Result<Option<CurrentToken>, Error> {
        let is_first = self.land(id, &result);
        if self.last_refresh.id != id {
            return Ok(None); // a login or a logout took its place
        }
        if self.last_refresh.overdue {
            if let Err(failure) = &result {
                self.apply_unsaved(failure);
            }
            return Ok(None);
        }
        match result {
            Ok(refreshed) => {
                let current = match is_first {
                    true => Some(self.apply_success(refreshed, now)?),
                    false => self.state.token().cloned(),
                };
                // That the store has it now says nothing of a token that was refused.
                Ok(current.filter(|_| !(refused && self.last_refresh.only_saved)))
            }
            Err(failure) => {
                if is_first {
                    self.apply_failure(&failure, now);
                }
                let usable = self.state.usable(now).filter(|_| !refused);
                usable.cloned().map(Some).ok_or(failure.error)
            }
        }
    }

    /// Ends the refresh in flight. Returns `true` for the first caller.
    fn land(&mut self, id: u64, result: &Result<Refreshed, FailedRefresh>) -> bool {
        let Some(landed) = self.in_flight.take_if(|in_flight| in_flight.id == id) else { return false };
        let timed_out = result.as_ref().is_err_and(|failure| is_timeout(&failure.error));
        let overdue = landed.abandoned && timed_out;
        self.last_refresh = LastRefresh { id, only_saved: landed.only_saves, overdue };
        true
    }

    fn apply_success(&mut self, refreshed: Refreshed, now: SystemTime) -> Result<CurrentToken, Error> {
        let Refreshed { token, store_error } = refreshed;
        self.state.end_logout();
        self.unsaved = store_error.map(|error| UnsavedToken {
            token: token.clone(),
            save_again: Some(later(now, SAVE_AGAIN)),
            store_error: Some(error),
        });
        match self.state.token() {
            Some(current) if self.last_refresh.only_saved && current.token == token => Ok(current.clone()),
            _ => self.use_token(token, now),
        }
    }

    fn use_token(&mut self, token: Token, now: SystemTime) -> Result<CurrentToken, Error> {
        self.cool_down = None;
        if let Some(current) = self.state.token_mut()
            && current.token.access_token() == token.access_token()
        {
            current.header.requested_at = token.requested_at();
            current.token = token;
            current.refresh_ahead = false;
            let current = current.clone();
            if self.state.is_refused() {
                self.cool_down = Some(CoolDown::after_refusal(now));
            }
            self.state.end_refusal();
            return Ok(current);
        }
        let after_refusal = self.state.is_refused();
        let current = CurrentToken { after_refusal, ..self.current(token)? };
        self.state = TokenState::Usable(current.clone());
        Ok(current)
    }

    fn apply_failure(&mut self, failure: &FailedRefresh, now: SystemTime) {
        let sends_password = self.capabilities.password;
        let wait = failure.cool_down.unwrap_or_else(|| cool_down_after(&failure.error, sends_password));
        self.cool_down = Some(CoolDown::after_error(&failure.error, wait, now));
        self.state.end_refusal();
        self.apply_unsaved(failure);
    }

    fn apply_unsaved(&mut self, failure: &FailedRefresh) {
        match &failure.unsaved {
            UnsavedChange::Nothing => {}
            UnsavedChange::Keep(token) => self.keep_unsaved(Token::clone(token)),
            UnsavedChange::Discard => self.unsaved = None,
        }
    }
}
