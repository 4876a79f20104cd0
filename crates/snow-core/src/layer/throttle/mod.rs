//! How many requests at once, and none for a while after a 429.
#![warn(clippy::arithmetic_side_effects)]

mod gate;
mod permits;

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
/// # Concurrency
/// A request takes its permit when its future is first polled, and keeps it until its response's body is read to the end or
/// dropped. So **whoever calls again while reading a response needs a second permit**: with a limit of one that waits for itself.
/// Therefore waiting ends, after a minute by default, with [`ErrorKind::PermitTimeout`](crate::ErrorKind::PermitTimeout).
///
/// # After a 429
/// A 429 with `Retry-After` or the end of a rate window stops all clones until then, a bare one for a second (facts 8.1, 8.2), but
/// none for more than a minute by default: see [`max_rate_limit_pause`](Self::max_rate_limit_pause). Then one request goes out
/// alone and the others wait for its response: if that is another 429 there is another pause, otherwise all go on. If that
/// request is dropped or fails without a response, the next one takes its turn; after 30 seconds without any result all go on.
/// No other status holds back anything but its own request.
///
/// A request that would be held back for longer than it may wait, or longer than the deadline that its [`RequestOptions`] brings, gets
/// [`ErrorKind::RateLimited`](crate::ErrorKind::RateLimited) at once; [`Error::retry_after`] tells how long the pause goes on.
///
/// The layer is always ready and waits for the service below inside its future.
///
/// # Panics
/// Its futures panic in a tokio runtime without timers when they have to wait: call `enable_time()` or `enable_all()` on the
/// runtime's builder. Outside a runtime they complete with an error then.
///
/// ```
/// use snow_core::layer::ThrottleLayer;
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

    /// Sets the longest that a request waits for a permit, and the longest that it is held back by pauses; a minute each by default.
    #[must_use]
    pub fn wait(self, max: Duration) -> Self {
        Self { wait: max, ..self }
    }

    /// Sets the longest pause that a 429 causes, whatever it asks for; a minute by default. It holds for all clones of this
    /// layer. The errors of the request that was refused tell what the service asked for, by [`Error::retry_after`].
    #[must_use]
    pub fn max_rate_limit_pause(self, max: Duration) -> Self {
        self.state.gate.set_longest(max);
        self
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

    /// Always ready: see [`ThrottleLayer`].
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

/// A request that has not been sent yet. It waits for a permit only while it is polled, so that one that is dropped or left alone
/// keeps nothing from others.
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
        let operation = RequestOptions::of(&self.request);
        if operation.is_some_and(RequestOptions::is_spare) {
            return Poll::Ready(self.layer.state.try_admit_spare());
        }
        match self.layer.state.try_admit() {
            Some(admission) => Poll::Ready(Ok(admission)),
            None => {
                let deadline = operation.and_then(RequestOptions::time_left).unwrap_or(Duration::MAX);
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
                    let answer = ready!(call.poll(cx));
                    let (permit, probe) = (permit.take().ok_or_else(polled_again)?, probe.take());
                    let answer = answer.map_err(Error::wrap)?; // drops the probe: the next one takes its turn
                    permit.observe(answer.status(), answer.headers());
                    if let Some(probe) = probe.filter(|_| answer.status() != StatusCode::TOO_MANY_REQUESTS) {
                        probe.succeed();
                    }
                    return Poll::Ready(Ok(answer.map(|body| ThrottleBody::new(body, permit))));
                }
                Projected::Queued { queued } => {
                    let admission = ready!(queued.as_mut().ok_or_else(polled_again)?.poll_admission(cx));
                    let mut going = queued.take().ok_or_else(polled_again)?;
                    let (permit, probe) = admission.map_err(Error::before_sending)?;
                    let call = Late::new(&mut going.service, going.request);
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
    /// The body of an answer, which keeps its request's place until it is read or dropped.
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

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test may fail")]
mod tests {
    use super::*;
    use crate::Body as OwnBody;
    use crate::layer::contract;
    use crate::{Clock, ErrorKind, clock};
    use http::{HeaderName, HeaderValue};
    use tower::{ServiceExt, service_fn};

    fn free(layer: &ThrottleLayer) -> usize {
        layer.state.permits.available_permits()
    }

    #[tokio::test]
    async fn is_ready_at_once_and_waits_inside_its_future() {
        let layer = ThrottleLayer::new(1);
        contract::is_late(layer.clone()).await;
        contract::lets_go(layer.clone()).await;
        contract::completes_again(layer.clone());
        assert_eq!(free(&layer), 1, "a place was lost");
    }

    #[tokio::test(start_paused = true)]
    async fn a_place_is_kept_until_the_body_is_read_or_dropped() {
        let layer = ThrottleLayer::new(1);
        for read in [true, false] {
            let (mut sender, body) = contract::body_by_hand();
            let answer = contract::answer(layer.clone(), body).await;
            assert_eq!(free(&layer), 0);
            sender.send("x").await;
            drop(sender);
            if read {
                OwnBody::stream(answer.into_body()).collect(9).await.unwrap();
            } else {
                drop(answer);
            }
            assert_eq!(free(&layer), 1);
        }
        let answer = contract::answer(layer.clone(), OwnBody::empty()).await;
        assert_eq!(free(&layer), 1, "nothing to read, nothing to keep");
        drop(answer);
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_for_oneself_ends() {
        let layer = ThrottleLayer::new(1).wait(Duration::from_secs(20));
        let first = contract::answer(layer.clone(), contract::stuck_body()).await;
        let inner =
            service_fn(|_: Request<OwnBody>| async { Ok::<_, Error>(Response::new(OwnBody::empty())) });
        let began = clock::now();
        let mut call = Box::pin(layer.layer(inner).call(contract::request("/")));
        let error = (&mut call).await.unwrap_err();
        assert_eq!((error.kind(), began.elapsed().as_secs()), (ErrorKind::PermitTimeout, 20));
        assert!(!error.may_have_executed() && error.to_string().contains("all 1 were taken"), "{error}");
        assert_eq!((&mut call).await.unwrap_err().kind(), ErrorKind::Internal, "it is over");
        drop(first);
    }

    #[tokio::test(start_paused = true)]
    async fn a_429_stops_all_clones_for_as_long_as_it_asks() {
        let header = |name, value: u64| Some((HeaderName::from_static(name), HeaderValue::from(value)));
        for case in ["retry-after", "x-ratelimit-reset", "none"] {
            let layer = ThrottleLayer::new(4);
            let unix = Clock::new().unix();
            let (header, milliseconds) = match case {
                "retry-after" => (header(case, 7), 7_000),
                // In whole seconds, of which this one has begun.
                "x-ratelimit-reset" => (header(case, unix.as_secs() + 8), 8_000 - unix.subsec_millis()),
                _ => (None, 1_000),
            };
            let inner = service_fn(move |request: Request<OwnBody>| {
                let mut answer = Response::new(OwnBody::empty());
                if request.uri() == "/busy" {
                    *answer.status_mut() = StatusCode::TOO_MANY_REQUESTS;
                    answer.headers_mut().extend(header.clone());
                }
                async move { Ok::<_, Error>(answer) }
            });
            let began = clock::now();
            layer.layer(inner.clone()).oneshot(contract::request("/busy")).await.unwrap();
            layer.clone().layer(inner).oneshot(contract::request("/")).await.unwrap();
            let waited = began.elapsed().as_millis();
            assert!(
                waited.abs_diff(milliseconds.into()) <= 2,
                "{waited} ms in place of {milliseconds}: {case}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_longer_pause_than_allowed_is_an_error_at_once() {
        let layer = ThrottleLayer::new(4).max_rate_limit_pause(Duration::MAX);
        layer.state.gate.refuse(Duration::from_secs(1_800));
        let inner =
            service_fn(|_: Request<OwnBody>| async { Ok::<_, Error>(Response::new(OwnBody::empty())) });
        let began = clock::now();
        let error = layer.layer(inner).oneshot(contract::request("/")).await.unwrap_err();
        assert_eq!((error.kind(), began.elapsed()), (ErrorKind::RateLimited, Duration::ZERO));
        assert!(error.retry_after().unwrap() > Duration::from_secs(1_790) && !error.may_have_executed());
    }
}
