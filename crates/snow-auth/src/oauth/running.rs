//! Which hooks of the user's are being polled on this thread: one that calls its own client would wait for itself.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

thread_local! {
    /// Innermost last.
    static RUNNING: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// Whether the code that asks is called by what is marked so.
pub(super) fn is_running(id: usize) -> bool {
    RUNNING.with_borrow(|running| running.contains(&id))
}

/// A future that is known to run while it is polled.
pub(super) struct Marked<F> {
    pub(super) id: usize,
    pub(super) inner: F,
}

impl<F: Future + Unpin> Future for Marked<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        struct Mark;
        impl Drop for Mark {
            fn drop(&mut self) {
                RUNNING.with_borrow_mut(Vec::pop);
            }
        }
        RUNNING.with_borrow_mut(|running| running.push(self.id));
        let _mark = Mark; // taken off even if it panics
        Pin::new(&mut self.inner).poll(cx)
    }
}
