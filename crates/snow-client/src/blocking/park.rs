//! Polling a future on the thread that waits for it.

use snow_core::Clock;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

/// The shortest time between two looks.
const SHORTEST_TICK: Duration = Duration::from_millis(1);

/// Wakes a thread that waits. It does not use the token of [`std::thread::park`], which belongs to the code around: an executor that
/// waits on this thread may rely on it.
#[derive(Default)]
struct ThreadWaker {
    is_woken: Mutex<bool>,
    woken: Condvar,
}

impl ThreadWaker {
    fn lock(&self) -> MutexGuard<'_, bool> {
        self.is_woken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn park(&self) {
        let mut is_woken = self.lock();
        while !std::mem::take(&mut *is_woken) {
            is_woken = self.woken.wait(is_woken).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// May return early.
    fn park_timeout(&self, limit: Duration) {
        let mut is_woken = self.lock();
        if !*is_woken {
            is_woken = self.woken.wait_timeout(is_woken, limit).unwrap_or_else(PoisonError::into_inner).0;
        }
        *is_woken = false;
    }
}

impl Wake for ThreadWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        *self.lock() = true;
        self.woken.notify_one();
    }
}

/// Polls a future until it is complete.
pub(super) fn poll_to_end<F: Future + ?Sized>(mut future: Pin<&mut F>) -> F::Output {
    let thread = Arc::new(ThreadWaker::default());
    let waker = Waker::from(thread.clone());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        thread.park();
    }
}

/// Polls a future until it is complete, or until `go_on` returns `false`: it is called at the beginning and then every `tick`.
pub(super) fn poll_while<F: Future + ?Sized>(
    mut future: Pin<&mut F>,
    tick: Duration,
    mut go_on: impl FnMut() -> bool,
) -> Option<F::Output> {
    let thread = Arc::new(ThreadWaker::default());
    let waker = Waker::from(thread.clone());
    let (clock, tick) = (Clock::new(), tick.max(SHORTEST_TICK));
    while go_on() {
        let looked = clock.now();
        while let Some(rest) = tick.checked_sub(clock.since(looked)).filter(|rest| !rest.is_zero()) {
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                return Some(output);
            }
            thread.park_timeout(rest);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::{pending, poll_fn, ready};
    use std::pin::pin;

    #[test]
    fn a_wake_up_between_the_poll_and_the_pause_is_not_lost() {
        let mut polls = 0;
        let output = poll_to_end(pin!(poll_fn(|cx| {
            polls += 1;
            cx.waker().wake_by_ref();
            if polls == 1_000 { Poll::Ready(polls) } else { Poll::Pending }
        })));
        assert_eq!(output, 1_000);
    }

    #[test]
    fn the_token_of_the_thread_is_left_alone() {
        std::thread::current().unpark();
        let mut is_first = true;
        let other = std::thread::current();
        poll_to_end(pin!(poll_fn(|cx| {
            let waker = cx.waker().clone();
            std::thread::spawn(move || waker.wake());
            if std::mem::take(&mut is_first) { Poll::Pending } else { Poll::Ready(()) }
        })));
        assert_eq!(other.id(), std::thread::current().id());
        std::thread::park(); // returns at once, or the token was taken
    }

    #[test]
    fn whoever_does_not_go_on_polls_nothing() {
        let mut polled = false;
        let future = pin!(poll_fn(|_| {
            polled = true;
            Poll::<()>::Pending
        }));
        assert_eq!(poll_while(future, Duration::ZERO, || false), None);
        assert!(!polled);
    }

    #[test]
    fn looks_go_on_while_the_future_is_woken_all_the_time() {
        let mut looks = 0;
        let busy = pin!(poll_fn(|cx| {
            cx.waker().wake_by_ref();
            Poll::<()>::Pending
        }));
        let look = || {
            looks += 1;
            looks < 3
        };
        assert_eq!(poll_while(busy, Duration::ZERO, look), None);
        assert_eq!(
            poll_while(pin!(pending::<()>()), Duration::ZERO, || std::mem::take(&mut looks) > 0),
            None
        );
        assert_eq!(poll_while(pin!(ready(7)), Duration::MAX, || true), Some(7));
    }
}
