//! The body of a response.

use crate::clock;
use bytes::{Bytes, BytesMut};
use http_body::{Frame, SizeHint};
use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// The body of the simulator's responses: chunks, and perhaps a broken end.
#[derive(Debug, Default)]
pub struct Body {
    chunks: VecDeque<Bytes>,
    /// What is left of a generated file, behind the chunks.
    generated: Option<GeneratedFile>,
    end: BodyEnd,
    pause: Option<(Duration, Option<Pin<Box<tokio::time::Sleep>>>)>,
}

#[derive(Clone, Copy, Debug)]
struct GeneratedFile {
    at: u64,
    end: u64,
    chunk: usize,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) enum BodyEnd {
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

    /// A generated file, in chunks of so many bytes; 0 means 64 KiB.
    pub(crate) fn generated(size: u64, chunk: usize) -> Self {
        let chunk = if chunk == 0 { 65_536 } else { chunk };
        Self { generated: Some(GeneratedFile { at: 0, end: size, chunk }), ..Self::default() }
    }

    /// The next chunk.
    fn next(&mut self) -> Option<Bytes> {
        self.chunks.pop_front().or_else(|| {
            let file = self.generated.as_mut().filter(|file| file.at < file.end)?;
            let length = usize::try_from(file.end - file.at).map_or(file.chunk, |left| left.min(file.chunk));
            let bytes = crate::data::generated(file.at, length);
            file.at += length as u64;
            Some(bytes.into())
        })
    }

    fn is_at_end(&self) -> bool {
        self.chunks.is_empty() && self.generated.is_none_or(|file| file.at >= file.end)
    }

    /// Only the first bytes, and then this end.
    pub(crate) fn cut_at(self, at: usize, end: BodyEnd) -> Self {
        let mut left = at;
        let chunks = self.chunks.into_iter().map_while(|mut chunk| {
            let now = left.min(chunk.len());
            left -= now;
            (now > 0).then(|| chunk.split_to(now))
        });
        let chunks = chunks.collect();
        let generated =
            self.generated.map(|file| GeneratedFile { end: file.end.min(file.at + left as u64), ..file });
        Self { chunks, generated, end, pause: None }
    }

    /// All that is in it.
    pub(crate) fn bytes(mut self) -> Bytes {
        let mut all = BytesMut::new();
        while let Some(chunk) = self.next() {
            all.extend_from_slice(&chunk);
        }
        all.freeze()
    }

    /// How many bytes are in it.
    pub(crate) fn len(&self) -> usize {
        let file = self.generated.map_or(0, |file| usize::try_from(file.end - file.at).unwrap_or(usize::MAX));
        self.chunks.iter().map(Bytes::len).sum::<usize>().saturating_add(file)
    }

    /// With a pause before each chunk.
    pub(crate) fn with_pause(self, pause: Duration) -> Self {
        Self { pause: Some((pause, None)), ..self }
    }

    fn pause(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some((pause, sleep)) = &mut self.pause else { return Poll::Ready(()) };
        ready!(sleep.get_or_insert_with(|| Box::pin(clock::sleep(*pause))).as_mut().poll(cx));
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
        if self.is_at_end() {
            return match self.end {
                BodyEnd::Whole => Poll::Ready(None),
                BodyEnd::Broken => {
                    self.end = BodyEnd::Whole;
                    Poll::Ready(Some(Err(io::Error::new(
                        io::ErrorKind::UnexpectedEof,
                        "the connection broke",
                    ))))
                }
                BodyEnd::Never => Poll::Pending,
            };
        }
        ready!(self.pause(cx));
        Poll::Ready(self.next().map(|chunk| Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.is_at_end() && self.end == BodyEnd::Whole
    }

    /// Returns no exact size where there are bytes: the service sends chunks without a length ([facts 1.4]).
    ///
    /// [facts 1.4]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#14-headers-ids-and-http
    fn size_hint(&self) -> SizeHint {
        if self.is_end_stream() { SizeHint::with_exact(0) } else { SizeHint::default() }
    }
}
