//! A `std::io::Read` as the content of an upload.

use crate::blocking::Worker;
use bytes::{Buf, Bytes};
use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, ReadBuf};

/// How many bytes are read at a time.
const CHUNK: usize = 64 << 10;

/// Reads on a thread of its own, so that a reader that blocks does not hold up a task.
pub(super) struct ThreadReader {
    worker: Worker<io::Result<Bytes>>,
    chunk: Bytes,
}

impl ThreadReader {
    pub(super) fn new(mut reader: impl Read + Send + 'static) -> Self {
        Self { worker: Worker::new(move || read_chunk(&mut reader)), chunk: Bytes::new() }
    }
}

/// Returns the next bytes; none at the end.
fn read_chunk(reader: &mut impl Read) -> io::Result<Bytes> {
    let mut chunk = vec![0; CHUNK];
    loop {
        match reader.read(&mut chunk) {
            Ok(count) if count > chunk.len() => {
                return Err(io::Error::other("it reports more bytes than its buffer holds"));
            }
            Ok(count) => {
                chunk.truncate(count);
                return Ok(chunk.into());
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

impl AsyncRead for ThreadReader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.chunk.is_empty() {
            self.chunk = ready!(self.worker.poll(cx)).flatten()?;
        }
        let count = self.chunk.len().min(buffer.remaining());
        buffer.put_slice(&self.chunk[..count]);
        self.chunk.advance(count);
        Poll::Ready(Ok(()))
    }
}
