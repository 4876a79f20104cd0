//! A part of the stack whose type is erased only where it has to be.

use http::{Request, Response};
use http_body_util::Either;
use pin_project_lite::pin_project;
use snow_core::{Body, BoxError, Error, HttpService};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tower_service::Service;

/// A service of a known type, or one whose type was erased because the user brought it or put a layer above it.
#[derive(Clone)]
pub(crate) enum MaybeErased<S> {
    Plain(S),
    Erased(HttpService),
}

impl<S, R> Service<Request<Body>> for MaybeErased<S>
where
    S: Service<Request<Body>, Response = Response<R>>,
    S::Error: Into<BoxError>,
{
    type Response = Response<Either<R, Body>>;
    type Error = Error;
    type Future = MaybeErasedFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        match self {
            Self::Plain(below) => below.poll_ready(cx).map_err(Error::wrap),
            Self::Erased(below) => below.poll_ready(cx),
        }
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        match self {
            Self::Plain(below) => MaybeErasedFuture::Plain { call: below.call(request) },
            Self::Erased(below) => MaybeErasedFuture::Erased { call: below.call(request) },
        }
    }
}

pin_project! {
    #[project = Projected]
    pub(crate) enum MaybeErasedFuture<F> {
        Plain { #[pin] call: F },
        Erased { #[pin] call: <HttpService as Service<Request<Body>>>::Future },
    }
}

impl<F, R, E> Future for MaybeErasedFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    E: Into<BoxError>,
{
    type Output = Result<Response<Either<R, Body>>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(match self.project() {
            Projected::Plain { call } => {
                ready!(call.poll(cx)).map(|answer| answer.map(Either::Left)).map_err(Error::wrap)
            }
            Projected::Erased { call } => ready!(call.poll(cx)).map(|answer| answer.map(Either::Right)),
        })
    }
}
