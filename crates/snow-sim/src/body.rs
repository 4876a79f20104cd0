//! The body of an answer.

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// The body of the simulator's answers: chunks, and perhaps an end that is none.
#[derive(Debug, Default)]
pub struct Body {
    chunks: VecDeque<Bytes>,
    end: End,
    pause: Option<(Duration, Option<Pin<Box<tokio::time::Sleep>>>)>,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) enum End {
    #[default]
    Whole,
    Broken,
    Never,
}

impl Body {
    /// In chunks of so many bytes; 0 means one.
    pub(crate) fn new(bytes: impl Into<Bytes>, chunk: usize) -> Self {
        let mut bytes = bytes.into();
        let mut chunks = VecDeque::new();
        while chunk > 0 && bytes.len() > chunk {
            chunks.push_back(bytes.split_to(chunk));
        }
        if !bytes.is_empty() {
            chunks.push_back(bytes);
        }
        Self { chunks, ..Self::default() }
    }

    /// Only the first bytes, and then this end.
    pub(crate) fn cut(self, at: usize, end: End) -> Self {
        let mut left = at;
        let chunks = self.chunks.into_iter().map_while(|mut chunk| {
            let now = left.min(chunk.len());
            left -= now;
            (now > 0).then(|| chunk.split_to(now))
        });
        Self { chunks: chunks.collect(), end, pause: None }
    }

    /// How many bytes are in it.
    pub(crate) fn len(&self) -> usize {
        self.chunks.iter().map(Bytes::len).sum()
    }

    /// With a pause before each chunk.
    pub(crate) fn slow(self, pause: Duration) -> Self {
        Self { pause: Some((pause, None)), ..self }
    }

    fn pause(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some((pause, sleep)) = &mut self.pause else { return Poll::Ready(()) };
        ready!(sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep(*pause))).as_mut().poll(cx));
        *sleep = None;
        Poll::Ready(())
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if self.chunks.is_empty() {
            return match self.end {
                End::Whole => Poll::Ready(None),
                End::Broken => {
                    self.end = End::Whole;
                    Poll::Ready(Some(Err(io::Error::new(
                        io::ErrorKind::UnexpectedEof,
                        "the connection broke",
                    ))))
                }
                End::Never => Poll::Pending,
            };
        }
        ready!(self.pause(cx));
        Poll::Ready(self.chunks.pop_front().map(|chunk| Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.chunks.is_empty() && self.end == End::Whole
    }

    /// Never exact where there are bytes: the service sends chunks without a length (facts 1.4).
    fn size_hint(&self) -> SizeHint {
        if self.is_end_stream() { SizeHint::with_exact(0) } else { SizeHint::default() }
    }
}
