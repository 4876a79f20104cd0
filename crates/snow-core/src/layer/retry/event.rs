//! What is reported before each retry: to the hook of the policy and as an event of tracing.

use crate::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A retry that is about to happen; see [`RetryPolicy::on_retry`](super::RetryPolicy::on_retry).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RetryEvent<'a> {
    /// The error of the attempt that failed. For a response, such as a 429, it is the error that its status stands for, without
    /// what the response's body says.
    pub error: &'a Error,
    /// The number of the attempt that failed, counted from 1.
    pub attempt: u32,
    /// The pause before the next attempt.
    pub delay: Duration,
}

impl RetryEvent<'_> {
    /// Emits the event of tracing. It has no message of the error, because that repeats text from outside.
    fn trace(&self) {
        tracing::debug!(
            attempt = self.attempt,
            delay_ms = u64::try_from(self.delay.as_millis()).unwrap_or(u64::MAX),
            kind = ?self.error.kind(),
            status = self.error.status().map(|status| status.as_u16()),
            "retrying a request",
        );
    }
}

type OnRetry = dyn Fn(&RetryEvent<'_>) + Send + Sync;

/// The function that a policy calls before each retry, if there is one.
#[derive(Clone, Default)]
pub(super) struct RetryHook(Option<Arc<OnRetry>>);

impl RetryHook {
    pub(super) fn new(hook: impl Fn(&RetryEvent<'_>) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(hook)))
    }

    /// Reports a retry.
    pub(super) fn report(&self, event: &RetryEvent<'_>) {
        event.trace();
        if let Some(hook) = &self.0 {
            hook(event);
        }
    }
}

impl fmt::Debug for RetryHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "set" } else { "none" })
    }
}
