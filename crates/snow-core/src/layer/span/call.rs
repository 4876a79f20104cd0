//! The span of a whole call.

use super::{SpanFuture, enter, if_enabled, names};
use crate::layer::inner_service::inner_service_accessors;
use crate::{BoxError, Error};
use http::{Request, Response};
use std::task::{Context, Poll};
use tower_layer::Layer;
use tower_service::Service;
use tracing::{Span, field::Empty};

/// Opens a span named `call`, at level `INFO`, for each call: all its attempts, and reading the body of its response.
///
/// | field | value |
/// |---|---|
/// | `otel.name` | method and template, such as `GET /api/now/table/incident/{sys_id}` |
/// | `http.request.method` | the method; `_OTHER` for one that HTTP does not define, with `http.request.method_original` |
/// | `url.template` | the path with placeholders |
/// | `server.address` | the host |
/// | `http.response.status_code` | the status, once it is known |
/// | `otel.status_code` | `ERROR` if the call failed |
/// | `error.type` | the [`ErrorKind`](crate::ErrorKind) of an error, or the status of a 4xx or 5xx |
/// | `servicenow.transaction_id` | the service's id of the transaction, once it is known |
///
/// Names and templates contain no ids: of the documented APIs they keep the table, of any other API its name. The span never
/// contains a value of the query, a header or a body. Without a subscriber it costs a comparison.
///
/// # Order in the stack
///
/// Above everything that belongs to a call, so above the [`RetryLayer`](crate::layer::RetryLayer). The spans of an
/// [`AttemptSpanLayer`](super::AttemptSpanLayer) below it are its children.
///
/// # Errors
///
/// The layer adds no errors of its own.
///
/// # Examples
///
/// ```
/// use snow_client::layer::CallSpanLayer;
/// use tower::Layer;
///
/// let service = CallSpanLayer::new().layer(());
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct CallSpanLayer {
    detached: bool,
}

impl CallSpanLayer {
    /// Creates a layer whose spans are children of the caller's current span.
    pub fn new() -> Self {
        Self { detached: false }
    }

    /// Creates a layer whose spans have no parent: for requests that serve many calls, such as a token request.
    pub fn detached() -> Self {
        Self { detached: true }
    }
}

impl<S> Layer<S> for CallSpanLayer {
    type Service = CallSpan<S>;

    fn layer(&self, inner: S) -> CallSpan<S> {
        CallSpan { inner, layer: *self }
    }
}

/// The service of [`CallSpanLayer`].
#[derive(Clone, Debug)]
pub struct CallSpan<S> {
    inner: S,
    layer: CallSpanLayer,
}

impl<S> CallSpan<S> {
    inner_service_accessors!();
}

impl<S, B, R> Service<Request<B>> for CallSpan<S>
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
        let span = if_enabled(if self.layer.detached { detached(&request) } else { child(&request) });
        let entered = enter(&span);
        let inner = self.inner.call(request);
        drop(entered);
        SpanFuture { inner, span }
    }
}

macro_rules! open {
    ($request:expr $(, parent: $parent:expr)?) => {
        tracing::info_span!(
            $(parent: $parent,)?
            "call",
            otel.name = names::span($request),
            otel.status_code = Empty,
            http.request.method = names::method($request.method()),
            http.request.method_original = names::original_method($request.method()),
            url.template = names::template($request.uri().path()),
            server.address = $request.uri().host(),
            http.response.status_code = Empty,
            error.r#type = Empty,
            servicenow.transaction_id = Empty,
        )
    };
}

#[inline]
fn child<B>(request: &Request<B>) -> Span {
    open!(request)
}

fn detached<B>(request: &Request<B>) -> Span {
    open!(request, parent: None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::{AttemptSpanLayer, RetryLayer, RetryPolicy, contract, span::recorded::Lines};
    use crate::{Body, ErrorKind};
    use tower::{ServiceExt, service_fn};

    #[tokio::test]
    async fn passes_readiness_errors_and_bodies_through() {
        contract::is_transparent(CallSpanLayer::new()).await;
        contract::lets_go(CallSpanLayer::new()).await;
        contract::completes_again(CallSpanLayer::new());
    }

    /// Attempts are its children, and no value is told.
    #[tokio::test(start_paused = true)]
    async fn tells_how_it_went_and_no_value() {
        let (lines, listening) = Lines::record();
        let busy = service_fn(|_: Request<Body>| async {
            let response = Response::builder().status(429).header("x-transaction-id", "0d55f4062f81");
            Ok::<_, Error>(response.body(Body::empty()).unwrap())
        });
        let retry = RetryLayer::new(RetryPolicy::new().max_attempts(2));
        let service = CallSpanLayer::new().layer(retry.layer(AttemptSpanLayer::new().layer(busy)));
        let uri =
            "https://dev1.service-now.com/api/now/table/incident/a9e30c7dc61122760116894de7bcc7bd?q=canary";
        let request = Request::get(uri).header("authorization", "canary").body(Body::from("canary")).unwrap();
        drop(service.oneshot(request).await.unwrap());
        drop(listening);
        let text = lines.text();
        let ended: Vec<_> = text.lines().filter(|line| line.contains("close")).collect();
        assert_eq!(ended.len(), 3, "{text}");
        assert!(ended[1].contains("call{") && ended[1].contains("attempt{"), "{text}");
        assert!(ended[1].contains("http.request.resend_count=1"), "{text}");
        for told in [
            "otel.name=\"GET /api/now/table/incident/{sys_id}\"",
            "otel.status_code=\"ERROR\"",
            "http.request.method=\"GET\"",
            "url.template=\"/api/now/table/incident/{sys_id}\"",
            "server.address=\"dev1.service-now.com\"",
            "http.response.status_code=429",
            "error.type=\"429\"",
            "servicenow.transaction_id=\"0d55f4062f81\"",
        ] {
            assert!(ended[2].contains(told), "{told} is not in {}", ended[2]);
        }
        assert!(!text.contains("canary"), "{text}");
    }

    #[tokio::test]
    async fn a_detached_one_has_no_parent() {
        let (lines, listening) = Lines::record();
        let caller = tracing::info_span!("caller");
        let ok = service_fn(|_: Request<Body>| async { Ok::<_, Error>(Response::new(Body::empty())) });
        for layer in [CallSpanLayer::new(), CallSpanLayer::detached()] {
            let call = tracing::Instrument::instrument(
                layer.layer(ok).oneshot(contract::request("/")),
                caller.clone(),
            );
            drop(call.await.unwrap());
        }
        drop((caller, listening));
        let text = lines.text();
        let ended: Vec<_> =
            text.lines().filter(|line| line.contains("close") && line.contains("call{")).collect();
        assert!(ended[0].contains("caller:call{") && !ended[1].contains("caller"), "{text}");
    }

    #[tokio::test]
    async fn tells_what_broke_the_body() {
        let (lines, listening) = Lines::record();
        let broken = service_fn(|_: Request<Body>| async {
            let frames =
                futures_util::stream::once(async { Err(Error::new(ErrorKind::ConnectionClosed, "gone")) });
            Ok::<_, Error>(Response::new(Body::stream(http_body_util::StreamBody::new(frames))))
        });
        let response = CallSpanLayer::new().layer(broken).oneshot(contract::request("/")).await.unwrap();
        Body::stream(response.into_body()).collect(10).await.unwrap_err();
        drop(listening);
        assert!(lines.text().contains("error.type=ConnectionClosed"), "{}", lines.text());
    }
}
