//! How long commands are retried while a database cannot be reached or is not ready.

use snow_core::{Clock, Error, timer};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// How long one command is retried: a restart or a failover takes about this long.
const PATIENCE: Duration = Duration::from_secs(2);
/// The pause before a command is sent again.
const PAUSE: Duration = Duration::from_millis(100);
/// After a command that was retried in vain, others are sent only once for this long: a refresh has several commands, and its
/// caller waits for all of them.
const IMPATIENT: Duration = Duration::from_secs(5);

/// The patience with one database.
#[derive(Debug)]
pub struct Patience {
    clock: Clock,
    /// When a command was last tried in vain.
    in_vain: Mutex<Option<SystemTime>>,
}

/// The patience with one command.
#[derive(Debug)]
pub struct CommandPatience<'a> {
    database: &'a Patience,
    began: SystemTime,
}

impl Patience {
    /// Creates one that knows of no failure.
    pub fn new() -> Self {
        Self { clock: Clock::new(), in_vain: Mutex::default() }
    }

    /// Begins with a command.
    pub fn begin(&self) -> CommandPatience<'_> {
        CommandPatience { database: self, began: self.clock.now() }
    }

    fn is_exhausted(&self) -> bool {
        let in_vain = *self.in_vain.lock().unwrap_or_else(PoisonError::into_inner);
        in_vain.is_some_and(|at| self.clock.since(at) < IMPATIENT)
    }

    fn set(&self, in_vain: Option<SystemTime>) {
        *self.in_vain.lock().unwrap_or_else(PoisonError::into_inner) = in_vain;
    }
}

impl Default for Patience {
    fn default() -> Self {
        Self::new()
    }
}

impl CommandPatience<'_> {
    /// Waits for a moment, and returns `true` if the command may be sent again.
    ///
    /// # Errors
    /// Fails if there is no timer to wait with.
    pub async fn may_try_again(&self) -> Result<bool, Error> {
        let tried = self.database.clock.since(self.began);
        if tried >= PATIENCE || self.database.is_exhausted() {
            self.database.set(Some(self.database.clock.now()));
            return Ok(false);
        }
        timer::sleep(PAUSE).await?;
        Ok(true)
    }

    /// Notes that the database responds.
    pub fn succeeded(&self) {
        self.database.set(None);
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test may fail")]
mod tests {
    use super::*;

    async fn tries(patience: &Patience) -> u32 {
        let (command, mut tries) = (patience.begin(), 1);
        while command.may_try_again().await.unwrap() {
            tries += 1;
        }
        tries
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_command_in_vain_is_tried_for_a_while_and_the_next_ones_once() {
        let patience = Patience::new();
        assert_eq!(tries(&patience).await, 21);
        assert_eq!([tries(&patience).await, tries(&patience).await], [1, 1]);
        patience.begin().succeeded();
        assert_eq!(tries(&patience).await, 21);
        tokio::time::advance(IMPATIENT).await;
        assert_eq!(tries(&patience).await, 21);
    }
}
