//! The span of one attempt.

use super::{SpanFuture, enter, if_enabled, names};
use crate::layer::inner_service::inner_service_accessors;
use crate::{BoxError, Departure, Error, RequestOptions};
use http::{Request, Response};
use std::task::{Context, Poll};
use tower_layer::Layer;
use tower_service::Service;
use tracing::{Span, field::Empty};

/// Opens a span named `attempt`, at level `DEBUG`, for each HTTP request until its response is read: the span of an HTTP client in
/// OpenTelemetry's conventions.
///
/// It has the fields of [`CallSpanLayer`](super::CallSpanLayer), and in addition `server.port`, `url.scheme`, `url.full` without
/// query, user and password, and `http.request.resend_count` if the request was sent before: by the retry layer, or after a 401.
///
/// # Order in the stack
///
/// Below everything that sends a request again: the [`RetryLayer`](crate::layer::RetryLayer) and the layer of the credentials.
///
/// # Errors
///
/// The layer adds no errors of its own.
///
/// # Examples
///
/// ```
/// use snow_client::layer::AttemptSpanLayer;
/// use tower::Layer;
///
/// let service = AttemptSpanLayer::new().layer(());
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct AttemptSpanLayer(());

impl AttemptSpanLayer {
    /// Creates a layer that opens a span for each attempt.
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

impl<S> AttemptSpan<S> {
    inner_service_accessors!();
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
        let span = if_enabled(open(&request));
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
        otel.name = names::span(request),
        otel.status_code = Empty,
        http.request.method = names::method(request.method()),
        http.request.method_original = names::original_method(request.method()),
        http.request.resend_count = resends(request),
        url.full = %names::Address(request.uri()),
        url.scheme = request.uri().scheme_str(),
        url.template = names::template(request.uri().path()),
        server.address = request.uri().host(),
        server.port = port(request),
        http.response.status_code = Empty,
        error.r#type = Empty,
        servicenow.transaction_id = Empty,
    )
}

/// Returns how often the request was sent before; `None` for the first time.
fn resends<B>(request: &Request<B>) -> Option<u32> {
    let told = RequestOptions::of(request).map_or(0, RequestOptions::attempts);
    let counted = Departure::of(request).map_or(0, Departure::count_attempt);
    Some(told.max(counted)).filter(|sent| *sent > 0)
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
    use crate::layer::{contract, span::recorded::Lines};
    use crate::{Body, ErrorKind};
    use tower::{ServiceExt, service_fn};

    #[tokio::test]
    async fn passes_readiness_errors_and_bodies_through() {
        contract::is_transparent(AttemptSpanLayer::new()).await;
        contract::lets_go(AttemptSpanLayer::new()).await;
        contract::completes_again(AttemptSpanLayer::new());
    }

    #[tokio::test]
    async fn tells_where_it_went_and_what_broke() {
        let (lines, listening) = Lines::record();
        let broken = service_fn(|_: Request<Body>| async {
            Err::<Response<Body>, _>(Error::new(ErrorKind::ConnectionClosed, "the connection closed"))
        });
        let request = Request::get("https://dev1.service-now.com/a?q=canary").body(Body::empty()).unwrap();
        AttemptSpanLayer::new().layer(broken).oneshot(request).await.unwrap_err();
        drop(listening);
        let text = lines.text();
        for told in [
            "otel.kind=\"client\"",
            "server.port=443",
            "url.scheme=\"https\"",
            "url.full=https://dev1.service-now.com/a",
            "error.type=ConnectionClosed",
            "otel.status_code=\"ERROR\"",
        ] {
            assert!(text.contains(told), "{told} is not in {text}");
        }
        assert!(!text.contains("resend_count") && !text.contains("canary"), "{text}");
    }
}
