//! A body whose type is erased, and how to make it anew.

use crate::{BoxError, Error};
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use sync_wrapper::SyncWrapper;

pub(super) type BodyFactory = Arc<dyn Fn() -> BodyStream + Send + Sync>;

pub(super) type BodyStream = Pin<Box<dyn StreamSource>>;

/// The source of a stream's frames.
pub(super) trait StreamSource: http_body::Body<Data = Bytes, Error = Error> + Send + Sync {
    /// Returns the factory that makes the stream anew, if there is one.
    fn factory(&self) -> Option<&BodyFactory> {
        None
    }
}

pub(super) fn erase<B>(body: B) -> BodyStream
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let end = BodyEnd::of(&body);
    Box::pin(ErasedBody { body: SyncWrapper::new(body), end })
}

pin_project_lite::pin_project! {
    /// A body of another type, with errors of this crate. It is `Sync` even if the body is not, because a shared reference never
    /// reaches the body: its size and its end are kept in `end`, and change only when the body is read.
    struct ErasedBody<B> {
        #[pin]
        body: SyncWrapper<B>,
        end: BodyEnd,
    }
}

/// The size of a body and whether it has ended.
struct BodyEnd {
    is_end_stream: bool,
    size_hint: SizeHint,
}

impl BodyEnd {
    #[inline]
    fn of<B: http_body::Body>(body: &B) -> Self {
        Self { is_end_stream: body.is_end_stream(), size_hint: body.size_hint() }
    }
}

impl<B> http_body::Body for ErasedBody<B>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = Error;

    #[inline]
    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = self.project();
        let mut body = this.body.get_pin_mut();
        let frame = ready!(body.as_mut().poll_frame(cx));
        *this.end = BodyEnd::of(&*body);
        Poll::Ready(frame.map(|frame| frame.map_err(Error::wrap)))
    }

    #[inline]
    fn is_end_stream(&self) -> bool {
        self.end.is_end_stream
    }

    #[inline]
    fn size_hint(&self) -> SizeHint {
        self.end.size_hint
    }
}

impl<B> StreamSource for ErasedBody<B>
where
    B: http_body::Body<Data = Bytes> + Send,
    B::Error: Into<BoxError>,
{
}

/// A stream that can be made again. It is made when it is first looked at, so that a factory that is never sent costs nothing.
pub(super) struct FactoryStream {
    make: BodyFactory,
    begun: OnceLock<BodyStream>,
}

impl FactoryStream {
    pub(super) fn new(make: BodyFactory) -> Self {
        Self { make, begun: OnceLock::new() }
    }

    fn stream(&self) -> &BodyStream {
        self.begun.get_or_init(|| (self.make)())
    }
}

impl http_body::Body for FactoryStream {
    type Data = Bytes;
    type Error = Error;

    #[inline]
    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        self.stream();
        self.begun.get_mut().map_or(Poll::Ready(None), |stream| stream.as_mut().poll_frame(cx))
    }

    #[inline]
    fn is_end_stream(&self) -> bool {
        self.stream().is_end_stream()
    }

    #[inline]
    fn size_hint(&self) -> SizeHint {
        self.stream().size_hint()
    }
}

impl StreamSource for FactoryStream {
    fn factory(&self) -> Option<&BodyFactory> {
        Some(&self.make)
    }
}
