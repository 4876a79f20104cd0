//! A stream that is stopped sends no further request, gives out what has come, and can be resumed: every record comes once.

use crate::property;
use crate::stream_pages::simulator;
use futures_util::FutureExt;
use http::Request;
use proptest::prelude::*;
use serde_json::json;
use snow_client::{
    Client, Error, ErrorKind, Query, Record, field,
    layer::RetryPolicy,
    stream::{RecordStream, StopHandle, StreamPosition},
};
use snow_core::Body;
use snow_sim::{Cut, Fault, Quota, Simulator};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tower::ServiceExt;

/// A client whose requests reach the simulator one for each opening of the gate, and the number of requests that were sent.
struct Gated {
    client: Client,
    gate: Arc<Semaphore>,
    sent: Arc<AtomicUsize>,
}

impl Gated {
    fn new(simulator: &Simulator, user: &str, concurrency: usize) -> Self {
        let (gate, sent) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
        let (simulator, to_open, counted) = (simulator.clone(), gate.clone(), sent.clone());
        let service = tower::service_fn(move |request: Request<Body>| {
            counted.fetch_add(1, Ordering::SeqCst);
            let (simulator, gate) = (simulator.clone(), to_open.clone());
            async move {
                gate.acquire().await.unwrap().forget();
                simulator.oneshot(request).await.map_err(Error::wrap)
            }
        });
        let retry =
            RetryPolicy::new().max_attempts(5).backoff(Duration::from_secs(40), Duration::from_secs(40));
        let builder = Client::builder().instance("dev12345").user(user).password("secret").retry(retry);
        let client = builder.concurrency(concurrency).transport(service).build().unwrap();
        Self { client, gate, sent }
    }

    fn open(simulator: &Simulator, user: &str) -> Self {
        let gated = Self::new(simulator, user, 32);
        gated.gate.add_permits(100_000);
        gated
    }

    fn ids(&self) -> RecordStream<Record> {
        self.client.table("incident").list().fields(["sys_id"]).stream()
    }

    fn sent(&self) -> usize {
        self.sent.load(Ordering::SeqCst)
    }
}

fn id(record: &Record) -> String {
    record.value("sys_id").unwrap().into_owned()
}

/// The ids of the records that still come.
async fn rest(records: &mut RecordStream<Record>) -> Vec<String> {
    let mut ids = Vec::new();
    while let Some(record) = records.next().await {
        ids.push(id(&record.unwrap()));
    }
    ids
}

fn stored(position: Option<StreamPosition>) -> StreamPosition {
    let stored = serde_json::to_string(&position.expect("there is a place to resume from")).unwrap();
    serde_json::from_str(&stored).unwrap()
}

/// Lets all tasks go on until they wait.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

/// How a table is read.
#[derive(Clone, Debug)]
struct Read {
    query: Query<'static>,
    page_size: Option<u32>,
    parallel: usize,
    unordered: bool,
    by_offset: bool,
    buffer: Option<usize>,
}

impl Read {
    fn stream(&self, client: &Client) -> RecordStream<Record> {
        let list = client.table("incident").list().query(&self.query).fields(["sys_id"]);
        let stream =
            list.stream().parallel(self.parallel).unordered(self.unordered).by_offset(self.by_offset);
        let stream = if let Some(bytes) = self.buffer { stream.buffer(bytes) } else { stream };
        if let Some(size) = self.page_size { stream.page_size(size) } else { stream }
    }
}

fn reads() -> impl Strategy<Value = Read> {
    let by_time = Query::new().order_by("sys_created_on");
    let order = prop_oneof![Just((Query::new(), false)), Just((Query::new(), true)), Just((by_time, false))];
    let buffer = prop::option::weighted(0.3, 1..20_000_usize);
    (order, prop::option::of(1..50_u32), 1..5_usize, any::<bool>(), buffer).prop_map(
        |((query, by_offset), page_size, parallel, unordered, buffer)| {
            let by_id = !by_offset && query.order().is_empty();
            let parallel = if by_id { parallel } else { 1 };
            Read { query, page_size, parallel, unordered, by_offset, buffer }
        },
    )
}

/// Reads until so many records came, stops, and takes what still comes. Returns whether the read was complete then.
async fn stopped(
    mut records: RecordStream<Record>,
    after: usize,
    gated: &Gated,
) -> (Vec<String>, Option<StreamPosition>, bool) {
    let (stop, mut came) = (records.stop_handle(), Vec::new());
    while came.len() < after
        && let Some(record) = records.next().await
    {
        came.push(id(&record.unwrap()));
    }
    stop.stop();
    let sent = gated.sent();
    came.extend(rest(&mut records).await);
    assert_eq!(gated.sent(), sent, "no request is sent after the stop");
    assert!(records.next().await.is_none());
    (came, records.position(), records.report().complete)
}

async fn stopped_pages(
    records: RecordStream<Record>,
    after: usize,
    gated: &Gated,
) -> (Vec<String>, Option<StreamPosition>, bool) {
    let mut pages = records.pages();
    let (stop, mut came) = (pages.stop_handle(), Vec::new());
    let mut sent = None;
    loop {
        if came.len() >= after && sent.is_none() {
            stop.stop();
            sent = Some(gated.sent());
        }
        match pages.next().await {
            Some(page) => came.extend(page.unwrap().iter().map(id)),
            None => break,
        }
    }
    assert!(sent.is_none_or(|sent| gated.sent() == sent), "no request is sent after the stop");
    (came, pages.position(), pages.report().complete)
}

#[test]
fn stopped_and_resumed_every_record_comes_once() {
    let cases = (0..200_u32, reads(), 0..160_usize, any::<bool>(), any::<bool>());
    property::check(150, cases, async |(size, read, after, slow, by_page)| {
        let simulator = simulator(size);
        let gated = Gated::open(&simulator, "reader");
        let expected = rest(&mut gated.ids()).await;
        if slow {
            simulator.settings(|settings| settings.latency = Duration::from_millis(50));
        }
        let records = read.stream(&gated.client);
        let (mut came, position, complete) = match by_page {
            true => stopped_pages(records, after, &gated).await,
            false => stopped(records, after, &gated).await,
        };
        let in_order = !read.unordered && read.query.order().is_empty();
        prop_assert!(!in_order || expected.starts_with(&came), "in order, without a gap");
        prop_assert_eq!(complete, position.is_none());
        if let Some(position) = position {
            prop_assert_eq!(position.received(), came.len() as u64);
            let mut resumed = read.stream(&gated.client).resume(stored(Some(position)));
            came.extend(rest(&mut resumed).await);
            prop_assert!(resumed.report().complete);
        }
        came.sort();
        prop_assert_eq!(came, expected);
        Ok(())
    });
}

/// Stopped again and again, after few records each time: what a position holds is enough, however often.
#[tokio::test(start_paused = true)]
async fn a_read_that_is_stopped_over_and_over_comes_to_its_end() {
    let simulator = simulator(400);
    let gated = Gated::open(&simulator, "reader");
    let expected = rest(&mut gated.ids()).await;
    let modes: [fn(RecordStream<Record>) -> RecordStream<Record>; 4] = [
        |records| records,
        |records| records.parallel(3),
        |records| records.parallel(3).unordered(true),
        |records| records.by_offset(true),
    ];
    for mode in modes {
        let (mut came, mut position) = (Vec::new(), None);
        loop {
            let records = mode(gated.ids().page_size(20));
            let records = if let Some(position) = position { records.resume(position) } else { records };
            let (some, reached, complete) = stopped(records, 7, &gated).await;
            came.extend(some);
            if complete {
                break;
            }
            position = Some(stored(reached));
        }
        came.sort();
        assert_eq!(came, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_that_is_under_way_is_finished_and_given_out() {
    let simulator = simulator(100);
    let gated = Gated::new(&simulator, "admin", 32);
    let mut records = gated.ids().page_size(30);
    let stop = records.stop_handle();
    let reading = tokio::spawn(async move {
        let ids = rest(&mut records).await;
        (ids, records)
    });
    settle().await;
    assert_eq!(gated.sent(), 1);
    stop.clone().stop();
    assert!(stop.is_stopped());
    settle().await;
    assert!(!reading.is_finished(), "the page is waited for");
    gated.gate.add_permits(1_000);
    let (mut ids, records) = reading.await.unwrap();
    let report = records.report();
    assert_eq!((ids.len(), report.complete, report.expected, report.requests), (30, false, Some(100), 1));
    ids.extend(rest(&mut gated.ids().resume(stored(records.position()))).await);
    assert_eq!(ids.len(), 100);
}

/// Reads in a task until it waits, stops it from here, and returns what came. No time may pass in between.
async fn stopped_while_pending(mut records: RecordStream<Record>) -> (Vec<String>, RecordStream<Record>) {
    let stop: StopHandle = records.stop_handle();
    let reading = tokio::spawn(async move {
        let ids = rest(&mut records).await;
        (ids, records)
    });
    settle().await;
    assert!(!reading.is_finished());
    let began = Instant::now();
    stop.stop();
    let (ids, records) = reading.await.unwrap();
    assert_eq!(began.elapsed(), Duration::ZERO, "the stop wakes the task");
    assert!(!records.report().complete);
    (ids, records)
}

async fn resumes(gated: &Gated, came: Vec<String>, records: &RecordStream<Record>, count: usize) {
    let mut ids = came;
    let mut resumed = gated.ids().resume(stored(records.position()));
    ids.extend(rest(&mut resumed).await);
    assert!(resumed.report().complete && ids.is_sorted());
    ids.dedup();
    assert_eq!(ids.len(), count);
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_the_wait_for_a_permit() {
    let simulator = simulator(50);
    let gated = Gated::new(&simulator, "admin", 1);
    let other = gated.client.clone();
    let other = tokio::spawn(async move { other.table("incident").list().count().await });
    settle().await;
    let (came, records) = stopped_while_pending(gated.ids()).await;
    assert_eq!((came.len(), gated.sent(), records.report().requests), (0, 1, 0));
    gated.gate.add_permits(1_000);
    assert_eq!(other.await.unwrap().unwrap(), 50);
    resumes(&gated, came, &records, 50).await;
}

/// The pause of the stack, between two attempts of one request.
#[tokio::test(start_paused = true)]
async fn a_stop_ends_the_pause_before_another_attempt() {
    for fault in [Fault::Maintenance, Fault::NoNode] {
        let simulator = simulator(50);
        let gated = Gated::open(&simulator, "admin");
        simulator.fail_always(Some(fault));
        let (came, records) = stopped_while_pending(gated.ids()).await;
        assert_eq!((came.len(), gated.sent(), records.report().requests), (0, 1, 1), "{fault:?}");
        simulator.fail_always(None);
        resumes(&gated, came, &records, 50).await;
    }
}

/// The pause of the stream, before a page that broke off is requested again.
#[tokio::test(start_paused = true)]
async fn a_stop_ends_the_pause_before_a_page_is_requested_again() {
    let simulator = simulator(50);
    let gated = Gated::open(&simulator, "admin");
    simulator.settings(|settings| settings.quota = Some(Quota { rows: 0, shape: Cut::Before }));
    let (came, records) = stopped_while_pending(gated.ids().page_size(1)).await;
    assert_eq!((came.len(), gated.sent()), (0, 1));
    simulator.settings(|settings| settings.quota = None);
    resumes(&gated, came, &records, 50).await;
}

/// A page that fails after the stop is not requested again, and what came of it is given out.
#[tokio::test(start_paused = true)]
async fn a_page_that_fails_after_the_stop_ends_the_read() {
    for (rows, shape) in [(0, Cut::Before), (12, Cut::Truncated), (12, Cut::ErrorAfterRows)] {
        let simulator = simulator(50);
        simulator.settings(|settings| settings.gzip = false); // so that each record is there as soon as its bytes are
        let gated = Gated::new(&simulator, "admin", 32);
        let mut records = gated.ids().page_size(30);
        let stop = records.stop_handle();
        assert!(records.next().now_or_never().is_none());
        stop.stop();
        simulator.settings(|settings| settings.quota = Some(Quota { rows, shape }));
        gated.gate.add_permits(1_000);
        let came = rest(&mut records).await;
        assert_eq!((came.len(), gated.sent(), records.report().complete), (rows, 1, false), "{shape:?}");
        assert_eq!(records.report().retried_pages, 0);
        simulator.settings(|settings| settings.quota = None);
        resumes(&gated, came, &records, 50).await;
    }
}

/// A malformed page usually takes one more request, which names the records around the fault.
#[tokio::test(start_paused = true)]
async fn a_malformed_page_after_the_stop_is_an_error_at_once() {
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = sent.clone();
    let service = tower::service_fn(move |_: Request<Body>| {
        counted.fetch_add(1, Ordering::SeqCst);
        let response = http::Response::builder().header("content-type", "application/json");
        let body = Body::from(format!(r#"{{"result":[{{"sys_id":"{:032x}"}},{{"sys_id":nonsense}}]}}"#, 1));
        let response = response.header("x-total-count", "2").body(body).unwrap();
        async move {
            tokio::task::yield_now().await;
            Ok::<_, Error>(response)
        }
    });
    let client =
        Client::builder().instance("dev1").user("a").password("b").transport(service).build().unwrap();
    for (stops, requests) in [(false, 2), (true, 1)] {
        sent.store(0, Ordering::SeqCst);
        let mut records = client.table("incident").list().stream();
        assert!(records.next().now_or_never().is_none());
        if stops {
            records.stop_handle().stop();
        }
        assert!(records.next().await.unwrap().is_ok());
        assert_eq!(records.next().await.unwrap().unwrap_err().kind(), ErrorKind::Malformed);
        assert_eq!(sent.load(Ordering::SeqCst), requests);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_of_pages_is_woken_too() {
    let simulator = simulator(50);
    let gated = Gated::open(&simulator, "admin");
    simulator.fail_always(Some(Fault::Maintenance));
    let mut pages = gated.ids().pages();
    let stop = pages.stop_handle();
    let reading = tokio::spawn(async move { (pages.next().await.is_none(), pages) });
    settle().await;
    let began = Instant::now();
    stop.stop();
    let (is_end, pages) = reading.await.unwrap();
    assert!(is_end && began.elapsed().is_zero() && !pages.report().complete && pages.position().is_some());
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_stopped_before_it_begins_sends_nothing() {
    let simulator = simulator(50);
    let gated = Gated::open(&simulator, "admin");
    let mut records = gated.ids();
    records.stop_handle().stop();
    assert!(records.next().await.is_none());
    assert_eq!((gated.sent(), records.report().complete), (0, false));
    resumes(&gated, Vec::new(), &records, 50).await;

    // One that is resumed keeps its place.
    let mut first = gated.ids().page_size(10);
    let came = vec![id(&first.next().await.unwrap().unwrap())];
    let mut second = gated.ids().resume(first.position().unwrap());
    second.stop_handle().stop();
    assert!(second.next().await.is_none());
    resumes(&gated, came, &second, 50).await;
}

#[tokio::test(start_paused = true)]
async fn a_stop_after_everything_has_come_changes_nothing() {
    let simulator = simulator(50);
    let gated = Gated::open(&simulator, "admin");
    let mut records = gated.ids().page_size(100);
    let first = records.next().await.unwrap().unwrap();
    records.stop_handle().stop();
    assert_eq!(rest(&mut records).await.len(), 49);
    assert!(records.report().complete && records.position().is_none(), "{}", id(&first));
    records.stop_handle().stop();
    assert!(records.next().await.is_none() && records.report().complete);
}

/// In an ordered parallel read, what came beyond a gap is not given out and comes again later.
#[tokio::test(start_paused = true)]
async fn records_beyond_a_gap_are_left_to_the_resumed_read() {
    let simulator = simulator(400);
    let gated = Gated::open(&simulator, "admin");
    let expected = rest(&mut gated.ids()).await;
    simulator.settings(|settings| settings.latency = Duration::from_millis(50));
    for unordered in [false, true] {
        let mut records = gated.ids().page_size(20).parallel(4).unordered(unordered);
        let (stop, mut came) = (records.stop_handle(), Vec::new());
        while came.len() < 25 {
            came.push(id(&records.next().await.unwrap().unwrap()));
        }
        stop.stop();
        came.extend(rest(&mut records).await);
        assert!(came.len() < 400 && (unordered || expected.starts_with(&came)));
        let position = stored(records.position());
        came.extend(rest(&mut gated.ids().parallel(4).resume(position)).await);
        came.sort();
        assert_eq!(came, expected);
    }
}

/// All ids of a split query are read once more at the end, which takes requests: a stop leaves that to the resumed read.
#[tokio::test(start_paused = true)]
async fn a_stop_before_the_ids_are_compared_leaves_that_to_the_resumed_read() {
    let simulator = simulator(0);
    let gated = Gated::open(&simulator, "admin");
    let values: Vec<String> = (0..150).map(|at| format!("{at:04}-{}", "x".repeat(90))).collect();
    for value in &values {
        gated.client.table("incident").create(&json!({ "correlation_id": value })).await.unwrap();
    }
    let stream = || {
        let query = field("correlation_id").is_in(&values);
        gated.client.table("incident").list().query(query).fields(["sys_id"]).stream()
    };
    let mut records = stream();
    let stop = records.stop_handle();
    for _ in 0..150 {
        records.next().await.unwrap().unwrap();
    }
    stop.stop();
    let sent = gated.sent();
    assert!(records.next().await.is_none());
    let report = records.report();
    assert!(!report.complete && report.may_have_drifted && gated.sent() == sent, "{report:?}");
    let mut resumed = stream().resume(stored(records.position()));
    assert_eq!(rest(&mut resumed).await.len(), 0);
    let report = resumed.report();
    assert!(report.complete && !report.may_have_drifted && report.received == 150, "{report:?}");

    // In the middle of the first part.
    let mut records = stream().page_size(10);
    let mut came = vec![id(&records.next().await.unwrap().unwrap())];
    records.stop_handle().stop();
    came.extend(rest(&mut records).await);
    let mut resumed = stream().resume(stored(records.position()));
    came.extend(rest(&mut resumed).await);
    came.sort();
    came.dedup();
    assert_eq!(
        (came.len(), resumed.report().complete, resumed.report().may_have_drifted),
        (150, true, false)
    );
}

/// A client that checks the fields first reads the dictionary, which a stop interrupts.
#[tokio::test(start_paused = true)]
async fn a_stop_while_the_fields_are_checked_ends_the_read() {
    let simulator = simulator(50);
    simulator.settings(|settings| settings.latency = Duration::from_secs(5));
    let builder =
        Client::builder().instance("dev12345").user("admin").password("secret").validate_fields(true);
    let client = builder.transport(simulator.clone()).build().unwrap();
    let (came, records) =
        stopped_while_pending(client.table("incident").list().fields(["sys_id"]).stream()).await;
    assert_eq!((came.len(), records.report().requests), (0, 0));
    let gated = Gated::open(&simulator, "admin");
    resumes(&gated, came, &records, 50).await;
}

/// A stop hides no error that says what is wrong with the read itself.
#[tokio::test(start_paused = true)]
async fn a_stopped_stream_still_fails_for_what_is_wrong_with_it() {
    let simulator = simulator(50);
    let gated = Gated::open(&simulator, "admin");
    let mut records = gated.ids().by_offset(true).parallel(2);
    records.stop_handle().stop();
    assert_eq!(records.next().await.unwrap().unwrap_err().kind(), ErrorKind::InvalidInput);
    let handle = records.stop_handle();
    assert_eq!(format!("{handle:?}"), "StopHandle { is_stopped: true }");
}
