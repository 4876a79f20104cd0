//! Compressed answers.

use crate::{BoxError, Error, Kind};
use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tower_http::decompression::{Decompression, DecompressionBody, ResponseFuture};
use tower_layer::Layer;
use tower_service::Service;

/// Asks for answers in gzip, and unpacks them: JSON of a table becomes about a tenth. A request that brings its own
/// `Accept-Encoding` gets what it asks for, unpacked all the same.
///
/// Goes below a [`BodyLimitLayer`](super::BodyLimitLayer), which then counts what comes out: a small answer may unpack to
/// gigabytes.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use http::{Request, Response};
/// use snow_core::{Body, layer::GzipLayer};
/// use tower::{Layer, ServiceExt, service_fn};
///
/// let inner = service_fn(|request: Request<()>| async move {
///     assert_eq!(request.headers()["accept-encoding"], "gzip");
///     Ok::<_, snow_core::Error>(Response::new(Body::from("as it is")))
/// });
/// let answer = GzipLayer::new().layer(inner).oneshot(Request::new(())).await?;
/// assert_eq!(Body::stream(answer.into_body()).collect(100).await?, "as it is");
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct GzipLayer(());

impl GzipLayer {
    /// Gzip and nothing else, which is all that the service speaks (facts 1.4).
    pub fn new() -> Self {
        Self(())
    }
}

impl<S> Layer<S> for GzipLayer {
    type Service = Gzip<S>;

    fn layer(&self, inner: S) -> Gzip<S> {
        Gzip(Decompression::new(inner))
    }
}

/// The service of [`GzipLayer`].
#[derive(Clone)]
pub struct Gzip<S>(Decompression<S>);

impl<S: fmt::Debug> fmt::Debug for Gzip<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Gzip").field(self.0.get_ref()).finish()
    }
}

impl<S, B, R> Service<Request<B>> for Gzip<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: Body<Data = Bytes>,
{
    type Response = Response<GzipBody<R>>;
    type Error = S::Error;
    type Future = GzipFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> GzipFuture<S::Future> {
        GzipFuture { inner: self.0.call(request) }
    }
}

pin_project! {
    /// The future of [`Gzip`].
    #[must_use = "futures do nothing unless awaited"]
    pub struct GzipFuture<F> { #[pin] inner: ResponseFuture<F> }
}

impl<F, R, E> Future for GzipFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    R: Body<Data = Bytes>,
{
    type Output = Result<Response<GzipBody<R>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = ready!(self.project().inner.poll(cx));
        Poll::Ready(answer.map(|answer| answer.map(|inner| GzipBody { inner })))
    }
}

impl<F> fmt::Debug for GzipFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GzipFuture")
    }
}

pin_project! {
    /// The body of an answer, unpacked as it is read.
    pub struct GzipBody<R: Body> { #[pin] inner: DecompressionBody<R> }
}

impl<R> Body for GzipBody<R>
where
    R: Body<Data = Bytes>,
    R::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let frame = ready!(self.project().inner.poll_frame(cx));
        Poll::Ready(frame.map(|frame| frame.map_err(broken)))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl<R: Body> fmt::Debug for GzipBody<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GzipBody")
    }
}

/// What the body below said, or that its bytes are no gzip, or not all of it.
fn broken(error: BoxError) -> Error {
    match error.downcast::<std::io::Error>() {
        Ok(packed) => Error::new(Kind::Cut, "the compressed answer is broken").with_source(packed),
        Err(other) => Error::wrap(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::{BodyLimitLayer, proof};
    use std::io::Write;
    use tower::{ServiceExt, service_fn};

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        packer.write_all(text).unwrap();
        packer.finish().unwrap()
    }

    fn answers(bytes: Vec<u8>) -> impl Service<Request<()>, Response = Response<crate::Body>, Error = Error> {
        service_fn(move |_: Request<()>| {
            let answer = Response::builder().header("content-encoding", "gzip");
            std::future::ready(Ok(answer.body(crate::Body::from(bytes.clone())).unwrap()))
        })
    }

    #[tokio::test]
    async fn passes_readiness_errors_and_bodies_through() {
        proof::is_transparent(GzipLayer::new()).await;
    }

    #[tokio::test]
    async fn what_is_cut_or_no_gzip_is_an_error() {
        let whole = packed(b"some text that is long enough to be cut");
        // No byte at all is an answer without a body, as to HEAD.
        for end in 1..=whole.len() {
            let inner = answers(whole[..end].to_vec());
            let answer = GzipLayer::new().layer(inner).oneshot(Request::new(())).await.unwrap();
            let read = crate::Body::stream(answer.into_body()).collect(100).await;
            match end == whole.len() {
                true => assert_eq!(read.unwrap(), "some text that is long enough to be cut"),
                false => assert_eq!(read.unwrap_err().kind(), Kind::Cut, "{end}"),
            }
        }
        let answer =
            GzipLayer::new().layer(answers(b"plain text".to_vec())).oneshot(Request::new(())).await.unwrap();
        let error = crate::Body::stream(answer.into_body()).collect(100).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Cut, "{error}");
    }

    #[tokio::test]
    async fn a_bomb_stops_at_the_limit() {
        let bomb = packed(&vec![0; 10 << 20]);
        assert!(bomb.len() < 11 << 10);
        let service = BodyLimitLayer::new(64 << 10).layer(GzipLayer::new().layer(answers(bomb)));
        let answer = service.oneshot(Request::new(())).await.unwrap();
        let error = crate::Body::stream(answer.into_body()).collect(usize::MAX).await.unwrap_err();
        assert_eq!(error.kind(), Kind::AnswerTooLarge);
    }
}
