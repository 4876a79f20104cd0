//! A waker that remembers: what is under way is asked only when it has something to tell.

use futures_util::task::AtomicWaker;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};

#[derive(Debug, Default)]
struct Bell {
    rung: AtomicBool,
    consumer: AtomicWaker,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.rung.store(true, Ordering::Release);
        self.consumer.wake();
    }
}

/// Rings whoever consumes the rows.
#[derive(Debug)]
pub(super) struct Alarm {
    bell: Arc<Bell>,
    waker: Waker,
}

impl Alarm {
    pub(super) fn new() -> Self {
        let bell = Arc::<Bell>::default();
        Self { waker: bell.clone().into(), bell }
    }

    /// Whether it rang since this was last asked.
    pub(super) fn rang(&self) -> bool {
        self.bell.rung.load(Ordering::Relaxed) && self.bell.rung.swap(false, Ordering::Acquire)
    }

    /// The consumer is about to wait.
    pub(super) fn listen(&self, cx: &Context<'_>) {
        self.bell.consumer.register(cx.waker());
    }

    /// What is under way is polled with this.
    pub(super) fn waker(&self) -> Waker {
        self.waker.clone()
    }
}
