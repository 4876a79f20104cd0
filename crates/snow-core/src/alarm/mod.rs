//! One timer for all who wait.

mod bell;

use crate::clock;
use bell::{Bell, Waiting};
use std::fmt;
use std::future::{Future, poll_fn};
use std::mem;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Wake, Waker};
use tokio::runtime::{Handle, Id};
use tokio::time::{Instant, Sleep};

/// Wakes those who have waited too long. All [`Timer`]s of one alarm share a timer of tokio in each runtime: hardly anybody
/// waits to the end, and to arm a timer and take it back costs more than a layer does.
///
/// It is armed for the earliest of them, and stays so when that one leaves; when it then goes off, it wakes all others, and the
/// first of them that is polled arms it anew: some may be left alone for a while, as a page that comes ahead is.
#[derive(Clone, Default)]
pub(crate) struct Alarm(Arc<Shared>);

/// Limits, and the place of somebody who waits by them: one pointer to be moved.
pub(crate) struct Timer<T>(Box<Watched<T>>);

struct Watched<T> {
    limits: T,
    alarm: Alarm,
    place: Option<Place>,
}

impl<T> Timer<T> {
    #[inline]
    pub(crate) fn new(alarm: &Alarm, limits: T) -> Self {
        Self(Box::new(Watched { limits, alarm: alarm.clone(), place: None }))
    }

    #[inline]
    pub(crate) fn limits(&self) -> &T {
        &self.0.limits
    }

    /// Whether the moment has come. Which one, it asks when it is polled for the first time, or for the first time since it
    /// was stopped; never without one.
    pub(crate) fn poll_elapsed(
        &mut self,
        cx: &mut Context<'_>,
        moment: impl FnOnce(&T) -> Option<Instant>,
    ) -> Poll<()> {
        let Watched { limits, alarm, place } = &mut *self.0;
        if place.is_none() {
            let Some(until) = moment(limits) else { return Poll::Pending };
            let (entered, watched) = alarm.0.enter(until, cx.waker());
            *place = Some(entered);
            if watched {
                return Poll::Pending;
            }
        }
        match place {
            Some(place) => alarm.0.poll(place, cx.waker()),
            None => Poll::Pending,
        }
    }

    /// Nobody waits any more.
    #[inline]
    pub(crate) fn stop(&mut self) {
        self.0.stop();
    }
}

impl<T> Watched<T> {
    #[inline]
    fn stop(&mut self) {
        if let Some(place) = self.place.take() {
            self.alarm.0.leave(place);
        }
    }
}

impl<T> Drop for Watched<T> {
    #[inline]
    fn drop(&mut self) {
        self.stop();
    }
}

/// Where somebody waits, and until when.
#[derive(Clone, Copy)]
struct Place {
    bell: usize,
    index: usize,
    until: Instant,
}

/// What all clones of an alarm share: a bell for each runtime.
///
/// No waker is woken or dropped, and no timer looked at, while it is locked: each may run code that waits or leaves.
#[derive(Default)]
struct Shared(Mutex<Vec<Bell>>);

impl Shared {
    #[inline]
    fn lock(&self) -> MutexGuard<'_, Vec<Bell>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// And whether the timer goes off in time.
    fn enter(&self, until: Instant, waker: &Waker) -> (Place, bool) {
        let runtime = Handle::current().id();
        let waiting = Waiting { until, waker: Some(waker.clone()) };
        let mut bells = self.lock();
        let known = bells.iter().position(|bell| bell.runtime == runtime);
        let at = known.unwrap_or_else(|| add_bell(&mut bells, runtime));
        let bell = &mut bells[at];
        let index = bell.enter(waiting);
        (Place { bell: at, index, until }, !bell.is_unarmed_for(until))
    }

    fn poll(self: &Arc<Self>, place: &mut Place, waker: &Waker) -> Poll<()> {
        loop {
            match self.look(*place, waker) {
                Look::Waits => return Poll::Pending,
                Look::Unarmed => self.arm(place.bell),
                Look::Rung if clock::now() >= place.until => return Poll::Ready(()),
                // Its runtime ended, which makes all timers go off.
                Look::Rung => {
                    self.leave(*place);
                    (*place, _) = self.enter(place.until, waker);
                }
            }
        }
    }

    fn look(&self, place: Place, waker: &Waker) -> Look {
        let mut bells = self.lock();
        let Some(bell) = bells.get_mut(place.bell) else { return Look::Rung };
        let unarmed = bell.is_unarmed_for(place.until);
        let waiting = bell.waiting.get_mut(place.index).and_then(Option::as_mut);
        let Some(known) = waiting.and_then(|waiting| waiting.waker.as_mut()) else { return Look::Rung };
        let old = if known.will_wake(waker) { None } else { Some(mem::replace(known, waker.clone())) };
        drop(bells);
        drop(old);
        if unarmed { Look::Unarmed } else { Look::Waits }
    }

    fn leave(&self, place: Place) {
        let mut bells = self.lock();
        let Some(bell) = bells.get_mut(place.bell) else { return };
        let left = bell.leave(place.index);
        drop(bells);
        drop(left);
    }

    /// Arms the timer for the earliest.
    #[cold]
    fn arm(self: &Arc<Self>, bell: usize) {
        while let Some((runtime, at)) = self.earliest(bell) {
            let mut timer = Box::pin(tokio::time::sleep_until(at));
            let call = Arc::new(Call { shared: Arc::downgrade(self), runtime, at });
            let waits = poll_once(timer.as_mut(), &Waker::from(call)).is_pending();
            let mut bells = self.lock();
            if waits && !timer.is_elapsed() {
                let old = bells.get_mut(bell).and_then(|bell| bell.set(at, timer));
                drop(bells);
                return drop(old);
            }
            drop(bells);
            self.ring(runtime, at);
        }
    }

    fn earliest(&self, bell: usize) -> Option<(Id, Instant)> {
        let bells = self.lock();
        let bell = bells.get(bell)?;
        Some((bell.runtime, bell.earliest()?.until))
    }

    /// The time has come for all who wait until then.
    fn ring(&self, runtime: Id, at: Instant) {
        let mut bells = self.lock();
        let bell = bells.iter_mut().find(|bell| bell.runtime == runtime);
        let wakers = bell.map(|bell| bell.ring(at)).unwrap_or_default();
        drop(bells);
        wakers.into_iter().for_each(Waker::wake);
    }
}

enum Look {
    Waits,
    Rung,
    /// It waits, and the timer would go off too late.
    Unarmed,
}

/// In the place of one whose runtime may have ended, if there is any. Nobody who waits is moved.
#[cold]
fn add_bell(bells: &mut Vec<Bell>, runtime: Id) -> usize {
    let unused = bells.iter().position(|bell| bell.free.len() == bell.waiting.len());
    let at = unused.unwrap_or(bells.len());
    match bells.get_mut(at) {
        Some(unused) => *unused = Bell::new(runtime),
        None => bells.push(Bell::new(runtime)),
    }
    at
}

/// What the timer wakes.
struct Call {
    shared: Weak<Shared>,
    runtime: Id,
    at: Instant,
}

impl Wake for Call {
    fn wake(self: Arc<Self>) {
        if let Some(shared) = self.shared.upgrade() {
            shared.ring(self.runtime, self.at);
        }
    }
}

/// Whatever is left of the task's turn: a timer that is not looked at is not armed.
fn poll_once(mut timer: Pin<&mut Sleep>, waker: &Waker) -> Poll<()> {
    let once = poll_fn(|cx| Poll::Ready(timer.as_mut().poll(cx)));
    let once = pin!(tokio::task::unconstrained(once));
    match once.poll(&mut Context::from_waker(waker)) {
        Poll::Ready(polled) => polled,
        Poll::Pending => Poll::Pending,
    }
}

impl fmt::Debug for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Alarm")
    }
}

impl<T: fmt::Debug> fmt::Debug for Timer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Timer").field(&self.0.limits).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;
    use tokio::runtime::Runtime;
    use tokio::task::JoinSet;

    fn stopped_clock() -> Runtime {
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
    }

    async fn end_of(timer: &mut Timer<Duration>) {
        poll_fn(|cx| timer.poll_elapsed(cx, |time| clock::after(*time))).await;
    }

    /// In whole seconds: a timer may be a millisecond late.
    fn seconds(time: Duration) -> u64 {
        (time + Duration::from_millis(500)).as_secs()
    }

    /// How many wait.
    fn waiting(alarm: &Alarm) -> usize {
        alarm.0.lock().iter().map(|bell| bell.waiting.len() - bell.free.len()).sum()
    }

    /// When each comes, how long it waits, and when it leaves at the latest.
    fn comings() -> impl Strategy<Value = Vec<(u64, u64, u64)>> {
        prop::collection::vec((0_u64..50, 1_u64..50, 1_u64..60), 1..40)
    }

    proptest! {
        #[test]
        fn each_is_woken_in_its_time_whoever_comes_and_leaves(comings in comings()) {
            let alarm = Alarm::default();
            stopped_clock().block_on(async {
                let mut all = JoinSet::new();
                for (comes, waits, leaves) in comings {
                    let mut timer = Timer::new(&alarm, Duration::from_secs(waits));
                    all.spawn(async move {
                        tokio::time::sleep(Duration::from_secs(comes)).await;
                        let began = clock::now();
                        let rung = tokio::time::timeout(Duration::from_secs(leaves), end_of(&mut timer)).await;
                        assert_eq!(seconds(began.elapsed()), waits.min(leaves), "of {waits}");
                        assert!(rung.is_ok() || leaves <= waits);
                    });
                }
                while let Some(done) = all.join_next().await {
                    done.unwrap();
                }
            });
            prop_assert_eq!(waiting(&alarm), 0);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_wait_longer_arm_nothing() {
        let alarm = Alarm::default();
        let armed = || alarm.0.lock()[0].armed;
        let poll = |timer: &mut Timer<Duration>| {
            let mut cx = Context::from_waker(Waker::noop());
            assert!(timer.poll_elapsed(&mut cx, |time| clock::after(*time)).is_pending());
        };
        let [mut first, mut later, mut sooner] =
            [5, 9, 2].map(|s| Timer::new(&alarm, Duration::from_secs(s)));
        poll(&mut first);
        let five = armed();
        poll(&mut later);
        assert_eq!(armed(), five);
        drop(first);
        assert_eq!(armed(), five, "it stays as it is");
        poll(&mut sooner);
        assert!(armed() < five);
        drop((later, sooner));
        assert_eq!(waiting(&alarm), 0);
    }

    /// Whoever is left alone does not keep the others waiting.
    #[tokio::test(start_paused = true)]
    async fn one_that_nobody_polls_takes_no_time_from_the_others() {
        let alarm = Alarm::default();
        let [mut leaves, mut alone, mut waits] =
            [1, 10, 20].map(|s| Timer::new(&alarm, Duration::from_secs(s)));
        for timer in [&mut leaves, &mut alone] {
            let mut cx = Context::from_waker(Waker::noop());
            assert!(timer.poll_elapsed(&mut cx, |time| clock::after(*time)).is_pending());
        }
        let began = clock::now();
        let mut waiting = JoinSet::new();
        waiting.spawn(async move { end_of(&mut waits).await });
        tokio::task::yield_now().await;
        drop(leaves);
        tokio::time::timeout(Duration::from_secs(60), waiting.join_next()).await.unwrap();
        assert_eq!(seconds(began.elapsed()), 20);
        drop(alone);
    }

    /// A client may outlive a runtime, and one that nobody drives makes no time pass.
    #[test]
    fn nobody_depends_on_another_runtime() {
        let alarm = Alarm::default();
        let (idle, ends, other) = (stopped_clock(), stopped_clock(), stopped_clock());
        let mut timers = [1, 20, 10].map(|seconds| Timer::new(&alarm, Duration::from_secs(seconds)));
        let [in_idle, moves, stays] = &mut timers;
        let begin = |timer: &mut Timer<Duration>| {
            assert!(futures_util::FutureExt::now_or_never(end_of(timer)).is_none());
        };
        idle.block_on(async { begin(in_idle) });
        ends.block_on(async { begin(moves) });
        drop(ends);
        other.block_on(async {
            let began = clock::now();
            end_of(stays).await;
            assert_eq!(seconds(began.elapsed()), 10);
            end_of(moves).await;
            assert_eq!(seconds(began.elapsed()), 20);
        });
        drop(timers);
        assert_eq!(waiting(&alarm), 0);
    }

    struct Holds(#[expect(dead_code, reason = "to be dropped")] Mutex<Timer<Duration>>);

    impl Wake for Holds {
        fn wake(self: Arc<Self>) {}
    }

    /// As the waker of a task does that is dropped with its last waker.
    #[tokio::test(start_paused = true)]
    async fn a_waker_may_hold_somebody_else_who_waits() {
        let alarm = Alarm::default();
        let mut held = Timer::new(&alarm, Duration::from_secs(1));
        let _ = futures_util::FutureExt::now_or_never(end_of(&mut held));
        let waker = Waker::from(Arc::new(Holds(Mutex::new(held))));
        let mut holder = Timer::new(&alarm, Duration::from_secs(2));
        let polled = holder.poll_elapsed(&mut Context::from_waker(&waker), |time| clock::after(*time));
        assert!(polled.is_pending());
        drop(waker);
        assert_eq!(waiting(&alarm), 2);
        drop(holder);
        assert_eq!(waiting(&alarm), 0);
    }
}
