//! Bounds one attempt: until its answer begins, and while its body stands still.

use crate::alarm::{Alarm, Timer};
use crate::clock;
use crate::{BoxError, Error, Kind, Operation};
use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tower_layer::Layer;
use tower_service::Service;

/// Gives up an attempt whose answer does not begin in time, or whose body stops coming.
///
/// By default 90 seconds until the head of the answer, which is above the service's own quota of 60 (facts 3.4): a shorter
/// time would make writes of unknown fate where the service would have said that it gave up. A request with a body has a
/// second more for every 64 KiB. Of the answer's body, 60 seconds without a byte; they count only while somebody waits for
/// bytes, not while the caller does something else.
///
/// ```
/// use snow_core::layer::TimeoutLayer;
/// use std::time::Duration;
///
/// let layer = TimeoutLayer::new().head(Duration::from_secs(120)).idle(Duration::from_secs(30));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct TimeoutLayer {
    head: Duration,
    idle: Duration,
}

impl TimeoutLayer {
    /// The times that are good for most.
    pub fn new() -> Self {
        Self { head: Duration::from_secs(90), idle: Duration::from_secs(60) }
    }

    /// So long until the answer's head. An [`Operation`] can bring a time of its own.
    #[must_use]
    pub fn head(self, limit: Duration) -> Self {
        Self { head: limit, ..self }
    }

    /// So long until the next bytes of the answer's body.
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
        Timeout { inner, limits: *self, alarm: Alarm::default() }
    }
}

/// The service of [`TimeoutLayer`].
#[derive(Clone, Debug)]
pub struct Timeout<S> {
    inner: S,
    limits: TimeoutLayer,
    alarm: Alarm,
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
        let head = Operation::of(&request)
            .and_then(Operation::head_limit)
            .unwrap_or_else(|| self.limits.head + to_send(request.body()));
        let timer = Some(Timer::new(&self.alarm, TimeoutLayer { head, ..self.limits }));
        TimeoutFuture { inner: self.inner.call(request), timer }
    }
}

/// The time that a body may take to be sent.
fn to_send<B: Body>(body: &B) -> Duration {
    Duration::from_secs(body.size_hint().lower() / (64 << 10))
}

pin_project! {
    /// The future of [`Timeout`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct TimeoutFuture<F> {
        #[pin]
        inner: F,
        timer: Option<Timer<TimeoutLayer>>,
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
            Poll::Ready(Ok(answer)) => {
                let Some(mut timer) = this.timer.take() else { return Poll::Pending }; // never: it is there until then
                timer.stop();
                Poll::Ready(Ok(answer.map(|body| TimeoutBody { body, timer })))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(Error::wrap(error))),
            Poll::Pending => {
                let Some(timer) = this.timer else { return Poll::Pending };
                ready!(timer.poll_elapsed(cx, |limits| clock::after(limits.head)));
                let why = format!("no answer began within {:?}", timer.limits().head);
                Poll::Ready(Err(Error::new(Kind::TimedOut, why)))
            }
        }
    }
}

pin_project! {
    /// The body of an answer that has to keep coming.
    #[derive(Debug)]
    pub struct TimeoutBody<R> {
        #[pin]
        body: R,
        timer: Timer<TimeoutLayer>,
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
        ready!(timer.poll_elapsed(cx, |limits| clock::after(limits.idle)));
        let why = format!("the answer's body stopped coming: nothing for {:?}", timer.limits().idle);
        Poll::Ready(Some(Err(Error::new(Kind::TimedOut, why))))
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
    use crate::layer::proof;
    use http_body_util::BodyExt;

    #[tokio::test]
    async fn passes_readiness_errors_and_bodies_through() {
        proof::is_transparent(TimeoutLayer::new()).await;
        proof::lets_go(TimeoutLayer::new()).await;
    }

    #[tokio::test(start_paused = true)]
    async fn gives_up_an_answer_that_does_not_begin() {
        for (operation, size, seconds) in [
            (None, 0, 90),
            (None, 640 << 10, 100),
            (Some(Operation::new().head_timeout(Duration::from_secs(5))), 0, 5),
        ] {
            let (mut service, _handle) = proof::spawn(TimeoutLayer::new());
            tokio_test::assert_ready_ok!(service.poll_ready());
            let mut request = proof::request("/").map(|_| crate::Body::from(vec![0; size]));
            operation.map(|operation| request.extensions_mut().insert(operation));
            let mut answer = tokio_test::task::spawn(service.call(request));
            tokio_test::assert_pending!(answer.poll());
            tokio::time::advance(Duration::from_secs(seconds) - Duration::from_millis(1)).await;
            tokio_test::assert_pending!(answer.poll());
            tokio::time::advance(Duration::from_millis(2)).await;
            assert_eq!(tokio_test::assert_ready_err!(answer.poll()).kind(), Kind::TimedOut);
        }
    }

    /// The clock stands while nobody waits, and begins anew with every byte.
    #[tokio::test(start_paused = true)]
    async fn gives_up_a_body_that_stands_still_while_somebody_waits() {
        let layer = TimeoutLayer::new().idle(Duration::from_secs(10));
        let (mut sender, body) = proof::body_by_hand();
        let answer = proof::answer(layer, body).await;
        let mut body = std::pin::pin!(answer.into_body());
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
        assert_eq!((error.kind(), began.elapsed().as_secs()), (Kind::TimedOut, 10));
    }
}
