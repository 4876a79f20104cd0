//! Those who wait in one runtime.

use std::pin::Pin;
use std::task::Waker;
use tokio::runtime::Id;
use tokio::time::{Instant, Sleep};

/// Those who wait in one runtime, and their timer: that of another runtime might never go off.
pub(super) struct Bell {
    pub(super) runtime: Id,
    pub(super) waiting: Vec<Option<Waiting>>,
    /// Where nobody is in `waiting`.
    pub(super) free: Vec<usize>,
    /// When the timer goes off; `None` if it is to be armed.
    pub(super) armed: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

pub(super) struct Waiting {
    pub(super) until: Instant,
    /// `None` once the time has come.
    pub(super) waker: Option<Waker>,
}

impl Bell {
    pub(super) fn new(runtime: Id) -> Self {
        Self { runtime, waiting: Vec::new(), free: Vec::new(), armed: None, timer: None }
    }

    pub(super) fn enter(&mut self, waiting: Waiting) -> usize {
        let index = self.free.pop().unwrap_or(self.waiting.len());
        match self.waiting.get_mut(index) {
            Some(free) => *free = Some(waiting),
            None => self.waiting.push(Some(waiting)),
        }
        index
    }

    pub(super) fn leave(&mut self, index: usize) -> Option<Waiting> {
        self.free.push(index);
        self.waiting.get_mut(index).and_then(Option::take)
    }

    pub(super) fn is_unarmed_for(&self, until: Instant) -> bool {
        self.armed.is_none_or(|armed| until < armed)
    }

    /// Of those whose time has not come.
    pub(super) fn earliest(&self) -> Option<&Waiting> {
        let waiting = self.waiting.iter().flatten().filter(|waiting| waiting.waker.is_some());
        waiting.min_by_key(|waiting| waiting.until)
    }

    /// Takes the timer, and gives the one to be dropped.
    pub(super) fn set(&mut self, at: Instant, timer: Pin<Box<Sleep>>) -> Option<Pin<Box<Sleep>>> {
        if !self.is_unarmed_for(at) {
            return Some(timer);
        }
        self.armed = Some(at);
        self.timer.replace(timer)
    }

    /// Whom to wake: all whose time has come, and all others if the timer is to be armed anew.
    pub(super) fn ring(&mut self, at: Instant) -> Vec<Waker> {
        if self.armed == Some(at) {
            self.armed = None;
        }
        let due = self.waiting.iter_mut().flatten().filter(|waiting| waiting.until <= at);
        let mut wakers: Vec<_> = due.filter_map(|waiting| waiting.waker.take()).collect();
        if self.armed.is_none() {
            wakers.extend(self.waiting.iter().flatten().filter_map(|waiting| waiting.waker.clone()));
        }
        wakers
    }
}
