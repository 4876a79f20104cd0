//! The layer that limits how long a call takes in all.
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

/// Limits how long a call takes in all: waiting for a permit, obtaining a token, every attempt, the pauses between attempts, and
/// reading the body of the response.
///
/// A request that was sent before the deadline is not undone. [`Error::may_have_executed`] says whether a write may have been
/// executed; it is false if the request has a [`Departure`] and had not been sent by then.
///
/// # Order in the stack
///
/// Above everything that it limits, so above the [`RetryLayer`](super::RetryLayer).
///
/// # Defaults
///
/// None: [`new`](Self::new) takes the limit.
///
/// # Per request
///
/// [`RequestOptions::deadline`] replaces the limit. A request that is [extendable](RequestOptions::extendable) can get
/// [more time](RequestOptions::extend_deadline) while it is under way.
///
/// # Errors
///
/// [`ErrorKind::DeadlineExceeded`], or [`ErrorKind::Other`] if it has to wait outside a tokio runtime.
///
/// # Panics
///
/// The future panics in a tokio runtime without timers when it has to wait: call `enable_time()` or `enable_all()` on the runtime's
/// builder.
///
/// # Examples
///
/// ```
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use http::{Request, Response};
/// use snow_client::{ErrorKind, layer::DeadlineLayer, transport::Body};
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
    /// Creates a layer that limits the time from the call to the end of the response's body.
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
        let options = RequestOptions::of(&request);
        let limit = options.and_then(RequestOptions::deadline_limit).unwrap_or(self.limit);
        let extension = options.and_then(RequestOptions::extension).cloned();
        let departure = Departure::of(&request).cloned();
        let timer = Some(Timer::new(CallDeadline { limit, at: clock::after(limit), extension, departure }));
        DeadlineFuture { inner: self.inner.call(request), timer }
    }
}

/// The deadline of one call.
#[derive(Debug)]
struct CallDeadline {
    limit: Duration,
    /// `None` if it is too far in the future to be reached.
    at: Option<Instant>,
    /// The additional time, which may change.
    extension: Option<Extension>,
    /// Tells whether the request was sent, if the caller wants to know.
    departure: Option<Departure>,
}

impl CallDeadline {
    fn extension(&self) -> Duration {
        self.extension.as_ref().map_or(Duration::ZERO, Extension::get)
    }

    fn moment(&self) -> Option<Instant> {
        self.at?.checked_add(self.extension())
    }

    /// Returns whether an extension leaves time by now.
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
        timer: Option<Timer<CallDeadline>>,
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
            Poll::Ready(Ok(response)) => {
                let timer = this.timer.take().ok_or_else(polled_again)?;
                Poll::Ready(Ok(response.map(|body| DeadlineBody { body, timer })))
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

fn poll_exceeded(timer: &mut Timer<CallDeadline>, cx: &mut Context<'_>) -> Poll<Error> {
    loop {
        if let Err(error) = ready!(timer.poll_elapsed(cx, CallDeadline::moment)) {
            return Poll::Ready(error);
        }
        if !timer.limits().is_extended() {
            break;
        }
        timer.stop(); // to be armed again with the later moment
    }
    let CallDeadline { limit, departure, .. } = timer.limits();
    let why =
        format!("the call did not finish within {:?}", limit.saturating_add(timer.limits().extension()));
    let error = match departure.as_ref().and_then(Departure::waited) {
        Some(waited) => Error::new(ErrorKind::DeadlineExceeded, format!("{why}: {waited}"))
            .with_advice("find out why that takes so long, or allow more time"),
        None => Error::new(ErrorKind::DeadlineExceeded, why),
    };
    Poll::Ready(Departure::mark_unsent(departure.as_ref(), error))
}

pin_project! {
    /// The body of a response, which has to be read before the deadline.
    #[derive(Debug)]
    pub struct DeadlineBody<R> {
        #[pin]
        body: R,
        timer: Timer<CallDeadline>,
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
        let mut response = tokio_test::task::spawn(service.call(contract::request("/")));
        tokio_test::assert_pending!(response.poll());
        let (_, send) = handle.next_request().await.unwrap();
        tokio::time::advance(Duration::from_millis(29_999)).await;
        tokio_test::assert_pending!(response.poll());
        tokio::time::advance(Duration::from_millis(2)).await;
        let error = tokio_test::assert_ready_err!(response.poll());
        assert_eq!(error.kind(), ErrorKind::DeadlineExceeded);
        assert!(error.to_string().contains("30s"), "{error}");
        drop(response);
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
        let response = tower::ServiceExt::oneshot(layer().layer(stuck), request).await.unwrap();
        let error = crate::Body::stream(response.into_body()).collect(64).await.unwrap_err();
        assert_eq!((error.kind(), began.elapsed().as_secs()), (ErrorKind::DeadlineExceeded, 5));
    }
}
