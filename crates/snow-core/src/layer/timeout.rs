//! The layer that limits how long an attempt waits for its response.
#![warn(clippy::arithmetic_side_effects)]

use crate::clock;
use crate::departure::BodyProgress;
use crate::layer::inner_service::inner_service_accessors;
use crate::timer::Timer;
use crate::{BoxError, Departure, Error, ErrorKind, RequestOptions};
use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::Instant;
use tower_layer::Layer;
use tower_service::Service;

/// Fails an attempt whose response does not begin in time, or whose body stops arriving.
///
/// The time until the head of the response includes sending the request. A request body gets one more second for every 64 KiB. If
/// the body is [watched](Departure::watch), the time begins anew with each piece that is sent, and stands still while the body's
/// own source is waited for.
///
/// For the body of the response, the time without a byte counts. It counts only while the body is polled, not while the caller does
/// something else.
///
/// # Order in the stack
///
/// Below the [`RetryLayer`](super::RetryLayer) and the [`ThrottleLayer`](super::ThrottleLayer), so that it limits single attempts and
/// does not count the wait for a permit. [`DeadlineLayer`](super::DeadlineLayer) limits the whole call.
///
/// # Defaults
///
/// 90 seconds until the head of the response. That is more than the 60 seconds after which the service cancels a transaction itself:
/// with a shorter time, a write that the service cancels would end without a response that says so. 60 seconds without a byte of the
/// body.
///
/// # Per request
///
/// [`RequestOptions::response_timeout`] replaces the time until the head.
///
/// # Errors
///
/// [`ErrorKind::TimedOut`], or [`ErrorKind::Other`] if it has to wait outside a tokio runtime.
///
/// # Panics
///
/// The future panics in a tokio runtime without timers when it has to wait: call `enable_time()` or `enable_all()` on the runtime's
/// builder.
///
/// # Examples
///
/// ```
/// use snow_client::layer::TimeoutLayer;
/// use std::time::Duration;
///
/// let layer = TimeoutLayer::new().response_timeout(Duration::from_secs(120)).idle(Duration::from_secs(30));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct TimeoutLayer {
    head: Duration,
    idle: Duration,
}

impl TimeoutLayer {
    /// Creates a layer with the default times.
    pub fn new() -> Self {
        Self { head: Duration::from_secs(90), idle: Duration::from_secs(60) }
    }

    /// Sets the time until the head of the response.
    #[must_use]
    pub fn response_timeout(self, limit: Duration) -> Self {
        Self { head: limit, ..self }
    }

    /// Sets the time without a byte of the response's body.
    #[must_use]
    pub fn idle(self, limit: Duration) -> Self {
        Self { idle: limit, ..self }
    }
}

impl Default for TimeoutLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Layer<S> for TimeoutLayer {
    type Service = Timeout<S>;

    fn layer(&self, inner: S) -> Timeout<S> {
        Timeout { inner, limits: *self }
    }
}

/// The service of [`TimeoutLayer`].
#[derive(Clone, Debug)]
pub struct Timeout<S> {
    inner: S,
    limits: TimeoutLayer,
}

impl<S> Timeout<S> {
    inner_service_accessors!();
}

impl<S, B, R> Service<Request<B>> for Timeout<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: Into<BoxError>,
    B: Body,
{
    type Response = Response<TimeoutBody<R>>;
    type Error = Error;
    type Future = TimeoutFuture<S::Future>;

    #[inline]
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Error::wrap)
    }

    #[inline(always)]
    fn call(&mut self, request: Request<B>) -> TimeoutFuture<S::Future> {
        let departure = Departure::of(&request).cloned();
        let head =
            RequestOptions::of(&request).and_then(RequestOptions::response_timeout_limit).unwrap_or_else(
                || self.limits.head.saturating_add(send_allowance(request.body(), departure.as_ref())),
            );
        let limits = AttemptTimeouts { head, idle: self.limits.idle, departure };
        let timer = Some(Timer::new(limits));
        TimeoutFuture { inner: self.inner.call(request), timer }
    }
}

/// Returns the extra time for sending a body; none for a watched body, whose progress is known.
fn send_allowance<B: Body>(body: &B, departure: Option<&Departure>) -> Duration {
    match body.size_hint().lower() {
        bytes if bytes < BYTES_A_SECOND => Duration::ZERO,
        _ if departure.is_some_and(|departure| departure.body_progress().is_some()) => Duration::ZERO,
        bytes => Duration::from_secs(bytes / BYTES_A_SECOND),
    }
}

/// The slowest connection that is waited for.
const BYTES_A_SECOND: u64 = 64 << 10;

/// The timeouts of one attempt.
#[derive(Debug)]
struct AttemptTimeouts {
    head: Duration,
    idle: Duration,
    /// Tells whether the request was sent, if the caller wants to know.
    departure: Option<Departure>,
}

impl AttemptTimeouts {
    fn body_progress(&self) -> Option<BodyProgress> {
        self.departure.as_ref().and_then(Departure::body_progress)
    }

    /// Returns until when the head is waited for, if that is later than now because the body is still being sent.
    fn later(&self) -> Option<Instant> {
        let now = clock::now();
        let progress = self.body_progress()?;
        let (since, piece) = if progress.waits_for_content { (now, 0) } else { progress.last? };
        let time = self.head.saturating_add(Duration::from_secs(piece / BYTES_A_SECOND));
        since.checked_add(time).filter(|until| *until > now)
    }

    /// Returns the error that says what did not happen in time.
    fn timed_out(&self) -> Error {
        let Self { head, departure, .. } = self;
        let why = match self.body_progress() {
            Some(BodyProgress { is_over: false, bytes, .. }) => {
                format!("no more of the request's body was accepted for {head:?}, after {bytes} bytes")
            }
            _ => format!("no response within {head:?}"),
        };
        Departure::mark_unsent(departure.as_ref(), Error::new(ErrorKind::TimedOut, why))
    }
}

pin_project! {
    /// The future of [`Timeout`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct TimeoutFuture<F> {
        #[pin]
        inner: F,
        timer: Option<Timer<AttemptTimeouts>>,
    }
}

impl<F, R, E> Future for TimeoutFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    E: Into<BoxError>,
{
    type Output = Result<Response<TimeoutBody<R>>, Error>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        match this.inner.poll(cx) {
            Poll::Ready(Ok(response)) => {
                let mut timer = this.timer.take().ok_or_else(polled_again)?;
                timer.stop();
                Poll::Ready(Ok(response.map(|body| TimeoutBody { body, timer })))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(Error::wrap(error))),
            Poll::Pending => {
                let timer = this.timer.as_mut().ok_or_else(polled_again)?;
                ready!(timer.poll_elapsed(cx, |limits| clock::after(limits.head)))?;
                while let Some(later) = timer.limits().later() {
                    timer.stop();
                    ready!(timer.poll_elapsed(cx, |_| Some(later)))?;
                }
                Poll::Ready(Err(timer.limits().timed_out()))
            }
        }
    }
}

fn polled_again() -> Error {
    Error::internal("the future of a timeout was polled after it had completed")
}

pin_project! {
    /// The body of a response, which fails if it stops arriving.
    #[derive(Debug)]
    pub struct TimeoutBody<R> {
        #[pin]
        body: R,
        timer: Timer<AttemptTimeouts>,
    }
}

impl<R> Body for TimeoutBody<R>
where
    R: Body<Data = Bytes>,
    R::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = Error;

    #[inline]
    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = self.project();
        let timer = this.timer;
        if let Poll::Ready(frame) = this.body.poll_frame(cx) {
            timer.stop();
            return Poll::Ready(frame.map(|frame| frame.map_err(Error::wrap)));
        }
        ready!(timer.poll_elapsed(cx, |limits| clock::after(limits.idle)))?;
        let why = format!("the response's body stopped: no byte for {:?}", timer.limits().idle);
        Poll::Ready(Some(Err(Error::new(ErrorKind::TimedOut, why))))
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

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test may fail")]
mod tests {
    use super::*;
    use crate::layer::contract;
    use http_body_util::BodyExt;

    #[tokio::test]
    async fn passes_readiness_errors_and_bodies_through() {
        contract::is_transparent(TimeoutLayer::new()).await;
        contract::lets_go(TimeoutLayer::new()).await;
        contract::completes_again(TimeoutLayer::new());
        contract::does_not_wait_for_ever(TimeoutLayer::new());
    }

    #[tokio::test(start_paused = true)]
    async fn gives_up_a_response_that_does_not_begin() {
        for (operation, size, seconds) in [
            (None, 0, 90),
            (None, 640 << 10, 100),
            (Some(RequestOptions::new().response_timeout(Duration::from_secs(5))), 0, 5),
        ] {
            let (mut service, _handle) = contract::spawn(TimeoutLayer::new());
            tokio_test::assert_ready_ok!(service.poll_ready());
            let mut request = contract::request("/").map(|_| crate::Body::from(vec![0; size]));
            operation.map(|operation| request.extensions_mut().insert(operation));
            let mut response = tokio_test::task::spawn(service.call(request));
            tokio_test::assert_pending!(response.poll());
            tokio::time::advance(Duration::from_secs(seconds) - Duration::from_millis(1)).await;
            tokio_test::assert_pending!(response.poll());
            tokio::time::advance(Duration::from_millis(2)).await;
            assert_eq!(tokio_test::assert_ready_err!(response.poll()).kind(), ErrorKind::TimedOut);
        }
    }

    /// The clock stands while nobody waits, and begins anew with every byte.
    #[tokio::test(start_paused = true)]
    async fn gives_up_a_body_that_stands_still_while_somebody_waits() {
        let layer = TimeoutLayer::new().idle(Duration::from_secs(10));
        let (mut sender, body) = contract::body_by_hand();
        let response = contract::response(layer, body).await;
        let mut body = std::pin::pin!(response.into_body());
        for _ in 0..3 {
            tokio::time::advance(Duration::from_secs(60)).await;
            let mut frame = tokio_test::task::spawn(body.frame());
            tokio_test::assert_pending!(frame.poll());
            tokio::time::advance(Duration::from_secs(9)).await;
            tokio_test::assert_pending!(frame.poll());
            sender.send("byte").await;
            assert!(tokio_test::assert_ready!(frame.poll()).unwrap().is_ok());
        }
        let began = clock::now();
        let error = body.frame().await.unwrap().unwrap_err();
        assert_eq!((error.kind(), began.elapsed().as_secs()), (ErrorKind::TimedOut, 10));
    }
}
