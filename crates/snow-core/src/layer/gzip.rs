//! Compressed answers.

use crate::layer::inner_service::inner_service_accessors;
use crate::{BoxError, Error, ErrorKind};
use bytes::{Buf, Bytes};
use flate2::write::GzDecoder;
use http::{HeaderMap, HeaderValue, Request, Response, header};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use std::future::Future;
use std::io::Write;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::{fmt, mem};
use tower_layer::Layer;
use tower_service::Service;

/// Asks for answers in gzip, and unpacks them: JSON of a table becomes about a tenth. A request that brings its own
/// `Accept-Encoding` gets what it asks for, unpacked all the same. Only the answer to one that asks for `identity` is left as it was
/// sent, with the `Content-Encoding` that it has: a file that is stored in gzip may come so, and unpacked it would be another file.
///
/// Any number of gzip members may follow each other, and zeros may fill up the end. Whatever else follows them, and what is
/// damaged, is [`ErrorKind::Malformed`]; what breaks off is [`ErrorKind::Truncated`].
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
            Poll::Ready(Ok(mut answer)) => {
                let unpacker = if *this.as_sent { None } else { unpacker(answer.headers_mut()) };
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
            if let Some(bytes) = unpacker.next()? {
                return Poll::Ready(Some(Ok(Frame::data(bytes))));
            }
            if unpacker.ended {
                return Poll::Ready(None);
            }
            match ready!(this.body.as_mut().poll_frame(cx)).transpose().map_err(Error::wrap)? {
                None => unpacker.end()?,
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
    decoder: GzDecoder<Vec<u8>>,
    /// What came and has yet to be unpacked.
    input: Bytes,
    /// How much of what came has been unpacked.
    passed: u64,
    state: GzipState,
    ended: bool,
}

/// A body is any number of gzip members (RFC 1952), and zeros behind them: some programs fill up a block with these.
#[derive(Clone, Copy)]
enum GzipState {
    /// No byte has come.
    Start,
    Member,
    /// Behind a member.
    Between,
    Padding,
}

impl Unpacker {
    fn new() -> Self {
        let decoder = GzDecoder::new(Vec::new());
        Self { decoder, input: Bytes::new(), passed: 0, state: GzipState::Start, ended: false }
    }

    /// What comes out of the next piece that gives anything.
    fn next(&mut self) -> Result<Option<Bytes>, Error> {
        while self.input.has_remaining() && self.output().is_empty() {
            let piece = self.input.split_to(self.input.len().min(PIECE));
            self.unpack(&piece)?;
            self.passed += piece.len() as u64;
        }
        let output = mem::take(self.decoder.get_mut());
        Ok((!output.is_empty()).then(|| output.into()))
    }

    fn unpack(&mut self, mut piece: &[u8]) -> Result<(), Error> {
        while let Some(first) = piece.first() {
            match (self.state, first) {
                // The first byte of every member: no other one needs more to be known for what it is.
                (GzipState::Start | GzipState::Between, first) if *first != 0x1f && !self.pads(*first) => {
                    return Err(self.damaged("there is something else than gzip"));
                }
                (GzipState::Start, _) => self.state = GzipState::Member,
                (GzipState::Member, _) => {
                    let taken = self.decoder.write(piece).map_err(|error| self.damaged(error))?;
                    if taken == 0 {
                        self.finish_member()?;
                    }
                    piece = piece.get(taken..).unwrap_or_default();
                }
                (GzipState::Between | GzipState::Padding, 0) => {
                    self.state = GzipState::Padding;
                    let zeros = piece.iter().take_while(|byte| **byte == 0).count();
                    piece = piece.get(zeros..).unwrap_or_default();
                }
                (GzipState::Between, _) => {
                    let output = mem::take(self.decoder.get_mut());
                    (self.decoder, self.state) = (GzDecoder::new(output), GzipState::Member);
                }
                (GzipState::Padding, _) => {
                    return Err(self.damaged("behind the zeros at its end there is something else"));
                }
            }
        }
        Ok(())
    }

    fn pads(&self, byte: u8) -> bool {
        byte == 0 && matches!(self.state, GzipState::Between)
    }

    /// The member is whole; whether it is good shows by its checksum.
    fn finish_member(&mut self) -> Result<(), Error> {
        self.state = GzipState::Between;
        self.decoder.try_finish().map_err(|error| self.damaged(error))
    }

    /// No more comes. No byte at all is an answer without a body, as to HEAD.
    fn end(&mut self) -> Result<(), Error> {
        self.ended = true;
        match self.state {
            GzipState::Start | GzipState::Between | GzipState::Padding => Ok(()),
            // A member that is whole takes no more.
            GzipState::Member if matches!(self.decoder.write(&[0]), Ok(0)) => self.finish_member(),
            GzipState::Member => Err(Error::new(ErrorKind::Truncated, "the compressed response breaks off")),
        }
    }

    fn output(&self) -> &[u8] {
        self.decoder.get_ref()
    }

    fn damaged(&self, why: impl Into<BoxError>) -> Error {
        let what = format!("the compressed response is malformed, at byte {} or soon behind it", self.passed);
        Error::new(ErrorKind::Malformed, what).with_source(why)
    }
}

impl fmt::Debug for Unpacker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unpacker")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::{BodyLimitLayer, contract};
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
        contract::is_transparent(GzipLayer::new()).await;
        contract::lets_go(GzipLayer::new()).await;
        contract::completes_again(GzipLayer::new());
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
                false => assert_eq!(read.unwrap_err().kind(), ErrorKind::Truncated, "{end}"),
            }
        }
        let answer =
            GzipLayer::new().layer(answers(b"plain text".to_vec())).oneshot(Request::new(())).await.unwrap();
        let error = crate::Body::stream(answer.into_body()).collect(100).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed, "{error}");
    }

    /// Whatever is read in pieces of this size.
    async fn unpacked(bytes: &[u8], piece: usize) -> Result<String, ErrorKind> {
        let mut unpacker = Unpacker::new();
        let mut text = Vec::new();
        for piece in bytes.chunks(piece) {
            unpacker.input = Bytes::copy_from_slice(piece);
            while let Some(output) = unpacker.next().map_err(|error| error.kind())? {
                text.extend_from_slice(&output);
            }
        }
        unpacker.end().map_err(|error| error.kind())?;
        text.extend_from_slice(unpacker.output());
        Ok(String::from_utf8(text).unwrap())
    }

    #[tokio::test]
    async fn members_may_follow_each_other_and_zeros_may_follow_them() {
        let (a, b, zeros) = (packed(b"one, "), packed(b"two"), vec![0; 5_000]);
        for piece in [1, 7, 10_000] {
            let read = async |parts: &[&[u8]]| unpacked(&parts.concat(), piece).await;
            assert_eq!(read(&[&a]).await.unwrap(), "one, ");
            assert_eq!(read(&[&a, &b]).await.unwrap(), "one, two");
            assert_eq!(read(&[&a, &b, &zeros]).await.unwrap(), "one, two");
            assert_eq!(read(&[&a, &[0]]).await.unwrap(), "one, ");
            for bad in [
                &[&a[..], &zeros, &b][..],
                &[&a, &zeros, b"x"],
                &[&a, b"x"],
                &[&zeros],
                &[&a, b"\x1f\x8bxxxxxxxxxx"],
            ] {
                assert_eq!(read(bad).await, Err(ErrorKind::Malformed), "{}", bad.len());
            }
            assert_eq!(read(&[&a, &b[..4]]).await, Err(ErrorKind::Truncated));
        }
    }

    #[tokio::test]
    async fn what_is_damaged_is_not_called_cut() {
        let whole = packed(b"some text that is long enough to be damaged");
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x10;
            let read = unpacked(&damaged, 16).await;
            // Some bytes of the head say nothing of the content; flags may promise more than comes.
            assert!(read != Err(ErrorKind::Truncated) || at < 10, "{at}");
        }
    }

    #[tokio::test]
    async fn a_bomb_stops_at_the_limit() {
        let bomb = packed(&vec![0; 10 << 20]);
        assert!(bomb.len() < 11 << 10);
        let service = BodyLimitLayer::new(64 << 10).layer(GzipLayer::new().layer(answers(bomb)));
        let answer = service.oneshot(Request::new(())).await.unwrap();
        let error = crate::Body::stream(answer.into_body()).collect(usize::MAX).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ResponseTooLarge);
    }
}
