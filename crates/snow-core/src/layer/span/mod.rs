//! Spans in the names of OpenTelemetry's HTTP conventions: one for an operation, one for each attempt.

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

/// A span, if anybody listens. On the heap, so that one to which nobody does weighs nothing.
type OptionalSpan = Option<Box<Span>>;

#[inline]
fn listened(span: Span) -> OptionalSpan {
    (!span.is_disabled()).then(|| Box::new(span))
}

/// Inside of it until what is given is dropped.
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
        let answer = this.inner.poll(cx);
        drop(entered);
        match answer {
            Poll::Ready(Ok(answer)) => {
                let span = this.span.take();
                span.iter().for_each(|span| tell(span, &answer));
                Poll::Ready(Ok(answer.map(|body| SpanBody { body, span })))
            }
            Poll::Ready(Err(error)) => {
                let error = Error::wrap(error);
                this.span.take().iter().for_each(|span| tell_failure(span, &error));
                Poll::Ready(Err(error))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

/// What the head of an answer says.
fn tell<R>(span: &Span, answer: &Response<R>) {
    let transaction = answer.headers().get("x-transaction-id").and_then(|id| id.to_str().ok());
    tell_answer(span, Some(answer.status()), transaction);
    if is_failure(answer.status()) {
        span.record("error.type", answer.status().as_str());
        span.record("otel.status_code", "ERROR");
    }
}

fn tell_failure(span: &Span, error: &Error) {
    fail(span, error);
    tell_answer(span, error.status(), error.transaction_id());
}

fn tell_answer(span: &Span, status: Option<StatusCode>, transaction: Option<&str>) {
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

fn fail(span: &Span, error: &Error) {
    span.record("error.type", field::debug(error.kind()));
    span.record("otel.status_code", "ERROR");
}

pin_project! {
    /// The body of an answer, which is read within its span: the span ends when the body was read or dropped.
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
            fail(span, error);
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

/// What the spans of a test say, as lines of text.
#[cfg(test)]
pub(crate) mod recorded {
    use std::io;
    use std::sync::{Arc, Mutex};
    use tracing::subscriber::DefaultGuard;
    use tracing_subscriber::fmt::{MakeWriter, format::FmtSpan};

    #[derive(Clone, Default)]
    pub(crate) struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Lines {
        /// Everything that this thread tells until the guard is dropped.
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
