//! The layer that limits the size of responses.

use crate::layer::inner_service::inner_service_accessors;
use crate::{BoxError, Error, ErrorKind, RequestOptions};
use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tower_layer::Layer;
use tower_service::Service;

/// Limits the size of a response's body.
///
/// # Order in the stack
///
/// Above a layer that decompresses, so that it counts decompressed bytes.
///
/// # Defaults
///
/// None: [`new`](Self::new) takes the limit.
///
/// # Per request
///
/// [`RequestOptions::body_limit`] replaces the limit.
///
/// # Errors
///
/// Reading the body fails with [`ErrorKind::ResponseTooLarge`] when it exceeds the limit.
///
/// # Examples
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use http::{Request, Response};
/// use snow_client::{ErrorKind, layer::BodyLimitLayer, transport::Body};
/// use tower::{Layer, ServiceExt, service_fn};
///
/// let inner = service_fn(|_: Request<()>| async { Ok::<_, snow_client::Error>(Response::new(Body::from("12345"))) });
/// let response = BodyLimitLayer::new(4).layer(inner).oneshot(Request::new(())).await?;
/// let error = Body::stream(response.into_body()).collect(100).await.unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::ResponseTooLarge);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct BodyLimitLayer {
    limit: u64,
}

impl BodyLimitLayer {
    /// Creates a layer that allows at most this many bytes.
    pub fn new(bytes: u64) -> Self {
        Self { limit: bytes }
    }
}

impl<S> Layer<S> for BodyLimitLayer {
    type Service = BodyLimit<S>;

    fn layer(&self, inner: S) -> BodyLimit<S> {
        BodyLimit { inner, limit: self.limit }
    }
}

/// The service of [`BodyLimitLayer`].
#[derive(Clone, Debug)]
pub struct BodyLimit<S> {
    inner: S,
    limit: u64,
}

impl<S> BodyLimit<S> {
    inner_service_accessors!();
}

impl<S, B, R> Service<Request<B>> for BodyLimit<S>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Response = Response<LimitedBody<R>>;
    type Error = S::Error;
    type Future = BodyLimitFuture<S::Future>;

    #[inline]
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    #[inline(always)]
    fn call(&mut self, request: Request<B>) -> BodyLimitFuture<S::Future> {
        let limit =
            RequestOptions::of(&request).and_then(RequestOptions::body_limit_bytes).unwrap_or(self.limit);
        BodyLimitFuture { inner: self.inner.call(request), limit }
    }
}

pin_project! {
    /// The future of [`BodyLimit`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct BodyLimitFuture<F> {
        #[pin]
        inner: F,
        limit: u64,
    }
}

impl<F, R, E> Future for BodyLimitFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = Result<Response<LimitedBody<R>>, E>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let limit = *this.limit;
        match this.inner.poll(cx) {
            Poll::Ready(Ok(response)) => {
                Poll::Ready(Ok(response.map(|body| LimitedBody { body, left: limit, limit })))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => Poll::Pending,
        }
    }
}

pin_project! {
    /// The body of a response, which fails if it exceeds its limit.
    #[derive(Debug)]
    pub struct LimitedBody<R> {
        #[pin]
        body: R,
        left: u64,
        limit: u64,
    }
}

impl<R> Body for LimitedBody<R>
where
    R: Body<Data = Bytes>,
    R::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = Error;

    #[inline]
    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = self.project();
        let frame = ready!(this.body.poll_frame(cx)).transpose().map_err(Error::wrap)?;
        let length = frame.as_ref().and_then(Frame::data_ref).map_or(0, Bytes::len) as u64;
        match this.left.checked_sub(length) {
            Some(left) => {
                *this.left = left;
                Poll::Ready(frame.map(Ok))
            }
            None => Poll::Ready(Some(Err(too_large(*this.limit)))),
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

fn too_large(limit: u64) -> Error {
    let why = format!("the response is larger than {limit} bytes: request fewer records or fields");
    Error::new(ErrorKind::ResponseTooLarge, why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::contract;

    #[tokio::test]
    async fn passes_readiness_errors_and_bodies_through() {
        contract::is_transparent(BodyLimitLayer::new(1 << 20)).await;
        contract::lets_go(BodyLimitLayer::new(1 << 20)).await;
        contract::completes_again(BodyLimitLayer::new(1 << 20));
    }

    #[tokio::test]
    async fn counts_all_chunks_and_stops_at_the_limit() {
        for (limit, whole) in [(6, true), (5, false), (0, false)] {
            let (mut sender, body) = contract::body_by_hand();
            sender.send("abc").await;
            sender.send("def").await;
            drop(sender);
            let response = contract::response(BodyLimitLayer::new(limit), body).await;
            let read = crate::Body::stream(response.into_body()).collect(100).await;
            assert_eq!(
                read.map_err(|error| error.kind()),
                if whole { Ok("abcdef".into()) } else { Err(ErrorKind::ResponseTooLarge) }
            );
        }
    }

    #[tokio::test]
    async fn an_operation_can_bring_its_own_limit() {
        let inner = tower::service_fn(|_: Request<crate::Body>| async {
            Ok::<_, Error>(Response::new(crate::Body::from("12345")))
        });
        let mut request = contract::request("/");
        request.extensions_mut().insert(RequestOptions::new().body_limit(u64::MAX));
        let response =
            tower::ServiceExt::oneshot(BodyLimitLayer::new(1).layer(inner), request).await.unwrap();
        assert_eq!(crate::Body::stream(response.into_body()).collect(100).await.unwrap(), "12345");
    }
}
