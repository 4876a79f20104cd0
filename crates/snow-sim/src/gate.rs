//! A limit on concurrent requests with a queue: of a session (facts 8.3), or of the pool of a node (facts 8.2).

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;

#[derive(Clone, Debug, Default)]
pub(crate) struct Gate(Arc<Mutex<GateState>>);

#[derive(Debug, Default)]
struct GateState {
    running: usize,
    waiting: VecDeque<oneshot::Sender<()>>,
}

/// The right to run, given back when dropped.
#[derive(Debug)]
pub(crate) struct Permit(Gate);

/// The queue is full.
#[derive(Debug)]
pub(crate) struct QueueFull;

impl Gate {
    /// Waits for a permit, after those who wait already.
    pub(crate) async fn enter(&self, permits: usize, queue: usize) -> Result<Permit, QueueFull> {
        let turn = {
            let mut inside = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            inside.waiting.retain(|waiter| !waiter.is_closed());
            if inside.running < permits {
                inside.running += 1;
                return Ok(Permit(self.clone()));
            }
            if inside.waiting.len() >= queue {
                return Err(QueueFull);
            }
            let (wake, turn) = oneshot::channel();
            inside.waiting.push_back(wake);
            turn
        };
        // The permit is handed on, not given back, so whoever is woken holds it from then on.
        let handed = PendingPermit(Some((self.clone(), turn)));
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
            // One who has gone away takes no permit: then it is the next one's turn.
            if next.send(()).is_ok() {
                return;
            }
        }
    }
}

/// A request that waits. Dropped after the permit was handed on, but before it was taken, it gives the permit back.
struct PendingPermit(Option<(Gate, oneshot::Receiver<()>)>);

impl PendingPermit {
    async fn wait(mut self) -> Result<Permit, QueueFull> {
        if let Some((_, turn)) = &mut self.0 {
            turn.await.map_err(|_| QueueFull)?;
        }
        self.0.take().map(|(gate, _)| Permit(gate)).ok_or(QueueFull)
    }
}

impl Drop for PendingPermit {
    fn drop(&mut self) {
        if let Some((gate, mut turn)) = self.0.take() {
            turn.close();
            if turn.try_recv().is_ok() {
                drop(Permit(gate));
            }
        }
    }
}
