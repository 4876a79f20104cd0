//! A waker that remembers whether it was woken, so that requests in flight are polled only when they have made progress.

use futures_util::task::AtomicWaker;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};

/// Sets a flag, and wakes the consumer of the stream.
#[derive(Debug, Default)]
struct FlaggedWaker {
    woken: AtomicBool,
    consumer: AtomicWaker,
}

impl Wake for FlaggedWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.store(true, Ordering::Release);
        self.consumer.wake();
    }
}

/// Whether anything that was polled with its [waker](Self::waker) has made progress since.
#[derive(Debug)]
pub(super) struct WakeFlag {
    flagged: Arc<FlaggedWaker>,
    waker: Waker,
}

impl WakeFlag {
    pub(super) fn new() -> Self {
        let flagged = Arc::<FlaggedWaker>::default();
        Self { waker: flagged.clone().into(), flagged }
    }

    /// Returns whether the flag was set, and clears it.
    pub(super) fn take(&self) -> bool {
        self.flagged.woken.load(Ordering::Relaxed) && self.flagged.woken.swap(false, Ordering::Acquire)
    }

    /// Registers the consumer, which is about to wait.
    pub(super) fn register(&self, cx: &Context<'_>) {
        self.flagged.consumer.register(cx.waker());
    }

    /// Returns the waker to poll requests with.
    pub(super) fn waker(&self) -> Waker {
        self.waker.clone()
    }
}
