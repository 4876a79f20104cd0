//! The progress of an upload or a download.

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use snow_core::{Body, Error};
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// The progress of an upload or a download. It starts at zero again with each attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransferProgress {
    /// The number of bytes that were sent or received.
    pub bytes: u64,
    /// The total number of bytes, if it is known.
    pub total: Option<u64>,
}

/// The function that progress is reported to.
#[derive(Clone)]
pub(super) struct ProgressListener(Arc<dyn Fn(TransferProgress) + Send + Sync>);

impl ProgressListener {
    pub(super) fn new(listen: impl Fn(TransferProgress) + Send + Sync + 'static) -> Self {
        Self(Arc::new(listen))
    }

    pub(super) fn report(&self, bytes: u64, total: Option<u64>) {
        (self.0)(TransferProgress { bytes, total });
    }
}

impl fmt::Debug for ProgressListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listener")
    }
}

/// A body that reports how much of it has gone out.
pub(super) struct ProgressBody {
    body: Body,
    bytes: u64,
    total: Option<u64>,
    listener: ProgressListener,
}

impl ProgressBody {
    pub(super) fn wrap(body: Body, listener: ProgressListener) -> Body {
        let total = body.size_hint().exact();
        Body::stream(Self { body, bytes: 0, total, listener })
    }
}

impl http_body::Body for ProgressBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if let Some(Ok(frame)) = &frame
            && let Some(data) = frame.data_ref()
        {
            self.bytes = self.bytes.saturating_add(data.len() as u64);
            self.listener.report(self.bytes, self.total);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
