//! The gate that holds requests back after a 429: first all of them for a while, then all but one, which probes the service.

use crate::clock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;
use tokio::time::Instant;

/// The default of the longest pause.
const MAX_PAUSE: Duration = Duration::from_secs(60);

/// How long other requests wait for the result of a probe. A 429 comes at once, so a probe without a response by then was accepted.
const MAX_PROBE: Duration = Duration::from_secs(30);

/// The state that all clones share.
#[derive(Debug)]
pub(super) struct Gate {
    /// Whether the state is `Open`, so that requests need no lock then.
    is_open: AtomicBool,
    inner: Mutex<GateInner>,
    changed: Notify,
}

#[derive(Debug)]
struct GateInner {
    state: GateState,
    max_pause: Duration,
    /// The number of 429s so far. A probe that was sent before the last of them is outdated.
    rejections: u64,
}

#[derive(Clone, Copy, Debug)]
enum GateState {
    Open,
    /// No request is sent until then; never if there is no such moment.
    Paused {
        until: Option<Instant>,
    },
    /// One request was sent as a probe, and the others wait for its result, at most until then.
    Probing {
        until: Option<Instant>,
    },
}

/// What keeps a request from being sent.
pub(super) enum Obstacle {
    /// A pause, with the time that is left of it.
    Pause(Duration),
    /// A probe, with the time for which its result is still waited for.
    Probe(Duration),
}

impl Gate {
    pub(super) fn new() -> Self {
        Self {
            is_open: AtomicBool::new(true),
            inner: Mutex::new(GateInner { state: GateState::Open, max_pause: MAX_PAUSE, rejections: 0 }),
            changed: Notify::new(),
        }
    }

    pub(super) fn set_max_pause(&self, max_pause: Duration) {
        self.lock().max_pause = max_pause;
    }

    #[inline]
    pub(super) fn is_open(&self) -> bool {
        self.is_open.load(Ordering::Acquire)
    }

    /// Returns what keeps requests from being sent, if anything does.
    pub(super) fn obstacle(&self) -> Option<Obstacle> {
        match self.lock().state {
            GateState::Open => None,
            GateState::Paused { until } => left(until).map(Obstacle::Pause),
            GateState::Probing { until } => left(until).map(Obstacle::Probe),
        }
    }

    /// Admits a request, as the probe if it is the first one after a pause. Returns `None` if it has to wait.
    pub(super) fn enter(self: &Arc<Self>) -> Option<Option<Probe>> {
        let mut inner = self.lock();
        match inner.state {
            GateState::Open => Some(None),
            GateState::Paused { until } | GateState::Probing { until } if left(until).is_some() => None,
            GateState::Paused { .. } => {
                inner.state = GateState::Probing { until: clock::after(MAX_PROBE) };
                Some(Some(Probe { gate: self.clone(), rejections: inner.rejections }))
            }
            GateState::Probing { .. } => {
                self.open(inner);
                Some(None)
            }
        }
    }

    /// Pauses all requests for the time that a 429 asks for, up to the maximum.
    pub(super) fn pause(&self, requested: Duration) {
        let mut inner = self.lock();
        let until = clock::after(requested.min(inner.max_pause));
        let until = match inner.state {
            // An earlier 429 may have asked for more.
            GateState::Paused { until: earlier } => later(earlier, until),
            _ => until,
        };
        inner.state = GateState::Paused { until };
        inner.rejections = inner.rejections.wrapping_add(1);
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

/// Returns the time until a moment; `None` if it has passed.
fn left(until: Option<Instant>) -> Option<Duration> {
    let left = until.map_or(Duration::MAX, |until| until.saturating_duration_since(clock::now()));
    Some(left).filter(|left| !left.is_zero())
}

fn later(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    Some(a?.max(b?))
}

/// The one request that is sent first after a pause. If it is dropped without a result, the next request becomes the probe.
#[derive(Debug)]
pub(super) struct Probe {
    gate: Arc<Gate>,
    rejections: u64,
}

impl Probe {
    /// Opens the gate, because the service accepted the probe.
    pub(super) fn succeed(self) {
        let inner = self.gate.lock();
        if self.is_current(&inner) {
            self.gate.open(inner);
        }
    }

    /// Returns whether nothing newer is known than what this probe will tell.
    fn is_current(&self, inner: &GateInner) -> bool {
        matches!(inner.state, GateState::Probing { .. }) && inner.rejections == self.rejections
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
