//! Credentials of the user's own.
#![warn(clippy::arithmetic_side_effects)]

use crate::foreign_origin::refuse_elsewhere;
use crate::waiting::{FirstDeparture, note_wait, sent_before};
use futures_util::future::BoxFuture;
use http::{Request, Response, StatusCode, request};
use snow_core::{BoxError, Error, ErrorKind, Origin, Replay, clone_request};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tower::ServiceExt;
use tower_layer::Layer;
use tower_service::Service;

/// Credentials that are added to the head of a request: a signature over the request, the cookie of a session with its
/// `X-UserToken`, or a secret that is fetched from somewhere. [`CredentialsLayer`] has an example.
///
/// [Mark headers sensitive](http::HeaderValue::set_sensitive) that contain a secret.
pub trait Credentials: Send + Sync + 'static {
    /// The error of obtaining the credentials.
    type Error: Into<BoxError>;

    /// Adds the credentials to a request. It is called for each attempt; in the default stack the URI is absolute.
    fn apply(&self, head: &mut request::Parts) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Returns `true` if there are other credentials after the instance responded with 401. Then the request is sent once more.
    /// By default there are none.
    fn refused(&self) -> impl Future<Output = Result<bool, Self::Error>> + Send {
        async { Ok(false) }
    }
}

/// A layer that adds [`Credentials`] of your own to every request for one origin.
///
/// After a 401 it asks [`Credentials::refused`] for other credentials, and sends the request once more if there are any and the
/// body can be sent again (see [`Replay`]).
///
/// The layer is always ready; its future waits for the inner service.
///
/// # Order in the stack
///
/// The layer goes inside whatever makes relative URIs absolute ([`BaseUriLayer`](snow_core::layer::BaseUriLayer)) or changes what a
/// signature covers, and inside of [`RetryLayer`](snow_core::layer::RetryLayer), so that each attempt gets its own signature.
///
/// # Errors
///
/// - [`ErrorKind::ForeignOrigin`] for a request for another origin, which is not sent.
/// - [`ErrorKind::Other`] with the error of the credentials as its source, if they could not be obtained. An [`Error`] of this
///   library keeps its kind.
///
/// # Examples
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use http::{HeaderValue, Request, Response, request};
/// use snow_client::{client::Credentials, layer::CredentialsLayer};
/// use tower::{Layer, ServiceExt, service_fn};
///
/// struct Signed;
///
/// impl Credentials for Signed {
///     type Error = std::io::Error;
///
///     async fn apply(&self, head: &mut request::Parts) -> Result<(), std::io::Error> {
///         let signature = format!("{:x}", head.uri.path().len()); // a real one comes from a key
///         let value = HeaderValue::try_from(signature).map_err(std::io::Error::other)?;
///         head.headers.insert("x-sn-hmac-signature-256", value);
///         Ok(())
///     }
/// }
///
/// let instance = snow_client::Instance::parse("dev12345")?;
/// let inner = service_fn(|request: Request<()>| async move {
///     Ok::<_, std::convert::Infallible>(Response::new(request.headers()["x-sn-hmac-signature-256"].clone()))
/// });
/// let service = CredentialsLayer::new(instance.origin(), Signed).layer(inner);
/// assert_eq!(service.oneshot(Request::get("/four").body(())?).await?.body(), "5");
/// # Ok(()) }
/// ```
pub struct CredentialsLayer<C> {
    origin: Origin,
    credentials: Arc<C>,
}

impl<C: Credentials> CredentialsLayer<C> {
    /// Creates a layer with credentials for the instance at this origin.
    pub fn new(origin: &Origin, credentials: C) -> Self {
        Self::shared(origin, Arc::new(credentials))
    }

    /// Creates a layer with credentials that others use as well.
    pub fn shared(origin: &Origin, credentials: Arc<C>) -> Self {
        Self { origin: origin.clone(), credentials }
    }
}

impl<C> Clone for CredentialsLayer<C> {
    fn clone(&self) -> Self {
        Self { origin: self.origin.clone(), credentials: self.credentials.clone() }
    }
}

impl<C> fmt::Debug for CredentialsLayer<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CredentialsLayer").field("origin", &self.origin).finish_non_exhaustive()
    }
}

impl<S, C> Layer<S> for CredentialsLayer<C> {
    type Service = CredentialsService<S, C>;

    fn layer(&self, inner: S) -> CredentialsService<S, C> {
        CredentialsService { inner, layer: self.clone() }
    }
}

/// The service of [`CredentialsLayer`].
pub struct CredentialsService<S, C> {
    inner: S,
    layer: CredentialsLayer<C>,
}

impl<S, C> CredentialsService<S, C> {
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

impl<S: Clone, C> Clone for CredentialsService<S, C> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), layer: self.layer.clone() }
    }
}

impl<S: fmt::Debug, C> fmt::Debug for CredentialsService<S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CredentialsService").field("inner", &self.inner).field("layer", &self.layer).finish()
    }
}

impl<S, C, B, R> Service<Request<B>> for CredentialsService<S, C>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
    C: Credentials,
    B: Replay + Send + 'static,
    R: Send + 'static,
{
    type Response = Response<R>;
    type Error = Error;
    type Future = CredentialsFuture<R>;

    /// Returns ready at once: see [`CredentialsLayer`].
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> CredentialsFuture<R> {
        CredentialsFuture(Box::pin(send(self.inner.clone(), self.layer.clone(), request)))
    }
}

async fn send<S, C, B, R>(
    inner: S,
    layer: CredentialsLayer<C>,
    request: Request<B>,
) -> Result<Response<R>, Error>
where
    S: Service<Request<B>, Response = Response<R>> + Clone,
    S::Error: Into<BoxError>,
    C: Credentials,
    B: Replay,
{
    layer.refuse_elsewhere(request.uri())?;
    let again = clone_request(&request);
    let request = layer.apply(request).await?;
    let departure = FirstDeparture::of(&request);
    let response = inner.clone().oneshot(request).await.map_err(Error::wrap)?;
    let Some(again) = again.filter(|_| response.status() == StatusCode::UNAUTHORIZED) else {
        return Ok(response);
    };
    departure.was_refused();
    let waiting = note_wait(&again, || "new credentials after a 401".to_owned());
    if !layer.credentials.refused().await.map_err(failed)? {
        return Ok(response);
    }
    drop((waiting, response));
    let again = layer.apply(sent_before(again)).await?;
    inner.oneshot(again).await.map_err(Error::wrap)
}

impl<C: Credentials> CredentialsLayer<C> {
    fn refuse_elsewhere(&self, uri: &http::Uri) -> Result<(), Error> {
        refuse_elsewhere(&self.origin, uri, "these credentials are")
    }

    async fn apply<B>(&self, request: Request<B>) -> Result<Request<B>, Error> {
        let _waiting = note_wait(&request, || "its credentials".to_owned());
        let (mut head, body) = request.into_parts();
        self.credentials.apply(&mut head).await.map_err(failed)?;
        self.refuse_elsewhere(&head.uri)?;
        Ok(Request::from_parts(head, body))
    }
}

/// Turns the error of the credentials into one of ours. An [`Error`] stays what it is.
fn failed(error: impl Into<BoxError>) -> Error {
    const WHAT: &str = "the credentials could not be obtained";
    match error.into().downcast::<Error>() {
        Ok(own) if own.kind() != ErrorKind::Other => *own,
        Ok(own) => Error::new(ErrorKind::Other, WHAT).with_reason(*own),
        Err(foreign) => Error::new(ErrorKind::Other, WHAT).with_reason(foreign),
    }
    .before_sending()
}

/// The future of [`CredentialsService`].
#[must_use = "futures do nothing unless awaited"]
pub struct CredentialsFuture<R>(BoxFuture<'static, Result<Response<R>, Error>>);

impl<R> Future for CredentialsFuture<R> {
    type Output = Result<Response<R>, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

impl<R> fmt::Debug for CredentialsFuture<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CredentialsFuture")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use snow_core::Instance;
    use std::sync::atomic::{AtomicU8, Ordering};
    use tower_test::mock;

    /// Returns another number after each refusal, up to the second refusal.
    #[derive(Default)]
    struct Numbered(AtomicU8);

    impl Credentials for Numbered {
        type Error = Error;

        async fn apply(&self, head: &mut request::Parts) -> Result<(), Error> {
            head.headers.insert("x-number", HeaderValue::from(u16::from(self.0.load(Ordering::SeqCst))));
            Ok(())
        }

        async fn refused(&self) -> Result<bool, Error> {
            match self.0.fetch_add(1, Ordering::SeqCst) {
                0 => Ok(true),
                1 => Ok(false),
                _ => Err(Error::new(ErrorKind::ReauthenticationRequired, "no more numbers")),
            }
        }
    }

    fn layer() -> CredentialsLayer<Numbered> {
        CredentialsLayer::new(Instance::parse("dev1").unwrap().origin(), Numbered::default())
    }

    fn status(status: u16) -> Response<()> {
        let mut response = Response::new(());
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        response
    }

    #[tokio::test]
    async fn is_always_ready_sends_once_more_after_a_refusal_and_no_oftener() {
        let (mut service, mut handle) = mock::spawn_layer::<Request<()>, Response<()>, _>(layer());
        handle.allow(0);
        tokio_test::assert_ready_ok!(service.poll_ready());
        handle.allow(10);
        for (responses, last) in [(&[401, 200][..], Some(200)), (&[401], Some(401)), (&[401], None)] {
            let mut response = tokio_test::task::spawn(service.call(Request::get("/").body(()).unwrap()));
            for code in responses {
                tokio_test::assert_pending!(response.poll());
                let (request, send) = handle.next_request().await.unwrap();
                assert!(request.headers().contains_key("x-number"));
                send.send_response(status(*code));
            }
            match (tokio_test::assert_ready!(response.poll()), last) {
                (Ok(response), Some(code)) => assert_eq!(response.status().as_u16(), code),
                (Err(error), None) => assert_eq!(error.kind(), ErrorKind::ReauthenticationRequired),
                (other, _) => panic!("{other:?}"),
            }
        }
    }

    #[tokio::test]
    async fn another_origin_is_refused_and_dropping_half_way_leaves_the_inner_service_free() {
        let (mut service, mut handle) = mock::spawn_layer::<Request<()>, Response<()>, _>(layer());
        let elsewhere = Request::get("https://elsewhere.example.com/").body(()).unwrap();
        assert_eq!(service.call(elsewhere).await.unwrap_err().kind(), ErrorKind::ForeignOrigin);
        handle.allow(0);
        let mut dropped = tokio_test::task::spawn(service.call(Request::get("/first").body(()).unwrap()));
        tokio_test::assert_pending!(dropped.poll());
        drop(dropped);
        handle.allow(1);
        let mut response = tokio_test::task::spawn(service.call(Request::get("/second").body(()).unwrap()));
        tokio_test::assert_pending!(response.poll());
        let (request, send) = handle.next_request().await.unwrap();
        assert_eq!(request.uri(), "/second");
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
