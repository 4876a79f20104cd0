//! The layer that makes URIs absolute, on one instance.

use crate::layer::inner_service::inner_service_accessors;
use crate::{BoxError, Error, ErrorKind, Instance};
use http::{Request, uri::PathAndQuery};
use pin_project_lite::pin_project;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tower_layer::Layer;
use tower_service::Service;

/// Completes URIs without a host with the origin and the path prefix of an instance.
///
/// # Order in the stack
///
/// Above every layer that needs the origin of a request, such as those of the credentials.
///
/// # Errors
///
/// [`ErrorKind::ForeignOrigin`] for a URI with another origin, which is never rewritten, because layers below may add credentials.
/// [`ErrorKind::UriTooLong`] if the completed URI is longer than 65,534 bytes.
///
/// # Examples
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), snow_core::Error> {
/// use http::{Request, Response};
/// use snow_client::{Instance, layer::BaseUriLayer};
/// use tower::{Layer, ServiceExt, service_fn};
///
/// let inner = service_fn(|request: Request<()>| async move {
///     Ok::<_, std::convert::Infallible>(Response::new(request.uri().to_string()))
/// });
/// let service = BaseUriLayer::new(Instance::parse("https://gateway.example.com/snow")?).layer(inner);
/// let response = service.oneshot(Request::get("/api/now/table/incident").body(()).unwrap()).await?;
/// assert_eq!(response.body(), "https://gateway.example.com/snow/api/now/table/incident");
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct BaseUriLayer {
    instance: Arc<Instance>,
}

impl BaseUriLayer {
    /// Creates a layer for this instance.
    pub fn new(instance: Instance) -> Self {
        Self { instance: Arc::new(instance) }
    }
}

impl<S> Layer<S> for BaseUriLayer {
    type Service = BaseUri<S>;

    fn layer(&self, inner: S) -> BaseUri<S> {
        BaseUri { inner, instance: self.instance.clone() }
    }
}

/// The service of [`BaseUriLayer`].
#[derive(Clone, Debug)]
pub struct BaseUri<S> {
    inner: S,
    instance: Arc<Instance>,
}

impl<S> BaseUri<S> {
    inner_service_accessors!();
}

impl<S, B> Service<Request<B>> for BaseUri<S>
where
    S: Service<Request<B>>,
    S::Error: Into<BoxError>,
{
    type Response = S::Response;
    type Error = Error;
    type Future = BaseUriFuture<S::Future>;

    #[inline]
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Error::wrap)
    }

    #[inline(always)]
    fn call(&mut self, mut request: Request<B>) -> BaseUriFuture<S::Future> {
        match resolve(&self.instance, &mut request) {
            Ok(()) => BaseUriFuture { call: BaseUriCall::Sent { inner: self.inner.call(request) } },
            Err(error) => BaseUriFuture { call: BaseUriCall::Refused { error: Some(error) } },
        }
    }
}

fn resolve<B>(instance: &Instance, request: &mut Request<B>) -> Result<(), Error> {
    if !instance.origin().covers(request.uri()) {
        let elsewhere = request.uri().host().unwrap_or("another host");
        let why = format!(
            "the request is for {elsewhere}, but this client sends requests to {} only",
            instance.origin()
        );
        return Err(Error::new(ErrorKind::ForeignOrigin, why));
    }
    if request.uri().authority().is_none() {
        let root = PathAndQuery::from_static("/");
        *request.uri_mut() = instance.resolve(request.uri().path_and_query().unwrap_or(&root))?;
    }
    Ok(())
}

pin_project! {
    /// The future of [`BaseUri`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct BaseUriFuture<F> { #[pin] call: BaseUriCall<F> }
}

pin_project! {
    #[derive(Debug)]
    #[project = Projected]
    enum BaseUriCall<F> {
        Sent { #[pin] inner: F },
        Refused { error: Option<Error> },
    }
}

impl<F, R, E> Future for BaseUriFuture<F>
where
    F: Future<Output = Result<R, E>>,
    E: Into<BoxError>,
{
    type Output = Result<R, Error>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().call.project() {
            Projected::Sent { inner } => inner.poll(cx).map_err(Error::wrap),
            Projected::Refused { error } => match error.take() {
                Some(error) => Poll::Ready(Err(error)),
                None => {
                    let what = "the future of a refused request was polled after it had completed";
                    Poll::Ready(Err(Error::internal(what)))
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tower_test::mock;

    fn layer() -> BaseUriLayer {
        BaseUriLayer::new(Instance::parse("dev1").unwrap())
    }

    #[tokio::test]
    async fn passes_readiness_errors_and_bodies_through() {
        crate::layer::contract::is_transparent(layer()).await;
        crate::layer::contract::lets_go(layer()).await;
        crate::layer::contract::completes_again(layer());
    }

    #[tokio::test]
    async fn completes_what_names_no_host_and_refuses_another_one() {
        let (mut service, mut handle) = mock::spawn_layer::<Request<()>, (), _>(layer());
        tokio_test::assert_ready_ok!(service.poll_ready());
        let response = service.call(Request::get("/a?b=c").body(()).unwrap());
        let (request, send) = handle.next_request().await.unwrap();
        assert_eq!(request.uri(), "https://dev1.service-now.com/a?b=c");
        send.send_response(());
        response.await.unwrap();

        tokio_test::assert_ready_ok!(service.poll_ready());
        let mut foreign = service.call(Request::get("https://evil.com/a").body(()).unwrap());
        assert_eq!((&mut foreign).await.unwrap_err().kind(), ErrorKind::ForeignOrigin);
        assert_eq!((&mut foreign).await.unwrap_err().kind(), ErrorKind::Internal, "it is over");
    }
}
