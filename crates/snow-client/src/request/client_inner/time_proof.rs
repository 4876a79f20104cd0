//! Whether it was proven how the instance reads times in queries.

use futures_util::lock::{Mutex, MutexGuard};
use std::sync::atomic::{AtomicBool, Ordering};

/// Set once for all clones of a client.
#[derive(Debug, Default)]
pub(crate) struct TimeProof {
    is_done: AtomicBool,
    /// Held by the call that proves it, for which the others wait.
    turn: Mutex<()>,
}

impl TimeProof {
    pub(crate) fn is_done(&self) -> bool {
        self.is_done.load(Ordering::Acquire)
    }

    pub(crate) fn set_done(&self) {
        self.is_done.store(true, Ordering::Release);
    }

    /// Waits until no other call is proving it.
    pub(crate) async fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().await
    }
}
