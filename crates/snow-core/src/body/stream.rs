//! The frames of a body whose type is erased, and how to make them anew.

use crate::{BoxError, Error};
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use std::cell::OnceCell;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

pub(super) type BodyFactory = Arc<dyn Fn() -> BodyStream + Send + Sync>;

pub(super) type BodyStream = Pin<Box<dyn StreamSource>>;

/// Where the frames of a stream come from.
pub(super) trait StreamSource: http_body::Body<Data = Bytes, Error = Error> + Send {
    /// What makes it anew, if anything can.
    fn factory(&self) -> Option<&BodyFactory> {
        None
    }
}

pub(super) fn erase<B>(body: B) -> BodyStream
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    Box::pin(ErasedBody { body })
}

pin_project_lite::pin_project! {
    /// A foreign body whose errors are ours.
    struct ErasedBody<B> { #[pin] body: B }
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
        let frame = ready!(self.project().body.poll_frame(cx));
        Poll::Ready(frame.map(|frame| frame.map_err(Error::wrap)))
    }

    #[inline]
    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    #[inline]
    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B> StreamSource for ErasedBody<B>
where
    B: http_body::Body<Data = Bytes> + Send,
    B::Error: Into<BoxError>,
{
}

/// A stream that can be made again. FactoryStream when first looked at: a recipe that is never sent costs nothing.
pub(super) struct FactoryStream {
    make: BodyFactory,
    begun: OnceCell<BodyStream>,
}

impl FactoryStream {
    pub(super) fn new(make: BodyFactory) -> Self {
        Self { make, begun: OnceCell::new() }
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
