//! Whether it was proven how the instance reads times in queries.

use std::sync::atomic::{AtomicBool, Ordering};

/// Set once for all clones of a client.
#[derive(Debug, Default)]
pub(crate) struct TimeProof(AtomicBool);

impl TimeProof {
    pub(crate) fn is_done(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    pub(crate) fn set_done(&self) {
        self.0.store(true, Ordering::Release);
    }
}
