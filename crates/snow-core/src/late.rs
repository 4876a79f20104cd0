//! A call that waits, if it has to, inside its future.

use http::Request;
use pin_project_lite::pin_project;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use tower::util::Oneshot;
use tower_service::Service;

pin_project! {
    /// A call of a clone of a service, which waits for its readiness inside the future: for layers that are always ready
    /// themselves, because they have something to do before they call inward.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), std::convert::Infallible> {
    /// let service = tower::service_fn(|request: http::Request<u8>| async move { Ok(request.into_body() + 1) });
    /// assert_eq!(snow_core::Late::new(service, http::Request::new(1)).await?, 2);
    /// # Ok(()) }
    /// ```
    #[must_use = "futures do nothing unless awaited"]
    pub struct Late<S, B>
    where
        S: Service<Request<B>>,
    {
        #[pin] stage: Stage<S, B>,
    }
}

pin_project! {
    // What waits is on the heap: nearly all services are ready, and what moves up a deep stack had better be small.
    #[project = Projected]
    enum Stage<S, B>
    where
        S: Service<Request<B>>,
    {
        Called { #[pin] call: S::Future },
        Waiting { call: Pin<Box<Oneshot<S, Request<B>>>> },
    }
}

impl<S: Service<Request<B>>, B> Late<S, B> {
    /// Calls this clone of a service, which nobody has asked yet whether it is ready.
    ///
    /// One that is not goes on waiting in the future: left behind, it could be given a place below that it never uses.
    pub fn new(mut service: S, request: Request<B>) -> Self {
        let stage = match service.poll_ready(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(())) => Stage::Called { call: service.call(request) },
            _ => Stage::Waiting { call: Box::pin(Oneshot::new(service, request)) },
        };
        Self { stage }
    }
}

impl<S: Service<Request<B>>, B> fmt::Debug for Late<S, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Late")
    }
}

impl<S: Service<Request<B>>, B> Future for Late<S, B> {
    type Output = Result<S::Response, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().stage.project() {
            Projected::Called { call } => call.poll(cx),
            Projected::Waiting { call } => call.as_mut().poll(cx),
        }
    }
}
