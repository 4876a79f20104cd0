//! The layer that decompresses responses.

mod decompressor;
#[cfg(test)]
mod tests;

use crate::layer::inner_service::inner_service_accessors;
use crate::{BoxError, Error};
use bytes::Bytes;
use decompressor::Decompressor;
use http::{HeaderMap, HeaderValue, Request, Response, header};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tower_layer::Layer;
use tower_service::Service;

/// Requests compressed responses, and decompresses them. JSON of a table shrinks to about a tenth.
///
/// A request that brings its own `Accept-Encoding` keeps it, and its response is decompressed all the same. Only the response to a
/// request for `identity` stays as it was sent, with its `Content-Encoding`: it may be a file that is stored in gzip, and decompressed
/// it would be another file.
///
/// A body may consist of any number of gzip members, and zeros may follow them.
///
/// # Order in the stack
///
/// Below a [`BodyLimitLayer`](super::BodyLimitLayer), which then counts decompressed bytes: a small response may decompress to
/// gigabytes.
///
/// # Defaults
///
/// Only gzip is requested, because the service supports nothing else.
///
/// # Per request
///
/// Set the `Accept-Encoding` header.
///
/// # Errors
///
/// Reading the body fails with [`ErrorKind::Malformed`](crate::ErrorKind::Malformed) if the compressed bytes are damaged or followed by anything but zeros, and
/// with [`ErrorKind::Truncated`](crate::ErrorKind::Truncated) if they end too soon.
///
/// # Examples
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use http::{Request, Response};
/// use snow_client::{layer::GzipLayer, transport::Body};
/// use tower::{Layer, ServiceExt, service_fn};
///
/// let inner = service_fn(|request: Request<()>| async move {
///     assert_eq!(request.headers()["accept-encoding"], "gzip");
///     Ok::<_, snow_client::Error>(Response::new(Body::from("not compressed")))
/// });
/// let response = GzipLayer::new().layer(inner).oneshot(Request::new(())).await?;
/// assert_eq!(Body::stream(response.into_body()).collect(100).await?, "not compressed");
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct GzipLayer(());

impl GzipLayer {
    /// Creates a layer that requests gzip.
    pub fn new() -> Self {
        Self(())
    }
}

impl<S> Layer<S> for GzipLayer {
    type Service = Gzip<S>;

    fn layer(&self, inner: S) -> Gzip<S> {
        Gzip { inner }
    }
}

/// The service of [`GzipLayer`].
#[derive(Clone, Debug)]
pub struct Gzip<S> {
    inner: S,
}

impl<S> Gzip<S> {
    inner_service_accessors!();
}

impl<S, B, R> Service<Request<B>> for Gzip<S>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Response = Response<GzipBody<R>>;
    type Error = S::Error;
    type Future = GzipFuture<S::Future>;

    #[inline]
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    #[inline(always)]
    fn call(&mut self, mut request: Request<B>) -> GzipFuture<S::Future> {
        let asked = request
            .headers_mut()
            .entry(header::ACCEPT_ENCODING)
            .or_insert(const { HeaderValue::from_static("gzip") });
        let as_sent = asked.as_bytes().eq_ignore_ascii_case(b"identity");
        GzipFuture { inner: self.inner.call(request), as_sent }
    }
}

pin_project! {
    /// The future of [`Gzip`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct GzipFuture<F> {
        #[pin]
        inner: F,
        as_sent: bool,
    }
}

impl<F, R, E> Future for GzipFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = Result<Response<GzipBody<R>>, E>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        match this.inner.poll(cx) {
            Poll::Ready(Ok(mut response)) => {
                let decompressor = if *this.as_sent { None } else { decompressor(response.headers_mut()) };
                Poll::Ready(Ok(response.map(|body| GzipBody { body, decompressor })))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => Poll::Pending,
        }
    }
}

/// Returns the decompressor of a response in gzip, and removes the headers that describe its compressed form.
fn decompressor(headers: &mut HeaderMap) -> Option<Box<Decompressor>> {
    let coding = headers.get(header::CONTENT_ENCODING)?.as_bytes();
    if !coding.eq_ignore_ascii_case(b"gzip") && !coding.eq_ignore_ascii_case(b"x-gzip") {
        return None;
    }
    headers.remove(header::CONTENT_ENCODING);
    headers.remove(header::CONTENT_LENGTH);
    Some(Box::new(Decompressor::new()))
}

pin_project! {
    /// The body of a response, decompressed as it is read.
    #[derive(Debug)]
    pub struct GzipBody<R> {
        #[pin]
        body: R,
        decompressor: Option<Box<Decompressor>>,
    }
}

impl<R> Body for GzipBody<R>
where
    R: Body<Data = Bytes>,
    R::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = Error;

    #[inline]
    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let mut this = self.project();
        let Some(decompressor) = this.decompressor else {
            return this.body.poll_frame(cx).map(|frame| frame.map(|frame| frame.map_err(Error::wrap)));
        };
        loop {
            if let Some(bytes) = decompressor.next()? {
                return Poll::Ready(Some(Ok(Frame::data(bytes))));
            }
            if decompressor.ended {
                return Poll::Ready(None);
            }
            match ready!(this.body.as_mut().poll_frame(cx)).transpose().map_err(Error::wrap)? {
                None => decompressor.end()?,
                Some(frame) => match frame.into_data() {
                    Ok(bytes) => decompressor.input = bytes,
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
            }
        }
    }

    #[inline]
    fn is_end_stream(&self) -> bool {
        match &self.decompressor {
            None => self.body.is_end_stream(),
            Some(decompressor) => decompressor.ended && decompressor.output().is_empty(),
        }
    }

    #[inline]
    fn size_hint(&self) -> SizeHint {
        if self.decompressor.is_some() { SizeHint::new() } else { self.body.size_hint() }
    }
}
