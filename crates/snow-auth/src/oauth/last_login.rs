//! How a client was logged in, for the errors that say to do it again.

use super::grant::{Grant, GrantKind};
use snow_core::{Error, ErrorKind};
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

/// What the program called to log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LoginCall {
    /// `generate_token`, or a password grant.
    Password,
    /// A password followed by a one-time password.
    OneTimePassword,
    /// Any other grant.
    Grant,
    /// A person in a browser.
    Browser,
    /// A token that was given.
    SetToken,
}

impl LoginCall {
    pub(super) fn of(grant: &Grant) -> Self {
        match &grant.0 {
            GrantKind::Password { one_time: None, .. } => Self::Password,
            GrantKind::Password { one_time: Some(_), .. } => Self::OneTimePassword,
            GrantKind::ClientCredentials | GrantKind::JwtBearer(_) | GrantKind::Callback(_) => Self::Grant,
        }
    }
}

/// The last login of a client, which its clones share.
#[derive(Debug)]
pub(super) struct LastLogin {
    last: Mutex<Option<LoginCall>>,
    /// Whether people log in with a browser only.
    is_public: bool,
}

impl LastLogin {
    pub(super) fn new(is_public: bool) -> Self {
        Self { last: Mutex::new(None), is_public }
    }

    pub(super) fn note(&self, call: LoginCall) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(call);
    }

    /// Adds the advice to log in as it was done before to an error that says that somebody has to log in.
    pub(super) fn advise(&self, error: Error) -> Error {
        let what = match error.kind() {
            ErrorKind::NoToken => "log in",
            ErrorKind::ReauthenticationRequired => "log in again",
            _ => return error,
        };
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let mut advice = what.to_owned();
        // Writing to a string never fails.
        let _ = match (last, self.is_public) {
            (Some(LoginCall::Password), _) => write!(advice, " with generate_token(user, password)"),
            (Some(LoginCall::OneTimePassword), _) => write!(
                advice,
                " with a new one-time password: log_in(grant), or give the grant to the builder, which then asks for one by itself"
            ),
            (Some(LoginCall::Grant), _) => write!(
                advice,
                " with log_in(grant), or give the grant to the builder, which then logs in by itself"
            ),
            (Some(LoginCall::Browser), _) | (None, true) => {
                write!(advice, " with a browser: authorization() and exchange_code(), or a Loopback")
            }
            (Some(LoginCall::SetToken), _) => {
                write!(advice, " where the token came from, and set the new one with set_token(token)")
            }
            (None, false) => write!(
                advice,
                " with generate_token(user, password), log_in(grant) or a browser (authorization()), or set a stored token with \
                 set_token(token)"
            ),
        };
        error.with_advice(advice)
    }
}
