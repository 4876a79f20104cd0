//! Bodies of requests and responses.

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

/// The body of a request or a response: empty, bytes, a stream, or a stream that can be made again.
///
/// Nothing is buffered. A [`stream`](Self::stream) is sent as it is read, so it can be sent only once. A
/// [`factory`](Self::factory) makes a new stream for each attempt.
///
/// A body is `Sync`, even if it was made from a stream that is not, so it can be given to other clients as well.
///
/// ```
/// use snow_client::transport::{Body, Replay};
///
/// assert!(Body::from("some bytes").replay().is_some());
/// assert!(Body::stream(http_body_util::Full::new("once".into())).replay().is_none());
/// assert!(Body::factory(|| http_body_util::Full::new("again".into())).replay().is_some());
/// ```
pub struct Body(BodyKind);

/// As large as `Bytes`: every request that moves carries one.
enum BodyKind {
    /// Empty for an empty body.
    Bytes(Bytes),
    Stream(BodyStream),
}

impl Body {
    /// Creates an empty body.
    pub const fn empty() -> Self {
        Self(BodyKind::Bytes(Bytes::new()))
    }

    /// Creates a body from any other body, which is read once. A `Body` is returned as it is.
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

    /// Creates a body that is made anew for each attempt.
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

    /// Returns a body that checks the length that a stream declares. If the stream has more or fewer bytes than its
    /// [size hint](http_body::Body::size_hint) says, the body fails with [`ErrorKind::Io`] before its last bytes.
    ///
    /// HTTP sends as many bytes as are declared, so the rest would be lost without an error. The transport calls this for every body
    /// that it sends. The length of a stream without an exact size hint is not checked.
    ///
    /// An error of the stream itself, [`ErrorKind::Other`], becomes an error of the content that was to be sent.
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

    /// Reads the whole body, up to `limit` bytes.
    ///
    /// # Errors
    /// [`ErrorKind::ResponseTooLarge`] if the body is larger, or the error of the connection.
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

    /// Reads the next bytes, and skips trailers.
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
    let why = format!("the response is larger than {limit} bytes: request fewer records or fields");
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
    /// Writes the kind and the size, never the content.
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
