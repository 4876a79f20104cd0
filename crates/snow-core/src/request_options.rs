//! What a caller says about one operation: a typed extension of its request.

use http::Request;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How one operation differs from what the layers do by default: put it into the extensions of a request, and the layers
/// that it concerns look for it there. A request without one costs nothing; one with it, four small allocations.
///
/// ```
/// use snow_core::RequestOptions;
/// use std::time::Duration;
///
/// let mut request = http::Request::put("https://dev1.service-now.com/api/now/table/incident/1").body(()).unwrap();
/// request.extensions_mut().insert(RequestOptions::new().idempotent(true).deadline(Duration::from_secs(5)));
/// assert_eq!(RequestOptions::of(&request).unwrap().is_idempotent(), Some(true));
/// ```
#[derive(Clone, Debug, Default)]
pub struct RequestOptions(Arc<OptionValues>);

#[derive(Clone, Debug, Default)]
struct OptionValues {
    idempotent: Option<bool>,
    deadline: Option<Duration>,
    extension: Option<Extension>,
    response_timeout: Option<Duration>,
    body_limit: Option<u64>,
    attempts: u32,
    /// What is left of the time of a later attempt.
    left: Option<Duration>,
    prefetch: bool,
}

impl RequestOptions {
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

    /// Lets whoever sends the operation [extend](Self::extend_deadline) its deadline while it is under way. That of a file, for
    /// one, depends on a size which only the response tells.
    ///
    /// ```
    /// use snow_core::RequestOptions;
    /// use std::time::Duration;
    ///
    /// let operation = RequestOptions::new().deadline(Duration::from_secs(30)).extendable();
    /// let mut request = http::Request::get("https://dev1.service-now.com/").body(()).unwrap();
    /// request.extensions_mut().insert(operation.clone());
    /// operation.extend_deadline(Duration::from_secs(600)); // holds for the request, too
    /// ```
    #[must_use]
    pub fn extendable(mut self) -> Self {
        self.edit().extension = Some(Extension::default());
        self
    }

    /// Allows this much more time than the deadline, in place of an earlier extension. It holds for all clones, and has no effect
    /// on an operation that is not [`extendable`](Self::extendable).
    pub fn extend_deadline(&self, more: Duration) {
        if let Some(extension) = &self.0.extension {
            extension.set(more);
        }
    }

    /// How long an attempt may take until its answer begins, in place of what the
    /// [`TimeoutLayer`](crate::layer::TimeoutLayer) allows. The time that the body takes to be sent counts, unless the body is
    /// [watched](crate::Departure::watch).
    #[must_use]
    pub fn response_timeout(mut self, limit: Duration) -> Self {
        self.edit().response_timeout = Some(limit);
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

    /// Tells the layers below how much time a later attempt has.
    pub(crate) fn with_time_left(mut self, left: Duration) -> Self {
        self.edit().left = Some(left);
        self
    }

    /// The longest that there is any sense in waiting, as far as it is known.
    pub(crate) fn time_left(&self) -> Option<Duration> {
        self.0.left.or(self.0.deadline)
    }

    /// For a request that nobody waits for yet: it never takes the last free place of a
    /// [`ThrottleLayer`](crate::layer::ThrottleLayer), and fails at once with
    /// [`ErrorKind::PermitTimeout`](crate::ErrorKind::PermitTimeout) where it would have to. So whoever made it may go on with other
    /// requests and leave its future alone meanwhile.
    #[must_use]
    pub fn prefetch(mut self, prefetch: bool) -> Self {
        self.edit().prefetch = prefetch;
        self
    }

    /// See [`prefetch`](Self::prefetch).
    pub fn is_spare(&self) -> bool {
        self.0.prefetch
    }

    /// See [`idempotent`](Self::idempotent).
    pub fn is_idempotent(&self) -> Option<bool> {
        self.0.idempotent
    }

    /// See [`deadline`](Self::deadline).
    pub fn deadline_limit(&self) -> Option<Duration> {
        self.0.deadline
    }

    /// Returns how long all of it may take as things stand, where layers allow `usual` to an operation without a deadline of its
    /// own.
    pub fn time(&self, usual: Duration) -> Duration {
        let extension = self.extension().map_or(Duration::ZERO, Extension::get);
        self.deadline_limit().unwrap_or(usual).saturating_add(extension)
    }

    pub(crate) fn extension(&self) -> Option<&Extension> {
        self.0.extension.as_ref()
    }

    /// See [`response_timeout`](Self::response_timeout).
    pub fn head_limit(&self) -> Option<Duration> {
        self.0.response_timeout
    }

    /// See [`body_limit`](Self::body_limit).
    pub fn body_bytes(&self) -> Option<u64> {
        self.0.body_limit
    }

    /// See [`attempted`](Self::attempted).
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    fn edit(&mut self) -> &mut OptionValues {
        Arc::make_mut(&mut self.0)
    }
}

/// More time than the deadline, in milliseconds: shared by whoever grants it and whoever keeps the deadline.
#[derive(Clone, Debug, Default)]
pub(crate) struct Extension(Arc<AtomicU64>);

impl Extension {
    fn set(&self, more: Duration) {
        self.0.store(u64::try_from(more.as_millis()).unwrap_or(u64::MAX), Ordering::Release);
    }

    pub(crate) fn get(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::Acquire))
    }
}
