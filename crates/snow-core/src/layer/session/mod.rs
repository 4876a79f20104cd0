//! The layer that keeps the cookies of the service's sessions, or none.
#![warn(clippy::arithmetic_side_effects)]

mod cookie_jar;
mod pool;
#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test may fail")]
mod tests;

use crate::late::Late;
use crate::layer::inner_service::inner_service_accessors;
use crate::{BoxError, Error, Origin};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use pool::{SessionGuard, SessionPool};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::sync::OwnedSemaphorePermit;
use tower_layer::Layer;
use tower_service::Service;

/// Decides whether requests share sessions of the service.
///
/// [`none`](Self::none) keeps no cookies. Each request logs in anew, and any number of requests run at once. `snow-client` does so by
/// default.
///
/// [`pooled`](Self::pooled) keeps a number of sessions. That saves the login, and a read sees what a write of the same session left.
/// The service runs one request of a session at a time, and responds 202 when too many wait for it, so each session has one request in
/// flight, and further requests wait until a session is free. The cookies of a session are sent to its origin alone. They are
/// forgotten when a request brings another `Authorization`, after a 401 or 202, and when a response is not read to its end, because the
/// service may still be busy with it.
///
/// A request that brings a `Cookie` header or goes to another origin passes through unchanged.
///
/// # Order in the stack
///
/// Below the layer of the credentials, because sessions belong to an `Authorization`, and below the
/// [`RetryLayer`](super::RetryLayer). With sessions the layer is always ready: it waits inside its future.
///
/// # Defaults
///
/// A request waits at most one minute for a session.
///
/// # Per request
///
/// There are no options.
///
/// # Errors
///
/// [`ErrorKind::PermitTimeout`](crate::ErrorKind::PermitTimeout) if no session is free in time, or
/// [`ErrorKind::Other`](crate::ErrorKind::Other) if a request has to wait outside a tokio runtime.
///
/// # Panics
///
/// The future panics in a tokio runtime without timers when it has to wait: call `enable_time()` or `enable_all()` on the runtime's
/// builder.
///
/// # Examples
///
/// ```
/// use snow_client::{Instance, layer::SessionLayer};
///
/// let instance = Instance::parse("dev12345")?;
/// let layer = SessionLayer::pooled(instance.origin(), 4);
/// # Ok::<_, snow_core::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct SessionLayer {
    pool: Option<Arc<SessionPool>>,
}

impl SessionLayer {
    /// Creates a layer that keeps no cookies.
    pub fn none() -> Self {
        Self { pool: None }
    }

    /// Creates a layer that keeps `sessions` sessions with the instance at this origin; `0` is treated as `1`.
    pub fn pooled(origin: &Origin, sessions: usize) -> Self {
        Self { pool: Some(Arc::new(SessionPool::new(origin, sessions))) }
    }
}

impl<S> Layer<S> for SessionLayer {
    type Service = Session<S>;

    fn layer(&self, inner: S) -> Session<S> {
        Session { inner, pool: self.pool.clone() }
    }
}

/// The service of [`SessionLayer`].
#[derive(Clone, Debug)]
pub struct Session<S> {
    inner: S,
    pool: Option<Arc<SessionPool>>,
}

impl<S> Session<S> {
    inner_service_accessors!();
}

impl<S, B, R> Service<Request<B>> for Session<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone,
    S::Error: Into<BoxError>,
    R: Body,
{
    type Response = Response<SessionBody<R>>;
    type Error = Error;
    type Future = SessionFuture<S, B>;

    /// Reports readiness when the inner service is ready; with sessions always, because it then waits inside its future.
    #[inline]
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if self.pool.is_some() { Poll::Ready(Ok(())) } else { self.inner.poll_ready(cx).map_err(Error::wrap) }
    }

    #[inline(always)]
    fn call(&mut self, request: Request<B>) -> SessionFuture<S, B> {
        let call = match &self.pool {
            None => SessionCall::Direct { call: self.inner.call(request) },
            Some(pool) if pool.serves(&request) => {
                let (pool, wait) = (pool.clone(), Box::pin(pool.clone().acquire()));
                let waiting = WaitingRequest { wait, pool, service: self.inner.clone(), request };
                SessionCall::Waiting { request: Some(Box::new(waiting)) }
            }
            Some(_) => SessionCall::Sent { call: Late::new(&mut self.inner, request), session: None },
        };
        SessionFuture { call }
    }
}

/// A request that waits for a session.
struct WaitingRequest<S, B> {
    wait: BoxFuture<'static, Result<OwnedSemaphorePermit, Error>>,
    pool: Arc<SessionPool>,
    service: S,
    request: Request<B>,
}

pin_project! {
    /// The future of [`Session`].
    #[must_use = "futures do nothing unless awaited"]
    pub struct SessionFuture<S, B>
    where
        S: Service<Request<B>>,
    {
        #[pin]
        call: SessionCall<S, B>,
    }
}

pin_project! {
    #[project = Projected]
    enum SessionCall<S, B>
    where
        S: Service<Request<B>>,
    {
        Direct { #[pin] call: S::Future },
        Waiting { request: Option<Box<WaitingRequest<S, B>>> },
        Sent { #[pin] call: Late<S, B>, session: Option<Box<SessionGuard>> },
    }
}

impl<S, B, R> Future for SessionFuture<S, B>
where
    S: Service<Request<B>, Response = Response<R>> + Clone,
    S::Error: Into<BoxError>,
    R: Body,
{
    type Output = Result<Response<SessionBody<R>>, Error>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.call.as_mut().project() {
                Projected::Direct { call } => return with_session(call.poll(cx), &mut None),
                Projected::Sent { call, session } => return with_session(call.poll(cx), session),
                Projected::Waiting { request } => {
                    let mut waiting = request.take().ok_or_else(polled_again)?;
                    let Poll::Ready(permit) = waiting.wait.as_mut().poll(cx) else {
                        *request = Some(waiting);
                        return Poll::Pending;
                    };
                    let session = Some(Box::new(waiting.pool.enter(permit?, &mut waiting.request)));
                    let call = Late::new(&mut waiting.service, waiting.request);
                    this.call.set(SessionCall::Sent { call, session });
                }
            }
        }
    }
}

fn polled_again() -> Error {
    Error::internal("the future of a request that waited for a session was polled after it had completed")
}

/// Gives the session to the body of the response, after it has learned from the head.
#[inline(always)]
fn with_session<R: Body, E: Into<BoxError>>(
    response: Poll<Result<Response<R>, E>>,
    session: &mut Option<Box<SessionGuard>>,
) -> Poll<Result<Response<SessionBody<R>>, Error>> {
    match response {
        Poll::Ready(Ok(response)) => {
            let mut session = session.take();
            session.iter_mut().for_each(|session| session.update(response.status(), response.headers()));
            Poll::Ready(Ok(response.map(|body| SessionBody::new(body, session))))
        }
        Poll::Ready(Err(error)) => {
            *session = None;
            Poll::Ready(Err(Error::wrap(error)))
        }
        Poll::Pending => Poll::Pending,
    }
}

impl<S: Service<Request<B>>, B> fmt::Debug for SessionFuture<S, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionFuture")
    }
}

pin_project! {
    /// The body of a response. When it is read to its end, its session is free again; when it is dropped before, the session is
    /// discarded.
    #[derive(Debug)]
    pub struct SessionBody<R> {
        #[pin]
        body: R,
        session: Option<Box<SessionGuard>>,
    }
}

impl<R: Body> SessionBody<R> {
    #[inline(always)]
    fn new(body: R, session: Option<Box<SessionGuard>>) -> Self {
        let mut body = Self { body, session };
        if body.session.is_some() && body.body.is_end_stream() {
            pool::release(&mut body.session);
        }
        body
    }
}

impl<R> Body for SessionBody<R>
where
    R: Body<Data = Bytes>,
{
    type Data = Bytes;
    type Error = R::Error;

    #[inline]
    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, R::Error>>> {
        let mut this = self.project();
        let frame = ready!(this.body.as_mut().poll_frame(cx));
        if this.session.is_none() {
            return Poll::Ready(frame);
        }
        match &frame {
            Some(Err(_)) => *this.session = None,
            Some(Ok(_)) if !this.body.is_end_stream() => {}
            _ => pool::release(this.session),
        }
        Poll::Ready(frame)
    }

    #[inline]
    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    #[inline]
    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
