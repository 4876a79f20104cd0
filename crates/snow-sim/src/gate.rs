//! A place where few may be at once and some may wait: a session (facts 8.3), or the pool of a node (facts 8.2).

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;

#[derive(Clone, Debug, Default)]
pub(crate) struct Gate(Arc<Mutex<Inside>>);

#[derive(Debug, Default)]
struct Inside {
    running: usize,
    waiting: VecDeque<oneshot::Sender<()>>,
}

/// The right to be inside, given back when dropped.
#[derive(Debug)]
pub(crate) struct Permit(Gate);

/// Too many wait already.
#[derive(Debug)]
pub(crate) struct Full;

impl Gate {
    /// Waits for a place, behind those who wait already.
    pub(crate) async fn enter(&self, places: usize, queue: usize) -> Result<Permit, Full> {
        let turn = {
            let mut inside = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            inside.waiting.retain(|waiter| !waiter.is_closed());
            if inside.running < places {
                inside.running += 1;
                return Ok(Permit(self.clone()));
            }
            if inside.waiting.len() >= queue {
                return Err(Full);
            }
            let (wake, turn) = oneshot::channel();
            inside.waiting.push_back(wake);
            turn
        };
        // The place is handed on, not given back, so whoever is woken holds it from then on.
        let handed = Handed(Some((self.clone(), turn)));
        handed.wait().await
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        loop {
            let next = {
                let mut inside = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
                let next = inside.waiting.pop_front();
                if next.is_none() {
                    inside.running -= 1;
                }
                next
            };
            let Some(next) = next else { return };
            // One who has gone away takes no place: then it is the next one's turn.
            if next.send(()).is_ok() {
                return;
            }
        }
    }
}

/// Somebody who waits. Dropped after the place was handed on, but before it was taken, it gives the place back.
struct Handed(Option<(Gate, oneshot::Receiver<()>)>);

impl Handed {
    async fn wait(mut self) -> Result<Permit, Full> {
        if let Some((_, turn)) = &mut self.0 {
            turn.await.map_err(|_| Full)?;
        }
        self.0.take().map(|(gate, _)| Permit(gate)).ok_or(Full)
    }
}

impl Drop for Handed {
    fn drop(&mut self) {
        if let Some((gate, mut turn)) = self.0.take() {
            turn.close();
            if turn.try_recv().is_ok() {
                drop(Permit(gate));
            }
        }
    }
}
