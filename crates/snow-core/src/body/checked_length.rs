//! A body that has the length that it declares, or fails.
//!
//! HTTP sends as many bytes as the head of the request declares. Further bytes would be lost without an error. So the last bytes are
//! held back until it is known that nothing follows.

use super::stream::{BodyStream, StreamSource};
use crate::{Error, ErrorKind};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

pub(crate) struct CheckedLength<B> {
    body: B,
    /// `None` for a body that declares no length.
    length: Option<u64>,
    /// How many bytes have been taken out of the body, and how many of them have been given out.
    taken: u64,
    given: u64,
    /// The last bytes, which are held back until it is known whether the body ends after them.
    held: Option<Bytes>,
    trailers: Option<Frame<Bytes>>,
    is_over: bool,
}

type Polled = Poll<Option<Result<Frame<Bytes>, Error>>>;

impl<B: Body<Data = Bytes, Error = Error> + Unpin> CheckedLength<B> {
    pub(crate) fn new(body: B) -> Self {
        let length = body.size_hint().exact();
        Self { body, length, taken: 0, given: 0, held: None, trailers: None, is_over: false }
    }

    fn poll_checked(&mut self, length: u64, cx: &mut Context<'_>) -> Polled {
        if let Some(trailers) = self.trailers.take() {
            self.is_over = true;
            return Poll::Ready(Some(Ok(trailers)));
        }
        loop {
            let data = match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                None => return self.end(length),
                Some(Err(error)) => return self.fail(error.into_content_error()),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => data,
                    Err(trailers) => {
                        self.trailers = Some(trailers);
                        return self.end(length);
                    }
                },
            };
            self.taken = self.taken.saturating_add(data.len() as u64);
            if self.taken > length {
                return self.fail(wrong(length, "has more"));
            }
            if data.is_empty() {
                continue;
            }
            if self.taken == length && !self.body.is_end_stream() {
                self.held = Some(data);
                continue;
            }
            self.is_over = self.taken == length;
            return self.give(data);
        }
    }

    /// After the last frame of data.
    fn end(&mut self, length: u64) -> Polled {
        if self.taken < length {
            let taken = self.taken;
            return self.fail(wrong(length, &format!("ended after {taken}")));
        }
        match (self.held.take(), self.trailers.take()) {
            (Some(data), trailers) => {
                self.is_over = trailers.is_none();
                self.trailers = trailers;
                self.give(data)
            }
            (None, trailers) => {
                self.is_over = true;
                Poll::Ready(trailers.map(Ok))
            }
        }
    }

    fn give(&mut self, data: Bytes) -> Polled {
        self.given = self.given.saturating_add(data.len() as u64);
        Poll::Ready(Some(Ok(Frame::data(data))))
    }

    fn fail(&mut self, error: Error) -> Polled {
        self.is_over = true;
        Poll::Ready(Some(Err(error)))
    }
}

fn wrong(length: u64, why: &str) -> Error {
    Error::new(ErrorKind::Io, format!("the body was to have {length} bytes, and {why}"))
}

impl<B: Body<Data = Bytes, Error = Error> + Unpin> Body for CheckedLength<B> {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
        match self.length {
            _ if self.is_over => Poll::Ready(None),
            Some(length) => self.poll_checked(length, cx),
            None => {
                let polled = Pin::new(&mut self.body).poll_frame(cx);
                polled.map(|frame| frame.map(|frame| frame.map_err(Error::into_content_error)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self.length {
            _ if self.is_over => true,
            Some(length) => {
                self.taken >= length
                    && self.held.is_none()
                    && self.trailers.is_none()
                    && self.body.is_end_stream()
            }
            None => self.body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self.length {
            // Nobody would ask a body of no bytes whether that is true.
            Some(0) if !Body::is_end_stream(self) => SizeHint::default(),
            Some(length) => SizeHint::with_exact(length.saturating_sub(self.given)),
            None => self.body.size_hint(),
        }
    }
}

impl StreamSource for CheckedLength<BodyStream> {}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderMap;
    use http_body_util::BodyExt;
    use proptest::prelude::*;
    use std::collections::VecDeque;

    /// Frames, and a length that may not be theirs.
    struct Says {
        length: u64,
        frames: VecDeque<Frame<Bytes>>,
        /// Whether it tells with the last frame that it was the last one.
        tells_end: bool,
        is_ready: bool,
    }

    impl Body for Says {
        type Data = Bytes;
        type Error = Error;

        /// Every second time there is nothing yet.
        fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
            self.is_ready = !self.is_ready;
            if self.is_ready {
                return Poll::Ready(self.frames.pop_front().map(Ok));
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        }

        fn is_end_stream(&self) -> bool {
            self.tells_end && self.frames.is_empty()
        }

        fn size_hint(&self) -> SizeHint {
            SizeHint::with_exact(self.length)
        }
    }

    /// As HTTP/1.1 is sent: the length is written first, and nothing is asked for once so many bytes have gone out.
    async fn sent(mut body: CheckedLength<Says>) -> Result<(Vec<u8>, bool), Error> {
        let (mut sent, mut trailers) = (Vec::new(), false);
        if body.is_end_stream() {
            return Ok((sent, trailers));
        }
        let length = body.size_hint().exact();
        while length.is_none_or(|length| (sent.len() as u64) < length) {
            let Some(frame) = body.frame().await else { break };
            match frame?.into_data() {
                Ok(data) => sent.extend_from_slice(&data),
                Err(_) => trailers = true,
            }
            if let Some(length) = length {
                assert_eq!(body.size_hint().exact(), Some(length - sent.len() as u64));
            }
        }
        assert!(length.is_none_or(|length| length == sent.len() as u64), "cut");
        Ok((sent, trailers))
    }

    proptest! {
        #[test]
        fn all_of_a_body_goes_out_or_an_error(
            chunks in prop::collection::vec(0_usize..5, 0..6), longer in -3_i64..3, tells_end: bool, trailers: bool,
        ) {
            let real: usize = chunks.iter().sum();
            let length = u64::try_from(real as i64 + longer).unwrap_or(0);
            let mut frames: VecDeque<_> = chunks.iter().map(|chunk| Frame::data(Bytes::from(vec![7; *chunk]))).collect();
            if trailers {
                frames.push_back(Frame::trailers(HeaderMap::new()));
            }
            let body = CheckedLength::new(Says { length, frames, tells_end, is_ready: false });
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let sent = runtime.block_on(sent(body));
            if length == real as u64 {
                prop_assert_eq!(sent.unwrap().0, vec![7; real]);
            } else {
                let error = sent.unwrap_err();
                prop_assert_eq!(error.kind(), ErrorKind::Io);
                prop_assert!(error.to_string().contains(&format!("was to have {length} bytes")), "{}", error);
            }
        }
    }

    #[tokio::test]
    async fn trailers_follow_the_last_bytes() {
        let frames = || [Frame::data(Bytes::from_static(b"ab")), Frame::trailers(HeaderMap::new())].into();
        let mut body =
            CheckedLength::new(Says { length: 2, frames: frames(), tells_end: true, is_ready: false });
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "ab");
        assert!(!body.is_end_stream());
        assert!(body.frame().await.unwrap().unwrap().is_trailers());
        assert!(body.is_end_stream() && body.frame().await.is_none());
    }
}
