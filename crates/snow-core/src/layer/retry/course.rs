//! What has become of an operation, and whether it is tried again.

use super::recipe::Recipe;
use super::verdict::Verdict;
use super::{Attempts, RetryPolicy, Stop};
use crate::{Error, Replay, retry_after};
use http::{Request, Response};
use std::time::Duration;
use tokio::time::Instant;

/// How an operation has gone so far.
pub(super) struct Course {
    pub(super) made: u32,
    pub(super) idempotent: bool,
    /// An attempt may have been carried out.
    pub(super) doubtful: bool,
    pub(super) began: Instant,
    pub(super) within: Duration,
}

impl Course {
    /// The next attempt and how long to wait before it, or why there is none, if anything spoke for it.
    pub(super) fn next<B: Replay, R>(
        &mut self,
        outcome: &Result<Response<R>, Error>,
        recipe: &mut Option<Recipe<B>>,
        policy: &RetryPolicy,
    ) -> Result<(Duration, Request<B>), Option<Stop>> {
        match Verdict::of(outcome) {
            Verdict::Final => return Err(None),
            Verdict::Unknown if !self.idempotent => return Err(Some(Stop::Doubt)),
            Verdict::Unknown => self.doubtful = true,
            Verdict::NotExecuted => {}
        }
        let Some(known) = recipe.take() else { return Err(Some(Stop::Body)) };
        let left = self.within.saturating_sub(self.began.elapsed());
        let pause = policy.pause(self.made, asked(outcome, policy), left)?;
        let (request, further) = known.request(self.made);
        *recipe = further;
        Ok((pause, request))
    }

    pub(super) fn attempts(&self, stopped: Option<Stop>) -> Attempts {
        Attempts { count: self.made, stopped, doubtful: self.doubtful }
    }
}

fn asked<R>(outcome: &Result<Response<R>, Error>, policy: &RetryPolicy) -> Option<Duration> {
    match outcome {
        Ok(answer) => retry_after::of(answer.status(), answer.headers(), policy.clock()),
        Err(error) => error.retry_after(),
    }
}
