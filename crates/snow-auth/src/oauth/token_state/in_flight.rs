//! The one refresh in flight, and who waits for it.

use super::{TokenMachine, TokenState};
use crate::Token;

/// A refresh in flight.
pub(super) struct InFlight<F> {
    pub(super) id: u64,
    pub(super) handle: F,
    /// Whether it only saves a token that calls use already.
    pub(super) only_saves: bool,
    waiters: usize,
    /// Whether all callers have given up. It may be long past its time when the next call comes.
    pub(super) abandoned: bool,
}

/// What becomes of a refresh for which nobody waits any more.
pub(in crate::oauth) enum Abandonment {
    /// It stands still until the next call polls it on.
    Keep,
    /// It ends. The token was obtained, and the store may not have it.
    End(Option<Token>),
}

/// The refresh that ended last.
#[derive(Clone, Copy, Default)]
pub(super) struct LastRefresh {
    pub(super) id: u64,
    /// Whether it only saved a token that calls use already.
    pub(super) only_saved: bool,
    /// Whether it timed out, although those who waited for it in the end had begun to wait later.
    pub(super) overdue: bool,
}

impl<F: Clone> TokenMachine<F> {
    /// Starts a refresh. Its id is for [`finish_refresh`](Self::finish_refresh).
    pub(in crate::oauth) fn start_refresh(&mut self, start: impl FnOnce(u64) -> F) -> (u64, F) {
        let id = self.next_number();
        let handle = start(id);
        let only_saves = matches!(self.state, TokenState::Usable(_)) && self.unsaved.is_some();
        let in_flight = InFlight { id, handle: handle.clone(), only_saves, waiters: 0, abandoned: false };
        self.in_flight = Some(in_flight);
        (id, handle)
    }

    /// Returns `true` if a refresh with this id is still the current one.
    pub(in crate::oauth) fn is_in_flight(&self, id: u64) -> bool {
        self.in_flight.as_ref().is_some_and(|in_flight| in_flight.id == id)
    }

    pub(in crate::oauth) fn add_waiter(&mut self, id: u64) {
        if let Some(in_flight) = self.in_flight.as_mut().filter(|in_flight| in_flight.id == id) {
            in_flight.waiters = in_flight.waiters.saturating_add(1);
        }
    }

    /// Notes that a caller gave up. Once nobody waits for the refresh, `abandon` decides what becomes of it; where processes share
    /// no store, it is always kept. The handle that is returned is to be dropped where no lock is held.
    pub(in crate::oauth) fn remove_waiter(
        &mut self,
        id: u64,
        abandon: impl FnOnce(&F) -> Abandonment,
    ) -> Option<F> {
        let in_flight = self.in_flight.as_mut().filter(|in_flight| in_flight.id == id)?;
        in_flight.waiters = in_flight.waiters.saturating_sub(1);
        if in_flight.waiters > 0 {
            return None;
        }
        in_flight.abandoned = true;
        if !self.capabilities.store {
            return None;
        }
        match abandon(&in_flight.handle) {
            Abandonment::Keep => None,
            Abandonment::End(obtained) => {
                let ended = self.in_flight.take();
                if let Some(token) = obtained {
                    self.keep_unsaved(token);
                }
                ended.map(|ended| ended.handle)
            }
        }
    }
}
