//! A way to log in of the user's own.
#![warn(clippy::arithmetic_side_effects)]

use crate::layer::sent_before;
use crate::waiting::{FirstDeparture, note_wait};
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

/// A way to log in: what it adds to a request's head. A signature over the request, a session's cookie with its
/// `X-UserToken`, or a secret that is fetched from somewhere.
///
/// Headers that hold a secret had better be [marked sensitive](http::HeaderValue::set_sensitive).
pub trait Credentials: Send + Sync + 'static {
    /// What goes wrong.
    type Error: Into<BoxError>;

    /// Adds what it takes to be let in. Called for each attempt, with an absolute URI under the default stack.
    fn apply(&self, head: &mut request::Parts) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// The instance answered 401. Whether there are other credentials now, with which the request may be sent once more;
    /// by default there are none.
    fn refused(&self) -> impl Future<Output = Result<bool, Self::Error>> + Send {
        async { Ok(false) }
    }
}

/// Logs in with [`Credentials`] of one's own, at one origin. A request for another origin is refused.
///
/// The layer is always ready and waits for the service below inside its future.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use http::{HeaderValue, Request, Response, request};
/// use snow_auth::{Credentials, CredentialsLayer};
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
/// let instance = snow_core::Instance::parse("dev12345")?;
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
    /// Credentials for the instance at this origin.
    pub fn new(origin: &Origin, credentials: C) -> Self {
        Self::shared(origin, Arc::new(credentials))
    }

    /// Credentials that others use, too.
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

    /// Always ready: see [`CredentialsLayer`].
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
        if self.origin.covers(uri) {
            return Ok(());
        }
        let elsewhere = uri.host().unwrap_or("another host");
        let why =
            format!("the request is for {elsewhere}, and these credentials are for {} only", self.origin);
        Err(Error::new(ErrorKind::ForeignOrigin, why))
    }

    async fn apply<B>(&self, request: Request<B>) -> Result<Request<B>, Error> {
        let _waiting = note_wait(&request, || "its credentials".to_owned());
        let (mut head, body) = request.into_parts();
        self.credentials.apply(&mut head).await.map_err(failed)?;
        self.refuse_elsewhere(&head.uri)?;
        Ok(Request::from_parts(head, body))
    }
}

/// An [`Error`] of their own stays what it is.
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

    /// Has another number after each refusal, up to the second.
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
        for (answers, last) in [(&[401, 200][..], Some(200)), (&[401], Some(401)), (&[401], None)] {
            let mut answer = tokio_test::task::spawn(service.call(Request::get("/").body(()).unwrap()));
            for code in answers {
                tokio_test::assert_pending!(answer.poll());
                let (request, send) = handle.next_request().await.unwrap();
                assert!(request.headers().contains_key("x-number"));
                send.send_response(status(*code));
            }
            match (tokio_test::assert_ready!(answer.poll()), last) {
                (Ok(answer), Some(code)) => assert_eq!(answer.status().as_u16(), code),
                (Err(error), None) => assert_eq!(error.kind(), ErrorKind::ReauthenticationRequired),
                (other, _) => panic!("{other:?}"),
            }
        }
    }

    #[tokio::test]
    async fn another_origin_is_refused_and_dropping_half_way_takes_no_place_below() {
        let (mut service, mut handle) = mock::spawn_layer::<Request<()>, Response<()>, _>(layer());
        let elsewhere = Request::get("https://elsewhere.example.com/").body(()).unwrap();
        assert_eq!(service.call(elsewhere).await.unwrap_err().kind(), ErrorKind::ForeignOrigin);
        handle.allow(0);
        let mut dropped = tokio_test::task::spawn(service.call(Request::get("/first").body(()).unwrap()));
        tokio_test::assert_pending!(dropped.poll());
        drop(dropped);
        handle.allow(1);
        let mut answer = tokio_test::task::spawn(service.call(Request::get("/second").body(()).unwrap()));
        tokio_test::assert_pending!(answer.poll());
        let (request, send) = handle.next_request().await.unwrap();
        assert_eq!(request.uri(), "/second");
        send.send_error(Error::new(ErrorKind::InstanceBusy, "below"));
        assert_eq!(tokio_test::assert_ready_err!(answer.poll()).kind(), ErrorKind::InstanceBusy);
    }
}
