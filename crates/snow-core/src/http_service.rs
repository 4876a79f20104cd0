//! One type for all stacks.

use crate::late::Late;
use crate::{Body, BoxError, Error};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use pin_project_lite::pin_project;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::{fmt, future::Future, pin::Pin};
use tower_service::Service;

/// A stack of layers with its type erased: cheap to clone (one `Arc`), `Send` and `Sync`, and always ready.
///
/// A client that holds one needs no type parameters. A call waits inside its future until the stack is ready, so that a call that
/// waits holds up no other.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), snow_core::Error> {
/// use http::{Request, Response};
/// use snow_client::transport::{Body, HttpService};
///
/// let service = HttpService::new(tower::service_fn(|_: Request<Body>| async {
///     Ok::<_, std::convert::Infallible>(Response::new(Body::from("hello")))
/// }));
/// let response = service.send(Request::new(Body::empty())).await?;
/// assert_eq!(response.into_body().collect(64).await?, "hello");
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct HttpService(Arc<dyn Erased>);

trait Erased: Send + Sync {
    fn send(&self, request: Request<Body>) -> BoxFuture<'static, Result<Response<Body>, Error>>;

    /// Returns the name of the stack's type.
    fn name(&self) -> &'static str;
}

/// A stack, and a clone that calls use by turns: cloning a deep stack costs an atomic operation for everything that clones share.
struct Stack<S> {
    stack: S,
    shared: Mutex<S>,
}

impl<S, R> Erased for Stack<S>
where
    S: Service<Request<Body>, Response = Response<R>> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
    R: http_body::Body<Data = Bytes> + Send + 'static,
    R::Error: Into<BoxError>,
{
    fn send(&self, request: Request<Body>) -> BoxFuture<'static, Result<Response<Body>, Error>> {
        let call = match self.shared.try_lock() {
            Ok(mut stack) => {
                let call = Late::new(&mut *stack, request);
                if call.is_waiting() {
                    *stack = self.stack.clone(); // a clone of a stack that was not ready may never be
                }
                call
            }
            Err(_) => Late::new(&mut self.stack.clone(), request),
        };
        Box::pin(Call { call })
    }

    fn name(&self) -> &'static str {
        std::any::type_name::<S>()
    }
}

pin_project! {
    /// A call whose body and error are converted to those of this crate.
    struct Call<F> { #[pin] call: F }
}

impl<F, R, E> Future for Call<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    R: http_body::Body<Data = Bytes> + Send + 'static,
    R::Error: Into<BoxError>,
    E: Into<BoxError>,
{
    type Output = Result<Response<Body>, Error>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().call.poll(cx) {
            Poll::Ready(Ok(response)) => Poll::Ready(Ok(response.map(Body::stream))),
            Poll::Ready(Err(error)) => Poll::Ready(Err(Error::wrap(error))),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl HttpService {
    /// Erases the type of a stack. Its errors are converted by [`Error::wrap`], so that an [`Error`] is never nested.
    pub fn new<S, R>(stack: S) -> Self
    where
        S: Service<Request<Body>, Response = Response<R>> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        S::Error: Into<BoxError>,
        R: http_body::Body<Data = Bytes> + Send + 'static,
        R::Error: Into<BoxError>,
    {
        Self(Arc::new(Stack { shared: Mutex::new(stack.clone()), stack }))
    }

    /// Sends a request, and returns the future of its response.
    pub fn send(&self, request: Request<Body>) -> HttpFuture {
        HttpFuture(self.0.send(request))
    }
}

impl Service<Request<Body>> for HttpService {
    type Response = Response<Body>;
    type Error = Error;
    type Future = HttpFuture;

    #[inline]
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    #[inline]
    fn call(&mut self, request: Request<Body>) -> HttpFuture {
        self.send(request)
    }
}

/// Writes the types of the layers, outermost first, without their content.
impl fmt::Debug for HttpService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HttpService(")?;
        self.0
            .name()
            .split_inclusive(['<', '>', ',', ' '])
            .try_for_each(|part| f.write_str(last_segment(part)))?;
        f.write_str(")")
    }
}

/// Returns `Retry<` of `snow_core::layer::retry::Retry<`.
fn last_segment(path: &str) -> &str {
    path.rsplit_once("::").map_or(path, |(_, last)| last)
}

/// The future of [`HttpService::send`].
#[must_use = "futures do nothing unless awaited"]
pub struct HttpFuture(BoxFuture<'static, Result<Response<Body>, Error>>);

impl Future for HttpFuture {
    type Output = Result<Response<Body>, Error>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

impl fmt::Debug for HttpFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HttpFuture")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::{BodyLimitLayer, TimeoutLayer};
    use tower_layer::Layer;

    #[test]
    fn shows_its_layers_outermost_first() {
        let below = HttpService::new(TimeoutLayer::new().layer(HttpService::new(Nobody)));
        let stack = HttpService::new(BodyLimitLayer::new(1).layer(TimeoutLayer::new().layer(below.clone())));
        assert_eq!(format!("{below:?}"), "HttpService(Timeout<HttpService>)");
        assert_eq!(format!("{stack:?}"), "HttpService(BodyLimit<Timeout<HttpService>>)");
    }

    #[derive(Clone)]
    struct Nobody;

    impl Service<Request<Body>> for Nobody {
        type Response = Response<Body>;
        type Error = Error;
        type Future = std::future::Ready<Result<Response<Body>, Error>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: Request<Body>) -> Self::Future {
            std::future::ready(Ok(Response::new(Body::empty())))
        }
    }
}
