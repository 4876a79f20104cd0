//! A span for each attempt.

use super::template::Template;
use super::{SpanFuture, enter, listened};
use crate::{BoxError, Error, Operation};
use http::{Request, Response};
use std::task::{Context, Poll};
use tower_layer::Layer;
use tower_service::Service;
use tracing::{Span, field::Empty};

/// A span at level `DEBUG` for each request that goes out, until its answer was read: the span of an HTTP client in
/// OpenTelemetry's conventions.
///
/// Its fields: those of [`OperationSpanLayer`](super::OperationSpanLayer), `server.port`, `url.scheme`, and
/// `http.request.resend_count` where it was sent before.
///
/// ```
/// use snow_core::layer::AttemptSpanLayer;
/// use tower::Layer;
///
/// let service = AttemptSpanLayer::new().layer(());
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct AttemptSpanLayer(());

impl AttemptSpanLayer {
    /// Goes below everything that may send again.
    pub fn new() -> Self {
        Self(())
    }
}

impl<S> Layer<S> for AttemptSpanLayer {
    type Service = AttemptSpan<S>;

    fn layer(&self, inner: S) -> AttemptSpan<S> {
        AttemptSpan { inner }
    }
}

/// The service of [`AttemptSpanLayer`].
#[derive(Clone, Debug)]
pub struct AttemptSpan<S> {
    inner: S,
}

impl<S, B, R> Service<Request<B>> for AttemptSpan<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: Into<BoxError>,
{
    type Response = Response<super::SpanBody<R>>;
    type Error = Error;
    type Future = SpanFuture<S::Future>;

    #[inline]
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Error::wrap)
    }

    #[inline(always)]
    fn call(&mut self, request: Request<B>) -> SpanFuture<S::Future> {
        let span = listened(open(&request));
        let entered = enter(&span);
        let inner = self.inner.call(request);
        drop(entered);
        SpanFuture { inner, span }
    }
}

#[inline]
fn open<B>(request: &Request<B>) -> Span {
    tracing::debug_span!(
        "attempt",
        otel.kind = "client",
        otel.name = format_args!("{} {}", request.method(), Template(request.uri().path())),
        http.request.method = request.method().as_str(),
        http.request.resend_count = Operation::of(request).map(Operation::attempts).filter(|sent| *sent > 0),
        url.scheme = request.uri().scheme_str(),
        url.template = %Template(request.uri().path()),
        server.address = request.uri().host(),
        server.port = port(request),
        http.response.status_code = Empty,
        error.r#type = Empty,
        servicenow.transaction_id = Empty,
    )
}

fn port<B>(request: &Request<B>) -> Option<u16> {
    let implied = match request.uri().scheme_str() {
        Some("https") => Some(443),
        Some("http") => Some(80),
        _ => None,
    };
    request.uri().port_u16().or(implied)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::{proof, span::told::Lines};
    use crate::{Body, Kind};
    use tower::{ServiceExt, service_fn};

    #[tokio::test]
    async fn passes_readiness_errors_and_bodies_through() {
        proof::is_transparent(AttemptSpanLayer::new()).await;
        proof::lets_go(AttemptSpanLayer::new()).await;
    }

    #[tokio::test]
    async fn tells_where_it_went_and_what_broke() {
        let (lines, listening) = Lines::record();
        let broken = service_fn(|_: Request<Body>| async {
            Err::<Response<Body>, _>(Error::new(Kind::Closed, "the connection closed"))
        });
        let request = Request::get("https://dev1.service-now.com/a?q=canary").body(Body::empty()).unwrap();
        AttemptSpanLayer::new().layer(broken).oneshot(request).await.unwrap_err();
        drop(listening);
        let text = lines.text();
        for told in [
            "otel.kind=\"client\"",
            "server.port=443",
            "url.scheme=\"https\"",
            "url.template=/a",
            "error.type=Closed",
        ] {
            assert!(text.contains(told), "{told} is not in {text}");
        }
        assert!(!text.contains("resend_count") && !text.contains("canary"), "{text}");
    }
}
