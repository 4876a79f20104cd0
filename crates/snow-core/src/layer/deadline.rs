//! Bounds the whole of an operation.

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
use tokio::time::Instant;
use tower_layer::Layer;
use tower_service::Service;

/// Ends an operation that takes too long: waiting for a place, fetching a token, every attempt, the pauses between them and
/// reading the answer's body together. Goes above whatever it is to bound. An [`Operation`] can bring a limit of its own.
///
/// What went out before is not called back: of a write, [`Error::may_have_happened`] says so.
///
/// ```
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use http::{Request, Response};
/// use snow_core::{Body, Kind, layer::DeadlineLayer};
/// use std::{convert::Infallible, time::Duration};
/// use tower::{Layer, ServiceExt, service_fn};
///
/// let never = service_fn(|_: Request<()>| std::future::pending::<Result<Response<Body>, Infallible>>());
/// let service = DeadlineLayer::new(Duration::from_secs(30)).layer(never);
/// let error = service.oneshot(Request::new(())).await.unwrap_err();
/// assert_eq!(error.kind(), Kind::DeadlineExceeded);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct DeadlineLayer {
    limit: Duration,
}

impl DeadlineLayer {
    /// So long from the call to the end of the answer's body.
    pub fn new(limit: Duration) -> Self {
        Self { limit }
    }
}

impl<S> Layer<S> for DeadlineLayer {
    type Service = Deadline<S>;

    fn layer(&self, inner: S) -> Deadline<S> {
        Deadline { inner, limit: self.limit, alarm: Alarm::default() }
    }
}

/// The service of [`DeadlineLayer`].
#[derive(Clone, Debug)]
pub struct Deadline<S> {
    inner: S,
    limit: Duration,
    alarm: Alarm,
}

impl<S, B, R> Service<Request<B>> for Deadline<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: Into<BoxError>,
{
    type Response = Response<DeadlineBody<R>>;
    type Error = Error;
    type Future = DeadlineFuture<S::Future>;

    #[inline]
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Error::wrap)
    }

    #[inline(always)]
    fn call(&mut self, request: Request<B>) -> DeadlineFuture<S::Future> {
        let limit = Operation::of(&request).and_then(Operation::deadline_limit).unwrap_or(self.limit);
        let timer = Some(Timer::new(&self.alarm, Limits { limit, at: clock::after(limit) }));
        DeadlineFuture { inner: self.inner.call(request), timer }
    }
}

/// How long, and until when: `None` for ever.
#[derive(Debug)]
struct Limits {
    limit: Duration,
    at: Option<Instant>,
}

pin_project! {
    /// The future of [`Deadline`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct DeadlineFuture<F> {
        #[pin]
        inner: F,
        timer: Option<Timer<Limits>>,
    }
}

impl<F, R, E> Future for DeadlineFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    E: Into<BoxError>,
{
    type Output = Result<Response<DeadlineBody<R>>, Error>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        match this.inner.poll(cx) {
            Poll::Ready(Ok(answer)) => {
                let Some(timer) = this.timer.take() else { return Poll::Pending }; // never: it is there until then
                Poll::Ready(Ok(answer.map(|body| DeadlineBody { body, timer })))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(Error::wrap(error))),
            Poll::Pending => {
                this.timer.as_mut().map_or(Poll::Pending, |timer| poll_exceeded(timer, cx)).map(Err)
            }
        }
    }
}

fn poll_exceeded(timer: &mut Timer<Limits>, cx: &mut Context<'_>) -> Poll<Error> {
    ready!(timer.poll_elapsed(cx, |limits| limits.at));
    let why = format!("the operation was not done within {:?}", timer.limits().limit);
    Poll::Ready(Error::new(Kind::DeadlineExceeded, why))
}

pin_project! {
    /// The body of an answer that has to be read by then.
    #[derive(Debug)]
    pub struct DeadlineBody<R> {
        #[pin]
        body: R,
        timer: Timer<Limits>,
    }
}

impl<R> Body for DeadlineBody<R>
where
    R: Body<Data = Bytes>,
    R::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = Error;

    #[inline]
    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = self.project();
        match this.body.poll_frame(cx) {
            Poll::Ready(frame) => Poll::Ready(frame.map(|frame| frame.map_err(Error::wrap))),
            Poll::Pending => poll_exceeded(this.timer, cx).map(|error| Some(Err(error))),
        }
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
    use std::convert::Infallible;

    fn layer() -> DeadlineLayer {
        DeadlineLayer::new(Duration::from_secs(30))
    }

    #[tokio::test]
    async fn passes_readiness_errors_and_bodies_through() {
        proof::is_transparent(layer()).await;
        proof::lets_go(layer()).await;
    }

    #[tokio::test(start_paused = true)]
    async fn ends_what_takes_too_long_and_drops_it() {
        let (mut service, mut handle) = proof::spawn(layer());
        tokio_test::assert_ready_ok!(service.poll_ready());
        let mut answer = tokio_test::task::spawn(service.call(proof::request("/")));
        tokio_test::assert_pending!(answer.poll());
        let (_, send) = handle.next_request().await.unwrap();
        tokio::time::advance(Duration::from_millis(29_999)).await;
        tokio_test::assert_pending!(answer.poll());
        tokio::time::advance(Duration::from_millis(2)).await;
        let error = tokio_test::assert_ready_err!(answer.poll());
        assert_eq!(error.kind(), Kind::DeadlineExceeded);
        assert!(error.to_string().contains("30s"), "{error}");
        drop(answer);
        drop(send);
    }

    #[tokio::test(start_paused = true)]
    async fn counts_on_while_the_body_is_read_and_takes_a_limit_of_the_operation() {
        let stuck = tower::service_fn(|_: Request<crate::Body>| async {
            tokio::time::sleep(Duration::from_secs(3)).await;
            Ok::<_, Infallible>(Response::new(proof::stuck_body()))
        });
        let mut request = proof::request("/");
        request.extensions_mut().insert(Operation::new().deadline(Duration::from_secs(5)));
        let began = clock::now();
        let answer = tower::ServiceExt::oneshot(layer().layer(stuck), request).await.unwrap();
        let error = crate::Body::stream(answer.into_body()).collect(64).await.unwrap_err();
        assert_eq!((error.kind(), began.elapsed().as_secs()), (Kind::DeadlineExceeded, 5));
    }
}
