//! The body of a response from the transport.

use super::wire_error;
use crate::Error;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// The body of a response of [`Transport`](super::Transport), read as it arrives. When it is read to its end, the connection returns to
/// the pool; when it is dropped before, the connection is closed.
///
/// ```no_run
/// # async fn example() -> Result<(), snow_core::Error> {
/// use snow_client::{Transport, transport::Body};
/// use tower::ServiceExt;
///
/// let request = http::Request::get("https://dev12345.service-now.com/").body(Body::empty()).unwrap();
/// let response = Transport::builder().build()?.oneshot(request).await?;
/// let bytes = Body::stream(response.into_body()).collect(1 << 20).await?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// [`ErrorKind::ConnectionClosed`](crate::ErrorKind::ConnectionClosed) if the connection breaks before the body is complete,
/// [`ErrorKind::InvalidHttp`](crate::ErrorKind::InvalidHttp) if its chunks are malformed.
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
