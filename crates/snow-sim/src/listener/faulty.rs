//! A connection that breaks as planned, counted in bytes of the response.

use crate::{WireFault, clock};
use bytes::{Buf, Bytes};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

/// What is to happen to the next response.
#[derive(Clone, Debug, Default)]
pub(super) struct FaultPlan(Arc<Mutex<FaultPlanState>>);

#[derive(Debug, Default)]
struct FaultPlanState {
    fault: Option<WireFault>,
    /// What goes out after the response.
    rest: Bytes,
}

impl FaultPlan {
    pub(super) fn set(&self, fault: WireFault) {
        self.lock().fault = Some(fault);
    }

    /// Has these bytes follow the response, whose head does not count them.
    pub(super) fn follow_with(&self, rest: Bytes) {
        self.lock().rest = rest;
    }

    fn get(&self) -> Option<WireFault> {
        self.lock().fault
    }

    fn lock(&self) -> MutexGuard<'_, FaultPlanState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Any stream over a TCP connection.
pub(super) trait Socket {
    fn tcp(&self) -> &TcpStream;
}

impl Socket for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

#[cfg(feature = "tls")]
impl Socket for tokio_rustls::server::TlsStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref().0
    }
}

/// Makes the end of a connection a reset.
pub(super) fn reset(stream: &TcpStream) {
    let _ = stream.set_zero_linger();
}

pub(super) struct FaultyStream<T> {
    stream: T,
    plan: FaultPlan,
    /// Bytes that went out under the plan.
    sent: usize,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl<T> FaultyStream<T> {
    pub(super) fn new(stream: T, plan: FaultPlan) -> Self {
        Self { stream, plan, sent: 0, sleep: None }
    }
}

impl<T: Socket + AsyncWrite + Unpin> FaultyStream<T> {
    /// Writes up to the byte at which the connection breaks.
    fn write_until(
        &mut self,
        cx: &mut Context<'_>,
        bytes: &[u8],
        at: usize,
        then: BreakKind,
    ) -> Poll<io::Result<usize>> {
        let left = at.saturating_sub(self.sent);
        if left > 0 {
            let wrote = ready!(Pin::new(&mut self.stream).poll_write(cx, &bytes[..bytes.len().min(left)]))?;
            self.sent += wrote;
            return Poll::Ready(Ok(wrote));
        }
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        match then {
            BreakKind::Stall => Poll::Pending,
            BreakKind::Close => {
                ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
                Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
            }
            BreakKind::Reset => {
                reset(self.stream.tcp());
                Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
            }
        }
    }

    fn trickle(
        &mut self,
        cx: &mut Context<'_>,
        bytes: &[u8],
        pause: std::time::Duration,
    ) -> Poll<io::Result<usize>> {
        ready!(self.sleep.get_or_insert_with(|| Box::pin(clock::sleep(pause))).as_mut().poll(cx));
        self.sleep = None;
        Pin::new(&mut self.stream).poll_write(cx, &bytes[..bytes.len().min(1)])
    }
}

#[derive(Clone, Copy)]
enum BreakKind {
    Stall,
    Close,
    Reset,
}

impl<T: AsyncRead + Unpin> AsyncRead for FaultyStream<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<T: Socket + AsyncWrite + Unpin> AsyncWrite for FaultyStream<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.plan.get() {
            Some(WireFault::ResetAt(at)) => self.write_until(cx, bytes, at, BreakKind::Reset),
            Some(WireFault::CutAt(at)) => self.write_until(cx, bytes, at, BreakKind::Close),
            Some(WireFault::StallAt(at)) => self.write_until(cx, bytes, at, BreakKind::Stall),
            Some(WireFault::Trickle(pause)) => self.trickle(cx, bytes, pause),
            Some(WireFault::LongLength(_) | WireFault::ShortLength(_)) | None => {
                Pin::new(&mut self.stream).poll_write(cx, bytes)
            }
        }
    }

    /// The server flushes when it has written all that it has of a response.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let mut planned = this.plan.lock();
        while planned.rest.has_remaining() {
            let wrote = ready!(Pin::new(&mut this.stream).poll_write(cx, &planned.rest))?;
            planned.rest.advance(wrote);
        }
        drop(planned);
        Pin::new(&mut this.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
