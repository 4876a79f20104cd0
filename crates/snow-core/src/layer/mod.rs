//! Layers that need no credentials. Each works on its own in any tower stack.
//!
//! A layer is one file or folder, named after it. Options of a single request are its [`RequestOptions`](crate::RequestOptions).
//
// What each layer does on the way down and up is inlined by force: it happens once in a stack, and as a function of its own it would
// copy a request and a response once more.

mod base_uri;
mod body_limit;
#[cfg(test)]
pub(crate) mod contract;
mod deadline;
mod default_headers;
#[cfg(feature = "gzip")]
mod gzip;
mod inner_service;
mod retry;
mod session;
mod span;
mod throttle;
mod timeout;

pub use crate::error::{Attempts, Stop};
pub use base_uri::{BaseUri, BaseUriFuture, BaseUriLayer};
pub use body_limit::{BodyLimit, BodyLimitFuture, BodyLimitLayer, LimitedBody};
pub use deadline::{Deadline, DeadlineBody, DeadlineFuture, DeadlineLayer};
#[cfg(feature = "transport")]
pub(crate) use default_headers::AGENT;
pub use default_headers::{DefaultHeaders, DefaultHeadersLayer};
#[cfg(feature = "gzip")]
pub use gzip::{Gzip, GzipBody, GzipFuture, GzipLayer};
pub use retry::{Retry, RetryEvent, RetryFuture, RetryLayer, RetryPolicy};
pub use session::{Session, SessionBody, SessionFuture, SessionLayer};
pub use span::{AttemptSpan, AttemptSpanLayer, CallSpan, CallSpanLayer, SpanBody, SpanFuture};
pub use throttle::{Throttle, ThrottleBody, ThrottleFuture, ThrottleLayer};
pub use timeout::{Timeout, TimeoutBody, TimeoutFuture, TimeoutLayer};
