//! What a caller says about one operation: a typed extension of its request.

use http::Request;
use std::sync::Arc;
use std::time::Duration;

/// How one operation differs from what the layers do by default: put it into the extensions of a request, and the layers
/// that it concerns look for it there. A request without one costs nothing; one with it, four small allocations.
///
/// ```
/// use snow_core::Operation;
/// use std::time::Duration;
///
/// let mut request = http::Request::put("https://dev1.service-now.com/api/now/table/incident/1").body(()).unwrap();
/// request.extensions_mut().insert(Operation::new().idempotent(true).deadline(Duration::from_secs(5)));
/// assert_eq!(Operation::of(&request).unwrap().is_idempotent(), Some(true));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Operation(Arc<Settings>);

#[derive(Clone, Debug, Default)]
struct Settings {
    idempotent: Option<bool>,
    deadline: Option<Duration>,
    head_timeout: Option<Duration>,
    body_limit: Option<u64>,
    attempts: u32,
    spare: bool,
}

impl Operation {
    /// One like any other.
    pub fn new() -> Self {
        Self::default()
    }

    /// What is said about this request.
    pub fn of<B>(request: &Request<B>) -> Option<&Self> {
        request.extensions().get()
    }

    /// Whether the request may be sent again when it is not known whether it was carried out. By default, reads and DELETE
    /// may; PUT and PATCH may not, because they append to journal fields (facts 3.3).
    #[must_use]
    pub fn idempotent(mut self, idempotent: bool) -> Self {
        self.edit().idempotent = Some(idempotent);
        self
    }

    /// How long all of it may take, in place of what the [`DeadlineLayer`](crate::layer::DeadlineLayer) allows.
    #[must_use]
    pub fn deadline(mut self, limit: Duration) -> Self {
        self.edit().deadline = Some(limit);
        self
    }

    /// How long an attempt may take until its answer begins, in place of what the
    /// [`TimeoutLayer`](crate::layer::TimeoutLayer) allows. The time that the body takes to be sent counts.
    #[must_use]
    pub fn head_timeout(mut self, limit: Duration) -> Self {
        self.edit().head_timeout = Some(limit);
        self
    }

    /// How many bytes the answer's body may have, decoded, in place of what the
    /// [`BodyLimitLayer`](crate::layer::BodyLimitLayer) allows; `u64::MAX` for any number.
    #[must_use]
    pub fn body_limit(mut self, bytes: u64) -> Self {
        self.edit().body_limit = Some(bytes);
        self
    }

    /// How often it went out already: for whoever sends a request again whose answer could not be read.
    #[must_use]
    pub fn attempted(mut self, attempts: u32) -> Self {
        self.edit().attempts = attempts;
        self
    }

    /// For a request that nobody waits for yet: it never takes the last free place of a
    /// [`ThrottleLayer`](crate::layer::ThrottleLayer), and fails at once with
    /// [`Kind::QueueTimeout`](crate::Kind::QueueTimeout) where it would have to. So whoever made it may go on with other
    /// requests and leave its future alone meanwhile.
    #[must_use]
    pub fn spare(mut self, spare: bool) -> Self {
        self.edit().spare = spare;
        self
    }

    /// See [`spare`](Self::spare).
    pub fn is_spare(&self) -> bool {
        self.0.spare
    }

    /// See [`idempotent`](Self::idempotent).
    pub fn is_idempotent(&self) -> Option<bool> {
        self.0.idempotent
    }

    /// See [`deadline`](Self::deadline).
    pub fn deadline_limit(&self) -> Option<Duration> {
        self.0.deadline
    }

    /// See [`head_timeout`](Self::head_timeout).
    pub fn head_limit(&self) -> Option<Duration> {
        self.0.head_timeout
    }

    /// See [`body_limit`](Self::body_limit).
    pub fn body_bytes(&self) -> Option<u64> {
        self.0.body_limit
    }

    /// See [`attempted`](Self::attempted).
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    fn edit(&mut self) -> &mut Settings {
        Arc::make_mut(&mut self.0)
    }
}
