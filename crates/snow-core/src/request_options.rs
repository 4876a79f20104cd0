//! The options of one call: a typed extension of its request.

use http::Request;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The options of one call, where they differ from the settings of the layers.
///
/// Put them into the extensions of a request. The layers that an option concerns read it there. A request without options costs
/// nothing, and one with options four small allocations.
///
/// ```
/// use snow_client::layer::RequestOptions;
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
    /// The time that is left for a later attempt.
    left: Option<Duration>,
    prefetch: bool,
}

impl RequestOptions {
    /// Creates options that change nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the options of a request, if it has any.
    pub fn of<B>(request: &Request<B>) -> Option<&Self> {
        request.extensions().get()
    }

    /// Sets whether the request may be retried although an earlier attempt may have been executed. By default, reads and DELETE may;
    /// POST, PUT and PATCH may not, because they create records or append to journal fields.
    #[must_use]
    pub fn idempotent(mut self, idempotent: bool) -> Self {
        self.edit().idempotent = Some(idempotent);
        self
    }

    /// Sets how long the call may take in all, in place of the limit of the [`DeadlineLayer`](crate::layer::DeadlineLayer).
    #[must_use]
    pub fn deadline(mut self, limit: Duration) -> Self {
        self.edit().deadline = Some(limit);
        self
    }

    /// Allows the caller to [extend](Self::extend_deadline) the deadline while the call is under way. The time for downloading a
    /// file, for example, depends on its size, which only the response tells.
    ///
    /// ```
    /// use snow_client::layer::RequestOptions;
    /// use std::time::Duration;
    ///
    /// let options = RequestOptions::new().deadline(Duration::from_secs(30)).extendable();
    /// let mut request = http::Request::get("https://dev1.service-now.com/").body(()).unwrap();
    /// request.extensions_mut().insert(options.clone());
    /// options.extend_deadline(Duration::from_secs(600)); // applies to the request, too
    /// ```
    #[must_use]
    pub fn extendable(mut self) -> Self {
        self.edit().extension = Some(Extension::default());
        self
    }

    /// Allows this much more time than the deadline, in place of an earlier extension. It applies to all clones, and has no effect
    /// on options that are not [`extendable`](Self::extendable).
    pub fn extend_deadline(&self, more: Duration) {
        if let Some(extension) = &self.0.extension {
            extension.set(more);
        }
    }

    /// Sets how long an attempt may take until its response begins, in place of the timeout of the
    /// [`TimeoutLayer`](crate::layer::TimeoutLayer). The time for sending the body counts, unless the body is
    /// [watched](crate::Departure::watch).
    #[must_use]
    pub fn response_timeout(mut self, limit: Duration) -> Self {
        self.edit().response_timeout = Some(limit);
        self
    }

    /// Sets how many bytes the response's body may have, decompressed, in place of the limit of the
    /// [`BodyLimitLayer`](crate::layer::BodyLimitLayer). `u64::MAX` allows any number.
    #[must_use]
    pub fn body_limit(mut self, bytes: u64) -> Self {
        self.edit().body_limit = Some(bytes);
        self
    }

    /// Sets how many attempts were made already, for code that sends a request again because its response could not be read.
    #[must_use]
    pub fn attempted(mut self, attempts: u32) -> Self {
        self.edit().attempts = attempts;
        self
    }

    /// Sets the time that a later attempt has, for the layers below.
    pub(crate) fn with_time_left(mut self, left: Duration) -> Self {
        self.edit().left = Some(left);
        self
    }

    /// Returns the time that is left, as far as it is known. Waiting for longer makes no sense.
    pub(crate) fn time_left(&self) -> Option<Duration> {
        self.0.left.or(self.0.deadline)
    }

    /// Marks the request as a prefetch. It never takes the last concurrency permit of a
    /// [`ThrottleLayer`](crate::layer::ThrottleLayer); if only one is left it fails at once with
    /// [`ErrorKind::PermitTimeout`](crate::ErrorKind::PermitTimeout). So the caller may send other requests while it does not poll the
    /// prefetch.
    #[must_use]
    pub fn prefetch(mut self, prefetch: bool) -> Self {
        self.edit().prefetch = prefetch;
        self
    }

    /// Returns whether the request is a [`prefetch`](Self::prefetch).
    pub fn is_prefetch(&self) -> bool {
        self.0.prefetch
    }

    /// Returns whether the request is [`idempotent`](Self::idempotent), if that is set.
    pub fn is_idempotent(&self) -> Option<bool> {
        self.0.idempotent
    }

    /// Returns the [`deadline`](Self::deadline), if it is set.
    pub fn deadline_limit(&self) -> Option<Duration> {
        self.0.deadline
    }

    /// Returns how long the call may take at the moment: its own deadline or else `usual`, and the extension.
    pub fn time(&self, usual: Duration) -> Duration {
        let extension = self.extension().map_or(Duration::ZERO, Extension::get);
        self.deadline_limit().unwrap_or(usual).saturating_add(extension)
    }

    pub(crate) fn extension(&self) -> Option<&Extension> {
        self.0.extension.as_ref()
    }

    /// Returns the [`response_timeout`](Self::response_timeout), if it is set.
    pub fn response_timeout_limit(&self) -> Option<Duration> {
        self.0.response_timeout
    }

    /// Returns the [`body_limit`](Self::body_limit), if it is set.
    pub fn body_limit_bytes(&self) -> Option<u64> {
        self.0.body_limit
    }

    /// Returns how many attempts were made before; see [`attempted`](Self::attempted).
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    fn edit(&mut self) -> &mut OptionValues {
        Arc::make_mut(&mut self.0)
    }
}

/// The additional time after the deadline, in milliseconds. The caller and the deadline layer share it.
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
