//! A call that waits, if it has to, inside its future.

use http::Request;
use pin_project_lite::pin_project;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use tower::util::Oneshot;
use tower_service::Service;

pin_project! {
    /// A call of a service that is ready, or one that waits until it is. What waits is on the heap: nearly all services are
    /// ready, and what moves up a deep stack had better be small.
    #[project = Projected]
    pub(crate) enum Late<S, B>
    where
        S: Service<Request<B>>,
    {
        Called { #[pin] call: S::Future },
        Waiting { call: Pin<Box<Oneshot<S, Request<B>>>> },
    }
}

impl<S: Service<Request<B>>, B> Late<S, B> {
    /// Calls a service that nobody has asked yet whether it is ready.
    ///
    /// One that is not goes on waiting in the future, and a clone takes its place: left behind, it could be given a place below
    /// that it never uses.
    #[inline]
    pub(crate) fn new(service: &mut S, request: Request<B>) -> Self
    where
        S: Clone,
    {
        match service.poll_ready(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(())) => Self::Called { call: service.call(request) },
            _ => Self::wait(service, request),
        }
    }

    #[cold]
    fn wait(service: &mut S, request: Request<B>) -> Self
    where
        S: Clone,
    {
        let fresh = service.clone();
        Self::Waiting { call: Box::pin(Oneshot::new(mem::replace(service, fresh), request)) }
    }
}

impl<S: Service<Request<B>>, B> Future for Late<S, B> {
    type Output = Result<S::Response, S::Error>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            Projected::Called { call } => call.poll(cx),
            Projected::Waiting { call } => call.as_mut().poll(cx),
        }
    }
}
