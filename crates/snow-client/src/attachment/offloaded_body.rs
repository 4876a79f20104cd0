//! The content of an upload off the I/O thread.

use super::reader_body::read_error;
use crate::blocking::{Worker, complete, is_waited_for};
use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use snow_core::{Body, Error};
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// Moves a body that runs code of the caller to a thread of its own, if it would run on the I/O thread otherwise: code that blocks
/// there, as programs that wait are used to write, would hold up every other call of the process.
pub(super) fn off_io_thread(body: Body) -> Body {
    if is_waited_for() { Body::stream(OffloadedBody::new(body)) } else { body }
}

struct OffloadedBody {
    worker: Worker<PolledFrame>,
    is_end_stream: bool,
    size_hint: SizeHint,
}

/// A frame, and what the body is after it.
struct PolledFrame {
    frame: Option<Result<Frame<Bytes>, Error>>,
    is_end_stream: bool,
    size_hint: SizeHint,
}

impl OffloadedBody {
    fn new(mut body: Body) -> Self {
        let (is_end_stream, size_hint) = (body.is_end_stream(), body.size_hint());
        let worker = Worker::new(move || {
            let frame = complete(poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)));
            PolledFrame { frame, is_end_stream: body.is_end_stream(), size_hint: body.size_hint() }
        });
        Self { worker, is_end_stream, size_hint }
    }
}

impl http_body::Body for OffloadedBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let polled = match ready!(self.worker.poll(cx)) {
            Ok(polled) => polled,
            Err(error) => return Poll::Ready(Some(Err(read_error(error)))),
        };
        (self.is_end_stream, self.size_hint) = (polled.is_end_stream, polled.size_hint);
        Poll::Ready(polled.frame)
    }

    fn is_end_stream(&self) -> bool {
        self.is_end_stream
    }

    fn size_hint(&self) -> SizeHint {
        self.size_hint
    }
}
