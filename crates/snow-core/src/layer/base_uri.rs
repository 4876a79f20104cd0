//! Makes every URI absolute, on one instance and no other.

use crate::{BoxError, Error, Instance, Kind};
use http::{Request, uri::PathAndQuery};
use pin_project_lite::pin_project;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tower_layer::Layer;
use tower_service::Service;

/// Completes URIs that name no host with the instance's origin and prefix. A URI that names another origin is an error,
/// never rewritten: what is below may add credentials.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), snow_core::Error> {
/// use http::{Request, Response};
/// use snow_core::{Instance, layer::BaseUriLayer};
/// use tower::{Layer, ServiceExt, service_fn};
///
/// let inner = service_fn(|request: Request<()>| async move {
///     Ok::<_, std::convert::Infallible>(Response::new(request.uri().to_string()))
/// });
/// let service = BaseUriLayer::new(Instance::parse("https://gateway.example.com/snow")?).layer(inner);
/// let answer = service.oneshot(Request::get("/api/now/table/incident").body(()).unwrap()).await?;
/// assert_eq!(answer.body(), "https://gateway.example.com/snow/api/now/table/incident");
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct BaseUriLayer {
    instance: Arc<Instance>,
}

impl BaseUriLayer {
    /// For this instance.
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
        match place(&self.instance, &mut request) {
            Ok(()) => BaseUriFuture { state: State::Sent { inner: self.inner.call(request) } },
            Err(error) => BaseUriFuture { state: State::Refused { error: Some(error) } },
        }
    }
}

fn place<B>(instance: &Instance, request: &mut Request<B>) -> Result<(), Error> {
    if !instance.origin().covers(request.uri()) {
        let elsewhere = request.uri().host().unwrap_or("another host");
        let why =
            format!("the request is for {elsewhere}, and this client speaks to {} only", instance.origin());
        return Err(Error::new(Kind::ForeignOrigin, why));
    }
    if request.uri().authority().is_none() {
        let root = PathAndQuery::from_static("/");
        *request.uri_mut() = instance.place(request.uri().path_and_query().unwrap_or(&root))?;
    }
    Ok(())
}

pin_project! {
    /// The future of [`BaseUri`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct BaseUriFuture<F> { #[pin] state: State<F> }
}

pin_project! {
    #[derive(Debug)]
    #[project = Projected]
    enum State<F> {
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
        match self.project().state.project() {
            Projected::Sent { inner } => inner.poll(cx).map_err(Error::wrap),
            Projected::Refused { error } => match error.take() {
                Some(error) => Poll::Ready(Err(error)),
                None => Poll::Pending, // polled after it was done, which a future need not survive
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
        crate::layer::proof::is_transparent(layer()).await;
        crate::layer::proof::lets_go(layer()).await;
    }

    #[tokio::test]
    async fn completes_what_names_no_host_and_refuses_another_one() {
        let (mut service, mut handle) = mock::spawn_layer::<Request<()>, (), _>(layer());
        tokio_test::assert_ready_ok!(service.poll_ready());
        let answer = service.call(Request::get("/a?b=c").body(()).unwrap());
        let (request, send) = handle.next_request().await.unwrap();
        assert_eq!(request.uri(), "https://dev1.service-now.com/a?b=c");
        send.send_response(());
        answer.await.unwrap();

        tokio_test::assert_ready_ok!(service.poll_ready());
        let foreign = service.call(Request::get("https://evil.com/a").body(()).unwrap()).await;
        assert_eq!(foreign.unwrap_err().kind(), Kind::ForeignOrigin);
    }
}
