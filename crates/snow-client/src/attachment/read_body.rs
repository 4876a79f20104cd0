//! A body that is read as it goes out: from a file, or from anything that can be read.

use super::local;
use bytes::{Bytes, BytesMut};
use http_body::{Frame, SizeHint};
use snow_core::{Error, Kind};
use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt};

/// Bytes at a time.
const CHUNK: usize = 64 << 10;

pub(super) type Reader = Pin<Box<dyn AsyncRead + Send>>;

/// Reads what there is, chunk by chunk, and holds no more than one. A length that was told has to come true.
pub(super) struct ReadBody {
    source: Source,
    buffer: BytesMut,
    length: Option<u64>,
    read: u64,
    over: bool,
}

enum Source {
    Opening(Arc<PathBuf>, Pin<Box<dyn Future<Output = io::Result<File>> + Send>>),
    Reader(Reader),
}

impl ReadBody {
    /// A file, opened when its first bytes are asked for.
    pub(super) fn file(path: Arc<PathBuf>, length: u64) -> Self {
        let opening = Box::pin(File::open(path.as_ref().clone()));
        Self::new(Source::Opening(path, opening), Some(length))
    }

    pub(super) fn reader(reader: Reader, length: Option<u64>) -> Self {
        Self::new(Source::Reader(reader), length)
    }

    fn new(source: Source, length: Option<u64>) -> Self {
        Self { source, buffer: BytesMut::new(), length, read: 0, over: false }
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<usize, Error>> {
        if let Source::Opening(path, opening) = &mut self.source {
            let opened = ready!(opening.as_mut().poll(cx));
            let file = opened.map_err(|e| local::error("cannot be read", path, e))?;
            self.source = Source::Reader(Box::pin(file));
        }
        let Source::Reader(reader) = &mut self.source else { return Poll::Ready(Ok(0)) };
        self.buffer.reserve(CHUNK);
        // A future of its own for each look: what has been read is in the buffer, nothing is in the future.
        let read = ready!(pin!(reader.read_buf(&mut self.buffer)).poll(cx));
        Poll::Ready(read.map_err(|e| Error::new(Kind::File, "the content cannot be read").with_source(e)))
    }
}

impl http_body::Body for ReadBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if self.over {
            return Poll::Ready(None);
        }
        let count = match ready!(self.poll_read(cx)) {
            Ok(count) => count,
            Err(error) => {
                self.over = true;
                return Poll::Ready(Some(Err(error)));
            }
        };
        self.read += count as u64;
        let read = self.read;
        self.over = count == 0;
        match self.length {
            Some(length) if read > length || (self.over && read < length) => {
                self.over = true;
                let why = format!("the content was to have {length} bytes, and has others: {read} or more");
                Poll::Ready(Some(Err(Error::new(Kind::File, why))))
            }
            _ if self.over => Poll::Ready(None),
            _ => Poll::Ready(Some(Ok(Frame::data(self.buffer.split().freeze())))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.over || self.length == Some(0)
    }

    fn size_hint(&self) -> SizeHint {
        match self.length {
            Some(length) => SizeHint::with_exact(length.saturating_sub(self.read)),
            None => SizeHint::new(),
        }
    }
}
