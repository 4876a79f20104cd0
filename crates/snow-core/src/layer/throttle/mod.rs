//! The layer that limits concurrency, and pauses after a 429.
#![warn(clippy::arithmetic_side_effects)]

mod gate;
mod permits;
#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test may fail")]
mod tests;

use crate::late::Late;
use crate::layer::inner_service::inner_service_accessors;
use crate::{BoxError, Error, RequestOptions};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use gate::Probe;
use http::{Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use permits::{Admission, MaxWait, Permit, ThrottleState};
use pin_project_lite::pin_project;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tower_layer::Layer;
use tower_service::Service;

/// Limits how many requests run concurrently over all clones, and holds all of them back after a 429.
///
/// # Concurrency permits
///
/// A request takes its permit when its future is first polled, and keeps it until the body of its response is read to the end or
/// dropped. So **a caller that sends another request while reading a response needs a second permit**: with a limit of one it waits
/// for itself until the time in [`wait`](Self::wait) is over.
///
/// # After a 429
///
/// A 429 pauses all clones until the time in `Retry-After`, or until the end of the rate window; without either, for one second.
/// [`max_rate_limit_pause`](Self::max_rate_limit_pause) limits the pause. Then one request goes first and the others wait for its
/// response: after another 429 there is another pause, otherwise all go on. If that request is dropped or fails without a
/// response, the next one goes first. After 30 seconds without any result all go on. No other status holds back other requests.
///
/// # Order in the stack
///
/// Below the [`RetryLayer`](super::RetryLayer), so that a request that pauses between two attempts holds no permit. The layer is
/// always ready: it waits for the service below inside its future.
///
/// # Defaults
///
/// A request waits at most one minute for a permit, and a pause lasts at most one minute.
///
/// # Per request
///
/// [`RequestOptions::prefetch`] leaves the last permit to others. A request that brings a [deadline](RequestOptions::deadline) is not
/// held back for longer than that.
///
/// # Errors
///
/// - [`ErrorKind::PermitTimeout`](crate::ErrorKind::PermitTimeout) if no permit is free in time.
/// - [`ErrorKind::RateLimited`](crate::ErrorKind::RateLimited), at once, if a pause would hold the request back for too long;
///   [`Error::retry_after`] says how long the pause goes on.
/// - [`ErrorKind::Other`](crate::ErrorKind::Other) if a request has to wait outside a tokio runtime.
///
/// In each case the request was not sent.
///
/// # Panics
///
/// The future panics in a tokio runtime without timers when it has to wait: call `enable_time()` or `enable_all()` on the runtime's
/// builder.
///
/// # Examples
///
/// ```
/// use snow_client::layer::ThrottleLayer;
/// use std::time::Duration;
///
/// // A node runs four requests of integrations at a time and keeps fifty waiting.
/// let layer = ThrottleLayer::new(8).wait(Duration::from_secs(20));
/// ```
#[derive(Clone, Debug)]
pub struct ThrottleLayer {
    state: Arc<ThrottleState>,
    wait: Duration,
}

impl ThrottleLayer {
    /// Creates a layer that allows at most `max` concurrent requests; `0` is treated as `1`.
    pub fn new(max: usize) -> Self {
        Self { state: Arc::new(ThrottleState::new(max)), wait: Duration::from_secs(60) }
    }

    /// Sets how long a request waits for a permit, and how long pauses may hold it back; one minute each by default.
    #[must_use]
    pub fn wait(self, max: Duration) -> Self {
        Self { wait: max, ..self }
    }

    /// Sets the longest pause that a 429 causes, whatever it asks for; one minute by default. It applies to all clones of this
    /// layer. The error of the request that got the 429 has the time that the service asked for, see [`Error::retry_after`].
    #[must_use]
    pub fn max_rate_limit_pause(self, max: Duration) -> Self {
        self.state.gate.set_max_pause(max);
        self
    }
}

impl ThrottleLayer {
    /// Creates a layer for another user of the same instance. Both take their permits from the same limit; a 429 pauses only the
    /// layer that got it, because rate limit rules count the requests of each user ([facts 8.1]).
    ///
    /// The times in [`wait`](Self::wait) are the same; [`max_rate_limit_pause`](Self::max_rate_limit_pause) is the default again.
    ///
    /// ```
    /// use snow_client::layer::ThrottleLayer;
    ///
    /// let anna = ThrottleLayer::new(16);
    /// let ben = anna.for_another_user(); // 16 requests of both together
    /// ```
    ///
    /// [facts 8.1]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#81-rate-rules
    #[must_use]
    pub fn for_another_user(&self) -> Self {
        Self { state: Arc::new(self.state.with_own_gate()), wait: self.wait }
    }
}

impl<S> Layer<S> for ThrottleLayer {
    type Service = Throttle<S>;

    fn layer(&self, inner: S) -> Throttle<S> {
        Throttle { inner, layer: self.clone() }
    }
}

/// The service of [`ThrottleLayer`].
#[derive(Clone, Debug)]
pub struct Throttle<S> {
    inner: S,
    layer: ThrottleLayer,
}

impl<S> Throttle<S> {
    inner_service_accessors!();
}

impl<S, B, R> Service<Request<B>> for Throttle<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone,
    S::Error: Into<BoxError>,
    R: Body,
{
    type Response = Response<ThrottleBody<R>>;
    type Error = Error;
    type Future = ThrottleFuture<S, B>;

    /// Returns ready at once: see [`ThrottleLayer`].
    #[inline]
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    #[inline(always)]
    fn call(&mut self, request: Request<B>) -> ThrottleFuture<S, B> {
        let queued =
            QueuedRequest { service: self.inner.clone(), layer: self.layer.clone(), wait: None, request };
        ThrottleFuture { call: ThrottleCall::Queued { queued: Some(Box::new(queued)) } }
    }
}

/// A request that has not been sent yet. It waits for a permit only while it is polled, so that a future that is dropped or not
/// polled holds up no other request.
struct QueuedRequest<S, B> {
    service: S,
    layer: ThrottleLayer,
    wait: Option<BoxFuture<'static, Result<Admission, Error>>>,
    request: Request<B>,
}

impl<S, B> QueuedRequest<S, B> {
    #[inline]
    fn poll_admission(&mut self, cx: &mut Context<'_>) -> Poll<Result<Admission, Error>> {
        if let Some(wait) = &mut self.wait {
            return wait.as_mut().poll(cx);
        }
        let options = RequestOptions::of(&self.request);
        if options.is_some_and(RequestOptions::is_prefetch) {
            return Poll::Ready(self.layer.state.try_admit_prefetch());
        }
        match self.layer.state.try_admit() {
            Some(admission) => Poll::Ready(Ok(admission)),
            None => {
                let deadline = options.and_then(RequestOptions::time_left).unwrap_or(Duration::MAX);
                self.poll_wait(deadline, cx)
            }
        }
    }

    #[cold]
    fn poll_wait(&mut self, deadline: Duration, cx: &mut Context<'_>) -> Poll<Result<Admission, Error>> {
        let most = self.layer.wait;
        let max_wait = MaxWait { permit: most, pause: most.min(deadline) };
        let wait = Box::pin(self.layer.state.clone().admit(max_wait));
        self.wait.insert(wait).as_mut().poll(cx)
    }
}

pin_project! {
    #[project = Projected]
    enum ThrottleCall<S, B>
    where
        S: Service<Request<B>>,
    {
        Queued { queued: Option<Box<QueuedRequest<S, B>>> },
        Sent { #[pin] call: Late<S, B>, permit: Option<Permit>, probe: Option<Box<Probe>> },
    }
}

pin_project! {
    /// The future of [`Throttle`].
    #[must_use = "futures do nothing unless awaited"]
    pub struct ThrottleFuture<S, B>
    where
        S: Service<Request<B>>,
    {
        #[pin]
        call: ThrottleCall<S, B>,
    }
}

impl<S, B, R> Future for ThrottleFuture<S, B>
where
    S: Service<Request<B>, Response = Response<R>> + Clone,
    S::Error: Into<BoxError>,
    R: Body,
{
    type Output = Result<Response<ThrottleBody<R>>, Error>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.call.as_mut().project() {
                Projected::Sent { call, permit, probe } => {
                    let response = ready!(call.poll(cx));
                    let (permit, probe) = (permit.take().ok_or_else(polled_again)?, probe.take());
                    let response = response.map_err(Error::wrap)?; // drops the probe: the next one takes its turn
                    permit.observe(response.status(), response.headers());
                    if let Some(probe) = probe.filter(|_| response.status() != StatusCode::TOO_MANY_REQUESTS)
                    {
                        probe.succeed();
                    }
                    return Poll::Ready(Ok(response.map(|body| ThrottleBody::new(body, permit))));
                }
                Projected::Queued { queued } => {
                    let admission = ready!(queued.as_mut().ok_or_else(polled_again)?.poll_admission(cx));
                    let mut admitted = queued.take().ok_or_else(polled_again)?;
                    let (permit, probe) = admission.map_err(Error::before_sending)?;
                    let call = Late::new(&mut admitted.service, admitted.request);
                    this.call.set(ThrottleCall::Sent { call, permit: Some(permit), probe });
                }
            }
        }
    }
}

fn polled_again() -> Error {
    Error::internal("the future of a limited request was polled after it had completed")
}

impl<S: Service<Request<B>>, B> fmt::Debug for ThrottleFuture<S, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ThrottleFuture")
    }
}

pin_project! {
    /// The body of a response, which keeps its request's concurrency permit until it is read or dropped.
    #[derive(Debug)]
    pub struct ThrottleBody<R> {
        #[pin]
        body: R,
        permit: Option<Permit>,
    }
}

impl<R: Body> ThrottleBody<R> {
    #[inline(always)]
    fn new(body: R, permit: Permit) -> Self {
        let permit = (!body.is_end_stream()).then_some(permit);
        Self { body, permit }
    }
}

impl<R> Body for ThrottleBody<R>
where
    R: Body<Data = Bytes>,
{
    type Data = Bytes;
    type Error = R::Error;

    #[inline]
    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, R::Error>>> {
        let mut this = self.project();
        let frame = ready!(this.body.as_mut().poll_frame(cx));
        if !matches!(frame, Some(Ok(_))) || this.body.is_end_stream() {
            *this.permit = None;
        }
        Poll::Ready(frame)
    }

    #[inline]
    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    #[inline]
    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
