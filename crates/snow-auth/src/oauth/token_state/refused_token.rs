//! What happens after a refused token.
//!
//! A 401 need not be caused by the token (facts 3.2). So other calls wait for one refresh, and then continue with the token that
//! there is. Until the cool-down ends, no other refresh is started for this token, nor for the one that came in its place and was
//! never accepted either.

use super::{CoolDown, CurrentToken, NextStep, TokenMachine};
use std::time::SystemTime;

impl<F: Clone> TokenMachine<F> {
    /// Decides what a call does whose token was just refused. [`NextStep::Use`] of the same generation means: the 401 stands.
    pub(in crate::oauth) fn refused(&mut self, generation: u64, now: SystemTime) -> NextStep<F> {
        let is_current = self.state.token().is_some_and(|current| current.header.generation == generation);
        if is_current {
            self.cool_down_if_in_vain(now);
            if let Some(step) = self.let_refusal_stand(now) {
                return step;
            }
            self.state.refuse();
        }
        let step = self.next_step(now);
        if let NextStep::Use(_) | NextStep::Fail(_) = step {
            self.state.end_refusal(); // no refresh is started that would end it
        }
        step
    }

    /// Starts a cool-down if the refresh after the last refusal was in vain, too. It does so once: when it has ended, a refresh
    /// is tried again.
    fn cool_down_if_in_vain(&mut self, now: SystemTime) {
        let in_vain = self.state.token().is_some_and(CurrentToken::is_in_vain);
        if in_vain && self.cool_down.is_none() && self.in_flight.is_none() {
            self.cool_down = Some(CoolDown::after_refusal(now));
        }
    }

    /// During a cool-down the call has its 401, or the error of the refresh that failed.
    fn let_refusal_stand(&self, now: SystemTime) -> Option<NextStep<F>> {
        match &self.active_cool_down(now)?.error {
            Some(error) => Some(NextStep::Fail(error.clone())),
            None => self.state.token().cloned().map(NextStep::Use),
        }
    }
}

impl CurrentToken {
    /// Whether it came in place of a refused one and was never accepted: then the token is not the cause of the refusal.
    fn is_in_vain(&self) -> bool {
        self.after_refusal && !self.header.was_accepted()
    }
}
