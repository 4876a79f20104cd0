//! A request's body that reports how much of it was sent.

use super::{Body, BodyKind};
use crate::departure::BodyProgress;
use crate::{Departure, Error, clock};
use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll};

impl Departure {
    /// Returns the body, and notes when its pieces are sent. A [`TimeoutLayer`](crate::layer::TimeoutLayer) then knows whether the body
    /// is still being sent: a body of any size has the time that it needs, and a server that stops reading is given up soon. A body
    /// that can be sent again stays so.
    #[must_use]
    pub fn watch(&self, body: Body) -> Body {
        self.update_body_progress(|_| ());
        let departure = self.clone();
        match body.0 {
            BodyKind::Bytes(bytes) => {
                Body::factory(move || WatchedBody::new(Body::from(bytes.clone()), departure.clone()))
            }
            BodyKind::Stream(stream) => match stream.factory().cloned() {
                Some(make) => {
                    Body::factory(move || WatchedBody::new(Body(BodyKind::Stream(make())), departure.clone()))
                }
                None => Body::stream(WatchedBody::new(Body(BodyKind::Stream(stream)), departure)),
            },
        }
    }
}

/// A body that tells a [`Departure`] when its chunks are taken.
struct WatchedBody {
    body: Body,
    departure: Departure,
}

impl WatchedBody {
    fn new(body: Body, departure: Departure) -> Self {
        let is_over = body.is_end_stream();
        departure
            .update_body_progress(|progress| *progress = BodyProgress { is_over, ..BodyProgress::default() });
        Self { body, departure }
    }
}

impl http_body::Body for WatchedBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        let chunk = match &polled {
            Poll::Ready(Some(Ok(frame))) => frame.data_ref().map_or(0, |data| data.len() as u64),
            _ => 0,
        };
        let is_over = matches!(polled, Poll::Ready(None)) || self.body.is_end_stream();
        self.departure.update_body_progress(|progress| {
            progress.bytes = progress.bytes.saturating_add(chunk);
            progress.waits_for_content = polled.is_pending();
            if chunk > 0 {
                progress.last = Some((clock::now(), chunk));
            }
            progress.is_over |= is_over;
        });
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
