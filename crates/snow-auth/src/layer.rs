//! Adds the token to each request. After a 401 it refreshes the token once and sends the request once more.

use crate::OAuth;
use crate::foreign_origin::refuse_elsewhere;
use crate::oauth::BearerHeader;
use crate::waiting::{FirstDeparture, note_wait, sent_before};
use futures_util::future::BoxFuture;
use http::{Request, Response, StatusCode, header};
use pin_project_lite::pin_project;
use snow_core::{BoxError, Error, Late, Replay, clone_request};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tower::ServiceExt;
use tower_layer::Layer;
use tower_service::Service;

/// A layer that adds `Authorization: Bearer` to every request for one origin, with a token that all users of one [`OAuth`]
/// share.
///
/// - An expired token is refreshed before the request is sent: once, however many requests wait for it.
/// - After a 401 the token is refreshed once, and the request is sent once more if its body can be sent again (see [`Replay`]).
///   If the refresh returns the same token, the caller gets the 401.
///
/// The layer is always ready; its future waits for the inner service. So a token request and a data request may share a
/// concurrency limit.
///
/// See [`OAuth`] for an example.
///
/// # Order in the stack
///
/// The layer goes inside of [`BaseUriLayer`](snow_core::layer::BaseUriLayer), because it compares the origin of the URI, and inside
/// of [`RetryLayer`](snow_core::layer::RetryLayer), so that each attempt gets the current token.
///
/// The response with the 401 is kept while the token is refreshed, because the caller may get it in the end. A limit inside of this
/// layer that counts responses until their bodies are read must not apply to the token request.
///
/// # Defaults
///
/// A token is refreshed 30 s before it expires, or a tenth of its lifetime before if that is less.
/// [`OAuthBuilder`](crate::OAuthBuilder) has the settings.
///
/// # Errors
///
/// - [`ErrorKind::ForeignOrigin`](snow_core::ErrorKind::ForeignOrigin) for a request for another origin, which is not sent.
/// - The error of the token request or the token store, if no token could be obtained or saved. The request was not sent then,
///   or was refused with 401.
#[derive(Clone, Debug)]
pub struct OAuthLayer {
    oauth: OAuth,
}

impl OAuthLayer {
    /// Creates a layer that shares this client's token.
    pub fn new(oauth: OAuth) -> Self {
        Self { oauth }
    }
}

impl OAuth {
    /// Creates a layer that adds the token of this client to every request.
    pub fn layer(&self) -> OAuthLayer {
        OAuthLayer::new(self.clone())
    }
}

impl<S> Layer<S> for OAuthLayer {
    type Service = OAuthService<S>;

    fn layer(&self, inner: S) -> OAuthService<S> {
        OAuthService { inner, oauth: self.oauth.clone() }
    }
}

/// The service of [`OAuthLayer`].
#[derive(Clone, Debug)]
pub struct OAuthService<S> {
    inner: S,
    oauth: OAuth,
}

impl<S> OAuthService<S> {
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

impl<S, B, R> Service<Request<B>> for OAuthService<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
    B: Replay + Send + 'static,
    R: Send + 'static,
{
    type Response = Response<R>;
    type Error = Error;
    type Future = OAuthFuture<S, B, R>;

    /// Returns ready at once: see [`OAuthLayer`].
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> OAuthFuture<S, B, R> {
        let foreign = refuse_elsewhere(self.oauth.origin(), request.uri(), "this token is").err();
        let stage = if foreign.is_some() {
            Stage::Refused { error: foreign }
        } else if let Some(token) = self.oauth.header_now() {
            let (departure, again) = (FirstDeparture::of(&request), clone_request(&request));
            let refusal = Box::new(RefusedCall { service: self.clone(), departure, again, token });
            let call = Late::new(&mut self.inner, with_token(request, &refusal.token));
            Stage::Sent { call, refusal: Some(refusal) }
        } else {
            Stage::Waiting { call: Box::pin(self.clone().wait_and_send(request)) }
        };
        OAuthFuture { stage }
    }
}

fn with_token<B>(mut request: Request<B>, token: &BearerHeader) -> Request<B> {
    request.headers_mut().insert(header::AUTHORIZATION, token.value.clone());
    request
}

impl OAuth {
    /// Notes that the instance let a call in with this token. A 403 may be due to the token all the same.
    fn let_in<R>(&self, token: &BearerHeader, response: Response<R>) -> Response<R> {
        let response = match response.status() {
            StatusCode::FORBIDDEN => self.with_login(token, response),
            _ => response,
        };
        token.mark_accepted();
        response
    }

    /// Adds to a refusal what the advice of its error depends on.
    fn with_login<R>(&self, token: &BearerHeader, mut response: Response<R>) -> Response<R> {
        response.extensions_mut().insert(self.login_used(token));
        response
    }
}

impl<S> OAuthService<S> {
    /// Sends a request that has no usable token at once: it waits for one.
    async fn wait_and_send<B, R>(self, request: Request<B>) -> Result<Response<R>, Error>
    where
        S: Service<Request<B>, Response = Response<R>> + Clone,
        S::Error: Into<BoxError>,
        B: Replay,
    {
        let waiting = note_wait(&request, || self.oauth.what_it_waits_for());
        let token = self.oauth.header().await?;
        drop(waiting);
        let (departure, again) = (FirstDeparture::of(&request), clone_request(&request));
        let response = self.inner.clone().oneshot(with_token(request, &token)).await.map_err(Error::wrap)?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return Ok(self.oauth.let_in(&token, response));
        }
        RefusedCall { service: self, departure, again, token }.refresh_and_send(response).await
    }
}

/// What is kept of a call for the case that its token is refused.
struct RefusedCall<S, B> {
    service: OAuthService<S>,
    departure: FirstDeparture,
    again: Option<Request<B>>,
    token: BearerHeader,
}

impl<S, B> RefusedCall<S, B> {
    /// Sends the request once more if the refresh returns another token; else the caller gets the 401.
    async fn refresh_and_send<R>(self, response: Response<R>) -> Result<Response<R>, Error>
    where
        S: Service<Request<B>, Response = Response<R>>,
        S::Error: Into<BoxError>,
    {
        self.departure.was_refused();
        let oauth = self.service.oauth.clone();
        let waiting = self.again.as_ref().and_then(|again| note_wait(again, || oauth.what_it_waits_for()));
        let refreshed = match oauth.header_after_refusal(self.token.generation).await {
            Ok(refreshed) => refreshed,
            Err(error) => return Err(refresh_failed(error)), // drops the response
        };
        drop(waiting);
        match self.again {
            Some(request) if refreshed.generation != self.token.generation => {
                drop(response);
                let request = with_token(sent_before(request), &refreshed);
                let again = self.service.inner.oneshot(request).await.map_err(Error::wrap)?;
                Ok(match again.status() {
                    StatusCode::UNAUTHORIZED => oauth.with_login(&refreshed, again),
                    _ => oauth.let_in(&refreshed, again),
                })
            }
            _ => Ok(oauth.with_login(&refreshed, response)),
        }
    }
}

/// Adds to the error of a refresh that the token had been refused.
fn refresh_failed(error: Error) -> Error {
    error
        .with_context("the instance refused the token (401), and a new one could not be obtained")
        .before_sending()
}

pin_project! {
    /// The future of [`OAuthService`].
    #[must_use = "futures do nothing unless awaited"]
    pub struct OAuthFuture<S, B, R>
    where
        S: Service<Request<B>>,
    {
        #[pin] stage: Stage<S, B, R>,
    }
}

pin_project! {
    // Nearly every request finds a usable token, so the rarer cases are on the heap.
    #[project = Projected]
    enum Stage<S, B, R>
    where
        S: Service<Request<B>>,
    {
        Sent { #[pin] call: Late<S, B>, refusal: Option<Box<RefusedCall<S, B>>> },
        Waiting { call: BoxFuture<'static, Result<Response<R>, Error>> },
        Refused { error: Option<Error> },
    }
}

impl<S, B, R> Future for OAuthFuture<S, B, R>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
    B: Send + 'static,
    R: Send + 'static,
{
    type Output = Result<Response<R>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut stage = self.project().stage;
        loop {
            match stage.as_mut().project() {
                Projected::Sent { call, refusal } => {
                    let response = ready!(call.poll(cx)).map_err(Error::wrap)?;
                    let refused = response.status() == StatusCode::UNAUTHORIZED;
                    match refusal.take() {
                        Some(refusal) if !refused => {
                            return Poll::Ready(Ok(refusal.service.oauth.let_in(&refusal.token, response)));
                        }
                        None => return Poll::Ready(Ok(response)),
                        Some(refusal) => {
                            stage.set(Stage::Waiting { call: Box::pin(refusal.refresh_and_send(response)) });
                        }
                    }
                }
                Projected::Waiting { call } => return call.as_mut().poll(cx),
                Projected::Refused { error } => {
                    let what = "the future of a request that got no token was polled after it had completed";
                    return Poll::Ready(Err(error.take().unwrap_or_else(|| Error::internal(what))));
                }
            }
        }
    }
}

impl<S, B, R> fmt::Debug for OAuthFuture<S, B, R>
where
    S: Service<Request<B>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OAuthFuture")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use snow_core::{ErrorKind, Instance};
    use tower_test::mock;

    fn oauth() -> OAuth {
        let nobody = tower::service_fn(|_: Request<snow_core::Body>| async {
            Err::<Response<snow_core::Body>, _>(Error::new(ErrorKind::Connect, "nobody is asked here"))
        });
        let oauth = OAuth::builder()
            .client_id("id")
            .client_secret("secret")
            .build(&Instance::parse("dev1").unwrap(), nobody);
        let oauth = oauth.unwrap();
        oauth.set_token(serde_json::from_str::<crate::Token>(r#"{"access_token":"abc"}"#).unwrap()).unwrap();
        oauth
    }

    /// It is ready at once, however busy the inner service is: a clone of that is awaited inside the future.
    #[tokio::test]
    async fn is_always_ready_and_waits_inside_its_future() {
        let (mut service, mut handle) = mock::spawn_layer::<Request<()>, Response<()>, _>(oauth().layer());
        handle.allow(0);
        tokio_test::assert_ready_ok!(service.poll_ready());
        let mut response = tokio_test::task::spawn(service.call(Request::get("/").body(()).unwrap()));
        tokio_test::assert_pending!(response.poll());
        handle.allow(1);
        tokio_test::assert_pending!(response.poll());
        let (request, send) = handle.next_request().await.unwrap();
        assert_eq!(request.headers()["authorization"], "Bearer abc");
        assert!(request.headers()["authorization"].is_sensitive());
        send.send_response(Response::new(()));
        assert_eq!(tokio_test::assert_ready_ok!(response.poll()).status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn dropped_half_way_it_leaves_the_inner_service_free() {
        let (mut service, mut handle) = mock::spawn_layer::<Request<()>, Response<()>, _>(oauth().layer());
        handle.allow(0);
        let first = Request::get("/first").body(()).unwrap();
        let mut dropped = tokio_test::task::spawn(service.call(first));
        tokio_test::assert_pending!(dropped.poll());
        drop(dropped);
        handle.allow(1);
        let mut response = tokio_test::task::spawn(service.call(Request::get("/second").body(()).unwrap()));
        tokio_test::assert_pending!(response.poll());
        let (request, send) = handle.next_request().await.unwrap();
        assert_eq!(request.uri(), "/second");
        send.send_response(Response::new(()));
        tokio_test::assert_ready_ok!(response.poll());
    }

    #[tokio::test]
    async fn a_foreign_error_passes_and_an_own_one_is_not_nested() {
        let (mut service, mut handle) = mock::spawn_layer::<Request<()>, Response<()>, _>(oauth().layer());
        let mut response = tokio_test::task::spawn(service.call(Request::get("/").body(()).unwrap()));
        tokio_test::assert_pending!(response.poll());
        handle.next_request().await.unwrap().1.send_error(Error::new(ErrorKind::InstanceBusy, "below"));
        assert_eq!(tokio_test::assert_ready_err!(response.poll()).kind(), ErrorKind::InstanceBusy);
    }
    #[tokio::test]
    async fn the_inner_service_can_be_reached_changed_and_taken_back() {
        let mut service = oauth().layer().layer("inner");
        assert_eq!(*service.get_ref(), "inner");
        *service.get_mut() = "changed";
        assert_eq!(service.into_inner(), "changed");
    }
}
