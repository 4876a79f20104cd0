//! Adds the token; after a 401 renews it once and sends once more.

use crate::OAuth;
use crate::oauth::Ready;
use futures_util::future::BoxFuture;
use http::{Request, Response, StatusCode, header};
use pin_project_lite::pin_project;
use snow_core::{BoxError, Error, Kind, Late, Replay};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tower::ServiceExt;
use tower_layer::Layer;
use tower_service::Service;

/// Adds `Authorization: Bearer` to every request, with a token that all users of one [`OAuth`] share.
///
/// - A token that is over is renewed before the request goes out: once, however many requests wait for it.
/// - A 401 renews the token once and sends the request once more, if its body allows (see [`Replay`]). If the renewal
///   brings the same token, the 401 stands.
/// - A request for another origin is refused.
/// - The 401 is held while the token is renewed, because it may have to stand: a limit below this layer that counts answers
///   until their bodies are read has to leave the token request out.
///
/// The layer is always ready and waits for the service below inside its future, so that a token request and a data
/// request may share a concurrency limit.
///
/// See [`OAuth`] for an example.
#[derive(Clone, Debug)]
pub struct OAuthLayer {
    oauth: OAuth,
}

impl OAuthLayer {
    /// A layer that shares this client's token.
    pub fn new(oauth: OAuth) -> Self {
        Self { oauth }
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

    /// Always ready: see [`OAuthLayer`].
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> OAuthFuture<S, B, R> {
        let stage = if !self.oauth.origin().covers(request.uri()) {
            Stage::Refused { error: Some(elsewhere(&self.oauth, request.uri())) }
        } else if let Some(token) = self.oauth.ready() {
            let refusal = Box::new(Refusal { service: self.clone(), again: replay(&request), token });
            let call = Late::new(&mut self.inner, with_token(request, &refusal.token));
            Stage::Sent { call, refusal: Some(refusal) }
        } else {
            Stage::Waiting { call: Box::pin(self.clone().obtain_and_send(request)) }
        };
        OAuthFuture { stage }
    }
}

fn elsewhere(oauth: &OAuth, uri: &http::Uri) -> Error {
    let elsewhere = uri.host().unwrap_or("another host");
    let why = format!("the request is for {elsewhere}, and this token is for {} only", oauth.origin());
    Error::new(Kind::ForeignOrigin, why)
}

/// What it takes to send the request once more.
pub(crate) fn replay<B: Replay>(request: &Request<B>) -> Option<Request<B>> {
    let mut again = Request::new(request.body().replay()?);
    *again.method_mut() = request.method().clone();
    *again.uri_mut() = request.uri().clone();
    *again.version_mut() = request.version();
    *again.headers_mut() = request.headers().clone();
    *again.extensions_mut() = request.extensions().clone();
    Some(again)
}

fn with_token<B>(mut request: Request<B>, token: &Ready) -> Request<B> {
    request.headers_mut().insert(header::AUTHORIZATION, token.header.clone());
    request
}

impl<S> OAuthService<S> {
    /// The way of a request that finds no token it could go out with at once.
    async fn obtain_and_send<B, R>(self, request: Request<B>) -> Result<Response<R>, Error>
    where
        S: Service<Request<B>, Response = Response<R>> + Clone,
        S::Error: Into<BoxError>,
        B: Replay,
    {
        let token = self.oauth.get().await?;
        let again = replay(&request);
        let answer = self.inner.clone().oneshot(with_token(request, &token)).await.map_err(Error::wrap)?;
        if answer.status() != StatusCode::UNAUTHORIZED {
            token.accepted();
            return Ok(answer);
        }
        Refusal { service: self, again, token }.renew_and_send(answer).await
    }
}

/// What is kept for the case that the token is refused.
struct Refusal<S, B> {
    service: OAuthService<S>,
    again: Option<Request<B>>,
    token: Ready,
}

impl<S, B> Refusal<S, B> {
    /// A 401 whose renewal brings another token is sent again; any other stands.
    async fn renew_and_send<R>(self, answer: Response<R>) -> Result<Response<R>, Error>
    where
        S: Service<Request<B>, Response = Response<R>>,
        S::Error: Into<BoxError>,
    {
        let renewed = match self.service.oauth.after_refusal(self.token.generation).await {
            Ok(renewed) => renewed,
            Err(error) => return Err(after_401(error)), // drops the answer
        };
        match self.again {
            Some(request) if renewed.generation != self.token.generation => {
                drop(answer);
                let again =
                    self.service.inner.oneshot(with_token(request, &renewed)).await.map_err(Error::wrap)?;
                if again.status() != StatusCode::UNAUTHORIZED {
                    renewed.accepted();
                }
                Ok(again)
            }
            _ => Ok(answer),
        }
    }
}

/// Tells both: that the token was refused, and that no other could be had.
fn after_401(error: Error) -> Error {
    error
        .with_context("the instance refused the token (401), and a new one could not be had")
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
    // What is rarely waited for is on the heap: nearly every request finds a good token.
    #[project = Projected]
    enum Stage<S, B, R>
    where
        S: Service<Request<B>>,
    {
        Sent { #[pin] call: Late<S, B>, refusal: Option<Box<Refusal<S, B>>> },
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
                    let answer = ready!(call.poll(cx)).map_err(Error::wrap)?;
                    let refused = answer.status() == StatusCode::UNAUTHORIZED;
                    match refusal.take() {
                        Some(refusal) if !refused => {
                            refusal.token.accepted();
                            return Poll::Ready(Ok(answer));
                        }
                        None => return Poll::Ready(Ok(answer)),
                        Some(refusal) => {
                            stage.set(Stage::Waiting { call: Box::pin(refusal.renew_and_send(answer)) });
                        }
                    }
                }
                Projected::Waiting { call } => return call.as_mut().poll(cx),
                Projected::Refused { error } => {
                    return error.take().map_or(Poll::Pending, |error| Poll::Ready(Err(error)));
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
    use snow_core::Instance;
    use tower_test::mock;

    fn oauth() -> OAuth {
        let nobody = tower::service_fn(|_: Request<snow_core::Body>| async {
            Err::<Response<snow_core::Body>, _>(Error::new(Kind::Connect, "nobody is asked here"))
        });
        let oauth = OAuth::builder()
            .client_id("id")
            .client_secret("secret")
            .build(&Instance::parse("dev1").unwrap(), nobody);
        let oauth = oauth.unwrap();
        oauth.set_token(serde_json::from_str::<crate::Token>(r#"{"access_token":"abc"}"#).unwrap()).unwrap();
        oauth
    }

    /// Ready at once, however busy the service below is: it is waited for inside the future, by a clone.
    #[tokio::test]
    async fn is_always_ready_and_waits_inside_its_future() {
        let (mut service, mut handle) = mock::spawn_layer::<Request<()>, Response<()>, _>(oauth().layer());
        handle.allow(0);
        tokio_test::assert_ready_ok!(service.poll_ready());
        let mut answer = tokio_test::task::spawn(service.call(Request::get("/").body(()).unwrap()));
        tokio_test::assert_pending!(answer.poll());
        handle.allow(1);
        tokio_test::assert_pending!(answer.poll());
        let (request, send) = handle.next_request().await.unwrap();
        assert_eq!(request.headers()["authorization"], "Bearer abc");
        assert!(request.headers()["authorization"].is_sensitive());
        send.send_response(Response::new(()));
        assert_eq!(tokio_test::assert_ready_ok!(answer.poll()).status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn dropped_half_way_it_takes_no_place_below() {
        let (mut service, mut handle) = mock::spawn_layer::<Request<()>, Response<()>, _>(oauth().layer());
        handle.allow(0);
        let first = Request::get("/first").body(()).unwrap();
        let mut dropped = tokio_test::task::spawn(service.call(first));
        tokio_test::assert_pending!(dropped.poll());
        drop(dropped);
        handle.allow(1);
        let mut answer = tokio_test::task::spawn(service.call(Request::get("/second").body(()).unwrap()));
        tokio_test::assert_pending!(answer.poll());
        let (request, send) = handle.next_request().await.unwrap();
        assert_eq!(request.uri(), "/second");
        send.send_response(Response::new(()));
        tokio_test::assert_ready_ok!(answer.poll());
    }

    #[tokio::test]
    async fn a_foreign_error_passes_and_an_own_one_is_not_nested() {
        let (mut service, mut handle) = mock::spawn_layer::<Request<()>, Response<()>, _>(oauth().layer());
        let mut answer = tokio_test::task::spawn(service.call(Request::get("/").body(()).unwrap()));
        tokio_test::assert_pending!(answer.poll());
        handle.next_request().await.unwrap().1.send_error(Error::new(Kind::Busy, "below"));
        assert_eq!(tokio_test::assert_ready_err!(answer.poll()).kind(), Kind::Busy);
    }
}
