//! The body of an answer, whose failures are told apart like those of its head.

use super::wire_error;
use crate::Error;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// The body of an answer on the wire, read as it comes. The connection goes back to the pool when it was read to its end,
/// and is closed when the body is dropped before.
///
/// ```no_run
/// # async fn example() -> Result<(), snow_core::Error> {
/// use snow_core::{Body, Transport};
/// use tower::ServiceExt;
///
/// let request = http::Request::get("https://dev12345.service-now.com/").body(Body::empty()).unwrap();
/// let answer = Transport::builder().build()?.oneshot(request).await?;
/// let bytes = Body::stream(answer.into_body()).collect(1 << 20).await?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// [`ErrorKind::ConnectionClosed`](crate::ErrorKind::ConnectionClosed) where the connection breaks before the body is whole,
/// [`ErrorKind::InvalidHttp`](crate::ErrorKind::InvalidHttp) where its chunks cannot be read.
pub struct TransportBody(Incoming);

impl TransportBody {
    pub(super) fn new(incoming: Incoming) -> Self {
        Self(incoming)
    }
}

impl http_body::Body for TransportBody {
    type Data = Bytes;
    type Error = Error;

    #[inline]
    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let frame = ready!(Pin::new(&mut self.0).poll_frame(cx));
        Poll::Ready(frame.map(|frame| frame.map_err(|error| wire_error::broken(error.into()))))
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

impl fmt::Debug for TransportBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TransportBody")
    }
}
