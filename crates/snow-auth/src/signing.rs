//! A signature over each request.

use crate::foreign_origin::refuse_elsewhere;
use crate::waiting::note_wait;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderMap, Request, Response, StatusCode, request};
use snow_core::{Body, BoxError, Error, ErrorKind, LoginUsed, Origin};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tower::ServiceExt;
use tower_layer::Layer;
use tower_service::Service;

/// A signer of requests, for instances that verify an HMAC with a script of their own ([facts 4.5], [13.2][facts 13.2]). What is signed, in which order
/// and in which form is up to that script, so there is no signature that fits all instances: the signer gets the request and returns
/// the headers. [`SigningLayer`] has an example.
///
/// [facts 4.5]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#45-other-ways-in
/// [facts 13.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#132-authentication-2025-to-2026
pub trait RequestSigner: Send + Sync + 'static {
    /// The error of signing.
    type Error: Into<BoxError>;

    /// Returns the headers to add to a request, such as a signature, a key id and a timestamp. They take the place of headers of the
    /// same name, and are marked sensitive.
    ///
    /// It is called for each attempt. In the default stack the URI is absolute; `head` has the headers that were set for this call,
    /// and not those that the layers below add (`User-Agent`, `Accept-Encoding`, `Host`).
    fn sign(
        &self,
        head: &request::Parts,
        body: &[u8],
    ) -> impl Future<Output = Result<HeaderMap, Self::Error>> + Send;

    /// Returns how many bytes a body may have; 16 MiB by default. A body is read into memory to be signed, so an upload with more is
    /// refused before anything is sent.
    fn body_limit(&self) -> usize {
        16 << 20
    }
}

/// A layer that adds the headers of a [`RequestSigner`] to every request for one origin.
///
/// The body is read into memory, up to [`RequestSigner::body_limit`], because the signature covers it. The layer is always ready; its
/// future waits for the inner service.
///
/// # Order in the stack
///
/// The layer goes inside whatever makes relative URIs absolute ([`BaseUriLayer`](snow_core::layer::BaseUriLayer)) or changes what the
/// signature covers, and inside of [`RetryLayer`](snow_core::layer::RetryLayer), so that each attempt gets a signature of its own.
///
/// # Errors
///
/// - [`ErrorKind::ForeignOrigin`] for a request for another origin, which is not sent.
/// - [`ErrorKind::InvalidInput`] for a body that is larger than the signer's limit; nothing is sent.
/// - [`ErrorKind::Other`] with the error of the signer as its source. An [`Error`] of this library keeps its kind.
///
/// # Examples
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use http::{HeaderMap, Request, Response, request};
/// use snow_client::{client::RequestSigner, layer::SigningLayer, transport::Body};
/// use tower::{Layer, ServiceExt, service_fn};
///
/// struct Hmac;
///
/// impl RequestSigner for Hmac {
///     type Error = http::header::InvalidHeaderValue;
///
///     async fn sign(&self, head: &request::Parts, body: &[u8]) -> Result<HeaderMap, Self::Error> {
///         let canonical = format!("{} {} {}", head.method, head.uri.path(), body.len());
///         let mut headers = HeaderMap::new();
///         headers.insert("x-sn-hmac-signature-256", canonical.parse()?); // a real one is the HMAC of this
///         Ok(headers)
///     }
/// }
///
/// let instance = snow_client::Instance::parse("dev12345")?;
/// let inner = service_fn(|request: Request<Body>| async move {
///     Ok::<_, std::convert::Infallible>(Response::new(request.headers()["x-sn-hmac-signature-256"].clone()))
/// });
/// let service = SigningLayer::new(instance.origin(), Hmac).layer(inner);
/// assert_eq!(service.oneshot(Request::post("/x").body(Body::from("four"))?).await?.body(), "POST /x 4");
/// # Ok(()) }
/// ```
pub struct SigningLayer<G> {
    origin: Origin,
    signer: Arc<G>,
}

impl<G: RequestSigner> SigningLayer<G> {
    /// Creates a layer that signs requests for the instance at this origin.
    pub fn new(origin: &Origin, signer: G) -> Self {
        Self::shared(origin, Arc::new(signer))
    }

    /// Creates a layer with a signer that others use as well.
    pub fn shared(origin: &Origin, signer: Arc<G>) -> Self {
        Self { origin: origin.clone(), signer }
    }
}

impl<G> Clone for SigningLayer<G> {
    fn clone(&self) -> Self {
        Self { origin: self.origin.clone(), signer: self.signer.clone() }
    }
}

impl<G> fmt::Debug for SigningLayer<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningLayer").field("origin", &self.origin).finish_non_exhaustive()
    }
}

impl<S, G> Layer<S> for SigningLayer<G> {
    type Service = SigningService<S, G>;

    fn layer(&self, inner: S) -> SigningService<S, G> {
        SigningService { inner, layer: self.clone() }
    }
}

/// The service of [`SigningLayer`].
pub struct SigningService<S, G> {
    inner: S,
    layer: SigningLayer<G>,
}

impl<S, G> SigningService<S, G> {
    /// Returns a reference to the inner service.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// Returns a mutable reference to the inner service.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// Consumes the service and returns the inner one.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S: Clone, G> Clone for SigningService<S, G> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), layer: self.layer.clone() }
    }
}

impl<S: fmt::Debug, G> fmt::Debug for SigningService<S, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningService").field("inner", &self.inner).field("layer", &self.layer).finish()
    }
}

impl<S, G, B, R> Service<Request<B>> for SigningService<S, G>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
    G: RequestSigner,
    B: http_body::Body<Data = Bytes> + From<Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
    R: Send + 'static,
{
    type Response = Response<R>;
    type Error = Error;
    type Future = SigningFuture<R>;

    /// Returns ready at once: see [`SigningLayer`].
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> SigningFuture<R> {
        SigningFuture(Box::pin(send(self.inner.clone(), self.layer.clone(), request)))
    }
}

async fn send<S, G, B, R>(inner: S, layer: SigningLayer<G>, request: Request<B>) -> Result<Response<R>, Error>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: Into<BoxError>,
    G: RequestSigner,
    B: http_body::Body<Data = Bytes> + From<Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    refuse_elsewhere(&layer.origin, request.uri(), "this signature is")?;
    let request = layer.sign(request).await.map_err(Error::before_sending)?;
    let mut response = inner.oneshot(request).await.map_err(Error::wrap)?;
    if matches!(response.status(), StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
        response.extensions_mut().insert(LoginUsed::Signature);
    }
    Ok(response)
}

impl<G: RequestSigner> SigningLayer<G> {
    async fn sign<B>(&self, request: Request<B>) -> Result<Request<B>, Error>
    where
        B: http_body::Body<Data = Bytes> + From<Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let _waiting = note_wait(&request, || "its signature".to_owned());
        let (mut head, body) = request.into_parts();
        let body = read(body, self.signer.body_limit()).await?;
        for (name, values) in by_name(self.signer.sign(&head, &body).await.map_err(failed)?) {
            head.headers.remove(&name);
            for mut value in values {
                value.set_sensitive(true);
                head.headers.append(&name, value);
            }
        }
        Ok(Request::from_parts(head, B::from(body)))
    }
}

/// Returns the headers by their names, each with all its values.
fn by_name(headers: HeaderMap) -> Vec<(http::HeaderName, Vec<http::HeaderValue>)> {
    let names = headers.keys().cloned();
    names.map(|name| (name.clone(), headers.get_all(&name).iter().cloned().collect())).collect()
}

/// Reads a body, which is in memory already unless it is a stream.
async fn read<B>(body: B, limit: usize) -> Result<Bytes, Error>
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let too_large = || {
        let why = format!("the body is larger than the {limit} bytes that are read into memory to be signed");
        Error::new(ErrorKind::InvalidInput, why).with_advice("raise RequestSigner::body_limit()")
    };
    if usize::try_from(body.size_hint().lower()).map_or(true, |least| least > limit) {
        return Err(too_large());
    }
    Body::stream(body).collect(limit).await.map_err(|error| match error.kind() {
        ErrorKind::ResponseTooLarge => too_large(),
        _ => error.with_context("the body could not be read to be signed"),
    })
}

/// Turns the error of the signer into one of ours. An [`Error`] stays what it is.
fn failed(error: impl Into<BoxError>) -> Error {
    const WHAT: &str = "the request could not be signed";
    match error.into().downcast::<Error>() {
        Ok(own) if own.kind() != ErrorKind::Other => *own,
        Ok(own) => Error::new(ErrorKind::Other, WHAT).with_reason(*own),
        Err(foreign) => Error::new(ErrorKind::Other, WHAT).with_reason(foreign),
    }
}

/// The future of [`SigningService`].
#[must_use = "futures do nothing unless awaited"]
pub struct SigningFuture<R>(BoxFuture<'static, Result<Response<R>, Error>>);

impl<R> Future for SigningFuture<R> {
    type Output = Result<Response<R>, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

impl<R> fmt::Debug for SigningFuture<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningFuture")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderValue, Method};
    use snow_core::Instance;
    use tower_test::mock;

    /// Signs with the text of the whole request.
    struct Plain;

    impl RequestSigner for Plain {
        type Error = std::io::Error;

        async fn sign(&self, head: &request::Parts, body: &[u8]) -> Result<HeaderMap, std::io::Error> {
            if head.uri.path() == "/unsigned" {
                return Err(std::io::Error::other("the key store is closed"));
            }
            let mut headers = HeaderMap::new();
            let text = format!("{} {}", head.method, String::from_utf8_lossy(body));
            headers.insert("x-signature", HeaderValue::from_str(&text).map_err(std::io::Error::other)?);
            headers.append("x-twice", HeaderValue::from_static("one"));
            headers.append("x-twice", HeaderValue::from_static("two"));
            Ok(headers)
        }

        fn body_limit(&self) -> usize {
            4
        }
    }

    fn layer() -> SigningLayer<Plain> {
        SigningLayer::new(Instance::parse("dev1").unwrap().origin(), Plain)
    }

    fn request(path: &str, body: Body) -> Request<Body> {
        let request = Request::builder().method(Method::POST).uri(path).header("x-twice", "old");
        request.body(body).unwrap()
    }

    fn streamed(text: &'static str) -> Body {
        Body::stream(http_body_util::Full::new(Bytes::from_static(text.as_bytes())))
    }

    #[tokio::test]
    async fn is_always_ready_and_signs_the_body_that_is_sent() {
        let (mut service, mut handle) = mock::spawn_layer::<Request<Body>, Response<()>, _>(layer());
        handle.allow(0);
        tokio_test::assert_ready_ok!(service.poll_ready());
        handle.allow(9);
        for (body, text) in [(Body::from("four"), "four"), (streamed("abc"), "abc"), (Body::empty(), "")] {
            let mut response = tokio_test::task::spawn(service.call(request("/x", body)));
            tokio_test::assert_pending!(response.poll());
            let (sent, send) = handle.next_request().await.unwrap();
            assert_eq!(sent.headers()["x-signature"], format!("POST {text}"));
            assert!(sent.headers()["x-signature"].is_sensitive());
            assert_eq!(sent.headers().get_all("x-twice").iter().collect::<Vec<_>>(), ["one", "two"]);
            assert_eq!(sent.into_body().collect(9).await.unwrap(), text);
            let mut refused = Response::new(());
            *refused.status_mut() = StatusCode::UNAUTHORIZED;
            send.send_response(refused);
            let response = tokio_test::assert_ready_ok!(response.poll());
            assert_eq!(response.extensions().get(), Some(&LoginUsed::Signature));
        }
    }

    #[tokio::test]
    async fn what_cannot_be_signed_is_not_sent() {
        let (mut service, mut handle) = mock::spawn_layer::<Request<Body>, Response<()>, _>(layer());
        handle.allow(9);
        let unknown_size = || Body::stream(Body::factory(|| streamed("five5")));
        for (path, body, kind, says) in [
            ("https://elsewhere.example.com/", Body::empty(), ErrorKind::ForeignOrigin, "elsewhere"),
            ("/x", Body::from("five5"), ErrorKind::InvalidInput, "larger than the 4 bytes"),
            ("/x", unknown_size(), ErrorKind::InvalidInput, "larger than the 4 bytes"),
            ("/unsigned", Body::empty(), ErrorKind::Other, "the key store is closed"),
        ] {
            let error = service.call(request(path, body)).await.unwrap_err();
            assert_eq!(error.kind(), kind, "{error}");
            assert!(error.to_string().contains(says), "{error}");
            assert!(!error.with_request(&Method::POST, &"/x".parse().unwrap()).may_have_executed());
        }
        assert!(tokio_test::task::spawn(handle.next_request()).poll().is_pending());
    }

    #[tokio::test]
    async fn dropped_half_way_it_leaves_the_inner_service_free() {
        let (mut service, mut handle) = mock::spawn_layer::<Request<Body>, Response<()>, _>(layer());
        handle.allow(0);
        let mut dropped = tokio_test::task::spawn(service.call(request("/first", Body::empty())));
        tokio_test::assert_pending!(dropped.poll());
        drop(dropped);
        handle.allow(1);
        let mut response = tokio_test::task::spawn(service.call(request("/second", Body::empty())));
        tokio_test::assert_pending!(response.poll());
        let (sent, send) = handle.next_request().await.unwrap();
        assert_eq!(sent.uri(), "/second");
        send.send_error(Error::new(ErrorKind::InstanceBusy, "below"));
        assert_eq!(tokio_test::assert_ready_err!(response.poll()).kind(), ErrorKind::InstanceBusy);
    }

    #[test]
    fn the_inner_service_can_be_reached_changed_and_taken_back() {
        let mut service = layer().layer("inner");
        assert_eq!(*service.get_ref(), "inner");
        *service.get_mut() = "changed";
        assert_eq!(service.into_inner(), "changed");
    }
}
