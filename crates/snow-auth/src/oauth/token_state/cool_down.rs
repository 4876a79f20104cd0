//! How long no refresh is started after one that failed or was in vain.

use super::TokenMachine;
use snow_core::{Error, ErrorKind};
use std::time::{Duration, SystemTime};

/// After an endpoint could not respond.
const AFTER_FAILURE: Duration = Duration::from_secs(1);
/// After an endpoint refused, or returned the very token that the instance had refused.
const AFTER_REFUSAL: Duration = Duration::from_secs(30);
/// After a password was refused, because accounts lock after some failures. A login ends it.
const AFTER_PASSWORD: Duration = Duration::from_secs(1_800);
/// The longest that an endpoint may ask for.
pub(in crate::oauth) const LONGEST_COOL_DOWN: Duration = Duration::from_secs(3_600);

/// A time without refreshes.
pub(super) struct CoolDown {
    pub(super) until: SystemTime,
    /// What calls fail with that need a refresh; without an error they use the token that there is.
    pub(super) error: Option<Error>,
}

impl CoolDown {
    /// The token was refused and its refresh was in vain.
    pub(super) fn after_refusal(now: SystemTime) -> Self {
        Self { until: later(now, AFTER_REFUSAL), error: None }
    }

    /// A refresh failed, and no other one is started for so long.
    pub(super) fn after_error(error: &Error, wait: Duration, now: SystemTime) -> Self {
        Self { until: later(now, wait), error: Some(error.clone()) }
    }
}

impl<F> TokenMachine<F> {
    pub(super) fn is_cooling_down(&self, now: SystemTime) -> bool {
        self.active_cool_down(now).is_some()
    }

    pub(super) fn active_cool_down(&self, now: SystemTime) -> Option<&CoolDown> {
        self.cool_down.as_ref().filter(|cool_down| now < cool_down.until)
    }

    /// Lets the next call try again at once: a person saw the failure.
    pub(in crate::oauth) fn end_cool_down(&mut self) {
        self.cool_down = None;
    }
}

/// Returns how long no refresh is started after this failure. `sends_password` is whether the grant sends one.
pub(in crate::oauth) fn cool_down_after(error: &Error, sends_password: bool) -> Duration {
    if sends_password && error.kind() == ErrorKind::TokenRefused {
        return AFTER_PASSWORD;
    }
    let usual = match error.kind() {
        ErrorKind::ReauthenticationRequired | ErrorKind::TokenRefused => AFTER_REFUSAL,
        _ => AFTER_FAILURE,
    };
    error.retry_after().unwrap_or(usual).min(LONGEST_COOL_DOWN)
}

/// Returns the moment after this time, or `now` if the clock is so wrong that there is no such moment.
pub(super) fn later(now: SystemTime, wait: Duration) -> SystemTime {
    now.checked_add(wait).unwrap_or(now)
}
