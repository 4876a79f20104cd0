//! A call that waits inside its future until the service is ready.

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
    /// A future that waits until a service is ready and then calls it: for layers that are always ready themselves, because they
    /// have work to do before they call the inner service.
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
    // A waiting call is on the heap: nearly all services are ready, and a future in a deep stack should be small.
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
    /// Calls a service whose readiness was not checked yet.
    ///
    /// A service that is not ready moves into the future, and a clone replaces it: the one that stays could get a permit of a layer
    /// below that it never uses.
    #[inline]
    pub fn new(service: &mut S, request: Request<B>) -> Self {
        match service.poll_ready(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(())) => Self { state: LateCall::Called { call: service.call(request) } },
            _ => Self::wait(service, request),
        }
    }

    /// Returns whether the service was not ready.
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
