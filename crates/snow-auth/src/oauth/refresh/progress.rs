//! How far a refresh in flight has come: for the moment when everybody who waited for it has given up.
//!
//! Nothing is spawned, so such a refresh stands still until the next call polls it on. What it must not lose by then is the response
//! to a token request, because that may hold the only valid refresh token. What it must not keep is a lease without an end, because
//! other processes would wait for it for as long as this one makes no call.

use crate::Token;
use crate::oauth::store::Lease;
use crate::oauth::token_state::Abandonment;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The progress of one refresh, shared by the refresh and by those who wait for it.
#[derive(Clone, Default)]
pub(in crate::oauth) struct RefreshProgress(Arc<Mutex<ProgressState>>);

#[derive(Default)]
struct ProgressState {
    stage: Stage,
    /// The lease under way. It is `None` once it has been returned because nobody waited for the refresh.
    lease: Option<Arc<Lease>>,
}

#[derive(Default)]
enum Stage {
    /// No token request is under way: nothing is lost if the refresh ends here.
    #[default]
    Idle,
    /// The response may hold the only valid refresh token.
    Requesting,
    /// This token is on its way to the store.
    Saving(Token),
}

impl RefreshProgress {
    /// Goes on under this lease.
    pub(super) fn begin(&self, lease: Lease) {
        let before = self.lock().lease.replace(Arc::new(lease));
        drop(before); // outside of the lock, because its guard is the caller's
    }

    /// Ends the use of the lease, and returns it unless it is still in use elsewhere.
    pub(super) fn end(&self) -> Option<Lease> {
        let lease = self.lock().lease.take();
        lease.and_then(Arc::into_inner)
    }

    /// Returns the lease; `None` once it has been returned to the store.
    pub(super) fn lease(&self) -> Option<Arc<Lease>> {
        self.lock().lease.clone()
    }

    pub(super) fn set_requesting(&self) {
        self.lock().stage = Stage::Requesting;
    }

    pub(super) fn set_saving(&self, token: &Token) {
        self.lock().stage = Stage::Saving(token.clone());
    }

    pub(super) fn set_idle(&self) {
        self.lock().stage = Stage::Idle;
    }

    /// Decides what becomes of the refresh when nobody waits for it. The lease that is returned is to be dropped where no lock is
    /// held.
    pub(in crate::oauth) fn abandon(&self) -> (Abandonment, Option<Arc<Lease>>) {
        let mut state = self.lock();
        match &state.stage {
            Stage::Idle => (Abandonment::End(None), None),
            Stage::Saving(token) => (Abandonment::End(Some(token.clone())), None),
            Stage::Requesting => {
                let unlimited = state.lease.take_if(|lease| lease.is_unlimited());
                (Abandonment::Keep, unlimited)
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, ProgressState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
