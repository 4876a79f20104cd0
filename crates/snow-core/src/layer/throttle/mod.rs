//! How many requests at once, and none for a while after a 429.

mod limits;

use crate::late::Late;
use crate::{BoxError, Error, Operation};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use limits::{Limits, Place};
use pin_project_lite::pin_project;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tower_layer::Layer;
use tower_service::Service;

/// Holds requests back: at most so many at once over all clones, and none of them for as long as a 429 asks.
///
/// A request has its place until its answer's body is read to the end or dropped. So **whoever calls again while reading an
/// answer needs a second place**: with a limit of one that waits for itself. Therefore waiting ends, after a minute by
/// default, with [`Kind::QueueTimeout`](crate::Kind::QueueTimeout).
///
/// A 429 with `Retry-After` or the end of a rate window stops all clones until then, a bare one for a second (facts 8.1, 8.2).
/// A request that would have to wait longer than the bound gets [`Kind::RateLimited`](crate::Kind::RateLimited) at once, with
/// [`Error::retry_after`].
///
/// The layer is always ready and waits for the service below inside its future.
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
    limits: Arc<Limits>,
    wait: Duration,
}

impl ThrottleLayer {
    /// At most so many requests at once; none is one.
    pub fn new(most: usize) -> Self {
        Self { limits: Arc::new(Limits::new(most)), wait: Duration::from_secs(60) }
    }

    /// The longest that a request waits.
    #[must_use]
    pub fn wait(self, most: Duration) -> Self {
        Self { wait: most, ..self }
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
        if Operation::of(&request).is_some_and(Operation::is_spare) {
            return self.call_spare(request);
        }
        match self.layer.limits.place() {
            Some(place) => {
                let call = Late::new(&mut self.inner, request);
                ThrottleFuture { state: State::Sent { call, place: Some(place) } }
            }
            None => self.wait(request),
        }
    }
}

impl<S: Clone> Throttle<S> {
    #[cold]
    fn call_spare<B>(&mut self, request: Request<B>) -> ThrottleFuture<S, B>
    where
        S: Service<Request<B>>,
    {
        let state = match self.layer.limits.spare_place() {
            Ok(place) => State::Sent { call: Late::new(&mut self.inner, request), place: Some(place) },
            Err(error) => State::Declined { error: Some(error) },
        };
        ThrottleFuture { state }
    }

    #[cold]
    fn wait<B>(&self, request: Request<B>) -> ThrottleFuture<S, B>
    where
        S: Service<Request<B>>,
    {
        let wait = Box::pin(self.layer.limits.clone().wait(self.layer.wait));
        let held = Held { wait, service: self.inner.clone(), request };
        ThrottleFuture { state: State::Waiting { held: Some(Box::new(held)) } }
    }
}

/// A request that is held back.
struct Held<S, B> {
    wait: BoxFuture<'static, Result<Place, Error>>,
    service: S,
    request: Request<B>,
}

pin_project! {
    #[project = Projected]
    enum State<S, B>
    where
        S: Service<Request<B>>,
    {
        Waiting { held: Option<Box<Held<S, B>>> },
        Declined { error: Option<Error> },
        Sent { #[pin] call: Late<S, B>, place: Option<Place> },
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
        state: State<S, B>,
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
        if let Projected::Waiting { held } = this.state.as_mut().project() {
            let Some(waiting) = held else { return Poll::Pending }; // never: it is there until the wait is over
            let place = ready!(waiting.wait.as_mut().poll(cx))?;
            let Some(mut held) = held.take() else { return Poll::Pending };
            let call = Late::new(&mut held.service, held.request);
            this.state.set(State::Sent { call, place: Some(place) });
        }
        let (call, place) = match this.state.project() {
            Projected::Sent { call, place } => (call, place),
            Projected::Declined { error } => {
                return error.take().map_or(Poll::Pending, |error| Poll::Ready(Err(error)));
            }
            Projected::Waiting { .. } => return Poll::Pending,
        };
        match call.poll(cx) {
            Poll::Ready(Ok(answer)) => {
                let Some(place) = place.take() else { return Poll::Pending }; // never: it is there until then
                place.heed(answer.status(), answer.headers());
                Poll::Ready(Ok(answer.map(|body| ThrottleBody::new(body, place))))
            }
            Poll::Ready(Err(error)) => {
                *place = None;
                Poll::Ready(Err(Error::wrap(error)))
            }
            Poll::Pending => Poll::Pending,
        }
    }
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
        place: Option<Place>,
    }
}

impl<R: Body> ThrottleBody<R> {
    #[inline(always)]
    fn new(body: R, place: Place) -> Self {
        let place = (!body.is_end_stream()).then_some(place);
        Self { body, place }
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
            *this.place = None;
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
mod tests {
    use super::*;
    use crate::Body as OwnBody;
    use crate::layer::proof;
    use crate::{Kind, clock};
    use http::{HeaderName, HeaderValue, StatusCode};
    use tower::{ServiceExt, service_fn};

    fn free(layer: &ThrottleLayer) -> usize {
        layer.limits.places.available_permits()
    }

    #[tokio::test]
    async fn is_ready_at_once_and_waits_inside_its_future() {
        let layer = ThrottleLayer::new(1);
        proof::is_late(layer.clone()).await;
        proof::lets_go(layer.clone()).await;
        assert_eq!(free(&layer), 1, "a place was lost");
    }

    #[tokio::test(start_paused = true)]
    async fn a_place_is_kept_until_the_body_is_read_or_dropped() {
        let layer = ThrottleLayer::new(1);
        for read in [true, false] {
            let (mut sender, body) = proof::body_by_hand();
            let answer = proof::answer(layer.clone(), body).await;
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
        let answer = proof::answer(layer.clone(), OwnBody::empty()).await;
        assert_eq!(free(&layer), 1, "nothing to read, nothing to keep");
        drop(answer);
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_for_oneself_ends() {
        let layer = ThrottleLayer::new(1).wait(Duration::from_secs(20));
        let first = proof::answer(layer.clone(), proof::stuck_body()).await;
        let inner =
            service_fn(|_: Request<OwnBody>| async { Ok::<_, Error>(Response::new(OwnBody::empty())) });
        let began = clock::now();
        let error = layer.layer(inner).oneshot(proof::request("/")).await.unwrap_err();
        assert_eq!((error.kind(), began.elapsed().as_secs()), (Kind::QueueTimeout, 20));
        assert!(!error.may_have_happened() && error.to_string().contains("all 1 were taken"), "{error}");
        drop(first);
    }

    #[tokio::test(start_paused = true)]
    async fn a_429_stops_all_clones_for_as_long_as_it_asks() {
        let header = |name, value: u64| Some((HeaderName::from_static(name), HeaderValue::from(value)));
        for case in ["retry-after", "x-ratelimit-reset", "none"] {
            let layer = ThrottleLayer::new(4);
            let unix = layer.limits.clock.unix();
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
            layer.layer(inner.clone()).oneshot(proof::request("/busy")).await.unwrap();
            layer.clone().layer(inner).oneshot(proof::request("/")).await.unwrap();
            let waited = began.elapsed().as_millis();
            assert!(
                waited.abs_diff(milliseconds.into()) <= 2,
                "{waited} ms in place of {milliseconds}: {case}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_longer_pause_than_allowed_is_an_error_at_once() {
        let layer = ThrottleLayer::new(4);
        layer.limits.pause(Duration::from_secs(1_800));
        let inner =
            service_fn(|_: Request<OwnBody>| async { Ok::<_, Error>(Response::new(OwnBody::empty())) });
        let began = clock::now();
        let error = layer.layer(inner).oneshot(proof::request("/")).await.unwrap_err();
        assert_eq!((error.kind(), began.elapsed()), (Kind::RateLimited, Duration::ZERO));
        assert!(error.retry_after().unwrap() > Duration::from_secs(1_790) && !error.may_have_happened());
    }
}
