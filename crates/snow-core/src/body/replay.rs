//! Whether a body can be sent twice.

use super::{Body, BodyKind};
use http_body::{Frame, SizeHint};
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A body that may be sent again. Layers that send a request again need it: retries, and credentials after a 401.
///
/// It is implemented for every body that is `Clone`, for [`Body`], and for [`Once`], which wraps any other body.
pub trait Replay: Sized {
    /// Returns the same body for another attempt; `None` if it can be sent only once.
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
            BodyKind::Bytes(bytes) => Some(Self(BodyKind::Bytes(bytes.clone()))),
            BodyKind::Stream(stream) => stream.factory().map(|make| Self::made(make.clone())),
        }
    }
}

/// A wrapper for a body that can be sent only once, such as bodies of other crates that are not `Clone`.
///
/// ```
/// use snow_client::transport::{Once, Replay};
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
