use super::*;
use crate::layer::contract;
use crate::{Body, ErrorKind, Once};
use http::Method;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tower::{ServiceExt, service_fn};

fn layer() -> RetryLayer {
    RetryLayer::new(RetryPolicy::new())
}

/// What comes of a request whose attempts have these outcomes: a status, or an error of a kind.
async fn run(
    policy: RetryPolicy,
    request: Request<Body>,
    outcomes: &'static [Result<u16, ErrorKind>],
) -> (Result<Response<Body>, Error>, usize) {
    let calls = Arc::new(AtomicU32::new(0));
    let counted = calls.clone();
    let inner = service_fn(move |_: Request<Body>| {
        let at = counted.fetch_add(1, Ordering::Relaxed) as usize;
        async move {
            let outcome = outcomes.get(at).or(outcomes.last()).unwrap();
            let response =
                outcome.map(|status| Response::builder().status(status).header("retry-after", "2"));
            response
                .map(|response| response.body(Body::empty()).unwrap())
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
    contract::is_transparent(layer()).await;
    contract::lets_go(layer()).await;
    contract::completes_again(layer());
}

#[tokio::test(start_paused = true)]
async fn what_was_not_carried_out_is_sent_again_whatever_it_is() {
    for method in [Method::GET, Method::POST, Method::PATCH, Method::DELETE] {
        for outcomes in [
            &[Ok(429), Ok(200)],
            &[Err(ErrorKind::Connect), Ok(200)],
            &[Err(ErrorKind::InstanceBusy), Ok(200)],
        ] {
            let (outcome, calls) = run(RetryPolicy::new(), request(method.clone()), outcomes).await;
            let response = outcome.unwrap();
            assert_eq!((response.status().as_u16(), calls), (200, 2));
            assert_eq!(response.extensions().get::<Attempts>().unwrap().to_string(), "after 2 attempts");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_may_have_been_carried_out_is_sent_again_only_if_that_does_no_harm() {
    let told = RequestOptions::new().idempotent(true);
    for (method, operation, sent) in [
        (Method::GET, None, 2),
        (Method::DELETE, None, 2),
        (Method::POST, None, 1),
        (Method::PUT, None, 1),
        (Method::PATCH, None, 1),
        (Method::PATCH, Some(told), 2),
        (Method::GET, Some(RequestOptions::new().idempotent(false)), 1),
    ] {
        for outcomes in [
            &[Ok(503), Ok(200)],
            &[Err(ErrorKind::ConnectionClosed), Ok(200)],
            &[Err(ErrorKind::TimedOut), Ok(200)],
        ] {
            let mut request = request(method.clone());
            operation.clone().map(|operation| request.extensions_mut().insert(operation));
            let (outcome, calls) = run(RetryPolicy::new(), request, outcomes).await;
            assert_eq!(calls, sent, "{method} {outcomes:?}");
            let attempts = match outcome {
                Ok(response) => *response.extensions().get::<Attempts>().unwrap(),
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
        (policy().max_attempts(1), request(Method::GET), &[Err(ErrorKind::Connect)], 1, Stop::Limit),
        (policy().budget(1), request(Method::GET), &[Ok(429)], 2, Stop::Budget),
        (policy().max_elapsed(Duration::from_secs(5)), request(Method::GET), &[Ok(429)], 3, Stop::Deadline),
        (policy(), once(), &[Err(ErrorKind::Connect)], 1, Stop::Body),
    ] {
        let policy = policy.backoff(Duration::ZERO, Duration::ZERO);
        let (outcome, made) = run(policy, request, outcomes).await;
        let attempts = match &outcome {
            Ok(response) => *response.extensions().get::<Attempts>().unwrap(),
            Err(error) => error.attempts().unwrap(),
        };
        assert_eq!((made, attempts.count() as usize, attempts.stopped()), (calls, calls, Some(why)));
    }
    let (outcome, _) = run(policy(), request(Method::GET), &[Err(ErrorKind::Connect)]).await;
    let line = outcome.unwrap_err().to_string();
    assert!(line.contains("(after 4 attempts, the maximum)"), "{line}");
}

#[tokio::test(start_paused = true)]
async fn waits_as_long_as_the_service_asks_and_little_longer() {
    let began = clock::now();
    let (outcome, _) = run(RetryPolicy::new(), request(Method::GET), &[Ok(429), Ok(200)]).await;
    let waited = began.elapsed();
    assert!(outcome.is_ok() && waited >= Duration::from_secs(2) && waited <= Duration::from_millis(2_501));
}

#[tokio::test(start_paused = true)]
async fn a_failed_response_is_dropped_before_the_pause() {
    let (mut service, mut handle) = contract::spawn(layer());
    tokio_test::assert_ready_ok!(service.poll_ready());
    let mut response = tokio_test::task::spawn(service.call(contract::request("/")));
    tokio_test::assert_pending!(response.poll());
    let (held, body) = contract::body_by_hand();
    let busy = Response::builder().status(429).header("retry-after", "9").body(body).unwrap();
    handle.next_request().await.unwrap().1.send_response(busy);
    tokio_test::assert_pending!(response.poll());
    assert!(held.is_abandoned());
}

#[tokio::test(start_paused = true)]
async fn a_foreign_body_that_can_be_sent_once_is_sent_once() {
    let inner = service_fn(|_: Request<Once<String>>| async {
        Err::<Response<()>, _>(Error::new(ErrorKind::Connect, "no"))
    });
    let error = layer().layer(inner).oneshot(Request::new(Once(String::new()))).await.unwrap_err();
    assert_eq!(error.attempts().unwrap().stopped(), Some(Stop::Body));
}

/// The number, the kind, the status and the pause of each retry that a hook was told of.
type Reported = (u32, ErrorKind, Option<u16>, Duration);

fn recording() -> (RetryPolicy, Arc<Mutex<Vec<Reported>>>) {
    let events = Arc::<Mutex<Vec<_>>>::default();
    let seen = events.clone();
    let policy = RetryPolicy::new().on_retry(move |event| {
        let status = event.error.status().map(|status| status.as_u16());
        seen.lock().unwrap().push((event.attempt, event.error.kind(), status, event.delay));
    });
    (policy, events)
}

#[tokio::test(start_paused = true)]
async fn the_hook_is_called_before_each_retry() {
    let outcomes = &[Ok(503), Err(ErrorKind::Connect), Ok(429), Ok(200)];
    let (policy, events) = recording();
    let began = clock::now();
    let (outcome, calls) = run(policy, request(Method::GET), outcomes).await;
    assert!(outcome.is_ok() && calls == 4);
    let events = events.lock().unwrap();
    let heads: Vec<_> = events.iter().map(|(attempt, kind, status, _)| (*attempt, *kind, *status)).collect();
    let expected = [
        (1, ErrorKind::Unavailable, Some(503)),
        (2, ErrorKind::Connect, None),
        (3, ErrorKind::RateLimited, Some(429)), // for it says when to come back
    ];
    assert_eq!(heads, expected);
    let pauses: Duration = events.iter().map(|event| event.3).sum();
    assert!(began.elapsed().abs_diff(pauses) < Duration::from_millis(10), "{pauses:?}");
}

#[tokio::test(start_paused = true)]
async fn the_hook_is_not_called_where_there_is_no_retry() {
    for (method, outcomes, retries) in [
        (Method::GET, &[Ok(200)][..], 0),
        (Method::POST, &[Ok(503)], 0),
        (Method::GET, &[Ok(404)], 0),
        (Method::GET, &[Ok(503)], 3),
    ] {
        let (policy, events) = recording();
        drop(run(policy, request(method), outcomes).await);
        assert_eq!(events.lock().unwrap().len(), retries, "{outcomes:?}");
    }
}

#[test]
fn a_read_that_is_retried_by_its_reader_is_reported_too() {
    let (policy, events) = recording();
    let broken = |kind| Error::new(kind, "the body broke off").of_read();
    let delay = policy.next_delay(broken(ErrorKind::Truncated), 2, Duration::ZERO).unwrap();
    policy.next_delay(broken(ErrorKind::Decode), 2, Duration::ZERO).unwrap_err();
    policy.next_delay(broken(ErrorKind::Truncated), 4, Duration::ZERO).unwrap_err();
    assert_eq!(*events.lock().unwrap(), [(2, ErrorKind::Truncated, None, delay)]);
}

#[tokio::test(start_paused = true)]
async fn each_retry_is_an_event_of_tracing_without_secrets() {
    let (lines, listening) = crate::layer::span::recorded::Lines::record();
    let request = Request::get("https://dev1.service-now.com/api/now/table/incident?sysparm_query=canary")
        .header("authorization", "canary")
        .body(Body::empty())
        .unwrap();
    let (outcome, _) = run(RetryPolicy::new(), request, &[Ok(429), Err(ErrorKind::Connect), Ok(200)]).await;
    drop((outcome.unwrap(), listening));
    let text = lines.text();
    let lines: Vec<_> = text.lines().filter(|line| line.contains("retrying a request")).collect();
    assert_eq!(lines.len(), 2, "{text}");
    for part in ["DEBUG", "attempt=1", "delay_ms=2", "kind=RateLimited", "status=429"] {
        assert!(lines[0].contains(part), "{part} is not in {}", lines[0]);
    }
    assert!(
        lines[1].contains("attempt=2") && lines[1].contains("kind=Connect") && !lines[1].contains("status"),
        "{text}"
    );
    assert!(!text.contains("canary"), "{text}");
}
