//! Spans by OpenTelemetry's HTTP conventions: one for each call, and one for each attempt.

mod attempt;
mod call;
mod names;

pub use attempt::{AttemptSpan, AttemptSpanLayer};
pub use call::{CallSpan, CallSpanLayer};

use crate::{BoxError, Error};
use bytes::Bytes;
use http::{Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tracing::span::Entered;
use tracing::{Span, field};

pin_project! {
    /// The future of [`CallSpan`] and [`AttemptSpan`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct SpanFuture<F> {
        #[pin]
        inner: F,
        span: OptionalSpan,
    }
}

/// A span, if a subscriber is interested in it. On the heap, so that no span takes little space.
type OptionalSpan = Option<Box<Span>>;

/// Returns the span if a subscriber is interested in it.
#[inline]
fn if_enabled(span: Span) -> OptionalSpan {
    (!span.is_disabled()).then(|| Box::new(span))
}

/// Enters the span until the guard is dropped.
#[inline]
fn enter(span: &OptionalSpan) -> Option<Entered<'_>> {
    span.as_deref().map(Span::enter)
}

impl<F, R, E> Future for SpanFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    E: Into<BoxError>,
{
    type Output = Result<Response<SpanBody<R>>, Error>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let entered = enter(this.span);
        let response = this.inner.poll(cx);
        drop(entered);
        match response {
            Poll::Ready(Ok(response)) => {
                let span = this.span.take();
                span.iter().for_each(|span| record_head(span, &response));
                Poll::Ready(Ok(response.map(|body| SpanBody { body, span })))
            }
            Poll::Ready(Err(error)) => {
                let error = Error::wrap(error);
                this.span.take().iter().for_each(|span| record_error(span, &error));
                Poll::Ready(Err(error))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

/// Records the head of a response.
fn record_head<R>(span: &Span, response: &Response<R>) {
    let transaction = response.headers().get("x-transaction-id").and_then(|id| id.to_str().ok());
    record_response(span, Some(response.status()), transaction);
    if is_failure(response.status()) {
        span.record("error.type", response.status().as_str());
        span.record("otel.status_code", "ERROR");
    }
}

/// Records an error and what it knows of the response.
fn record_error(span: &Span, error: &Error) {
    mark_failed(span, error);
    record_response(span, error.status(), error.transaction_id());
}

fn record_response(span: &Span, status: Option<StatusCode>, transaction: Option<&str>) {
    if let Some(status) = status {
        span.record("http.response.status_code", status.as_u16());
    }
    if let Some(id) = transaction {
        span.record("servicenow.transaction_id", id);
    }
}

fn is_failure(status: StatusCode) -> bool {
    status.is_client_error() || status.is_server_error()
}

fn mark_failed(span: &Span, error: &Error) {
    span.record("error.type", field::debug(error.kind()));
    span.record("otel.status_code", "ERROR");
}

pin_project! {
    /// The body of a response, which is read within its span. The span ends when the body is read to its end or dropped.
    #[derive(Debug)]
    pub struct SpanBody<R> {
        #[pin]
        body: R,
        span: OptionalSpan,
    }
}

impl<R> Body for SpanBody<R>
where
    R: Body<Data = Bytes>,
    R::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = Error;

    #[inline]
    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = self.project();
        let entered = enter(this.span);
        let frame = ready!(this.body.poll_frame(cx)).map(|frame| frame.map_err(Error::wrap));
        drop(entered);
        if let (Some(Err(error)), Some(span)) = (&frame, this.span) {
            mark_failed(span, error);
        }
        Poll::Ready(frame)
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

/// The spans and events of a test, as lines of text.
#[cfg(test)]
pub(crate) mod recorded {
    use std::io;
    use std::sync::{Arc, Mutex};
    use tracing::subscriber::DefaultGuard;
    use tracing_subscriber::fmt::{MakeWriter, format::FmtSpan};

    #[derive(Clone, Default)]
    pub(crate) struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Lines {
        /// Records what this thread emits until the guard is dropped.
        pub(crate) fn record() -> (Self, DefaultGuard) {
            let lines = Self::default();
            let subscriber = tracing_subscriber::fmt()
                .with_max_level(tracing::Level::TRACE)
                .with_span_events(FmtSpan::CLOSE)
                .with_ansi(false)
                .with_writer(lines.clone());
            (lines, tracing::subscriber::set_default(subscriber.finish()))
        }

        pub(crate) fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl MakeWriter<'_> for Lines {
        type Writer = Self;

        fn make_writer(&self) -> Self {
            self.clone()
        }
    }
}
