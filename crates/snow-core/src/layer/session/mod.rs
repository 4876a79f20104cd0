//! Cookies: none, or as many sessions as there may be requests at once.
#![warn(clippy::arithmetic_side_effects)]

mod cookie_jar;
mod pool;

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

/// How the service's sessions are used.
///
/// [`none`](Self::none) keeps no cookie: each request is one of its own to the service, which logs it in afresh, and any
/// number run at once. It is what the facade does by default.
///
/// [`pooled`](Self::pooled) keeps a number of sessions. The service runs one request of a session at a time and answers 202
/// when too many wait for it (facts 8.3), so each session has one request in flight, and a request waits for a free one: at
/// most a minute, then it fails with [`ErrorKind::PermitTimeout`](crate::ErrorKind::PermitTimeout). It saves the login, and a read finds what a write of the
/// same session left. The cookies of a session stay with it and with the origin; they are forgotten when a request comes
/// with another `Authorization`, after a 401 or 202, and when an answer is not read to its end: the service may still be busy
/// with it.
///
/// A request that brings a `Cookie` of its own, or goes to another origin, passes through as it is.
///
/// ```
/// use snow_core::{Instance, layer::SessionLayer};
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
    /// No cookies.
    pub fn none() -> Self {
        Self { pool: None }
    }

    /// So many sessions with the instance at this origin; none is one.
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

    /// Without sessions as ready as what is below; else always, and it waits inside its future.
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
    answer: Poll<Result<Response<R>, E>>,
    session: &mut Option<Box<SessionGuard>>,
) -> Poll<Result<Response<SessionBody<R>>, Error>> {
    match answer {
        Poll::Ready(Ok(answer)) => {
            let mut session = session.take();
            session.iter_mut().for_each(|session| session.learn(answer.status(), answer.headers()));
            Poll::Ready(Ok(answer.map(|body| SessionBody::new(body, session))))
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
    /// The body of an answer, whose session is free again when it was read to its end, and begins anew when it was not.
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
            pool::give_back(&mut body.session);
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
            _ => pool::give_back(this.session),
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

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test may fail")]
mod tests {
    use super::*;
    use crate::ErrorKind;
    use crate::layer::contract;
    use crate::{Body as OwnBody, Instance};
    use http::header;
    use tower::{ServiceExt, service_fn};

    fn pooled(sessions: usize) -> SessionLayer {
        SessionLayer::pooled(Instance::parse("dev1").unwrap().origin(), sessions)
    }

    /// Tells which cookies came, and opens a session for a request without.
    fn instance() -> impl Service<
        Request<OwnBody>,
        Response = Response<OwnBody>,
        Error = Error,
        Future = std::future::Ready<Result<Response<OwnBody>, Error>>,
    > + Clone {
        let sessions = Arc::new(std::sync::atomic::AtomicU32::new(0));
        service_fn(move |request: Request<OwnBody>| {
            let cookie =
                request.headers().get(header::COOKIE).map(|value| value.to_str().unwrap().to_owned());
            let mut answer = Response::builder();
            if cookie.is_none() {
                let number = sessions.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                answer = answer.header(header::SET_COOKIE, format!("JSESSIONID={number}; Path=/; HttpOnly"));
            }
            let status = if request.uri().path() == "/401" { 401 } else { 200 };
            let body = OwnBody::from(cookie.unwrap_or("none".to_owned()));
            std::future::ready(Ok(answer.status(status).body(body).unwrap()))
        })
    }

    fn request(path: &str, user: &str) -> Request<OwnBody> {
        Request::get(path).header("authorization", user).body(OwnBody::empty()).unwrap()
    }

    async fn cookies<S>(service: &S, request: Request<OwnBody>) -> Bytes
    where
        S: Service<Request<OwnBody>, Response = Response<SessionBody<OwnBody>>, Error = Error> + Clone,
    {
        let answer = service.clone().oneshot(request).await.unwrap();
        read(answer.into_body()).await
    }

    async fn read(body: SessionBody<OwnBody>) -> Bytes {
        http_body_util::BodyExt::collect(body).await.unwrap().to_bytes()
    }

    #[tokio::test]
    async fn passes_errors_and_bodies_through_and_waits_inside_its_future() {
        contract::is_transparent(SessionLayer::none()).await;
        contract::lets_go(SessionLayer::none()).await;
        contract::is_late(pooled(1)).await;
        contract::lets_go(pooled(1)).await;
        contract::completes_again(pooled(1));
        contract::completes_again(SessionLayer::none());
    }

    #[tokio::test]
    async fn without_sessions_no_cookie_is_kept() {
        let service = SessionLayer::none().layer(instance());
        for _ in 0..2 {
            assert_eq!(cookies(&service, request("/", "anna")).await, "none");
        }
    }

    #[tokio::test]
    async fn a_session_is_used_again_by_the_same_user_only() {
        let service = pooled(1).layer(instance());
        assert_eq!(cookies(&service, request("/", "anna")).await, "none");
        assert_eq!(cookies(&service, request("/", "anna")).await, "JSESSIONID=0");
        assert_eq!(cookies(&service, request("/", "ben")).await, "none");
        assert_eq!(cookies(&service, request("/", "ben")).await, "JSESSIONID=1");
        assert_eq!(cookies(&service, request("/", "anna")).await, "none");
    }

    #[tokio::test]
    async fn nothing_goes_to_another_origin_and_own_cookies_stay() {
        let service = pooled(1).layer(instance());
        cookies(&service, request("/", "anna")).await;
        assert_eq!(cookies(&service, request("https://elsewhere.example.com/", "anna")).await, "none");
        let mut own = request("/", "anna");
        own.headers_mut().insert(header::COOKIE, "mine=1".parse().unwrap());
        assert_eq!(cookies(&service, own).await, "mine=1");
        assert_eq!(cookies(&service, request("/", "anna")).await, "JSESSIONID=0");
    }

    #[tokio::test]
    async fn a_session_that_was_refused_or_abandoned_begins_anew() {
        let service = pooled(1).layer(instance());
        cookies(&service, request("/", "anna")).await;
        cookies(&service, request("/401", "anna")).await;
        assert_eq!(cookies(&service, request("/", "anna")).await, "none");
        drop(service.clone().oneshot(request("/", "anna")).await.unwrap());
        assert_eq!(cookies(&service, request("/", "anna")).await, "none");
        assert_eq!(cookies(&service, request("/", "anna")).await, "JSESSIONID=2");
    }

    /// One request in flight each; and waiting ends.
    #[tokio::test(start_paused = true)]
    async fn two_requests_never_share_a_session() {
        let service = pooled(2).layer(instance());
        let first = service.clone().oneshot(request("/", "anna")).await.unwrap();
        let second = service.clone().oneshot(request("/", "anna")).await.unwrap();
        let third = service.clone().oneshot(request("/", "anna")).await.unwrap_err();
        assert_eq!(third.kind(), ErrorKind::PermitTimeout);
        assert!(third.is_retryable() && third.to_string().contains("all 2"), "{third}");
        read(first.into_body()).await;
        read(second.into_body()).await;
        let both =
            [cookies(&service, request("/", "anna")).await, cookies(&service, request("/", "anna")).await];
        assert!(both.iter().all(|cookie| cookie.starts_with(b"JSESSIONID=")), "{both:?}");
    }
}
