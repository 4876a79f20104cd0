//! Bodies, and whether they can be sent twice.

mod checked_length;
mod replay;
mod stream;
#[cfg(test)]
mod tests;
mod watched;

pub use replay::{Once, Replay};

use crate::{BoxError, Error, ErrorKind};
use bytes::{Bytes, BytesMut};
use checked_length::CheckedLength;
use http_body::{Frame, SizeHint};
use std::any::{Any, TypeId};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::{fmt, mem};
use stream::{BodyFactory, BodyStream, FactoryStream, erase};

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
pub struct Body(BodyKind);

/// As large as `Bytes`: every request that moves carries one.
enum BodyKind {
    /// Those of an empty body are none.
    Bytes(Bytes),
    Stream(BodyStream),
}

impl Body {
    /// No bytes at all.
    pub const fn empty() -> Self {
        Self(BodyKind::Bytes(Bytes::new()))
    }

    /// Any other body, read once. A body that is a `Body` already is passed through.
    pub fn stream<B>(body: B) -> Self
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        if TypeId::of::<B>() != TypeId::of::<Self>() {
            return Self(BodyKind::Stream(erase(body))); // decided when it is compiled
        }
        let mut body = Some(body);
        match (&mut body as &mut dyn Any).downcast_mut::<Option<Self>>().and_then(Option::take) {
            Some(own) => own,
            None => body.map_or(Self::empty(), |foreign| Self(BodyKind::Stream(erase(foreign)))),
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

    fn made(make: BodyFactory) -> Self {
        Self(BodyKind::Stream(Box::pin(FactoryStream::new(make))))
    }

    /// Makes the length that a stream declares binding. If it has more or fewer bytes than its
    /// [size hint](http_body::Body::size_hint) says, it fails with [`ErrorKind::Io`] in place of its last bytes.
    ///
    /// Whoever sends a body stops after as many bytes as it declares, so that the rest would be lost. The transport calls this for
    /// every body that it sends. The length of a stream that declares no exact one is not checked.
    ///
    /// An error of the stream's own, [`ErrorKind::Other`], is told as one of the content that was given to be sent.
    #[must_use]
    pub fn with_checked_length(self) -> Self {
        match self.0 {
            BodyKind::Bytes(bytes) => Self(BodyKind::Bytes(bytes)),
            BodyKind::Stream(stream) => match stream.factory().cloned() {
                Some(make) => Self::made(Arc::new(move || Box::pin(CheckedLength::new(make())))),
                None => Self(BodyKind::Stream(Box::pin(CheckedLength::new(stream)))),
            },
        }
    }

    /// Reads all of it, up to a limit in bytes.
    ///
    /// # Errors
    /// [`ErrorKind::ResponseTooLarge`] past the limit, or what went wrong on the wire.
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
            within(all.len().saturating_add(chunk.len()), limit)?;
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
    Err(Error::new(ErrorKind::ResponseTooLarge, why))
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
            BodyKind::Bytes(bytes) if bytes.is_empty() => Poll::Ready(None),
            BodyKind::Bytes(bytes) => Poll::Ready(Some(Ok(Frame::data(mem::take(bytes))))),
            BodyKind::Stream(stream) => stream.as_mut().poll_frame(cx),
        }
    }

    #[inline]
    fn is_end_stream(&self) -> bool {
        match &self.0 {
            BodyKind::Bytes(bytes) => bytes.is_empty(),
            BodyKind::Stream(stream) => stream.is_end_stream(),
        }
    }

    #[inline]
    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            BodyKind::Bytes(bytes) => SizeHint::with_exact(bytes.len() as u64),
            BodyKind::Stream(stream) => stream.size_hint(),
        }
    }
}

impl fmt::Debug for Body {
    /// The kind and the size; never the content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            BodyKind::Bytes(bytes) if bytes.is_empty() => f.write_str("Body(empty)"),
            BodyKind::Bytes(bytes) => write!(f, "Body({} bytes)", bytes.len()),
            BodyKind::Stream(stream) if stream.factory().is_some() => f.write_str("Body(factory)"),
            BodyKind::Stream(_) => f.write_str("Body(stream)"),
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
        Self(BodyKind::Bytes(bytes))
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
