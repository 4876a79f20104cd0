//! A connection of any type, before TLS: TCP, a tunnel, or the stream of a custom connector.

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

trait AnyStream: Read + Write + Connection + Send + Unpin {}

impl<T: Read + Write + Connection + Send + Unpin> AnyStream for T {}

/// A stream with its type erased, at the cost of one virtual call per read: so every connector has the same type.
pub(super) struct BoxedStream(Box<dyn AnyStream>);

impl BoxedStream {
    pub(super) fn new(stream: impl Read + Write + Connection + Send + Unpin + 'static) -> Self {
        Self(Box::new(stream))
    }
}

impl Connection for BoxedStream {
    fn connected(&self) -> Connected {
        self.0.connected()
    }
}

impl Read for BoxedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl Write for BoxedStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match parts {
            // A request without a body is one slice, for which a plain write is cheaper than a vectored one.
            [part] => Pin::new(&mut self.0).poll_write(cx, part),
            _ => Pin::new(&mut self.0).poll_write_vectored(cx, parts),
        }
    }
}
