//! The layer that retries requests.
#![warn(clippy::arithmetic_side_effects)]

mod classify;
mod event;
mod policy;
#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test may fail")]
mod tests;

pub use event::RetryEvent;
pub use policy::RetryPolicy;

use crate::error::{Attempts, Stop};
use crate::late::Late;
use crate::timer::{self, Sleep};
use crate::{BoxError, Clock, Departure, Error, Replay, RequestOptions, clock, clone_request, retry_after};
use classify::{RetryClass, is_idempotent, response_error};
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

/// Retries requests that failed for a reason that may pass, if a retry does no harm.
///
/// | outcome | retried |
/// |---|---|
/// | no connection; 429; 202 with an empty body and no transaction | always: the request was not executed |
/// | connection broken; no response in time; 502, 503, 504 | reads, DELETE, and requests that are [idempotent](RequestOptions::idempotent) |
/// | any other response or error | never |
///
/// A failed response is dropped before the pause, so that it keeps no connection and no concurrency permit. A request whose body
/// cannot be made again is sent once; see [`Replay`].
///
/// If the service says how long to wait (`Retry-After`), the pause is at least that long. If it would end after the deadline, the
/// response is returned at once instead.
///
/// # Order in the stack
///
/// Below the [`DeadlineLayer`](super::DeadlineLayer), and above whatever each attempt has to pass again: credentials, the
/// [`ThrottleLayer`](super::ThrottleLayer) and the [`TimeoutLayer`](super::TimeoutLayer).
///
/// # Defaults
///
/// [`RetryPolicy`] decides how often and when, and lists its defaults. [`RetryPolicy::on_retry`] reports each retry.
///
/// # Per request
///
/// [`RequestOptions::idempotent`] says whether a request that may have been executed is retried, and
/// [`RequestOptions::deadline`] replaces [`RetryPolicy::max_elapsed`].
///
/// # Errors
///
/// Returns the outcome of the last attempt as it is: a response as a response, an error as an error. [`Attempts`], in the
/// extensions of the response or at [`Error::attempts`], says how many attempts were made and why there was no further one. Outside
/// a tokio runtime a pause fails with [`ErrorKind::Other`](crate::ErrorKind::Other).
///
/// # Panics
///
/// The future panics in a tokio runtime without timers when it has to pause: call `enable_time()` or `enable_all()` on the runtime's
/// builder.
///
/// # Examples
///
/// ```
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), snow_core::Error> {
/// use http::{Request, Response};
/// use snow_client::layer::{RetryLayer, RetryPolicy};
/// use std::sync::atomic::{AtomicU32, Ordering};
/// use tower::{Layer, ServiceExt, service_fn};
///
/// static CALLS: AtomicU32 = AtomicU32::new(0);
/// let busy_once = service_fn(|_: Request<()>| async {
///     let status = if CALLS.fetch_add(1, Ordering::Relaxed) == 0 { 429 } else { 200 };
///     Ok::<_, std::convert::Infallible>(Response::builder().status(status).body(()).unwrap())
/// });
/// let response = RetryLayer::new(RetryPolicy::new()).layer(busy_once).oneshot(Request::new(())).await?;
/// assert_eq!((response.status().as_u16(), CALLS.load(Ordering::Relaxed)), (200, 2));
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

impl<S> Retry<S> {
    /// Returns a reference to the inner service.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// Returns a mutable reference to the inner service, which makes the first attempts. Retries use clones of the service that
    /// the layer was given, so a change of this one does not affect them.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// Consumes this service and returns the inner one.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

/// State that all clones and calls share: cloning the whole stack below for every call would cost more than this layer does.
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

/// The attempts of one request so far, and what a further one needs.
struct RetryState<S, B> {
    shared: Arc<RetryShared<S>>,
    /// A copy of the request; `None` if its body can be sent only once.
    copy: Option<Request<B>>,
    /// The number of the current attempt, counted from 1.
    attempt: u32,
    is_idempotent: bool,
    /// Whether an attempt may have been executed.
    in_doubt: bool,
    started: Instant,
    max_elapsed: Duration,
}

impl<S, B: Replay> RetryState<S, B> {
    #[inline]
    fn new(request: &Request<B>, shared: Arc<RetryShared<S>>) -> Self {
        let options = RequestOptions::of(request);
        let usual = shared.policy.elapsed_limit();
        let by_method = is_idempotent(request.method());
        Self {
            copy: clone_request(request),
            attempt: options.map_or(0, RequestOptions::attempts).saturating_add(1),
            is_idempotent: options.and_then(RequestOptions::is_idempotent).unwrap_or(by_method),
            in_doubt: false,
            started: clock::now(),
            max_elapsed: options.map_or(usual, |options| options.time(usual)),
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
        let requested = requested_delay(outcome, policy.clock());
        let delay = policy.delay(self.attempt, requested, left)?;
        if let Some(error) = attempt_error(outcome, requested, &request) {
            policy.report(&error, self.attempt, delay);
        }
        let options = RequestOptions::of(&request).cloned().unwrap_or_default();
        let options = options.attempted(self.attempt).with_time_left(left.saturating_sub(delay));
        request.extensions_mut().insert(options);
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

/// Returns the error of a failed attempt, which names the request.
fn attempt_error<R, B>(
    outcome: &Result<Response<R>, Error>,
    requested: Option<Duration>,
    request: &Request<B>,
) -> Option<Error> {
    let error = match outcome {
        Ok(response) => {
            let error = response_error(response.status(), response.headers())?;
            requested.into_iter().fold(error, Error::with_retry_after)
        }
        Err(error) => error.clone(),
    };
    Some(error.with_request(request.method(), request.uri()))
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
