//! A handle that stops a stream, an export, a feed or a bulk write from another task.

use futures_util::task::AtomicWaker;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

/// A handle that stops a stream, an export, a feed or a bulk write in an orderly way, from any task or thread; see
/// [`RecordStream::stop_handle`](crate::stream::RecordStream::stop_handle).
///
/// Clones stop the same operation. Dropping a handle does not stop it.
#[derive(Clone)]
pub struct StopHandle(Arc<StopState>);

#[derive(Default)]
struct StopState {
    is_stopped: AtomicBool,
    /// The task that polls what is to stop.
    task: AtomicWaker,
}

impl StopHandle {
    /// Creates the handle of an operation that runs.
    pub(crate) fn new() -> Self {
        Self(Arc::default())
    }

    /// Stops the operation: it sends no further request, and ends when it has returned the results of requests that are under way.
    /// Wakes the task that waits for it.
    ///
    /// Returns immediately. Stopping twice, or after the end, has no effect.
    pub fn stop(&self) {
        self.0.is_stopped.store(true, Ordering::Release);
        self.0.task.wake();
    }

    /// Returns whether [`stop`](Self::stop) was called.
    pub fn is_stopped(&self) -> bool {
        self.0.is_stopped.load(Ordering::Acquire)
    }

    /// Completes when the operation is stopped. Only the task that polled last is woken.
    pub(crate) fn poll_stopped(&self, cx: &Context<'_>) -> Poll<()> {
        self.0.task.register(cx.waker());
        // Looked at after the registration, so that a stop in between is seen here or wakes the task.
        if self.is_stopped() { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl fmt::Debug for StopHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StopHandle").field("is_stopped", &self.is_stopped()).finish()
    }
}
