//! What the default stack is made with.

use crate::user_layers::UserLayers;
use http::{HeaderValue, header};
use snow_core::layer::{DefaultHeadersLayer, RetryPolicy, SessionLayer, ThrottleLayer, TimeoutLayer};
use snow_core::{Error, Instance, Kind};
use std::time::Duration;

/// A node runs four requests of integrations at a time and keeps fifty waiting (facts 8.2): some of both are left to others.
const CONCURRENCY: usize = 32;
const DEADLINE: Duration = Duration::from_secs(300);
const BODY_LIMIT: u64 = 64 << 20;

/// What both clients can be told. `None` is what is good for most.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    pub(crate) deadline: Option<Duration>,
    pub(crate) retry: Option<RetryPolicy>,
    pub(crate) concurrency: Option<usize>,
    pub(crate) sessions: Option<usize>,
    pub(crate) body_limit: Option<u64>,
    pub(crate) checks_fields: bool,
    pub(crate) timeouts: TimeoutLayer,
    pub(crate) headers: DefaultHeadersLayer,
    /// What another issuer of tokens gets: none of the user's headers, which are for the instance.
    pub(crate) headers_elsewhere: DefaultHeadersLayer,
    pub(crate) operation_layers: UserLayers,
    pub(crate) attempt_layers: UserLayers,
    /// The names of those that were set, in order.
    pub(crate) given: Vec<&'static str>,
    pub(crate) refused: Option<Error>,
}

impl Settings {
    pub(crate) fn user_agent(&mut self, agent: &str) {
        match HeaderValue::from_str(agent) {
            Ok(agent) => {
                self.headers = self.headers.clone().with(header::USER_AGENT, agent.clone());
                self.headers_elsewhere = self.headers_elsewhere.clone().with(header::USER_AGENT, agent);
            }
            Err(_) => self.refuse("the user agent has characters that no header may have"),
        }
    }

    pub(crate) fn refuse(&mut self, why: &'static str) {
        self.refused.get_or_insert_with(|| Error::new(Kind::InvalidInput, why));
    }

    /// Whether there are layers of the user's own.
    pub(crate) fn has_layers(&self) -> bool {
        !self.operation_layers.is_empty() || !self.attempt_layers.is_empty()
    }

    pub(crate) fn deadline(&self) -> Duration {
        self.deadline.unwrap_or(DEADLINE)
    }

    pub(crate) fn body_limit(&self) -> u64 {
        self.body_limit.unwrap_or(BODY_LIMIT)
    }

    /// Its clones share a budget, so this is asked for once.
    pub(crate) fn retry(&self) -> RetryPolicy {
        self.retry.clone().unwrap_or_default().within(self.deadline())
    }

    pub(crate) fn throttle(&self) -> ThrottleLayer {
        ThrottleLayer::new(self.concurrency.unwrap_or(CONCURRENCY))
    }

    pub(crate) fn sessions(&self, instance: &Instance) -> SessionLayer {
        match self.sessions {
            Some(sessions) => SessionLayer::pooled(instance.origin(), sessions),
            None => SessionLayer::none(),
        }
    }
}
