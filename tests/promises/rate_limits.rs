//! A 429 pauses all requests for a while and then lets one go first; any other response delays at most its own request.

use futures_util::FutureExt;
use http::{Request, Response};
use snow_client::{Client, ErrorKind, layer::RetryPolicy};
use snow_core::layer::{RetryLayer, ThrottleLayer};
use snow_core::{Body, Error, HttpService, RequestOptions};
use std::collections::VecDeque;
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;
use tower::{Layer, Service, ServiceExt, service_fn};

/// A service whose requests wait until the test responds.
#[derive(Clone, Default)]
struct Script(Arc<Mutex<VecDeque<Waiting>>>);

/// The path of a request, and where its response is waited for.
type Waiting = (String, oneshot::Sender<Response<Body>>);

impl Script {
    fn service(&self) -> HttpService {
        let script = self.clone();
        HttpService::new(service_fn(move |request: Request<Body>| {
            let (sender, receiver) = oneshot::channel();
            script.0.lock().unwrap().push_back((request.uri().path().to_owned(), sender));
            async move { receiver.await.map_err(|_| Error::new(ErrorKind::ConnectionClosed, "the test hung up")) }
        }))
    }

    /// The paths of the requests that have arrived and are still wanted.
    fn waiting(&self) -> Vec<String> {
        let mut waiting = self.0.lock().unwrap();
        waiting.retain(|(_, sender)| !sender.is_closed());
        waiting.iter().map(|(path, _)| path.clone()).collect()
    }

    /// Responds to the request that has waited longest.
    fn respond(&self, status: u16, headers: &[(&str, &str)]) {
        self.waiting();
        let (_, sender) = self.0.lock().unwrap().pop_front().expect("no request waits");
        sender.send(response(status, headers)).unwrap();
    }

    /// Breaks the connection of the request that has waited longest.
    fn hang_up(&self) {
        drop(self.0.lock().unwrap().pop_front());
    }
}

fn response(status: u16, headers: &[(&str, &str)]) -> Response<Body> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(Body::empty()).unwrap()
}

fn get(path: &str) -> Request<Body> {
    Request::get(format!("https://dev12345.service-now.com{path}")).body(Body::empty()).unwrap()
}

type Calling = tokio::task::JoinHandle<Result<u16, Error>>;

/// Sends a request in a task of its own, and lets it get as far as it gets.
async fn call(service: &HttpService, path: &str) -> Calling {
    call_with(service, get(path)).await
}

async fn call_with(service: &HttpService, request: Request<Body>) -> Calling {
    let service = service.clone();
    let calling = tokio::spawn(async move { Ok(service.send(request).await?.status().as_u16()) });
    settle().await;
    calling
}

/// Until all tasks wait.
async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

async fn pass(seconds: f64) {
    tokio::time::advance(Duration::from_secs_f64(seconds)).await;
    settle().await;
}

/// A throttle that has just been told to wait, and its script.
async fn refused(retry_after: &str) -> (HttpService, Script) {
    let script = Script::default();
    let service = HttpService::new(ThrottleLayer::new(8).layer(script.service()));
    let first = call(&service, "/first").await;
    script.respond(429, &[("retry-after", retry_after)]);
    assert_eq!(first.await.unwrap().unwrap(), 429);
    (service, script)
}

async fn statuses(calls: Vec<Calling>) -> Vec<u16> {
    futures_util::future::join_all(calls).await.into_iter().map(|call| call.unwrap().unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn after_a_pause_one_request_goes_first_and_the_others_follow_if_it_is_let_in() {
    let (service, script) = refused("7").await;
    let mut calls = Vec::new();
    for path in ["/a", "/b", "/c"] {
        calls.push(call(&service.clone(), path).await);
    }
    pass(6.9).await;
    assert!(script.waiting().is_empty(), "nobody goes before the pause is over");
    pass(0.2).await;
    assert_eq!(script.waiting().len(), 1, "one goes, and no more");
    calls.push(call(&service, "/late").await);
    assert_eq!(script.waiting().len(), 1, "whoever comes now waits, too");
    script.respond(200, &[]);
    settle().await;
    assert_eq!(script.waiting().len(), 3);
    (0..3).for_each(|_| script.respond(200, &[]));
    assert_eq!(statuses(calls).await, [200; 4]);
}

#[tokio::test(start_paused = true)]
async fn a_second_429_pauses_again() {
    let (service, script) = refused("7").await;
    let calls = [call(&service, "/a").await, call(&service, "/b").await];
    pass(7.1).await;
    script.respond(429, &[("retry-after", "5")]);
    settle().await;
    pass(4.9).await;
    assert!(script.waiting().is_empty());
    pass(0.2).await;
    assert_eq!(script.waiting().len(), 1);
    script.respond(200, &[]);
    let mut statuses = statuses(calls.into()).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 429]);
}

#[tokio::test(start_paused = true)]
async fn any_response_but_a_429_opens_the_way() {
    for status in [200, 404, 500, 503] {
        let (service, script) = refused("7").await;
        let calls = [call(&service, "/a").await, call(&service, "/b").await];
        pass(7.1).await;
        script.respond(status, &[("retry-after", "60")]);
        settle().await;
        assert_eq!(script.waiting().len(), 1, "{status}");
        script.respond(200, &[]);
        statuses(calls.into()).await;
    }
}

/// Dropped or broken, it leaves its turn to the next one, whichever of them it is.
#[tokio::test(start_paused = true)]
async fn a_request_that_goes_first_and_never_ends_strands_nobody() {
    let (service, script) = refused("7").await;
    let mut calls = Vec::new();
    for path in ["/a", "/b", "/c", "/d"] {
        calls.push((path.to_owned(), call(&service, path).await));
    }
    pass(7.1).await;
    let first = script.waiting();
    assert_eq!(first.len(), 1);
    let at = calls.iter().position(|(path, _)| *path == first[0]).unwrap();
    calls.remove(at).1.abort();
    settle().await;
    let second = script.waiting();
    assert_eq!(second.len(), 1, "the next one takes its turn");
    assert_ne!(first, second);
    script.hang_up();
    settle().await;
    assert_eq!(script.waiting().len(), 1, "and the next one");
    // One that hangs: it was not refused, so that the others go on in the end.
    pass(31.0).await;
    assert_eq!(script.waiting().len(), 2);
    script.respond(200, &[]);
    script.respond(200, &[]);
    let outcomes = futures_util::future::join_all(calls.into_iter().map(|(_, call)| call)).await;
    assert_eq!(outcomes.iter().filter(|outcome| matches!(outcome, Ok(Ok(200)))).count(), 2);
}

#[tokio::test(start_paused = true)]
async fn no_pause_is_longer_than_is_allowed_whatever_the_service_asks() {
    let date = "Fri, 31 Dec 9999 23:59:59 GMT";
    for asked in ["7200", "18446744073709551615", "99999999999999999999999999", date] {
        let (service, script) = refused(asked).await;
        let held = call(&service, "/a").await;
        pass(59.9).await;
        assert!(script.waiting().is_empty(), "{asked}");
        pass(0.2).await;
        assert_eq!(script.waiting(), ["/a"], "{asked}");
        script.respond(200, &[]);
        assert_eq!(held.await.unwrap().unwrap(), 200);
    }
    let script = Script::default();
    let layer = ThrottleLayer::new(8).max_rate_limit_pause(Duration::from_secs(3));
    let service = HttpService::new(layer.layer(script.service()));
    let first = call(&service, "/first").await;
    script.respond(429, &[("retry-after", "7200")]);
    first.await.unwrap().unwrap();
    let held = call(&service, "/a").await;
    pass(3.1).await;
    script.respond(200, &[]);
    assert_eq!(held.await.unwrap().unwrap(), 200);
}

#[tokio::test(start_paused = true)]
async fn whoever_may_not_wait_that_long_is_told_at_once_and_for_how_long() {
    let (service, script) = refused("30").await;
    let mut request = get("/a");
    request.extensions_mut().insert(RequestOptions::new().deadline(Duration::from_secs(10)));
    let began = Instant::now();
    let error = call_with(&service, request).await.await.unwrap().unwrap_err();
    assert_eq!((error.kind(), began.elapsed()), (ErrorKind::RateLimited, Duration::ZERO));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(30)));
    assert!(!error.may_have_executed() && error.to_string().contains("wait 30 s"), "{error}");
    assert!(script.waiting().is_empty());
}

/// A later attempt has what is left of the time, and knows it.
#[tokio::test(start_paused = true)]
async fn a_second_attempt_that_may_not_wait_that_long_is_told_at_once() {
    let script = Script::default();
    let policy =
        RetryPolicy::new().backoff(Duration::ZERO, Duration::ZERO).max_elapsed(Duration::from_secs(10));
    let throttle = ThrottleLayer::new(8);
    let other = HttpService::new(throttle.layer(script.service()));
    let service = HttpService::new(RetryLayer::new(policy).layer(throttle.layer(script.service())));
    let calling = call(&service, "/a").await;
    script.respond(503, &[("retry-after", "5")]);
    let refused = call(&other, "/other").await;
    script.respond(429, &[("retry-after", "30")]);
    refused.await.unwrap().unwrap();
    let began = Instant::now();
    let error = calling.await.unwrap().unwrap_err();
    assert_eq!((error.kind(), began.elapsed()), (ErrorKind::RateLimited, Duration::from_secs(5)));
}

/// The client under a script: `status` and `Retry-After` for the path of the scripted API, empty lists for the rest.
fn client(status: u16, retry_after: &'static str, seen: &Arc<Mutex<Vec<String>>>) -> Client {
    let seen = seen.clone();
    let instance = service_fn(move |request: Request<Body>| {
        let path = request.uri().path().to_owned();
        seen.lock().unwrap().push(path.clone());
        async move {
            let scripted = path.starts_with("/api/x_acme/");
            let json = Response::builder().header("content-type", "application/json");
            let response = match scripted {
                true => json.status(status).header("retry-after", retry_after),
                false => json.header("x-total-count", "0"),
            };
            Ok::<_, Error>(response.body(Body::from(r#"{"result":[]}"#)).unwrap())
        }
    });
    let builder = Client::builder().instance("dev12345").user("admin").password("secret");
    builder.transport(instance).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_503_holds_back_its_own_request_only() {
    for retry_after in ["7200", "18446744073709551615", "Fri, 31 Dec 9999 23:59:59 GMT", "20"] {
        let seen = Arc::default();
        let client = client(503, retry_after, &seen);
        let clone = client.clone();
        let scripted = tokio::spawn(async move { clone.api("/api/x_acme/v1/orders").get().discard().await });
        settle().await;
        let began = Instant::now();
        client.table("incident").list().limit(1).await.unwrap();
        assert_eq!(began.elapsed(), Duration::ZERO, "Retry-After: {retry_after}");
        let error = scripted.await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        // Within its own deadline it waits as long as it was asked to, and not at all for what would end later.
        let scripted = seen.lock().unwrap().iter().filter(|path| path.starts_with("/api/x_acme/")).count();
        assert_eq!(scripted, if retry_after == "20" { 4 } else { 1 });
        assert!(began.elapsed() < Duration::from_secs(70));
    }
}

#[tokio::test(start_paused = true)]
async fn the_error_of_a_429_tells_what_the_service_asked_for() {
    for (asked, seconds, words) in [
        ("7200", 7_200, "wait 7200 s before the next attempt"),
        ("18446744073709551615", u64::MAX, "wait 18446744073709551615 s before the next attempt"),
    ] {
        let client = client(429, asked, &Arc::default());
        let error = client.api("/api/x_acme/v1/orders").get().discard().await.unwrap_err();
        assert_eq!(
            (error.kind(), error.retry_after()),
            (ErrorKind::RateLimited, Some(Duration::from_secs(seconds)))
        );
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_429_holds_back_the_other_clones_of_a_client_for_a_minute_at_most() {
    let builder = |seen: &Arc<Mutex<Vec<String>>>| client(429, "7200", seen);
    let seen = Arc::default();
    let first = builder(&seen);
    let second = first.clone();
    first.api("/api/x_acme/v1/orders").get().discard().await.unwrap_err();
    let began = Instant::now();
    second.table("incident").list().limit(1).await.unwrap();
    assert_eq!(began.elapsed().as_secs(), 60);
    let began = Instant::now();
    first.table("incident").list().limit(1).await.unwrap();
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn the_longest_pause_is_a_setting_of_the_client() {
    let busy = service_fn(|request: Request<Body>| async move {
        let busy = request.uri().path().contains("problem");
        let response =
            Response::builder().header("content-type", "application/json").header("retry-after", "7200");
        let response = response.status(if busy { 429 } else { 200 }).header("x-total-count", "0");
        Ok::<_, Error>(response.body(Body::from(r#"{"result":[]}"#)).unwrap())
    });
    let builder = Client::builder().instance("dev12345").user("admin").password("secret").transport(busy);
    let client = builder.max_rate_limit_pause(Duration::from_secs(3)).build().unwrap();
    client.table("problem").list().limit(1).await.unwrap_err();
    let began = Instant::now();
    client.table("incident").list().limit(1).await.unwrap();
    assert_eq!(began.elapsed().as_secs(), 3);
}

/// What a call whose deadline is the client's own may wait is bounded by it, too.
#[tokio::test(start_paused = true)]
async fn a_client_with_a_short_deadline_does_not_wait_out_a_long_pause() {
    let busy =
        service_fn(|_: Request<Body>| async move { Ok::<_, Error>(response(429, &[("retry-after", "40")])) });
    let builder = Client::builder().instance("dev12345").user("admin").password("secret").transport(busy);
    let client = builder.deadline(Duration::from_secs(20)).build().unwrap();
    client.table("incident").list().limit(1).await.unwrap_err();
    let began = Instant::now();
    let error = client.table("incident").list().limit(1).await.unwrap_err();
    assert_eq!((error.kind(), began.elapsed()), (ErrorKind::RateLimited, Duration::ZERO));
    assert_eq!(error.retry_after().unwrap().as_secs(), 40);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_nobody_polls_takes_no_permit() {
    let empty = service_fn(|_: Request<Body>| async { Ok::<_, Error>(Response::new(Body::empty())) });
    let mut service = ThrottleLayer::new(1).layer(empty);
    let first = service.call(get("/first"));
    let second = service.call(get("/second"));
    assert_eq!(second.await.unwrap().status(), 200);
    assert_eq!(first.await.unwrap().status(), 200);
}

/// What is below hears of no more requests than there are permits, however many calls are made.
#[tokio::test(start_paused = true)]
async fn a_call_that_nobody_polls_reaches_nothing_below() {
    let script = Script::default();
    let mut service = ThrottleLayer::new(1).layer(script.service());
    let calls: Vec<_> = (0..3).map(|_| Box::pin(service.call(get("/")))).collect();
    assert!(script.waiting().is_empty());
    for mut call in calls {
        assert!((&mut call).now_or_never().is_none());
        assert_eq!(script.waiting().len(), 1);
        script.respond(200, &[]);
        assert_eq!(call.await.unwrap().status(), 200);
    }
}

/// A future that was polled in one runtime goes on in another.
#[test]
fn a_pause_ends_in_whichever_runtime_the_future_is_driven() {
    let runtime =
        || tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    for idle in [true, false] {
        for busy_status in [429, 503] {
            let mut left = 1;
            let once = service_fn(move |_: Request<Body>| {
                let status = if left > 0 { busy_status } else { 200 };
                left -= 1;
                async move { Ok::<_, Error>(response(status, &[("retry-after", "5")])) }
            });
            let service =
                RetryLayer::new(RetryPolicy::new()).layer(ThrottleLayer::new(1).layer(Shared::new(once)));
            let mut call = Box::pin(service.oneshot(get("/")));
            let begins = runtime();
            assert!(begins.block_on(async { (&mut call).now_or_never() }).is_none());
            let begins = idle.then_some(begins);
            let ended =
                runtime().block_on(async { tokio::time::timeout(Duration::from_secs(60), call).await });
            assert_eq!(ended.expect("it waits in the other runtime").unwrap().status(), 200);
            drop(begins);
        }
    }
}

/// A service that its clones share.
struct Shared<S>(Arc<Mutex<S>>);

impl<S> Shared<S> {
    fn new(service: S) -> Self {
        Self(Arc::new(Mutex::new(service)))
    }
}

impl<S> Clone for Shared<S> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<S: Service<Request<Body>>> Service<Request<Body>> for Shared<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), S::Error>> {
        self.0.lock().unwrap().poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> S::Future {
        self.0.lock().unwrap().call(request)
    }
}

#[test]
fn a_pause_outside_a_runtime_is_an_error() {
    let busy =
        service_fn(|_: Request<Body>| async { Ok::<_, Error>(response(429, &[("retry-after", "5")])) });
    let never = service_fn(|_: Request<Body>| pending::<Result<Response<Body>, Error>>());
    let retried = RetryLayer::new(RetryPolicy::new()).layer(busy).oneshot(get("/"));
    let throttle = ThrottleLayer::new(1);
    let mut taken = Box::pin(throttle.layer(never).oneshot(get("/")));
    assert!((&mut taken).now_or_never().is_none());
    let waiting = throttle.layer(never).oneshot(get("/"));
    for error in [retried.now_or_never().unwrap().err(), waiting.now_or_never().unwrap().err()] {
        assert!(error.unwrap().to_string().contains("tokio runtime"));
    }
}
