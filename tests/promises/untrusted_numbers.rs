//! No number from a service or a caller makes anything panic or overflow, whether it is a duration, a length or a count.

use crate::property;
use http::{Request, Response};
use proptest::prelude::*;
use snow_client::{Client, ErrorKind, layer::RetryPolicy};
use snow_core::layer::{ThrottleLayer, TimeoutLayer};
use snow_core::{Body, Error, HttpService, Transport};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tower::{Layer, ServiceExt, service_fn};

/// Years of the paused clock, after which whatever may wait for ever is given up.
const YEARS: Duration = Duration::from_secs(3 * 365 * 24 * 60 * 60);

fn duration() -> impl Strategy<Value = Duration> {
    prop_oneof![
        Just(Duration::ZERO),
        Just(Duration::from_nanos(1)),
        Just(Duration::from_secs(7)),
        Just(Duration::from_secs(u64::MAX / 2)),
        Just(Duration::from_secs(i64::MAX as u64)),
        Just(Duration::from_secs(u64::MAX)),
        Just(Duration::MAX),
    ]
}

fn count() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), Just(1), Just(3), Just(u64::from(u32::MAX)), Just(i64::MAX as u64), Just(u64::MAX)]
}

fn header() -> impl Strategy<Value = String> {
    prop_oneof![
        count().prop_map(|count| count.to_string()),
        "[0-9]{1,40}",
        "-?[0-9]{1,3}(\\.[0-9]{1,3})?",
        Just("Fri, 31 Dec 9999 23:59:59 GMT".to_owned()),
        Just("Thu, 01 Jan 1970 00:00:00 GMT".to_owned()),
        "[ -~]{0,12}",
    ]
}

/// All that a builder takes.
#[derive(Clone, Debug)]
struct Settings {
    durations: [Duration; 7],
    counts: [u64; 4],
    attempts: u32,
    budget: u32,
}

fn settings() -> impl Strategy<Value = Settings> {
    let extreme = || prop_oneof![Just(0), Just(1), Just(4), Just(u32::MAX)];
    let all = (prop::array::uniform7(duration()), prop::array::uniform4(count()), extreme(), extreme());
    all.prop_map(|(durations, counts, attempts, budget)| Settings { durations, counts, attempts, budget })
}

fn client(settings: &Settings, transport: HttpService) -> Client {
    let [deadline, head, idle, pause, first, longest, _] = settings.durations;
    let [concurrency, sessions, bytes, _] = settings.counts.map(|count| usize::try_from(count).unwrap());
    let policy =
        RetryPolicy::new().max_attempts(settings.attempts).budget(settings.budget).backoff(first, longest);
    let builder = Client::builder().instance("dev12345").user("admin").password("secret");
    let builder = builder.deadline(deadline).response_timeout(head).idle_timeout(idle).retry(policy);
    let builder = builder.max_rate_limit_pause(pause).concurrency(concurrency).sessions(sessions);
    builder.body_limit(bytes as u64).transport(transport).build().unwrap()
}

/// Two responses with trouble in them, and then an empty list with the same headers.
fn instance(status: u16, headers: [String; 4]) -> HttpService {
    let calls = Arc::new(AtomicU32::new(0));
    HttpService::new(service_fn(move |_: Request<Body>| {
        let status = if calls.fetch_add(1, Ordering::Relaxed) < 2 { status } else { 200 };
        let mut response = Response::builder().status(status).header("content-type", "application/json");
        for (name, value) in
            ["retry-after", "x-ratelimit-reset", "x-total-count", "set-cookie"].into_iter().zip(&headers)
        {
            let value = if name == "set-cookie" { format!("a=b; Max-Age={value}") } else { value.clone() };
            response = response.header(name, value);
        }
        async move { Ok::<_, Error>(response.body(Body::from(r#"{"result":[]}"#)).unwrap()) }
    }))
}

/// What it comes to is not told here, but it comes to something that is no fault of the client's.
fn is_sane<T>(outcome: Result<Result<T, Error>, tokio::time::error::Elapsed>) -> Result<(), TestCaseError> {
    if let Ok(Err(error)) = outcome {
        prop_assert_ne!(error.kind(), ErrorKind::Internal, "{}", error);
        prop_assert!(!error.to_string().is_empty());
    }
    Ok(())
}

#[test]
fn no_setting_and_no_header_is_too_large_or_too_small() {
    let status = prop_oneof![Just(429), Just(502), Just(503), Just(202), Just(200)];
    let cases = (settings(), status, prop::array::uniform4(header()));
    property::check(300, cases, async |(settings, status, headers)| {
        let client = client(&settings, instance(status, headers));
        let table = client.table("incident");
        for _ in 0..2 {
            is_sane(tokio::time::timeout(YEARS, table.list().limit(5)).await)?;
        }
        let own = table.create(&serde_json::json!({})).deadline(settings.durations[6]).into_future();
        is_sane(tokio::time::timeout(YEARS, own).await)?;
        let mut records = table.list().offset(u32::MAX).stream().page_size(u32::MAX);
        let read = async { records.next().await.transpose() };
        is_sane(tokio::time::timeout(YEARS, read).await)
    });
}

#[test]
fn no_limit_of_a_layer_is_too_large_for_the_body_it_is_for() {
    let sizes = prop_oneof![Just(0_usize), Just(64 << 10), Just(1 << 20)];
    property::check(60, (duration(), duration(), sizes), async |(head, idle, size)| {
        let slow = service_fn(|request: Request<Body>| async move {
            snow_core::timer::sleep(Duration::from_millis(1_500)).await?;
            Ok::<_, Error>(Response::new(request.into_body()))
        });
        let layer = TimeoutLayer::new().response_timeout(head).idle(idle);
        let request = Request::post("/").body(Body::from(vec![0; size])).unwrap();
        let call = async {
            let response = layer.layer(slow).oneshot(request).await?;
            Body::stream(response.into_body()).collect(usize::MAX).await
        };
        let outcome = tokio::time::timeout(YEARS, call).await.expect("it ends");
        let is_enough =
            head.saturating_add(Duration::from_secs(size as u64 >> 16)) > Duration::from_millis(1_500);
        prop_assert_eq!(outcome.is_ok(), is_enough);
        Ok(())
    });
}

#[test]
fn no_wait_for_a_permit_is_too_long() {
    property::check(60, (duration(), duration(), header()), async |(wait, pause, asked)| {
        let busy = service_fn(move |_: Request<Body>| {
            let response = Response::builder().status(429).header("retry-after", asked.trim());
            async move { Ok::<_, Error>(response.body(Body::empty()).unwrap()) }
        });
        let service = ThrottleLayer::new(1).wait(wait).max_rate_limit_pause(pause).layer(busy);
        for _ in 0..3 {
            let request = Request::get("/").body(Body::empty()).unwrap();
            is_sane(tokio::time::timeout(YEARS, service.clone().oneshot(request)).await)?;
        }
        Ok(())
    });
}

/// The same of the sums that have to be right, and not only to be made.
#[tokio::test(start_paused = true)]
async fn the_largest_numbers_mean_what_they_say() {
    let largest = u64::MAX.to_string();
    let headers = [&largest, &largest, "0", "0"].map(str::to_owned);
    let settings = Settings { durations: [Duration::MAX; 7], counts: [4; 4], attempts: 4, budget: 9 };
    let settings = Settings { counts: [4, 1, 1 << 20, 0], ..settings };
    let client = client(&settings, instance(429, headers));
    let error = client.table("incident").list().limit(1).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.retry_after()),
        (ErrorKind::RateLimited, Some(Duration::from_secs(u64::MAX)))
    );
}

#[tokio::test]
async fn the_longest_times_of_a_transport_are_none() {
    let simulator = crate::simulator();
    let listener = simulator.listen().await.unwrap();
    for idle in [Duration::ZERO, Duration::MAX] {
        let transport = Transport::builder()
            .no_proxy()
            .connect_timeout(Duration::MAX)
            .pool_idle_timeout(idle)
            .build()
            .unwrap();
        let builder = Client::builder().instance(listener.url()).user("admin").password("secret");
        let client = builder.transport(transport).build().unwrap();
        for _ in 0..2 {
            assert_eq!(client.table("incident").list().limit(1).await.unwrap().len(), 1);
        }
    }
}

/// A client of an instance that counts so many records in each response, and shows none of them. After so many requests it fails.
fn counting(total: u64, requests: u32) -> Client {
    let calls = Arc::new(AtomicU32::new(0));
    let service = service_fn(move |_: Request<Body>| {
        let status = if calls.fetch_add(1, Ordering::Relaxed) < requests { 200 } else { 400 };
        let response = Response::builder().status(status).header("content-type", "application/json");
        let response = response.header("x-total-count", total).body(Body::from(r#"{"result":[]}"#)).unwrap();
        std::future::ready(Ok::<_, Error>(response))
    });
    let builder = Client::builder().instance("dev12345").user("admin").password("secret");
    builder.transport(service).build().unwrap()
}

/// Each range that is read takes memory, so no count makes as many of them as it asks for.
#[tokio::test(start_paused = true)]
async fn a_parallel_read_takes_no_more_memory_because_of_a_count() {
    for (total, page_size) in [(u64::MAX, None), (1_000_000_000, None), (1_000_000_000, Some(1))] {
        for (parallel, unordered) in [(2, false), (2, true), (usize::MAX, false), (usize::MAX, true)] {
            let records = counting(total, 50).table("incident").list().stream();
            let records = records.parallel(parallel).unordered(unordered);
            let mut records = match page_size {
                Some(page_size) => records.page_size(page_size),
                None => records,
            };
            let error = records.next().await.expect("no end is proven").unwrap_err();
            assert_eq!(error.status().map(|status| status.as_u16()), Some(400), "{error}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_count_that_no_request_reaches_ends_a_read() {
    let error = counting(u64::MAX, 1_000).table("incident").list().all().await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Incomplete, None), "{error}");
    assert!(error.to_string().contains("shows none of them"), "{error}");
}

/// More pieces than a range is split into at a time: the pieces are split again.
#[tokio::test]
async fn a_parallel_read_of_many_small_pages_is_complete() {
    let simulator = snow_sim::Simulator::builder().without_demo_data().user("admin", "secret");
    let simulator = simulator.incidents(1_100).build().unwrap();
    for unordered in [false, true] {
        let records = crate::client(&simulator).table("incident").list().fields(["sys_id"]).stream();
        let records = records.parallel(4).unordered(unordered).page_size(1);
        let ids: Vec<_> =
            records.all().await.unwrap().iter().map(|record| record.sys_id().unwrap()).collect();
        let unique: std::collections::BTreeSet<_> = ids.iter().collect();
        assert_eq!((ids.len(), unique.len()), (1_100, 1_100));
        assert!(unordered || ids.is_sorted());
    }
}
