//! Tracks which hooks of the caller are being polled on this thread. A hook that calls its own client would wait for itself.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

thread_local! {
    /// Innermost last.
    static POLLED: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// Returns `true` if the caller is called by the future that is tracked with this id.
pub(super) fn is_polled_here(id: usize) -> bool {
    POLLED.with_borrow(|polled| polled.contains(&id))
}

/// A future that is noted while it is polled.
pub(super) struct PollTracker<F> {
    pub(super) id: usize,
    pub(super) inner: F,
}

impl<F: Future + Unpin> Future for PollTracker<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        struct Untrack;
        impl Drop for Untrack {
            fn drop(&mut self) {
                POLLED.with_borrow_mut(Vec::pop);
            }
        }
        POLLED.with_borrow_mut(|polled| polled.push(self.id));
        let _untrack = Untrack; // even if it panics
        Pin::new(&mut self.inner).poll(cx)
    }
}
