//! Odd responses, on demand.

use crate::rate_limit::rate_limited;
use crate::response::SimResponse;
use crate::{Guess, Node};
use http::StatusCode;
use std::time::Duration;

/// A response of an instance that does not do what was asked: see [`Simulator::fail`](crate::Simulator::fail).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// 200 with an HTML page, whatever was asked: a developer instance that sleeps ([facts 3.6]).
    ///
    /// [facts 3.6]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#36-not-json
    Hibernating,
    /// 202 with an empty body: the session's queue is full and nothing was done ([facts 3.5]).
    ///
    /// [facts 3.5]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#35-202
    NotProcessed,
    /// 502 with a small HTML page: the edge found no node ([facts 3.6]).
    ///
    /// [facts 3.6]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#36-not-json
    NoNode,
    /// 503 with HTML: an upgrade ([facts 3.6]).
    ///
    /// [facts 3.6]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#36-not-json
    Maintenance,
    /// 302 to a login page ([facts 3.6]).
    ///
    /// [facts 3.6]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#36-not-json
    LoginRedirect,
    /// 429 without any rate headers: the queue of the integration pool is full ([facts 8.2]).
    ///
    /// [facts 8.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#82-queues
    Busy,
    /// 429 by a rate rule, with its headers and a `Retry-After` of this duration, in whole seconds ([facts 8.1]).
    /// [`Fault::RATE_LIMITED`] is half an hour.
    ///
    /// [facts 8.1]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#81-rate-rules
    RateLimited(Duration),
    /// 200 with rows and an error after them, which the status does not show ([facts 3.4]).
    ///
    /// [facts 3.4]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#34-cancelled-while-responding
    CancelledInStream,
    /// 500: the transaction ran out of time before the first row ([facts 3.4]).
    ///
    /// [facts 3.4]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#34-cancelled-while-responding
    Cancelled,
}

impl Fault {
    /// 429 by a rate rule with a `Retry-After` of half an hour.
    pub const RATE_LIMITED: Self = Self::RateLimited(Duration::from_secs(1_800));

    pub(crate) fn of(node: Node) -> Option<Self> {
        match node {
            Node::Up => None,
            Node::Hibernating => Some(Self::Hibernating),
            Node::None => Some(Self::NoNode),
            Node::Maintenance => Some(Self::Maintenance),
            Node::LoginRedirect => Some(Self::LoginRedirect),
        }
    }

    pub(crate) fn response(self) -> SimResponse {
        match self {
            Self::Hibernating => {
                SimResponse::edge(StatusCode::OK, "<html><title>Instance Hibernating page</title></html>")
            }
            // The length is part of the sign (facts 3.5), in memory as well.
            Self::NotProcessed => SimResponse::edge(StatusCode::ACCEPTED, "").with("content-length", "0"),
            Self::NoNode => {
                SimResponse::edge(StatusCode::BAD_GATEWAY, "<html><center>502 Bad Gateway</center></html>")
            }
            Self::Maintenance => {
                SimResponse::edge(StatusCode::SERVICE_UNAVAILABLE, "<html>Upgrade in progress</html>")
            }
            Self::LoginRedirect => {
                SimResponse::edge(StatusCode::FOUND, "").with("location", "/login_with_sso.do")
            }
            Self::Busy => SimResponse::error(StatusCode::TOO_MANY_REQUESTS, "Too many requests", "")
                .guess(Guess::QueueFull),
            Self::RateLimited(wait) => rate_limited(100, wait.as_secs(), 0),
            Self::CancelledInStream => {
                let error = cancelled();
                SimResponse::json(
                    StatusCode::OK,
                    format!(r#"{{"result":[{{"number":"INC0000001"}}],{}"#, &error[1..]),
                )
                .with("x-total-count", "2")
            }
            Self::Cancelled => SimResponse::json(StatusCode::INTERNAL_SERVER_ERROR, cancelled()),
        }
    }
}

/// The error of a transaction that ran out of time (facts 3.4).
pub(crate) fn cancelled() -> String {
    let message = "Transaction cancelled: maximum execution time exceeded";
    let detail = format!(
        "{message} Check logs for error trace or enable glide.rest.debug property to verify REST request processing"
    );
    format!(r#"{{"error":{{"detail":"{detail}","message":"{message}"}},"status":"failure"}}"#)
}
