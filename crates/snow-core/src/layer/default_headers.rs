//! Headers that every request has unless it brings its own.

use http::{HeaderMap, HeaderName, HeaderValue, Request, header};
use std::sync::Arc;
use std::task::{Context, Poll};
use tower_layer::Layer;
use tower_service::Service;

/// Adds headers that a request does not have yet. Goes innermost, so that what outer layers keep for a second attempt
/// is small.
///
/// ```
/// use http::{HeaderValue, header};
/// use snow_core::layer::DefaultHeadersLayer;
///
/// let layer = DefaultHeadersLayer::new().with(header::USER_AGENT, HeaderValue::from_static("my-integration/1.0"));
/// ```
#[derive(Clone, Debug)]
pub struct DefaultHeadersLayer {
    headers: Arc<HeaderMap>,
}

impl DefaultHeadersLayer {
    /// `Accept: application/json` and a `User-Agent` of this crate.
    pub fn new() -> Self {
        let agent = HeaderValue::from_static(concat!("snow/", env!("CARGO_PKG_VERSION")));
        let json = HeaderValue::from_static("application/json");
        let headers = [(header::ACCEPT, json), (header::USER_AGENT, agent)];
        Self { headers: Arc::new(HeaderMap::from_iter(headers)) }
    }

    /// Adds a header, or replaces one of the same name.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        Arc::make_mut(&mut self.headers).insert(name, value);
        self
    }
}

impl Default for DefaultHeadersLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Layer<S> for DefaultHeadersLayer {
    type Service = DefaultHeaders<S>;

    fn layer(&self, inner: S) -> DefaultHeaders<S> {
        DefaultHeaders { inner, headers: self.headers.clone() }
    }
}

/// The service of [`DefaultHeadersLayer`].
#[derive(Clone, Debug)]
pub struct DefaultHeaders<S> {
    inner: S,
    headers: Arc<HeaderMap>,
}

impl<S, B> Service<Request<B>> for DefaultHeaders<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    #[inline]
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    #[inline(always)]
    fn call(&mut self, mut request: Request<B>) -> S::Future {
        let headers = request.headers_mut();
        for (name, value) in &*self.headers {
            headers.entry(name).or_insert_with(|| value.clone());
        }
        self.inner.call(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tower_test::mock;

    #[tokio::test]
    async fn passes_readiness_errors_and_bodies_through() {
        crate::layer::proof::is_transparent(DefaultHeadersLayer::new()).await;
        crate::layer::proof::lets_go(DefaultHeadersLayer::new()).await;
    }

    #[tokio::test]
    async fn a_request_keeps_what_it_brings() {
        let (mut service, mut handle) = mock::spawn_layer::<Request<()>, (), _>(DefaultHeadersLayer::new());
        tokio_test::assert_ready_ok!(service.poll_ready());
        let answer = service.call(Request::get("/").header("accept", "image/png").body(()).unwrap());
        let (request, send) = handle.next_request().await.unwrap();
        assert_eq!(request.headers()["accept"], "image/png");
        assert!(request.headers()["user-agent"].to_str().unwrap().starts_with("snow/"));
        send.send_response(());
        answer.await.unwrap();
    }
}
