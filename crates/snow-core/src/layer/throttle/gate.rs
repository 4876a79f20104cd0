//! Whether requests may go out: after a 429 none of them for a while, then one alone, which shows whether the others may.

use crate::clock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;
use tokio::time::Instant;

/// The longest pause by default.
const LONGEST: Duration = Duration::from_secs(60);

/// How long the others wait for what becomes of a probe. A 429 comes at once, so that one without a response by then was let in.
const PATIENCE: Duration = Duration::from_secs(30);

/// What all clones share.
#[derive(Debug)]
pub(super) struct Gate {
    /// Of the state, for requests that find it open.
    is_open: AtomicBool,
    inner: Mutex<GateInner>,
    changed: Notify,
}

#[derive(Debug)]
struct GateInner {
    state: GateState,
    longest: Duration,
    /// How many 429s have come: a probe that went out before the last of them says nothing.
    refusals: u64,
}

#[derive(Clone, Copy, Debug)]
enum GateState {
    Open,
    /// Nobody goes out until then; for ever if there is no such moment.
    Paused {
        until: Option<Instant>,
    },
    /// One request is on its way, and the others wait for what becomes of it; until then.
    Probing {
        until: Option<Instant>,
    },
}

/// What keeps a request from going out.
pub(super) enum Obstacle {
    /// A pause that goes on for so long.
    Pause(Duration),
    /// A probe that is waited for, so long at most.
    Probe(Duration),
}

impl Gate {
    pub(super) fn new() -> Self {
        Self {
            is_open: AtomicBool::new(true),
            inner: Mutex::new(GateInner { state: GateState::Open, longest: LONGEST, refusals: 0 }),
            changed: Notify::new(),
        }
    }

    pub(super) fn set_longest(&self, longest: Duration) {
        self.lock().longest = longest;
    }

    #[inline]
    pub(super) fn is_open(&self) -> bool {
        self.is_open.load(Ordering::Acquire)
    }

    /// What keeps requests from going out, if anything does.
    pub(super) fn obstacle(&self) -> Option<Obstacle> {
        match self.lock().state {
            GateState::Open => None,
            GateState::Paused { until } => left(until).map(Obstacle::Pause),
            GateState::Probing { until } => left(until).map(Obstacle::Probe),
        }
    }

    /// Lets a request out, as the probe if it is the first one after a pause; `None` if it has to wait.
    pub(super) fn enter(self: &Arc<Self>) -> Option<Option<Probe>> {
        let mut inner = self.lock();
        match inner.state {
            GateState::Open => Some(None),
            GateState::Paused { until } | GateState::Probing { until } if left(until).is_some() => None,
            GateState::Paused { .. } => {
                inner.state = GateState::Probing { until: clock::after(PATIENCE) };
                Some(Some(Probe { gate: self.clone(), refusals: inner.refusals }))
            }
            GateState::Probing { .. } => {
                self.open(inner);
                Some(None)
            }
        }
    }

    /// Stops everybody for as long as a 429 asks, and no longer than is allowed. Returns for how long.
    pub(super) fn refuse(&self, asked: Duration) {
        let mut inner = self.lock();
        let until = clock::after(asked.min(inner.longest));
        let until = match inner.state {
            // An earlier one may have asked for more.
            GateState::Paused { until: earlier } => later(earlier, until),
            _ => until,
        };
        inner.state = GateState::Paused { until };
        inner.refusals = inner.refusals.wrapping_add(1);
        self.is_open.store(false, Ordering::Release);
        drop(inner);
        self.changed.notify_waiters();
    }

    /// Completes when the state has changed since this was called.
    pub(super) fn changed(&self) -> Notified<'_> {
        self.changed.notified()
    }

    fn open(&self, mut inner: MutexGuard<'_, GateInner>) {
        inner.state = GateState::Open;
        self.is_open.store(true, Ordering::Release);
        drop(inner);
        self.changed.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, GateInner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long it is until a moment; `None` if it is over.
fn left(until: Option<Instant>) -> Option<Duration> {
    let left = until.map_or(Duration::MAX, |until| until.saturating_duration_since(clock::now()));
    Some(left).filter(|left| !left.is_zero())
}

fn later(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    Some(a?.max(b?))
}

/// The one request that goes out after a pause. Dropped without a result, it leaves its turn to the next one.
#[derive(Debug)]
pub(super) struct Probe {
    gate: Arc<Gate>,
    refusals: u64,
}

impl Probe {
    /// It was let in, and so are the others from now on.
    pub(super) fn succeed(self) {
        let inner = self.gate.lock();
        if self.is_current(&inner) {
            self.gate.open(inner);
        }
    }

    /// Whether nothing has happened since it went out that says more.
    fn is_current(&self, inner: &GateInner) -> bool {
        matches!(inner.state, GateState::Probing { .. }) && inner.refusals == self.refusals
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        let mut inner = self.gate.lock();
        if self.is_current(&inner) {
            inner.state = GateState::Paused { until: Some(clock::now()) };
            drop(inner);
            self.gate.changed.notify_waiters();
        }
    }
}
