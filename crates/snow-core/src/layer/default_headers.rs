//! The layer that adds headers to requests without them.

use crate::is_sensitive_header;
use crate::layer::inner_service::inner_service_accessors;
use http::{HeaderMap, HeaderName, HeaderValue, Request, header};
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};
use tower_layer::Layer;
use tower_service::Service;

/// The default `User-Agent`.
pub(crate) const AGENT: &str = concat!("snow/", env!("CARGO_PKG_VERSION"));

/// Adds headers that a request does not have yet.
///
/// # Order in the stack
///
/// Innermost, so that the copies of a request that layers above keep for further attempts are small.
///
/// # Defaults
///
/// `Accept: application/json`, and a `User-Agent` that names this crate and its version.
///
/// # Per request
///
/// A header that the request brings is kept.
///
/// # Examples
///
/// ```
/// use http::{HeaderValue, header};
/// use snow_client::layer::DefaultHeadersLayer;
///
/// let layer = DefaultHeadersLayer::new().with(header::USER_AGENT, HeaderValue::from_static("my-integration/1.0"));
/// ```
#[derive(Clone)]
pub struct DefaultHeadersLayer {
    headers: Arc<HeaderMap>,
}

impl DefaultHeadersLayer {
    /// Creates a layer with the default headers.
    pub fn new() -> Self {
        let agent = HeaderValue::from_static(AGENT);
        let json = HeaderValue::from_static("application/json");
        let headers = [(header::ACCEPT, json), (header::USER_AGENT, agent)];
        Self { headers: Arc::new(HeaderMap::from_iter(headers)) }
    }

    /// Adds a header, or replaces one of the same name.
    #[must_use]
    pub fn with(mut self, name: HeaderName, mut value: HeaderValue) -> Self {
        value.set_sensitive(value.is_sensitive() || is_sensitive_header(&name));
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
#[derive(Clone)]
pub struct DefaultHeaders<S> {
    inner: S,
    headers: Arc<HeaderMap>,
}

impl<S> DefaultHeaders<S> {
    inner_service_accessors!();
}

/// Returns the names alone, because a value may be a secret.
fn names(headers: &HeaderMap) -> Vec<&str> {
    headers.keys().map(HeaderName::as_str).collect()
}

impl fmt::Debug for DefaultHeadersLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DefaultHeadersLayer").field(&names(&self.headers)).finish()
    }
}

impl<S: fmt::Debug> fmt::Debug for DefaultHeaders<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = names(&self.headers);
        f.debug_struct("DefaultHeaders").field("inner", &self.inner).field("headers", &names).finish()
    }
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
        crate::layer::contract::is_transparent(DefaultHeadersLayer::new()).await;
        crate::layer::contract::lets_go(DefaultHeadersLayer::new()).await;
        crate::layer::contract::completes_again(DefaultHeadersLayer::new());
    }

    #[tokio::test]
    async fn a_request_keeps_what_it_brings() {
        let (mut service, mut handle) = mock::spawn_layer::<Request<()>, (), _>(DefaultHeadersLayer::new());
        tokio_test::assert_ready_ok!(service.poll_ready());
        let response = service.call(Request::get("/").header("accept", "image/png").body(()).unwrap());
        let (request, send) = handle.next_request().await.unwrap();
        assert_eq!(request.headers()["accept"], "image/png");
        assert!(request.headers()["user-agent"].to_str().unwrap().starts_with("snow/"));
        send.send_response(());
        response.await.unwrap();
    }
}
