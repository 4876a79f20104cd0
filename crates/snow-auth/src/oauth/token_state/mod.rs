//! The token of an OAuth client over time: which token calls use, and when it is refreshed. There is no I/O here.
//!
//! ```text
//!   +---------+    +-----------+
//!   | Missing |    | LoggedOut | <-- set_token(None), from any state
//!   +---------+    +-----------+
//!        |               |
//!        |  a refresh succeeds
//!        v               v
//!      +-------------------+   refused(): the instance refuses the token    +---------+
//!      |      Usable       | ---------------------------------------------> | Refused |
//!      +-------------------+ <--------------------------------------------- +---------+
//!        |       ^     ^       a refresh brings a token (another one, or the same
//!        |       |     |       one again) or fails, or there is no way to refresh
//!        +-------+     |
//!    a refresh, ahead  +---- set_token(Some), from any state
//!    of the expiry or
//!    after it              log_in() leads from any state to Missing, with a token to save
//! ```
//!
//! A refresh succeeds with the token that was obtained, or with the one that another process stored meanwhile. A token that
//! the store did not take because another process had taken the lease over gets into none of these states: it is discarded.
//!
//! | what | file |
//! |---|---|
//! | what a call does: use the token, wait for a refresh, start one, or fail | `next_step.rs` |
//! | what happens after a refused token | `refused_token.rs` |
//! | when a token is refreshed ahead of its expiry | `refresh_ahead.rs` |
//! | the one refresh in flight, and who waits for it | `in_flight.rs` |
//! | what the end of a refresh changes | `refresh_result.rs` |
//! | how long no refresh is started after a failure | `cool_down.rs` |

mod cool_down;
mod in_flight;
mod next_step;
mod refresh_ahead;
mod refresh_result;
mod refused_token;
#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test may fail")]
mod tests;

use super::Token;
use cool_down::CoolDown;
pub(super) use cool_down::{LONGEST_COOL_DOWN, cool_down_after};
use http::HeaderValue;
pub(super) use in_flight::Abandonment;
use in_flight::{InFlight, LastRefresh};
pub(super) use next_step::{NextStep, RefreshPlan};
pub(super) use refresh_result::{FailedRefresh, Refreshed};
use snow_core::{Error, ErrorKind, LoginUsed};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

/// The token that calls use: see the diagram of the module.
enum TokenState {
    /// There is none yet. The store or the grant may have one.
    Missing,
    /// The user said that there is none. The store is not read, because what it holds is not wanted.
    LoggedOut,
    /// Calls use it until it expires.
    Usable(CurrentToken),
    /// The instance refused it. Calls wait for a refresh.
    Refused(CurrentToken),
}

impl TokenState {
    /// Returns the token, refused or not.
    fn token(&self) -> Option<&CurrentToken> {
        match self {
            Self::Missing | Self::LoggedOut => None,
            Self::Usable(current) | Self::Refused(current) => Some(current),
        }
    }

    fn token_mut(&mut self) -> Option<&mut CurrentToken> {
        match self {
            Self::Missing | Self::LoggedOut => None,
            Self::Usable(current) | Self::Refused(current) => Some(current),
        }
    }

    /// Returns the token if a call may use it now.
    fn usable(&self, now: SystemTime) -> Option<&CurrentToken> {
        match self {
            Self::Usable(current) if !current.token.is_expired(now) => Some(current),
            _ => None,
        }
    }

    fn is_refused(&self) -> bool {
        matches!(self, Self::Refused(_))
    }

    fn is_logged_out(&self) -> bool {
        matches!(self, Self::LoggedOut)
    }

    /// From `Usable` to `Refused`.
    fn refuse(&mut self) {
        *self = match std::mem::replace(self, Self::Missing) {
            Self::Usable(current) => Self::Refused(current),
            other => other,
        };
    }

    /// From `Refused` back to `Usable`.
    fn end_refusal(&mut self) {
        *self = match std::mem::replace(self, Self::Missing) {
            Self::Refused(current) => Self::Usable(current),
            other => other,
        };
    }

    /// From `LoggedOut` to `Missing`.
    fn end_logout(&mut self) {
        if self.is_logged_out() {
            *self = Self::Missing;
        }
    }
}

/// A token that calls use, and what is known of it.
#[derive(Clone)]
pub(super) struct CurrentToken {
    pub(super) token: Token,
    pub(super) header: BearerHeader,
    /// Whether it is refreshed ahead of its expiry.
    refresh_ahead: bool,
    /// Whether it was obtained because the one before was refused.
    after_refusal: bool,
}

/// The `Authorization` header of a call.
#[derive(Clone)]
pub(crate) struct BearerHeader {
    pub(crate) value: HeaderValue,
    /// Tells whether a refused token is still the current one.
    pub(crate) generation: u64,
    /// Whether the instance ever let a call in with it.
    accepted: Arc<AtomicBool>,
    /// When the token was requested, if that is known.
    requested_at: Option<SystemTime>,
}

/// How long after its request a token is a new one.
const NEW: Duration = Duration::from_secs(60);

impl BearerHeader {
    /// Notes that the instance let a call in with it.
    pub(crate) fn mark_accepted(&self) {
        if !self.was_accepted() {
            self.accepted.store(true, Ordering::Relaxed);
        }
    }

    /// Returns what a refusal says of the token: nothing about its age if it was requested a moment ago.
    pub(crate) fn login_used(&self, now: SystemTime) -> LoginUsed {
        let age = self.requested_at.map(|requested| now.duration_since(requested).unwrap_or_default());
        match age {
            Some(age) if age < NEW && !self.was_accepted() => LoginUsed::NewToken,
            _ => LoginUsed::Token,
        }
    }

    fn was_accepted(&self) -> bool {
        self.accepted.load(Ordering::Relaxed)
    }
}

/// What the client has in addition to its token.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Capabilities {
    /// A store that may hold a token which another process left there.
    pub(super) store: bool,
    /// A grant that gets a token without a person.
    pub(super) grant: bool,
    /// Whether calls use a token that the store did not take.
    pub(super) best_effort: bool,
    /// Whether the grant sends a password: accounts lock after some that are refused.
    pub(super) password: bool,
}

/// A token that was obtained and that the store does not have.
struct UnsavedToken {
    token: Token,
    /// When it is given to the store again, where calls use it all the same.
    save_again: Option<SystemTime>,
    /// Why the store does not have it, where calls use it all the same.
    store_error: Option<Error>,
}

/// A [`TokenState`] with the refresh that changes it. `F` is a handle on a refresh in flight.
pub(super) struct TokenMachine<F> {
    capabilities: Capabilities,
    state: TokenState,
    /// Saved before another one is requested.
    unsaved: Option<UnsavedToken>,
    in_flight: Option<InFlight<F>>,
    last_refresh: LastRefresh,
    /// The last cool-down, which may have ended.
    cool_down: Option<CoolDown>,
    last_number: u64,
}

impl<F: Clone> TokenMachine<F> {
    pub(super) fn new(capabilities: Capabilities) -> Self {
        Self {
            capabilities,
            state: TokenState::Missing,
            unsaved: None,
            in_flight: None,
            last_refresh: LastRefresh::default(),
            cool_down: None,
            last_number: 0,
        }
    }

    pub(super) fn token(&self) -> Option<&Token> {
        self.state.token().map(|current| &current.token)
    }

    /// Returns the newest token, saved or not.
    pub(super) fn newest(&self) -> Option<&Token> {
        self.unsaved.as_ref().map(|unsaved| &unsaved.token).or_else(|| self.token())
    }

    pub(super) fn store_error(&self) -> Option<&Error> {
        self.unsaved.as_ref()?.store_error.as_ref()
    }

    /// Takes a token from outside, or none: everything known about the one before is void. Returns what it replaces, for the
    /// caller to drop where no lock is held.
    pub(super) fn set_token(&mut self, token: Option<Token>) -> Result<Self, Error> {
        let state = match token {
            Some(token) => TokenState::Usable(self.current(token)?),
            None => TokenState::LoggedOut,
        };
        let last_number = self.next_number(); // a refresh in flight sees that it is no longer wanted
        let new = Self { state, last_number, ..Self::new(self.capabilities) };
        Ok(std::mem::replace(self, new))
    }

    /// Takes the token of a login: the one before is void, and calls use the new one when the store has it. Returns what it
    /// replaces, as [`set_token`](Self::set_token) does.
    pub(super) fn log_in(&mut self, token: Token) -> Self {
        let last_number = self.next_number();
        let mut new = Self { last_number, ..Self::new(self.capabilities) };
        new.keep_unsaved(token);
        std::mem::replace(self, new)
    }

    fn keep_unsaved(&mut self, token: Token) {
        match &mut self.unsaved {
            Some(unsaved) => unsaved.token = token,
            None => self.unsaved = Some(UnsavedToken { token, save_again: None, store_error: None }),
        }
    }

    /// Returns the next number for a token or a refresh.
    fn next_number(&mut self) -> u64 {
        self.last_number = self.last_number.saturating_add(1);
        self.last_number
    }

    fn current(&mut self, token: Token) -> Result<CurrentToken, Error> {
        let value = token.header()?;
        let (generation, requested_at) = (self.next_number(), token.requested_at());
        let header = BearerHeader { value, generation, accepted: Arc::default(), requested_at };
        Ok(CurrentToken { token, header, refresh_ahead: true, after_refusal: false })
    }
}

pub(super) fn no_token() -> Error {
    Error::new(ErrorKind::NoToken, "there is no token yet")
}

pub(super) fn no_refresh_token() -> Error {
    Error::new(ErrorKind::ReauthenticationRequired, "the token has expired and came without a refresh token")
}
