//! Sends again what may be sent again.

mod attempts;
mod budget;
mod course;
mod policy;
mod recipe;
mod verdict;

pub use attempts::{Attempts, Stop};
pub use policy::RetryPolicy;

use crate::clock;
use crate::late::Late;
use crate::{BoxError, Error, Operation, Replay};
use course::Course;
use http::{Request, Response};
use pin_project_lite::pin_project;
use recipe::Recipe;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use tokio::time::Sleep;
use tower_layer::Layer;
use tower_service::Service;
use verdict::{Verdict, is_idempotent};

/// Sends a request again when it failed in a way that may pass, and when that does no harm (facts 8.4):
///
/// | outcome | sent again |
/// |---|---|
/// | no connection, 429, 202 with an empty body and no transaction | always: it was not carried out |
/// | connection broken, no answer in time, 502, 503, 504 | reads, DELETE, and what its [`Operation`] calls idempotent |
/// | any other answer or error | never |
///
/// A failed answer is dropped before the pause, so that no place below stays taken. A request whose body cannot be made again
/// (see [`Replay`]) goes out once. What is given up on is passed on as it is, an answer as an answer; [`Attempts`] tells
/// how often it was tried and why not once more. [`RetryPolicy`] says how often and when.
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
    /// By this policy.
    pub fn new(policy: RetryPolicy) -> Self {
        Self { policy }
    }
}

impl<S: Clone> Layer<S> for RetryLayer {
    type Service = Retry<S>;

    fn layer(&self, inner: S) -> Retry<S> {
        let shared = Arc::new(Shared { below: Mutex::new(inner.clone()), policy: self.policy.clone() });
        Retry { inner, shared }
    }
}

/// The service of [`RetryLayer`].
#[derive(Clone)]
pub struct Retry<S> {
    inner: S,
    shared: Arc<Shared<S>>,
}

/// What all clones and calls share: to clone all that is below for each call would cost more than this layer does.
struct Shared<S> {
    below: Mutex<S>,
    policy: RetryPolicy,
}

impl<S: Clone> Shared<S> {
    /// A service for a further attempt.
    #[cold]
    fn fresh(&self) -> S {
        self.below.lock().unwrap_or_else(PoisonError::into_inner).clone()
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
        let operation = Operation::of(&request);
        let course = Course {
            made: operation.map_or(0, Operation::attempts) + 1,
            idempotent: operation
                .and_then(Operation::is_idempotent)
                .unwrap_or(is_idempotent(request.method())),
            doubtful: false,
            began: clock::now(),
            within: operation.and_then(Operation::deadline_limit).unwrap_or(self.shared.policy.deadline()),
        };
        // Made where it stays.
        let plan = Box::write(
            Box::new_uninit(),
            Plan { recipe: Recipe::of(&request), course, shared: self.shared.clone() },
        );
        RetryFuture { state: State::First { call: self.inner.call(request) }, plan }
    }
}

/// What it takes to go on after the first attempt: on the heap, so that the future moves lightly.
struct Plan<S, B> {
    shared: Arc<Shared<S>>,
    recipe: Option<Recipe<B>>,
    course: Course,
}

/// Between two attempts.
struct Pause<B> {
    sleep: Pin<Box<Sleep>>,
    /// What goes out after it.
    next: Request<B>,
}

pin_project! {
    /// The future of [`Retry`].
    #[must_use = "futures do nothing unless awaited"]
    pub struct RetryFuture<S, B>
    where
        S: Service<Request<B>>,
    {
        #[pin]
        state: State<S, B>,
        plan: Box<Plan<S, B>>,
    }
}

pin_project! {
    #[project = Projected]
    enum State<S, B>
    where
        S: Service<Request<B>>,
    {
        First { #[pin] call: S::Future },
        Pause { pause: Option<Box<Pause<B>>> },
        Again { #[pin] call: Late<S, B> },
    }
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
        loop {
            let outcome = match this.state.as_mut().project() {
                Projected::First { call } => ready!(call.poll(cx)).map_err(Error::wrap),
                Projected::Again { call } => ready!(call.poll(cx)).map_err(Error::wrap),
                Projected::Pause { pause } => {
                    let Some(waiting) = pause else { return Poll::Pending }; // never: it is there until it is over
                    ready!(waiting.sleep.as_mut().poll(cx));
                    let Some(over) = pause.take() else { return Poll::Pending };
                    this.plan.course.made += 1;
                    let call = Late::new(&mut this.plan.shared.fresh(), over.next);
                    this.state.set(State::Again { call });
                    continue;
                }
            };
            let Plan { shared, recipe, course } = &mut **this.plan;
            let policy = &shared.policy;
            if course.made == 1 && Verdict::of(&outcome) == Verdict::Final {
                policy.went_well();
                return Poll::Ready(outcome);
            }
            match course.next(&outcome, recipe, policy) {
                Ok((time, next)) => {
                    drop(outcome);
                    let pause = Pause { sleep: Box::pin(tokio::time::sleep(time)), next };
                    this.state.set(State::Pause { pause: Some(Box::new(pause)) });
                }
                Err(stop) => return Poll::Ready(settle(outcome, stop, course)),
            }
        }
    }
}

/// The end of it, with what is to be told.
fn settle<R>(
    outcome: Result<Response<R>, Error>,
    stop: Option<Stop>,
    course: &Course,
) -> Result<Response<R>, Error> {
    let attempts = course.attempts(stop);
    match outcome {
        Ok(mut answer) => {
            answer.extensions_mut().insert(attempts);
            Ok(answer)
        }
        Err(error) => Err(error.with_attempts(attempts)),
    }
}

impl<S: Service<Request<B>>, B> fmt::Debug for RetryFuture<S, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryFuture").field("attempt", &self.plan.course.made).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::proof;
    use crate::{Body, Kind, Once};
    use http::Method;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;
    use tower::{ServiceExt, service_fn};

    fn layer() -> RetryLayer {
        RetryLayer::new(RetryPolicy::new())
    }

    /// What comes of a request whose attempts have these outcomes: a status, or an error of a kind.
    async fn course(
        policy: RetryPolicy,
        request: Request<Body>,
        outcomes: &'static [Result<u16, Kind>],
    ) -> (Result<Response<Body>, Error>, usize) {
        let calls = Arc::new(AtomicU32::new(0));
        let counted = calls.clone();
        let inner = service_fn(move |_: Request<Body>| {
            let at = counted.fetch_add(1, Ordering::Relaxed) as usize;
            async move {
                let outcome = outcomes.get(at).or(outcomes.last()).unwrap();
                let answer =
                    outcome.map(|status| Response::builder().status(status).header("retry-after", "2"));
                answer
                    .map(|answer| answer.body(Body::empty()).unwrap())
                    .map_err(|kind| Error::new(kind, "below"))
            }
        });
        let outcome = RetryLayer::new(policy).layer(inner).oneshot(request).await;
        (outcome, calls.load(Ordering::Relaxed) as usize)
    }

    fn request(method: Method) -> Request<Body> {
        Request::builder().method(method).uri("/").body(Body::from("x")).unwrap()
    }

    #[tokio::test]
    async fn passes_readiness_errors_and_bodies_through() {
        proof::is_transparent(layer()).await;
        proof::lets_go(layer()).await;
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_not_carried_out_is_sent_again_whatever_it_is() {
        for method in [Method::GET, Method::POST, Method::PATCH, Method::DELETE] {
            for outcomes in [&[Ok(429), Ok(200)], &[Err(Kind::Connect), Ok(200)], &[Err(Kind::Busy), Ok(200)]]
            {
                let (outcome, calls) = course(RetryPolicy::new(), request(method.clone()), outcomes).await;
                let answer = outcome.unwrap();
                assert_eq!((answer.status().as_u16(), calls), (200, 2));
                assert_eq!(answer.extensions().get::<Attempts>().unwrap().to_string(), "after 2 attempts");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_may_have_been_carried_out_is_sent_again_only_if_that_does_no_harm() {
        let told = Operation::new().idempotent(true);
        for (method, operation, sent) in [
            (Method::GET, None, 2),
            (Method::DELETE, None, 2),
            (Method::POST, None, 1),
            (Method::PUT, None, 1),
            (Method::PATCH, None, 1),
            (Method::PATCH, Some(told), 2),
            (Method::GET, Some(Operation::new().idempotent(false)), 1),
        ] {
            for outcomes in
                [&[Ok(503), Ok(200)], &[Err(Kind::Closed), Ok(200)], &[Err(Kind::TimedOut), Ok(200)]]
            {
                let mut request = request(method.clone());
                operation.clone().map(|operation| request.extensions_mut().insert(operation));
                let (outcome, calls) = course(RetryPolicy::new(), request, outcomes).await;
                assert_eq!(calls, sent, "{method} {outcomes:?}");
                let attempts = match outcome {
                    Ok(answer) => *answer.extensions().get::<Attempts>().unwrap(),
                    Err(error) => error.attempts().unwrap(),
                };
                assert_eq!(attempts.stopped() == Some(Stop::Doubt), sent == 1);
                assert_eq!(attempts.are_doubtful(), sent == 2);
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn gives_up_with_the_count_and_the_reason() {
        let once = || request(Method::GET).map(|_| Body::stream(http_body_util::Full::new("x".into())));
        let policy = RetryPolicy::new;
        for (policy, request, outcomes, calls, why) in [
            (policy(), request(Method::GET), &[Ok(503)][..], 4, Stop::Limit),
            (policy().attempts(1), request(Method::GET), &[Err(Kind::Connect)], 1, Stop::Limit),
            (policy().budget(1), request(Method::GET), &[Ok(429)], 2, Stop::Budget),
            (policy().within(Duration::from_secs(5)), request(Method::GET), &[Ok(429)], 3, Stop::Deadline),
            (policy(), once(), &[Err(Kind::Connect)], 1, Stop::Body),
        ] {
            let policy = policy.backoff(Duration::ZERO, Duration::ZERO);
            let (outcome, made) = course(policy, request, outcomes).await;
            let attempts = match &outcome {
                Ok(answer) => *answer.extensions().get::<Attempts>().unwrap(),
                Err(error) => error.attempts().unwrap(),
            };
            assert_eq!((made, attempts.count() as usize, attempts.stopped()), (calls, calls, Some(why)));
        }
        let (outcome, _) = course(policy(), request(Method::GET), &[Err(Kind::Connect)]).await;
        let line = outcome.unwrap_err().to_string();
        assert!(line.contains("(after 4 attempts, as many as are allowed)"), "{line}");
    }

    #[tokio::test(start_paused = true)]
    async fn waits_as_long_as_the_service_asks_and_little_longer() {
        let began = clock::now();
        let (outcome, _) = course(RetryPolicy::new(), request(Method::GET), &[Ok(429), Ok(200)]).await;
        let waited = began.elapsed();
        assert!(
            outcome.is_ok() && waited >= Duration::from_secs(2) && waited <= Duration::from_millis(2_501)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_failed_answer_is_dropped_before_the_pause() {
        let (mut service, mut handle) = proof::spawn(layer());
        tokio_test::assert_ready_ok!(service.poll_ready());
        let mut answer = tokio_test::task::spawn(service.call(proof::request("/")));
        tokio_test::assert_pending!(answer.poll());
        let (held, body) = proof::body_by_hand();
        let busy = Response::builder().status(429).header("retry-after", "9").body(body).unwrap();
        handle.next_request().await.unwrap().1.send_response(busy);
        tokio_test::assert_pending!(answer.poll());
        assert!(held.is_abandoned());
    }

    #[tokio::test(start_paused = true)]
    async fn a_foreign_body_that_can_be_sent_once_is_sent_once() {
        let inner = service_fn(|_: Request<Once<String>>| async {
            Err::<Response<()>, _>(Error::new(Kind::Connect, "no"))
        });
        let error = layer().layer(inner).oneshot(Request::new(Once(String::new()))).await.unwrap_err();
        assert_eq!(error.attempts().unwrap().stopped(), Some(Stop::Body));
    }
}
