//! When a token is refreshed ahead of its expiry.
//!
//! The instance returns the *same* token until it expires (facts 4.2), so refreshing early often gains nothing: a refresh that
//! returns the same token is the last one ahead of its expiry.

use super::{BearerHeader, CurrentToken, TokenMachine, TokenState};
use std::time::{Duration, SystemTime};

/// How long before its expiry a token is refreshed, at most; a tenth of its lifetime if that is less.
const MOST_AHEAD: Duration = Duration::from_secs(30);

impl CurrentToken {
    /// Returns `true` if the token is to be refreshed.
    pub(super) fn is_due(&self, now: SystemTime) -> bool {
        self.due_at().is_some_and(|due| now >= due)
    }

    /// Returns when it is refreshed: ahead of its expiry, or at its expiry if that was in vain.
    fn due_at(&self) -> Option<SystemTime> {
        let expiry = self.token.expires_at()?;
        let tenth = self.token.expires_in().and_then(|lifetime| lifetime.checked_div(10));
        let ahead = tenth.map_or(MOST_AHEAD, |tenth| MOST_AHEAD.min(tenth));
        let ahead = if self.refresh_ahead { ahead } else { Duration::ZERO };
        Some(expiry.checked_sub(ahead).unwrap_or(expiry))
    }
}

impl<F> TokenMachine<F> {
    /// Returns the header that calls use without any further step, and until when; without an end, until the instance refuses
    /// it.
    pub(in crate::oauth) fn header(&self) -> Option<(&BearerHeader, Option<SystemTime>)> {
        let TokenState::Usable(current) = &self.state else { return None };
        let until = [current.due_at(), self.save_due_at()].into_iter().flatten().min();
        Some((&current.header, until))
    }

    /// Returns when a token that calls use, and that the store did not take, is given to it again.
    pub(super) fn save_due_at(&self) -> Option<SystemTime> {
        let unsaved = self.unsaved.as_ref().filter(|_| self.capabilities.best_effort)?;
        Some(unsaved.save_again.unwrap_or(SystemTime::UNIX_EPOCH))
    }
}
