//! A stream and a bulk write tell how far they are: in order, with numbers that agree with the report, and never after the end.

use crate::property;
use crate::stream_pages::simulator;
use futures_util::FutureExt;
use proptest::prelude::*;
use serde_json::json;
use snow_client::blocking::Iterate;
use snow_client::bulk::WriteProgress;
use snow_client::layer::RetryPolicy;
use snow_client::stream::{RecordStream, StreamPosition, StreamProgress};
use snow_client::{Client, ErrorKind, Record, SysId, field};
use snow_sim::{Fault, Simulator};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What was told.
struct Told<P>(Arc<Mutex<Vec<P>>>);

impl<P: Clone + Send + 'static> Told<P> {
    fn new() -> Self {
        Self(Arc::default())
    }

    fn listener(&self) -> impl FnMut(P) + Send + Sync + 'static {
        let told = self.0.clone();
        move |progress| told.lock().unwrap().push(progress)
    }

    fn all(&self) -> Vec<P> {
        self.0.lock().unwrap().clone()
    }
}

fn received(told: &Told<StreamProgress>) -> Vec<u64> {
    told.all().iter().map(|progress| progress.received).collect()
}

fn records(client: &Client) -> RecordStream<Record> {
    client.table("incident").list().fields(["number"]).stream()
}

async fn read(records: &mut RecordStream<Record>) -> u64 {
    let mut count = 0;
    while let Some(record) = records.next().await {
        record.unwrap();
        count += 1;
    }
    count
}

/// The bytes of all responses with records.
fn sent(simulator: &Simulator) -> u64 {
    simulator.journal().iter().map(|entry| entry.sent as u64).sum()
}

/// A response takes 100 ms.
fn slow(incidents: u32) -> (Simulator, Client) {
    let simulator = simulator(incidents);
    simulator.settings(|settings| settings.latency = Duration::from_millis(100));
    let client = crate::client(&simulator);
    (simulator, client)
}

#[tokio::test(start_paused = true)]
async fn a_stream_tells_its_progress_page_by_page() {
    let (simulator, client) = slow(1_000);
    let told = Told::new();
    let mut records = records(&client).page_size(250).on_progress(told.listener());
    assert_eq!(read(&mut records).await, 1_000);

    let all = told.all();
    assert_eq!(received(&told), [250, 500, 750, 1_000]);
    assert!(all.iter().all(|progress| progress.expected == Some(1_000) && progress.resumed == 0));
    assert!(all.is_sorted_by_key(|progress| (progress.bytes, progress.requests, progress.elapsed)));
    let (last, report) = (all.last().unwrap(), records.report());
    assert_eq!(
        (last.received, last.expected, last.requests),
        (report.received, report.expected, report.requests)
    );
    assert_eq!(last.bytes, sent(&simulator), "each byte of a body is counted once");
    // Under the paused clock only responses take time, one after the other.
    assert_eq!(last.elapsed, Duration::from_millis(400));
    assert!((last.records_per_second() - 2_500.0).abs() < 1e-6, "{}", last.records_per_second());

    assert!(records.next().await.is_none() && records.next().await.is_none());
    assert_eq!(told.all().len(), 4, "nothing is told after the end");
}

#[tokio::test(start_paused = true)]
async fn what_is_told_was_dealt_with() {
    let (_simulator, client) = slow(300);
    let told = Told::new();
    let mut records = records(&client).page_size(100).on_progress(told.listener());
    for _ in 0..100 {
        records.next().await.unwrap().unwrap();
    }
    assert_eq!(received(&told), [0; 0], "the last record of the page was returned, and may yet be worked on");
    records.next().await.unwrap().unwrap();
    assert_eq!(received(&told), [100]);
    drop(records);
    assert_eq!(received(&told), [100], "a stream that is dropped tells nothing more");
}

#[tokio::test(start_paused = true)]
async fn all_records_in_memory_pages_and_parallel_reads_tell_it_too() {
    let (simulator, client) = slow(3_000);
    for (parallel, unordered) in [(1, false), (4, false), (4, true)] {
        let stream = || records(&client).page_size(200).parallel(parallel).unordered(unordered);
        simulator.take_journal();
        let told = Told::new();
        let all = stream().on_progress(told.listener()).all().await.unwrap();
        let calls = told.all();
        assert_eq!(all.len(), 3_000);
        assert!(calls.len() >= 15, "a call for each page: {}", calls.len());
        assert!(calls.is_sorted_by_key(|progress| progress.received));
        let last = calls.last().unwrap();
        assert_eq!((last.received, last.expected), (3_000, Some(3_000)));
        assert_eq!(last.bytes, sent(&simulator));
        assert_eq!(last.requests, simulator.take_journal().len() as u64);

        let (told, mut sizes) = (Told::new(), Vec::new());
        let mut pages = stream().on_progress(told.listener()).pages();
        while let Some(page) = pages.next().await {
            assert_eq!(received(&told).last().copied().unwrap_or_default(), sizes.iter().sum::<u64>());
            sizes.push(page.unwrap().len() as u64);
        }
        let sums = sizes.iter().scan(0, |sum, size| {
            *sum += size;
            Some(*sum)
        });
        let mut received = received(&told);
        received.dedup(); // the last call may have no more than other requests
        assert_eq!(received, sums.collect::<Vec<_>>());
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_with_a_limit_expects_no_more_than_that() {
    let (_simulator, client) = slow(1_000);
    for (limit, expected) in [(150, 150), (5_000, 1_000)] {
        let told = Told::new();
        let list = client.table("incident").list().fields(["number"]).limit(limit);
        let all = list.stream().page_size(100).on_progress(told.listener()).all().await.unwrap();
        let last = told.all().pop().unwrap();
        assert_eq!((all.len() as u64, last.received, last.expected), (expected, expected, Some(expected)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_resumed_read_counts_on_and_has_its_own_rate() {
    let (_simulator, client) = slow(1_000);
    let mut first = records(&client).page_size(250);
    for _ in 0..500 {
        first.next().await.unwrap().unwrap();
    }
    let stored = serde_json::to_string(&first.position()).unwrap();
    drop(first);
    let position: StreamPosition = serde_json::from_str(&stored).unwrap();
    let told = Told::new();
    let mut rest = records(&client).page_size(250).resume(position).on_progress(told.listener());
    assert_eq!(read(&mut rest).await, 500);
    assert_eq!(received(&told), [750, 1_000]);
    let last = told.all().pop().unwrap();
    assert_eq!((last.resumed, last.expected, last.elapsed), (500, Some(1_000), Duration::from_millis(200)));
    assert!((last.records_per_second() - 2_500.0).abs() < 1e-6, "{}", last.records_per_second());
}

#[tokio::test(start_paused = true)]
async fn an_error_is_no_progress() {
    let (simulator, client) = slow(1_000);
    let told = Told::new();
    let mut records = records(&client).page_size(250).on_progress(told.listener());
    for _ in 0..250 {
        records.next().await.unwrap().unwrap();
    }
    simulator.fail_always(Some(Fault::Hibernating));
    let error = loop {
        match records.next().await.unwrap() {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), ErrorKind::Hibernating);
    let calls = told.all().len();
    assert!(calls >= 1 && records.next().await.is_none());
    assert_eq!(told.all().len(), calls);
}

#[tokio::test(start_paused = true)]
async fn an_empty_table_is_told_once() {
    let (_simulator, client) = slow(0);
    let told = Told::new();
    assert_eq!(read(&mut records(&client).on_progress(told.listener())).await, 0);
    let [only] = told.all()[..] else { panic!("{:?}", told.all()) };
    assert_eq!((only.received, only.expected, only.requests), (0, Some(0), 1));
    assert!(only.records_per_second().abs() < f64::EPSILON);
}

#[tokio::test(start_paused = true)]
async fn a_function_that_panics_loses_no_record() {
    let (_simulator, client) = slow(300);
    let (mut count, mut panics) = (0, 0);
    let mut records = records(&client).page_size(100).on_progress(|_| panic!("as planned"));
    std::panic::set_hook(Box::new(|_| {}));
    loop {
        match AssertUnwindSafe(records.next()).catch_unwind().await {
            Ok(Some(record)) => {
                record.unwrap();
                count += 1;
            }
            Ok(None) => break,
            Err(_) => panics += 1,
        }
    }
    let _ = std::panic::take_hook();
    assert_eq!((count, panics), (300, 3));
    assert!(records.report().complete);
}

#[tokio::test(start_paused = true)]
async fn it_is_set_before_the_stream_begins() {
    let (_simulator, client) = slow(10);
    let mut records = records(&client);
    records.next().await.unwrap().unwrap();
    let error = records.on_progress(|_| {}).next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[test]
fn a_blocking_program_is_told_on_its_own_thread() {
    let simulator = simulator(400);
    let client = crate::client(&simulator);
    let (told, caller) = (Told::new(), std::thread::current().id());
    let mut listener = told.listener();
    let records = records(&client).page_size(100).on_progress(move |progress| {
        assert_eq!(std::thread::current().id(), caller);
        listener(progress);
    });
    let all = records.iterate().collect::<Result<Vec<_>, _>>().unwrap();
    assert_eq!((all.len(), received(&told)), (400, vec![100, 200, 300, 400]));
}

/// Reads of all kinds, of a user who does not see everything, with pages that break off.
#[test]
fn whatever_the_read_the_numbers_only_grow_and_the_last_ones_are_those_of_the_report() {
    let reads =
        (0..160_u32, 1..40_u32, 1..5_usize, any::<bool>(), any::<bool>(), prop::option::of(1..150_u32));
    property::check(80, reads, async |(size, page_size, parallel, unordered, by_offset, limit)| {
        let simulator = simulator(size);
        let soon = RetryPolicy::new().backoff(Duration::from_millis(1), Duration::from_millis(5));
        let builder = Client::builder().instance("dev12345").user("reader").password("secret").retry(soon);
        let client = builder.transport(simulator.clone()).build().unwrap();
        let list = client.table("incident").list().fields(["number"]);
        let list = if let Some(limit) = limit { list.limit(limit) } else { list };
        let (told, by_offset) = (Told::new(), by_offset && parallel == 1);
        let stream = list.stream().page_size(page_size).parallel(parallel).unordered(unordered);
        let mut stream = stream.by_offset(by_offset).on_progress(told.listener());
        if size % 3 == 0 {
            simulator.fail_next(Fault::NoNode);
        }
        let count = read(&mut stream).await;
        let (all, report) = (told.all(), stream.report());
        prop_assert!(!all.is_empty() && all.iter().all(|progress| progress.records_per_second().is_finite()));
        let grows = all.is_sorted_by(|a, b| {
            a.received <= b.received
                && a.bytes <= b.bytes
                && a.requests <= b.requests
                && a.elapsed <= b.elapsed
        });
        prop_assert!(grows, "{all:?}");
        let last = all.last().unwrap();
        prop_assert_eq!((last.received, last.requests), (count, report.requests));
        let limited = |expected: u64| expected.min(limit.map_or(u64::MAX, u64::from));
        prop_assert_eq!(last.expected, report.expected.map(limited));
        prop_assert_eq!(report.received, count);
        Ok(())
    });
}

async fn ids(client: &Client) -> Vec<SysId> {
    let all = client.table("incident").list().fields(["sys_id"]).all().await.unwrap();
    all.iter().map(|record| record.sys_id().unwrap()).collect()
}

fn assert_grows(all: &[WriteProgress]) {
    assert!(all.is_sorted_by_key(|progress| (progress.done(), progress.bytes, progress.elapsed)));
    assert!(all.windows(2).all(|pair| pair[1].done() == pair[0].done() + 1), "once after each write");
}

#[tokio::test(start_paused = true)]
async fn a_bulk_write_tells_the_same() {
    let (simulator, client) = slow(40);
    let ids = ids(&client).await;
    simulator.take_journal();
    let told = Told::new();
    let fields = json!({ "urgency": "2" });
    let update = client.table("incident").update_many(ids, &fields).concurrency(4);
    assert!(update.on_progress(told.listener()).all().await.is_complete());

    let (all, body) = (told.all(), serde_json::to_vec(&fields).unwrap().len() as u64);
    assert_eq!(all.len(), 40);
    assert_grows(&all);
    assert!(all.iter().all(|progress| progress.expected == Some(40)));
    assert!(all.iter().all(|progress| progress.bytes == progress.done() * body));
    let last = all.last().unwrap();
    assert_eq!((last.done(), last.under_way, last.waiting), (40, 0, 0));
    let received: usize = simulator.journal().iter().map(|entry| entry.received).sum();
    assert_eq!(last.bytes, received as u64, "as many bytes as the instance received");
    assert_eq!(last.elapsed, Duration::from_secs(1), "four at once");
    assert!((last.records_per_second() - 40.0).abs() < 1e-6, "{}", last.records_per_second());
}

#[tokio::test(start_paused = true)]
async fn a_bulk_write_of_a_query_expects_what_the_service_counted() {
    let (_simulator, client) = slow(230);
    let list = || client.table("incident").list().query(field("sys_id").is_not_empty());
    for (list, expected) in [(list(), 230), (list().limit(20), 20)] {
        let told = Told::new();
        let deletion = list.update_all(&json!({ "urgency": "2" })).on_progress(told.listener()).all().await;
        let all = told.all();
        assert!(deletion.is_complete() && all.len() as u64 == expected);
        assert_grows(&all);
        assert!(all.iter().all(|progress| progress.expected == Some(expected)), "{:?}", all[0]);
    }
    let told = Told::new();
    let deletion = list().limit(5).delete_all().on_progress(told.listener()).all().await;
    assert!(deletion.is_complete());
    assert_eq!(
        told.all().pop().map(|last| (last.done(), last.bytes)),
        Some((5, 0)),
        "deletions send no fields"
    );
}

#[tokio::test(start_paused = true)]
async fn a_bulk_write_that_is_stopped_tells_nothing_after_its_end() {
    let (_simulator, client) = slow(60);
    let told = Told::new();
    let list = client.table("incident").list().query(field("sys_id").is_not_empty());
    let update = list.update_all(&json!({ "urgency": "2" }));
    let (stop, mut listener) = (update.stop_handle(), told.listener());
    let update = update.on_progress(move |progress: WriteProgress| {
        if progress.done() == 3 {
            stop.stop();
        }
        listener(progress);
    });
    let mut outcomes = update.stream();
    let mut count = 0;
    while let Some(outcome) = outcomes.next().await {
        outcome.unwrap();
        count += 1;
    }
    assert!(outcomes.is_stopped() && outcomes.next().await.is_none());
    let all = told.all();
    assert_eq!(all.len(), count);
    assert!(all.iter().all(|progress| progress.expected == Some(60)), "{:?}", all.last());
}
