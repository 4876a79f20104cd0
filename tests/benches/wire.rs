//! A connection in memory to a server that answers every request with the same bytes: nothing but the client's own work.

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use std::future::{Ready, ready};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// A short one, of 39 bytes.
pub(crate) const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\n\
    X-Is-Logged-In: true\r\n\
    X-Transaction-ID: 79aee3f52fa2\r\n\
    Content-Type: application/json;charset=UTF-8\r\n\
    Content-Length: 39\r\n\
    Date: Tue, 24 Nov 2026 08:00:00 GMT\r\n\
    Server: snow_adc\r\n\
    \r\n\
    {\"result\":[{\"number\":\"INC0000001\"}]}   ";

/// One with this body.
pub(crate) fn answer(body: &str) -> &'static [u8] {
    let head = "HTTP/1.1 200 OK\r\nX-Is-Logged-In: true\r\nX-Transaction-ID: 79aee3f52fa2\r\n\
        Content-Type: application/json;charset=UTF-8\r\nDate: Tue, 24 Nov 2026 08:00:00 GMT\r\nServer: snow_adc\r\n";
    format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes().leak()
}

/// The connection: each request that ends is worth one answer.
pub(crate) struct Wire {
    answer: &'static [u8],
    owed: usize,
    sent: usize,
    reader: Option<Waker>,
}

impl Wire {
    /// Connections to a server with this answer.
    pub(crate) fn connector(
        answer: &'static [u8],
    ) -> impl tower::Service<http::Uri, Response = Self, Error = io::Error, Future = Ready<io::Result<Self>>>
    + Clone
    + Send
    + Sync
    + 'static {
        tower::service_fn(move |_: http::Uri| ready(Ok(Self { answer, owed: 0, sent: 0, reader: None })))
    }
}

impl Write for Wire {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if bytes.ends_with(b"\r\n\r\n") {
            self.owed += 1;
            self.reader.take().into_iter().for_each(Waker::wake);
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Read for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if self.owed == 0 {
            self.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let length = buffer.remaining().min(self.answer.len() - self.sent);
        buffer.put_slice(&self.answer[self.sent..self.sent + length]);
        self.sent += length;
        if self.sent == self.answer.len() {
            self.sent = 0;
            self.owed -= 1;
        }
        Poll::Ready(Ok(()))
    }
}

impl Connection for Wire {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}
