//! Bounds the whole of an operation.
#![warn(clippy::arithmetic_side_effects)]

use crate::clock;
use crate::layer::inner_service::inner_service_accessors;
use crate::request_options::Extension;
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

/// Ends an operation that takes too long: waiting for a place, fetching a token, every attempt, the pauses between them and
/// reading the answer's body together. Goes above whatever it is to bound. An [`RequestOptions`] can bring a limit of its own, which can
/// be [extended](RequestOptions::extend_deadline) while the operation is under way.
///
/// What went out before is not called back: of a write, [`Error::may_have_executed`] says so. It is false for a request with a
/// [`Departure`] that had not left by then.
///
/// # Panics
/// Its futures panic in a tokio runtime without timers: call `enable_time()` or `enable_all()` on the runtime's builder. Outside a
/// runtime they complete with an error as soon as they have to wait.
///
/// ```
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use http::{Request, Response};
/// use snow_core::{Body, ErrorKind, layer::DeadlineLayer};
/// use std::{convert::Infallible, time::Duration};
/// use tower::{Layer, ServiceExt, service_fn};
///
/// let never = service_fn(|_: Request<()>| std::future::pending::<Result<Response<Body>, Infallible>>());
/// let service = DeadlineLayer::new(Duration::from_secs(30)).layer(never);
/// let error = service.oneshot(Request::new(())).await.unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::DeadlineExceeded);
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
        Deadline { inner, limit: self.limit }
    }
}

/// The service of [`DeadlineLayer`].
#[derive(Clone, Debug)]
pub struct Deadline<S> {
    inner: S,
    limit: Duration,
}

impl<S> Deadline<S> {
    inner_service_accessors!();
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
        let operation = RequestOptions::of(&request);
        let limit = operation.and_then(RequestOptions::deadline_limit).unwrap_or(self.limit);
        let extension = operation.and_then(RequestOptions::extension).cloned();
        let departure = Departure::of(&request).cloned();
        let timer =
            Some(Timer::new(OperationDeadline { limit, at: clock::after(limit), extension, departure }));
        DeadlineFuture { inner: self.inner.call(request), timer }
    }
}

/// How long, and until when: `None` for ever.
#[derive(Debug)]
struct OperationDeadline {
    limit: Duration,
    at: Option<Instant>,
    /// How much longer, where that may change.
    extension: Option<Extension>,
    /// Whether the request has left, if it tells.
    departure: Option<Departure>,
}

impl OperationDeadline {
    fn extension(&self) -> Duration {
        self.extension.as_ref().map_or(Duration::ZERO, Extension::get)
    }

    fn moment(&self) -> Option<Instant> {
        self.at?.checked_add(self.extension())
    }

    /// Whether there is time left by now.
    fn is_extended(&self) -> bool {
        self.extension.is_some() && self.moment().is_none_or(|moment| moment > clock::now())
    }
}

pin_project! {
    /// The future of [`Deadline`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct DeadlineFuture<F> {
        #[pin]
        inner: F,
        timer: Option<Timer<OperationDeadline>>,
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
                let timer = this.timer.take().ok_or_else(polled_again)?;
                Poll::Ready(Ok(answer.map(|body| DeadlineBody { body, timer })))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(Error::wrap(error))),
            Poll::Pending => match this.timer {
                Some(timer) => poll_exceeded(timer, cx).map(Err),
                None => Poll::Ready(Err(polled_again())),
            },
        }
    }
}

fn polled_again() -> Error {
    Error::internal("the future of a deadline was polled after it had completed")
}

fn poll_exceeded(timer: &mut Timer<OperationDeadline>, cx: &mut Context<'_>) -> Poll<Error> {
    loop {
        if let Err(error) = ready!(timer.poll_elapsed(cx, OperationDeadline::moment)) {
            return Poll::Ready(error);
        }
        if !timer.limits().is_extended() {
            break;
        }
        timer.stop(); // to be armed again with the later moment
    }
    let OperationDeadline { limit, departure, .. } = timer.limits();
    let why =
        format!("the operation was not done within {:?}", limit.saturating_add(timer.limits().extension()));
    let error = match departure.as_ref().and_then(Departure::waited) {
        Some(waited) => Error::new(ErrorKind::DeadlineExceeded, format!("{why}: {waited}"))
            .with_advice("find out why that takes so long, or allow more time"),
        None => Error::new(ErrorKind::DeadlineExceeded, why),
    };
    Poll::Ready(Departure::mark_unsent(departure.as_ref(), error))
}

pin_project! {
    /// The body of an answer that has to be read by then.
    #[derive(Debug)]
    pub struct DeadlineBody<R> {
        #[pin]
        body: R,
        timer: Timer<OperationDeadline>,
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
#[allow(clippy::arithmetic_side_effects, reason = "a test may fail")]
mod tests {
    use super::*;
    use crate::layer::contract;

    fn layer() -> DeadlineLayer {
        DeadlineLayer::new(Duration::from_secs(30))
    }

    #[tokio::test]
    async fn passes_readiness_errors_and_bodies_through() {
        contract::is_transparent(layer()).await;
        contract::lets_go(layer()).await;
        contract::completes_again(layer());
        contract::does_not_wait_for_ever(layer());
    }

    #[tokio::test(start_paused = true)]
    async fn ends_what_takes_too_long_and_drops_it() {
        let (mut service, mut handle) = contract::spawn(layer());
        tokio_test::assert_ready_ok!(service.poll_ready());
        let mut answer = tokio_test::task::spawn(service.call(contract::request("/")));
        tokio_test::assert_pending!(answer.poll());
        let (_, send) = handle.next_request().await.unwrap();
        tokio::time::advance(Duration::from_millis(29_999)).await;
        tokio_test::assert_pending!(answer.poll());
        tokio::time::advance(Duration::from_millis(2)).await;
        let error = tokio_test::assert_ready_err!(answer.poll());
        assert_eq!(error.kind(), ErrorKind::DeadlineExceeded);
        assert!(error.to_string().contains("30s"), "{error}");
        drop(answer);
        drop(send);
    }

    #[tokio::test(start_paused = true)]
    async fn counts_on_while_the_body_is_read_and_takes_a_limit_of_the_operation() {
        let stuck = tower::service_fn(|_: Request<crate::Body>| async {
            crate::timer::sleep(Duration::from_secs(3)).await?;
            Ok::<_, Error>(Response::new(contract::stuck_body()))
        });
        let mut request = contract::request("/");
        request.extensions_mut().insert(RequestOptions::new().deadline(Duration::from_secs(5)));
        let began = clock::now();
        let answer = tower::ServiceExt::oneshot(layer().layer(stuck), request).await.unwrap();
        let error = crate::Body::stream(answer.into_body()).collect(64).await.unwrap_err();
        assert_eq!((error.kind(), began.elapsed().as_secs()), (ErrorKind::DeadlineExceeded, 5));
    }
}
