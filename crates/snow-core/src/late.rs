//! A call that waits, if it has to, inside its future.

use http::Request;
use pin_project_lite::pin_project;
use std::fmt;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use tower::util::Oneshot;
use tower_service::Service;

pin_project! {
    /// A call of a service, which waits for its readiness inside the future: for layers that are always ready
    /// themselves, because they have something to do before they call inward.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), snow_core::Error> {
    /// let mut service =
    ///     tower::service_fn(|request: http::Request<u8>| async move { Ok::<_, snow_core::Error>(request.into_body() + 1) });
    /// assert_eq!(snow_core::Late::new(&mut service, http::Request::new(1)).await?, 2);
    /// # Ok(()) }
    /// ```
    #[must_use = "futures do nothing unless awaited"]
    pub struct Late<S, B>
    where
        S: Service<Request<B>>,
    {
        #[pin] state: LateCall<S, B>,
    }
}

pin_project! {
    // What waits is on the heap: nearly all services are ready, and what moves up a deep stack had better be small.
    #[project = Projected]
    enum LateCall<S, B>
    where
        S: Service<Request<B>>,
    {
        Called { #[pin] call: S::Future },
        Waiting { call: Pin<Box<Oneshot<S, Request<B>>>> },
    }
}

impl<S: Service<Request<B>> + Clone, B> Late<S, B> {
    /// Calls a service that nobody has asked yet whether it is ready.
    ///
    /// One that is not goes on waiting in the future, and a clone takes its place: left behind, it could be given a place below
    /// that it never uses.
    #[inline]
    pub fn new(service: &mut S, request: Request<B>) -> Self {
        match service.poll_ready(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(())) => Self { state: LateCall::Called { call: service.call(request) } },
            _ => Self::wait(service, request),
        }
    }

    /// Whether the service was not ready.
    pub(crate) fn is_waiting(&self) -> bool {
        matches!(self.state, LateCall::Waiting { .. })
    }

    #[cold]
    fn wait(service: &mut S, request: Request<B>) -> Self {
        let fresh = service.clone();
        let call = Box::pin(Oneshot::new(mem::replace(service, fresh), request));
        Self { state: LateCall::Waiting { call } }
    }
}

impl<S: Service<Request<B>>, B> fmt::Debug for Late<S, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Late")
    }
}

impl<S: Service<Request<B>>, B> Future for Late<S, B> {
    type Output = Result<S::Response, S::Error>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            Projected::Called { call } => call.poll(cx),
            Projected::Waiting { call } => call.as_mut().poll(cx),
        }
    }
}
