//! A failed refresh, as a store remembers it for other processes.

use serde::{Deserialize, Serialize};
use snow_core::{Error, ErrorKind};
use std::time::{Duration, SystemTime};

/// A failed refresh, as a [`TokenStore`](crate::TokenStore) remembers it. Until it ends, other processes fail with it and do not
/// request a token.
///
/// It can be serialized. A store with columns of its own creates it with [`new`](Self::new) and sets the other fields.
///
/// ```
/// use snow_client::oauth::RefreshFailure;
///
/// let mut failure = RefreshFailure::new("the refresh token has expired", 1_767_225_600_000);
/// failure.log_in_again = true;
/// let stored = serde_json::to_string(&failure).unwrap();
/// assert_eq!(serde_json::from_str::<RefreshFailure>(&stored).unwrap(), failure);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RefreshFailure {
    /// The message of the error.
    pub message: String,
    /// Whether a person has to log in again, because the refresh token is no longer accepted.
    pub log_in_again: bool,
    /// Whether the endpoint responded and refused the request.
    pub refused: bool,
    /// Until when no process requests a token, in milliseconds since 1970.
    pub until: u64,
    /// Identifies a password that was refused: two bytes of a hash. The failure then concerns only the clients of this password,
    /// and lasts 30 minutes, because accounts lock. `None` if no password was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_mark: Option<u16>,
}

impl RefreshFailure {
    /// Creates a failure that lasts until a time in milliseconds since 1970, of an endpoint that could not respond:
    /// `log_in_again` and `refused` are `false`.
    pub fn new(message: impl Into<String>, until: u64) -> Self {
        Self { message: message.into(), log_in_again: false, refused: false, until, password_mark: None }
    }

    /// Creates the failure of an error that lasts for `cool_down`.
    pub(in crate::oauth) fn of(
        error: &Error,
        now: SystemTime,
        cool_down: Duration,
        password_mark: Option<u16>,
    ) -> Self {
        let until = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().saturating_add(cool_down);
        Self {
            message: error.report(),
            log_in_again: error.kind() == ErrorKind::ReauthenticationRequired,
            refused: error.kind() == ErrorKind::TokenRefused,
            until: u64::try_from(until.as_millis()).unwrap_or(u64::MAX),
            password_mark,
        }
    }

    /// Returns the failure as an error of ours while it lasts. One that would last longer than `longest` is ignored: a clock was
    /// wrong.
    pub(in crate::oauth) fn error(&self, now: SystemTime, longest: Duration) -> Option<Error> {
        let until = SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(self.until))?;
        let left = until.duration_since(now).ok().filter(|left| !left.is_zero() && *left <= longest)?;
        let kind = match (self.log_in_again, self.refused) {
            (true, _) => ErrorKind::ReauthenticationRequired,
            (false, true) => ErrorKind::TokenRefused,
            (false, false) => ErrorKind::Unavailable,
        };
        let message = format!("another process failed to refresh the token moments ago: {}", self.message);
        Some(Error::new(kind, message).with_retry_after(left).before_sending())
    }
}
