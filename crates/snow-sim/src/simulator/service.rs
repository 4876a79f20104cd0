//! The simulator as a tower `Service` in memory.

use super::Simulator;
use crate::body::BodyEnd;
use crate::upload::ReceivedBody;
use crate::{Body, WireFault};
use futures_util::future::BoxFuture;
use http::{Request, Response};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::{fmt, io};
use tower_service::Service;

impl<B> Service<Request<B>> for Simulator
where
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: fmt::Display + Send,
{
    type Response = Response<Body>;
    type Error = io::Error;
    type Future = SimulatorFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> SimulatorFuture {
        let simulator = self.clone();
        SimulatorFuture(Box::pin(async move {
            let (head, body) = request.into_parts();
            let secure = head.uri.scheme_str() != Some("http");
            let settings = simulator.lock().settings.clone();
            let body = ReceivedBody::read(&settings, &head, body).await;
            let body = body.map_err(|error| io::Error::other(error.to_string()))?;
            Ok(in_memory(simulator.respond(head, body, secure, 0).await))
        }))
    }
}

/// Where there is no wire, its faults end the body.
fn in_memory(mut response: Response<Body>) -> Response<Body> {
    let fault = response.extensions_mut().remove::<WireFault>();
    response.map(|body| match fault {
        None => body,
        Some(WireFault::ResetAt(at) | WireFault::CutAt(at)) => body.cut_at(at, BodyEnd::Broken),
        Some(WireFault::StallAt(at)) => body.cut_at(at, BodyEnd::Never),
        Some(WireFault::LongLength(_)) => body.cut_at(usize::MAX, BodyEnd::Broken),
        Some(WireFault::ShortLength(fewer)) => {
            let length = body.len().saturating_sub(fewer);
            body.cut_at(length, BodyEnd::Whole)
        }
        Some(WireFault::Trickle(pause)) => body.with_pause(pause),
    })
}

/// The future of [`Simulator`].
#[must_use = "futures do nothing unless awaited"]
pub struct SimulatorFuture(BoxFuture<'static, io::Result<Response<Body>>>);

impl Future for SimulatorFuture {
    type Output = io::Result<Response<Body>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

impl fmt::Debug for SimulatorFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SimulatorFuture")
    }
}
