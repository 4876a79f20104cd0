//! Adds the token; after a 401 renews it once and sends once more.

use crate::OAuth;
use crate::oauth::Held;
use futures_util::future::BoxFuture;
use http::{Request, Response, StatusCode, header};
use snow_core::{BoxError, Error, Kind, Replay};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
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
    type Future = OAuthFuture<R>;

    /// Always ready: see [`OAuthLayer`].
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> OAuthFuture<R> {
        OAuthFuture(Box::pin(send(self.inner.clone(), self.oauth.clone(), request)))
    }
}

async fn send<S, B, R>(inner: S, oauth: OAuth, request: Request<B>) -> Result<Response<R>, Error>
where
    S: Service<Request<B>, Response = Response<R>> + Clone,
    S::Error: Into<BoxError>,
    B: Replay,
{
    if !oauth.origin().covers(request.uri()) {
        let elsewhere = request.uri().host().unwrap_or("another host");
        let why = format!("the request is for {elsewhere}, and this token is for {} only", oauth.origin());
        return Err(Error::new(Kind::ForeignOrigin, why));
    }
    let held = match oauth.ready() {
        Some(held) => held,
        None => oauth.get().await?,
    };
    let again = replay(&request);
    let answer = inner.clone().oneshot(with_token(request, &held)).await.map_err(Error::wrap)?;
    if answer.status() != StatusCode::UNAUTHORIZED {
        return Ok(answer);
    }
    let renewed = match oauth.after_refusal(held.generation).await {
        Ok(renewed) => renewed,
        Err(error) => return Err(after_401(error)), // drops the answer
    };
    match again {
        Some(request) if renewed.generation != held.generation => {
            drop(answer);
            inner.oneshot(with_token(request, &renewed)).await.map_err(Error::wrap)
        }
        _ => Ok(answer),
    }
}

/// What it takes to send the request once more.
fn replay<B: Replay>(request: &Request<B>) -> Option<Request<B>> {
    let mut again = Request::new(request.body().replay()?);
    *again.method_mut() = request.method().clone();
    *again.uri_mut() = request.uri().clone();
    *again.version_mut() = request.version();
    *again.headers_mut() = request.headers().clone();
    *again.extensions_mut() = request.extensions().clone();
    Some(again)
}

fn with_token<B>(mut request: Request<B>, held: &Held) -> Request<B> {
    request.headers_mut().insert(header::AUTHORIZATION, held.header.clone());
    request
}

/// Tells both: that the token was refused, and that no other could be had.
fn after_401(error: Error) -> Error {
    error
        .with_context("the instance refused the token (401), and a new one could not be had")
        .before_sending()
}

/// The future of [`OAuthService`].
#[must_use = "futures do nothing unless awaited"]
pub struct OAuthFuture<R>(BoxFuture<'static, Result<Response<R>, Error>>);

impl<R> Future for OAuthFuture<R> {
    type Output = Result<Response<R>, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

impl<R> fmt::Debug for OAuthFuture<R> {
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
        handle.allow(1);
        let first = Request::get("/first").body(()).unwrap();
        let mut dropped = tokio_test::task::spawn(service.call(first));
        handle.allow(0);
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
