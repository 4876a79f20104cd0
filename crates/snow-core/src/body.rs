//! Bodies, and whether they can be sent twice.

use crate::{BoxError, Error, Kind};
use bytes::{Bytes, BytesMut};
use http_body::{Frame, SizeHint};
use std::any::{Any, TypeId};
use std::cell::OnceCell;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::{fmt, mem};

type Factory = Arc<dyn Fn() -> Stream + Send + Sync>;

/// The body of a request or an answer: empty, bytes, a stream, or a stream that can be made again.
///
/// Nothing is buffered behind the user's back: a [`stream`](Self::stream) goes out as it is read, and so can go out only
/// once; one from a [`factory`](Self::factory) can go out again, after a 401 for one.
///
/// ```
/// use snow_core::{Body, Replay};
///
/// assert!(Body::from("some bytes").replay().is_some());
/// assert!(Body::stream(http_body_util::Full::new("once".into())).replay().is_none());
/// assert!(Body::factory(|| http_body_util::Full::new("again".into())).replay().is_some());
/// ```
pub struct Body(Inner);

/// As large as `Bytes`: every request that moves carries one.
enum Inner {
    /// Those of an empty body are none.
    Bytes(Bytes),
    Stream(Stream),
}

type Stream = Pin<Box<dyn Source>>;

/// Where the frames of a stream come from.
trait Source: http_body::Body<Data = Bytes, Error = Error> + Send {
    /// What makes it anew, if anything can.
    fn factory(&self) -> Option<&Factory> {
        None
    }
}

impl Body {
    /// No bytes at all.
    pub const fn empty() -> Self {
        Self(Inner::Bytes(Bytes::new()))
    }

    /// Any other body, read once. A body that is a `Body` already is passed through.
    pub fn stream<B>(body: B) -> Self
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        if TypeId::of::<B>() != TypeId::of::<Self>() {
            return Self(Inner::Stream(erase(body))); // decided when it is compiled
        }
        let mut body = Some(body);
        match (&mut body as &mut dyn Any).downcast_mut::<Option<Self>>().and_then(Option::take) {
            Some(own) => own,
            None => body.map_or(Self::empty(), |foreign| Self(Inner::Stream(erase(foreign)))),
        }
    }

    /// A body that is made anew for each attempt.
    pub fn factory<B>(make: impl Fn() -> B + Send + Sync + 'static) -> Self
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        Self::made(Arc::new(move || erase(make())))
    }

    fn made(make: Factory) -> Self {
        Self(Inner::Stream(Box::pin(Made { make, begun: OnceCell::new() })))
    }

    /// Reads all of it, up to a limit in bytes.
    ///
    /// # Errors
    /// [`Kind::AnswerTooLarge`] past the limit, or what went wrong on the wire.
    pub async fn collect(mut self, limit: usize) -> Result<Bytes, Error> {
        let Some(first) = self.data().await? else { return Ok(Bytes::new()) };
        within(first.len(), limit)?;
        if http_body::Body::is_end_stream(&self) {
            return Ok(first);
        }
        let Some(second) = self.data().await? else { return Ok(first) };
        let mut all = BytesMut::from(first);
        let mut next = Some(second);
        while let Some(chunk) = next {
            within(all.len() + chunk.len(), limit)?;
            all.extend_from_slice(&chunk);
            next = self.data().await?;
        }
        Ok(all.freeze())
    }

    /// The next bytes; trailers are passed over.
    async fn data(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            let frame =
                std::future::poll_fn(|cx| http_body::Body::poll_frame(Pin::new(&mut *self), cx)).await;
            match frame.transpose()?.map(Frame::into_data) {
                None => return Ok(None),
                Some(Ok(bytes)) => return Ok(Some(bytes)),
                Some(Err(_trailers)) => {}
            }
        }
    }
}

fn within(length: usize, limit: usize) -> Result<(), Error> {
    if length <= limit {
        return Ok(());
    }
    let why = format!("the answer is larger than {limit} bytes: ask for fewer rows or fields");
    Err(Error::new(Kind::AnswerTooLarge, why))
}

fn erase<B>(body: B) -> Stream
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    Box::pin(OwnError { body })
}

pin_project_lite::pin_project! {
    /// A foreign body whose errors are ours.
    struct OwnError<B> { #[pin] body: B }
}

impl<B> http_body::Body for OwnError<B>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = Error;

    #[inline]
    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let frame = ready!(self.project().body.poll_frame(cx));
        Poll::Ready(frame.map(|frame| frame.map_err(Error::wrap)))
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

impl<B> Source for OwnError<B>
where
    B: http_body::Body<Data = Bytes> + Send,
    B::Error: Into<BoxError>,
{
}

/// A stream that can be made again. Made when first looked at: a recipe that is never sent costs nothing.
struct Made {
    make: Factory,
    begun: OnceCell<Stream>,
}

impl Made {
    fn stream(&self) -> &Stream {
        self.begun.get_or_init(|| (self.make)())
    }
}

impl http_body::Body for Made {
    type Data = Bytes;
    type Error = Error;

    #[inline]
    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        self.stream();
        self.begun.get_mut().map_or(Poll::Ready(None), |stream| stream.as_mut().poll_frame(cx))
    }

    #[inline]
    fn is_end_stream(&self) -> bool {
        self.stream().is_end_stream()
    }

    #[inline]
    fn size_hint(&self) -> SizeHint {
        self.stream().size_hint()
    }
}

impl Source for Made {
    fn factory(&self) -> Option<&Factory> {
        Some(&self.make)
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Error;

    #[inline]
    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match &mut self.0 {
            Inner::Bytes(bytes) if bytes.is_empty() => Poll::Ready(None),
            Inner::Bytes(bytes) => Poll::Ready(Some(Ok(Frame::data(mem::take(bytes))))),
            Inner::Stream(stream) => stream.as_mut().poll_frame(cx),
        }
    }

    #[inline]
    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Inner::Bytes(bytes) => bytes.is_empty(),
            Inner::Stream(stream) => stream.is_end_stream(),
        }
    }

    #[inline]
    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Inner::Bytes(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Inner::Stream(stream) => stream.size_hint(),
        }
    }
}

impl fmt::Debug for Body {
    /// The kind and the size; never the content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Inner::Bytes(bytes) if bytes.is_empty() => f.write_str("Body(empty)"),
            Inner::Bytes(bytes) => write!(f, "Body({} bytes)", bytes.len()),
            Inner::Stream(stream) if stream.factory().is_some() => f.write_str("Body(factory)"),
            Inner::Stream(_) => f.write_str("Body(stream)"),
        }
    }
}

impl Default for Body {
    fn default() -> Self {
        Self::empty()
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self(Inner::Bytes(bytes))
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Bytes::from(text).into()
    }
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Self {
        Bytes::from_static(text.as_bytes()).into()
    }
}

/// A body that may be sent twice. Layers that send again (authentication after a 401, retry) ask for it.
///
/// Implemented for every body that is `Clone`, for [`Body`], and for [`Once`], which lets any other body through.
pub trait Replay: Sized {
    /// The same body for another attempt; `None` means that it can be sent only once.
    fn replay(&self) -> Option<Self>;
}

impl<B: Clone> Replay for B {
    fn replay(&self) -> Option<Self> {
        Some(self.clone())
    }
}

impl Replay for Body {
    fn replay(&self) -> Option<Self> {
        match &self.0 {
            Inner::Bytes(bytes) => Some(Self(Inner::Bytes(bytes.clone()))),
            Inner::Stream(stream) => stream.factory().map(|make| Self::made(make.clone())),
        }
    }
}

/// Any body, sent once: the way for bodies of other crates that are not `Clone`.
///
/// ```
/// use snow_core::{Once, Replay};
///
/// struct Foreign; // some body that cannot be cloned
/// assert!(Once(Foreign).replay().is_none());
/// ```
pub struct Once<B>(pub B);

impl<B> Replay for Once<B> {
    fn replay(&self) -> Option<Self> {
        None
    }
}

impl<B> fmt::Debug for Once<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Once(…)")
    }
}

impl<B: http_body::Body + Unpin> http_body::Body for Once<B> {
    type Data = B::Data;
    type Error = B::Error;

    #[inline]
    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.0).poll_frame(cx)
    }

    #[inline]
    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    #[inline]
    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::{BodyExt, Full};

    #[tokio::test]
    async fn every_kind_reads_as_what_it_was_made_from() {
        let again = Body::factory(|| Full::new(Bytes::from_static(b"made")));
        let second = again.replay().unwrap();
        for (body, expected) in [
            (Body::empty(), ""),
            (Body::from(""), ""),
            (Body::from("bytes"), "bytes"),
            (Body::stream(Body::from("wrapped")), "wrapped"),
            (Body::stream(Full::new(Bytes::from_static(b"read"))), "read"),
            (again, "made"),
            (second, "made"),
        ] {
            assert_eq!(http_body::Body::size_hint(&body).exact(), Some(expected.len() as u64));
            assert_eq!(http_body::Body::is_end_stream(&body), expected.is_empty());
            assert_eq!(body.collect(64).await.unwrap(), expected);
        }
    }

    #[tokio::test]
    async fn a_half_read_factory_replays_from_its_start() {
        let mut body = Body::factory(|| Full::new(Bytes::from_static(b"whole")));
        let _ = body.frame().await;
        assert_eq!(body.replay().unwrap().collect(64).await.unwrap(), "whole");
    }

    #[tokio::test]
    async fn the_limit_counts_all_chunks() {
        let chunks = || {
            let list = ["abc", "def"]
                .map(|c| Ok::<_, std::io::Error>(Frame::data(Bytes::from_static(c.as_bytes()))));
            Body::stream(http_body_util::StreamBody::new(futures_util::stream::iter(list)))
        };
        assert_eq!(chunks().collect(6).await.unwrap(), "abcdef");
        assert_eq!(chunks().collect(5).await.unwrap_err().kind(), Kind::AnswerTooLarge);
        assert_eq!(Body::from("abc").collect(2).await.unwrap_err().kind(), Kind::AnswerTooLarge);
    }
}
