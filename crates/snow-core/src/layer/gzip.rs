//! Compressed answers.

use crate::{BoxError, Error, Kind};
use bytes::{Buf, Bytes};
use flate2::write::MultiGzDecoder;
use http::{HeaderMap, HeaderValue, Request, Response, header};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use std::future::Future;
use std::io::{self, Write};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::{fmt, mem};
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
        Gzip { inner }
    }
}

/// The service of [`GzipLayer`].
#[derive(Clone, Debug)]
pub struct Gzip<S> {
    inner: S,
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
        request
            .headers_mut()
            .entry(header::ACCEPT_ENCODING)
            .or_insert(const { HeaderValue::from_static("gzip") });
        GzipFuture { inner: self.inner.call(request) }
    }
}

pin_project! {
    /// The future of [`Gzip`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct GzipFuture<F> { #[pin] inner: F }
}

impl<F, R, E> Future for GzipFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = Result<Response<GzipBody<R>>, E>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().inner.poll(cx) {
            Poll::Ready(Ok(mut answer)) => {
                let unpacker = unpacker(answer.headers_mut());
                Poll::Ready(Ok(answer.map(|body| GzipBody { body, unpacker })))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => Poll::Pending,
        }
    }
}

/// For an answer in gzip, which from here on is one that is not.
fn unpacker(headers: &mut HeaderMap) -> Option<Box<Unpacker>> {
    let coding = headers.get(header::CONTENT_ENCODING)?.as_bytes();
    if !coding.eq_ignore_ascii_case(b"gzip") && !coding.eq_ignore_ascii_case(b"x-gzip") {
        return None;
    }
    headers.remove(header::CONTENT_ENCODING);
    headers.remove(header::CONTENT_LENGTH);
    Some(Box::new(Unpacker::new()))
}

pin_project! {
    /// The body of an answer, unpacked as it is read.
    #[derive(Debug)]
    pub struct GzipBody<R> {
        #[pin]
        body: R,
        unpacker: Option<Box<Unpacker>>,
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
        let Some(unpacker) = this.unpacker else {
            return this.body.poll_frame(cx).map(|frame| frame.map(|frame| frame.map_err(Error::wrap)));
        };
        loop {
            if let Some(bytes) = unpacker.next().map_err(broken)? {
                return Poll::Ready(Some(Ok(Frame::data(bytes))));
            }
            if unpacker.ended {
                return Poll::Ready(None);
            }
            match ready!(this.body.as_mut().poll_frame(cx)).transpose().map_err(Error::wrap)? {
                None => unpacker.end().map_err(broken)?,
                Some(frame) => match frame.into_data() {
                    Ok(bytes) => unpacker.input = bytes,
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
            }
        }
    }

    #[inline]
    fn is_end_stream(&self) -> bool {
        match &self.unpacker {
            None => self.body.is_end_stream(),
            Some(unpacker) => unpacker.ended && unpacker.output().is_empty(),
        }
    }

    #[inline]
    fn size_hint(&self) -> SizeHint {
        if self.unpacker.is_some() { SizeHint::new() } else { self.body.size_hint() }
    }
}

/// So many packed bytes are unpacked before anybody counts: at most a thousand times as many come out.
const PIECE: usize = 4 << 10;

struct Unpacker {
    decoder: MultiGzDecoder<Vec<u8>>,
    /// What came and has yet to be unpacked.
    input: Bytes,
    begun: bool,
    ended: bool,
}

impl Unpacker {
    fn new() -> Self {
        Self { decoder: MultiGzDecoder::new(Vec::new()), input: Bytes::new(), begun: false, ended: false }
    }

    /// What comes out of the next piece that gives anything.
    fn next(&mut self) -> io::Result<Option<Bytes>> {
        while self.input.has_remaining() && self.output().is_empty() {
            let piece = self.input.split_to(self.input.len().min(PIECE));
            self.begun = true;
            self.decoder.write_all(&piece)?;
        }
        let output = mem::take(self.decoder.get_mut());
        Ok((!output.is_empty()).then(|| output.into()))
    }

    /// No more comes. No byte at all is an answer without a body, as to HEAD.
    fn end(&mut self) -> io::Result<()> {
        self.ended = true;
        if self.begun { self.decoder.try_finish() } else { Ok(()) }
    }

    fn output(&self) -> &[u8] {
        self.decoder.get_ref()
    }
}

impl fmt::Debug for Unpacker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unpacker")
    }
}

/// The bytes are no gzip, or not all of it.
fn broken(error: io::Error) -> Error {
    Error::new(Kind::Cut, "the compressed answer is broken").with_source(error)
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
        proof::lets_go(GzipLayer::new()).await;
    }

    #[tokio::test]
    async fn what_is_cut_or_no_gzip_is_an_error() {
        let whole = packed(b"some text that is long enough to be cut");
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
