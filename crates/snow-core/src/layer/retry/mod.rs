//! Sends again what may be sent again.
#![warn(clippy::arithmetic_side_effects)]

mod classify;
mod policy;
#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test may fail")]
mod tests;

pub use policy::RetryPolicy;

use crate::error::{Attempts, Stop};
use crate::late::Late;
use crate::timer::{self, Sleep};
use crate::{BoxError, Clock, Departure, Error, Replay, RequestOptions, clock, clone_request, retry_after};
use classify::{RetryClass, is_idempotent};
use http::{Request, Response};
use pin_project_lite::pin_project;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::Instant;
use tower_layer::Layer;
use tower_service::Service;

/// Sends a request again when it failed in a way that may pass, and when that does no harm (facts 8.4):
///
/// | outcome | sent again |
/// |---|---|
/// | no connection, 429, 202 with an empty body and no transaction | always: it was not carried out |
/// | connection broken, no answer in time, 502, 503, 504 | reads, DELETE, and what its [`RequestOptions`] calls idempotent |
/// | any other answer or error | never |
///
/// A failed answer is dropped before the pause, so that no place below stays taken. A request whose body cannot be made again
/// (see [`Replay`]) goes out once. What is given up on is passed on as it is, an answer as an answer; [`Attempts`] tells
/// how often it was tried and why not once more. [`RetryPolicy`] says how often and when.
///
/// A response that says how long to wait (`Retry-After`) is waited for, if that ends within the deadline; otherwise it is passed
/// on at once. A pause needs a tokio runtime with timers: outside one it is an error.
///
/// ```
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), snow_core::Error> {
/// use http::{Request, Response};
/// use snow_core::layer::{RetryLayer, RetryPolicy};
/// use std::sync::atomic::{AtomicU32, Ordering};
/// use tower::{Layer, ServiceExt, service_fn};
///
/// static CALLS: AtomicU32 = AtomicU32::new(0);
/// let busy_once = service_fn(|_: Request<()>| async {
///     let status = if CALLS.fetch_add(1, Ordering::Relaxed) == 0 { 429 } else { 200 };
///     Ok::<_, std::convert::Infallible>(Response::builder().status(status).body(()).unwrap())
/// });
/// let answer = RetryLayer::new(RetryPolicy::new()).layer(busy_once).oneshot(Request::new(())).await?;
/// assert_eq!((answer.status().as_u16(), CALLS.load(Ordering::Relaxed)), (200, 2));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct RetryLayer {
    policy: RetryPolicy,
}

impl RetryLayer {
    /// Creates a layer that retries by this policy.
    pub fn new(policy: RetryPolicy) -> Self {
        Self { policy }
    }
}

impl<S: Clone> Layer<S> for RetryLayer {
    type Service = Retry<S>;

    fn layer(&self, inner: S) -> Retry<S> {
        let shared = RetryShared { template: Mutex::new(inner.clone()), policy: self.policy.clone() };
        Retry { inner, shared: Arc::new(shared) }
    }
}

/// The service of [`RetryLayer`].
#[derive(Clone)]
pub struct Retry<S> {
    inner: S,
    shared: Arc<RetryShared<S>>,
}

/// What all clones and calls share: cloning the whole stack below for every call would cost more than this layer does.
struct RetryShared<S> {
    template: Mutex<S>,
    policy: RetryPolicy,
}

impl<S: Clone> RetryShared<S> {
    /// Returns a service for a further attempt.
    #[cold]
    fn clone_service(&self) -> S {
        self.template.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl<S: fmt::Debug> fmt::Debug for Retry<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retry").field("inner", &self.inner).field("policy", &self.shared.policy).finish()
    }
}

impl<S, B, R> Service<Request<B>> for Retry<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone,
    S::Error: Into<BoxError>,
    B: Replay,
{
    type Response = Response<R>;
    type Error = Error;
    type Future = RetryFuture<S, B>;

    #[inline]
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Error::wrap)
    }

    #[inline]
    fn call(&mut self, request: Request<B>) -> RetryFuture<S, B> {
        let state = Box::new(RetryState::new(&request, self.shared.clone()));
        RetryFuture { phase: RetryPhase::First { call: self.inner.call(request) }, state }
    }
}

/// How a request has gone so far, and what it takes to send it again.
struct RetryState<S, B> {
    shared: Arc<RetryShared<S>>,
    /// A copy of the request; `None` if its body can be sent only once.
    copy: Option<Request<B>>,
    /// The number of the current attempt, counted from 1.
    attempt: u32,
    is_idempotent: bool,
    /// Whether an attempt may have been carried out.
    in_doubt: bool,
    started: Instant,
    max_elapsed: Duration,
}

impl<S, B: Replay> RetryState<S, B> {
    #[inline]
    fn new(request: &Request<B>, shared: Arc<RetryShared<S>>) -> Self {
        let operation = RequestOptions::of(request);
        let usual = shared.policy.elapsed_limit();
        let by_method = is_idempotent(request.method());
        Self {
            copy: clone_request(request),
            attempt: operation.map_or(0, RequestOptions::attempts).saturating_add(1),
            is_idempotent: operation.and_then(RequestOptions::is_idempotent).unwrap_or(by_method),
            in_doubt: false,
            started: clock::now(),
            max_elapsed: operation.map_or(usual, |operation| operation.time(usual)),
            shared,
        }
    }

    /// Returns the request of the next attempt and how long to wait before it, or why there is none: without a reason if the
    /// outcome is not worth another attempt.
    fn next_attempt<R>(
        &mut self,
        outcome: &Result<Response<R>, Error>,
    ) -> Result<(Duration, Request<B>), Option<Stop>> {
        match RetryClass::of(outcome) {
            RetryClass::Never => return Err(None),
            RetryClass::IfIdempotent if !self.is_idempotent => return Err(Some(Stop::Doubt)),
            RetryClass::IfIdempotent => self.in_doubt = true,
            RetryClass::Always => {}
        }
        let mut request = self.copy.take().ok_or(Stop::Body)?;
        let policy = &self.shared.policy;
        let left = self.max_elapsed.saturating_sub(self.started.elapsed());
        let delay = policy.delay(self.attempt, requested_delay(outcome, policy.clock()), left)?;
        let operation = RequestOptions::of(&request).cloned().unwrap_or_default();
        let operation = operation.attempted(self.attempt).with_time_left(left.saturating_sub(delay));
        request.extensions_mut().insert(operation);
        self.copy = clone_request(&request);
        Ok((delay, request))
    }
}

impl<S, B> RetryState<S, B> {
    fn attempts(&self, stopped: Option<Stop>) -> Attempts {
        Attempts::new(self.attempt, stopped, self.in_doubt)
    }

    /// Adds the attempts to the outcome that is passed on.
    fn annotate<R>(
        &self,
        outcome: Result<Response<R>, Error>,
        stopped: Option<Stop>,
    ) -> Result<Response<R>, Error> {
        let attempts = self.attempts(stopped);
        match outcome {
            Ok(mut response) => {
                response.extensions_mut().insert(attempts);
                Ok(response)
            }
            Err(error) => Err(error.with_attempts(attempts)),
        }
    }
}

/// Returns how long the service asks to wait.
fn requested_delay<R>(outcome: &Result<Response<R>, Error>, clock: &Clock) -> Option<Duration> {
    match outcome {
        Ok(response) => retry_after::of(response.status(), response.headers(), clock),
        Err(error) => error.retry_after(),
    }
}

pin_project! {
    /// The future of [`Retry`].
    #[must_use = "futures do nothing unless awaited"]
    pub struct RetryFuture<S, B>
    where
        S: Service<Request<B>>,
    {
        #[pin]
        phase: RetryPhase<S, B>,
        // On the heap, so that the future moves lightly.
        state: Box<RetryState<S, B>>,
    }
}

pin_project! {
    #[project = RetryPhaseProjection]
    enum RetryPhase<S, B>
    where
        S: Service<Request<B>>,
    {
        First { #[pin] call: S::Future },
        Backoff { backoff: Option<Box<Backoff<B>>> },
        Later { #[pin] call: Late<S, B> },
    }
}

/// The time between two attempts.
struct Backoff<B> {
    sleep: Sleep,
    /// The request of the next attempt.
    request: Request<B>,
}

impl<S, B, R> Future for RetryFuture<S, B>
where
    S: Service<Request<B>, Response = Response<R>> + Clone,
    S::Error: Into<BoxError>,
    B: Replay,
{
    type Output = Result<Response<R>, Error>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let state = &mut **this.state;
        loop {
            let outcome = match this.phase.as_mut().project() {
                RetryPhaseProjection::First { call } => ready!(call.poll(cx)).map_err(Error::wrap),
                RetryPhaseProjection::Later { call } => ready!(call.poll(cx)).map_err(Error::wrap),
                RetryPhaseProjection::Backoff { backoff } => {
                    let request = match ready!(poll_backoff(backoff, cx)) {
                        Ok(request) => request,
                        Err(error) => {
                            let error = error.before_sending();
                            return Poll::Ready(Err(error.with_attempts(state.attempts(None))));
                        }
                    };
                    state.attempt = state.attempt.saturating_add(1);
                    let call = Late::new(&mut state.shared.clone_service(), request);
                    this.phase.set(RetryPhase::Later { call });
                    continue;
                }
            };
            if state.attempt == 1 && RetryClass::of(&outcome) == RetryClass::Never {
                state.shared.policy.deposit();
                return Poll::Ready(outcome);
            }
            match state.next_attempt(&outcome) {
                Ok((delay, request)) => {
                    drop(outcome); // so that nothing below is held during the backoff
                    if let Some(departure) = Departure::of(&request) {
                        departure.end_attempt();
                    }
                    let backoff = Backoff { sleep: timer::sleep(delay), request };
                    this.phase.set(RetryPhase::Backoff { backoff: Some(Box::new(backoff)) });
                }
                Err(stop) => return Poll::Ready(state.annotate(outcome, stop)),
            }
        }
    }
}

fn poll_backoff<B>(
    backoff: &mut Option<Box<Backoff<B>>>,
    cx: &mut Context<'_>,
) -> Poll<Result<Request<B>, Error>> {
    let missing = || Error::internal("the retry layer has no request to send after its pause");
    let waiting = backoff.as_mut().ok_or_else(missing)?;
    ready!(Pin::new(&mut waiting.sleep).poll(cx))?;
    Poll::Ready(backoff.take().map(|backoff| backoff.request).ok_or_else(missing))
}

impl<S: Service<Request<B>>, B> fmt::Debug for RetryFuture<S, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryFuture").field("attempt", &self.state.attempt).finish_non_exhaustive()
    }
}
