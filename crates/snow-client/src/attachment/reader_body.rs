//! A body that is read as it goes out: from a file, or from any reader.

use super::file_error::{file_error, io_error};
use bytes::{Bytes, BytesMut};
use http_body::{Frame, SizeHint};
use snow_core::Error;
use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt};

/// How many bytes are read at a time.
const CHUNK: usize = 64 << 10;

pub(super) type BoxReader = Pin<Box<dyn AsyncRead + Send>>;

/// The reader of an upload, and how much it returns if that is known.
pub(super) struct UploadReader {
    pub(super) reader: BoxReader,
    pub(super) length: Option<u64>,
    /// Whether the code of the caller runs where the reader is polled, and not on a thread of its own.
    pub(super) runs_in_place: bool,
}

/// Reads its source chunk by chunk, and holds no more than one chunk. Whether the source has the length that was declared is checked by
/// [`Body::with_checked_length`](snow_core::Body::with_checked_length).
pub(super) struct ReaderBody {
    state: ReaderState,
    buffer: BytesMut,
    length: Option<u64>,
    read: u64,
    has_ended: bool,
}

enum ReaderState {
    Opening(Arc<PathBuf>, Pin<Box<dyn Future<Output = io::Result<File>> + Send>>),
    Open(BoxReader),
}

impl ReaderBody {
    /// Reads so many bytes of a file, which is opened when the first of them are asked for. What is appended meanwhile, as to a log, is
    /// left out.
    pub(super) fn file(path: Arc<PathBuf>, length: Option<u64>) -> Self {
        let opening = Box::pin(File::open(path.as_ref().clone()));
        Self::new(ReaderState::Opening(path, opening), length)
    }

    pub(super) fn reader(reader: BoxReader, length: Option<u64>) -> Self {
        Self::new(ReaderState::Open(reader), length)
    }

    fn new(state: ReaderState, length: Option<u64>) -> Self {
        Self { state, buffer: BytesMut::new(), length, read: 0, has_ended: false }
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<usize, Error>> {
        if let ReaderState::Opening(path, opening) = &mut self.state {
            let opened = ready!(opening.as_mut().poll(cx));
            let file = opened.map_err(|e| file_error("cannot be read", path, e))?;
            self.state = match self.length {
                Some(length) => ReaderState::Open(Box::pin(file.take(length))),
                None => ReaderState::Open(Box::pin(file)),
            };
        }
        let ReaderState::Open(reader) = &mut self.state else {
            return Poll::Ready(Err(Error::internal("a file that was opened is not there to be read")));
        };
        self.buffer.reserve(CHUNK);
        // Each poll has a future of its own: what has been read is in the buffer, and nothing is in the future.
        let read = ready!(pin!(reader.read_buf(&mut self.buffer)).poll(cx));
        Poll::Ready(read.map_err(read_error))
    }
}

/// Creates the error of content that cannot be read.
pub(super) fn read_error(error: io::Error) -> Error {
    let why = "the content to be sent could not be read: the file or reader that was given for it failed";
    io_error(why, error)
}

impl http_body::Body for ReaderBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if self.has_ended {
            return Poll::Ready(None);
        }
        let count = match ready!(self.poll_read(cx)) {
            Ok(count) => count,
            Err(error) => {
                self.has_ended = true;
                return Poll::Ready(Some(Err(error)));
            }
        };
        self.read = self.read.saturating_add(count as u64);
        self.has_ended = count == 0;
        Poll::Ready((!self.has_ended).then(|| Ok(Frame::data(self.buffer.split().freeze()))))
    }

    fn is_end_stream(&self) -> bool {
        self.has_ended || self.length == Some(0)
    }

    fn size_hint(&self) -> SizeHint {
        match self.length {
            Some(length) => SizeHint::with_exact(length.saturating_sub(self.read)),
            None => SizeHint::new(),
        }
    }
}
