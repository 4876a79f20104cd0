//! The pages of a stream have the records of the stream, each once and in the same order, and a read continues after any page.

use crate::property;
use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};
use http::{Request, Response};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::json;
use snow_client::{
    Client, ErrorKind, Query, Record, field,
    layer::RetryPolicy,
    stream::{PageStream, RecordStream, StreamPosition},
};
use snow_core::Body;
use snow_sim::{Cut, Quota, Rule, Simulator, User};
use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Semaphore;
use tower::ServiceExt;

/// So many incidents. `reader` sees none of priority 1, and none in one sixteenth of all `sys_id`s, which come in a row.
pub(crate) fn simulator(incidents: u32) -> Simulator {
    let hide = |query: &str| Rule::HideRows { table: "incident".into(), query: query.into() };
    let builder = Simulator::builder().without_demo_data().user("admin", "secret").incidents(incidents);
    let builder = builder.user_with(User::new("reader", "secret").role("itil"));
    let builder = builder.rule(hide("priority=1")).rule(hide("sys_idSTARTSWITH5"));
    builder.settings(|settings| settings.semaphores = 1_000).build().unwrap()
}

fn client(simulator: &Simulator, user: &str) -> Client {
    let soon = RetryPolicy::new().max_attempts(20).budget(10_000);
    let soon = soon.backoff(Duration::from_millis(1), Duration::from_millis(5));
    let builder = Client::builder().instance("dev12345").user(user).password("secret").retry(soon);
    builder.transport(simulator.clone()).build().unwrap()
}

fn ids(records: &[Record]) -> Vec<String> {
    records.iter().map(|record| record.value("sys_id").unwrap().into_owned()).collect()
}

/// How a table is read.
#[derive(Clone, Debug)]
struct Read {
    query: Query<'static>,
    page_size: Option<u32>,
    parallel: usize,
    unordered: bool,
    by_offset: bool,
    limit: Option<u32>,
    buffer: Option<usize>,
}

impl Read {
    fn stream(&self, client: &Client) -> RecordStream<Record> {
        let list = client.table("incident").list().query(&self.query).fields(["sys_id"]);
        let list = if let Some(limit) = self.limit { list.limit(limit) } else { list };
        let stream =
            list.stream().parallel(self.parallel).unordered(self.unordered).by_offset(self.by_offset);
        let stream = if let Some(bytes) = self.buffer { stream.buffer(bytes) } else { stream };
        if let Some(size) = self.page_size { stream.page_size(size) } else { stream }
    }
}

fn reads() -> impl Strategy<Value = Read> {
    let by_time = Query::new().order_by_desc("sys_created_on");
    let order = prop_oneof![Just((Query::new(), false)), Just((Query::new(), true)), Just((by_time, false))];
    let page_size = prop::option::of(1..60_u32);
    let limit = prop::option::weighted(0.3, 1..150_u32);
    let buffer = prop::option::weighted(0.3, 1..20_000_usize);
    (order, page_size, 1..5_usize, any::<bool>(), limit, buffer).prop_map(
        |((query, by_offset), page_size, parallel, unordered, limit, buffer)| {
            let by_id = !by_offset && query.order().is_empty();
            let parallel = if by_id { parallel } else { 1 };
            Read { query, page_size, parallel, unordered, by_offset, limit, buffer }
        },
    )
}

/// Reads to the end, and checks each page.
async fn all_pages(mut pages: PageStream, page_size: Option<u32>) -> (Vec<Vec<String>>, bool) {
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.unwrap();
        assert!(!page.is_empty() && page_size.is_none_or(|size| page.len() <= size as usize));
        assert!(page.total().is_none_or(|total| total >= page.len() as u64), "{:?}", page.total());
        all.push(ids(&page));
    }
    (all, pages.report().complete)
}

#[test]
fn the_pages_together_are_the_records() {
    property::check(60, (0..160_u32, reads()), async |(size, read)| {
        let simulator = simulator(size);
        let client = client(&simulator, "reader");
        let mut records = read.stream(&client);
        let mut expected = Vec::new();
        while let Some(record) = records.next().await {
            expected.extend(ids(&[record.unwrap()]));
        }
        let (pages, complete) = all_pages(read.stream(&client).pages(), read.page_size).await;
        let mut pages = pages.concat();
        prop_assert_eq!(complete, records.report().complete);
        if read.unordered {
            // With a limit, which of the records come is up to chance.
            pages.sort();
            expected.sort();
        }
        if read.unordered && read.limit.is_some() {
            prop_assert_eq!(pages.len(), expected.len());
        } else {
            prop_assert_eq!(pages, expected);
        }
        Ok(())
    });
}

#[test]
fn a_read_continues_after_any_page() {
    property::check(60, (0..160_u32, reads(), 1..12_usize), async |(size, read, after)| {
        let read = Read { limit: None, ..read };
        let simulator = simulator(size);
        let client = client(&simulator, "reader");
        let mut expected = all_pages(read.stream(&client).pages(), read.page_size).await.0.concat();
        let mut pages = read.stream(&client).pages();
        let mut came = Vec::new();
        for _ in 0..after {
            if let Some(page) = pages.next().await {
                came.extend(ids(&page.unwrap()));
            }
        }
        if let Some(position) = pages.position() {
            prop_assert_eq!(position.received(), came.len() as u64);
            let stored = serde_json::to_string(&position).unwrap();
            let position: StreamPosition = serde_json::from_str(&stored).unwrap();
            let rest = read.stream(&client).resume(position).pages();
            came.extend(all_pages(rest, read.page_size).await.0.concat());
        }
        if read.unordered {
            came.sort();
            expected.sort();
        }
        prop_assert_eq!(came, expected);
        Ok(())
    });
}

/// Under latency several pages are under way at once, and ranges are split while records of others are given out.
#[tokio::test(start_paused = true)]
async fn pages_of_ranges_that_are_split_meanwhile_come_once() {
    let simulator = simulator(3_000);
    let client = client(&simulator, "reader");
    let read = Read {
        query: Query::new(),
        page_size: Some(40),
        parallel: 4,
        unordered: false,
        by_offset: false,
        limit: None,
        buffer: None,
    };
    let expected = all_pages(read.stream(&client).pages(), Some(40)).await.0.concat();
    simulator.settings(|settings| settings.latency = Duration::from_millis(50));
    for unordered in [false, true] {
        let read = Read { unordered, ..read.clone() };
        let (pages, complete) = all_pages(read.stream(&client).pages(), Some(40)).await;
        let mut came = pages.concat();
        assert!(complete && (unordered || came.is_sorted()));
        came.sort();
        assert_eq!(came, expected);
    }
}

/// The first range answers while a page of a later one is given out, and is split then: that page still comes in one piece.
#[tokio::test(start_paused = true)]
async fn a_page_is_whole_although_an_earlier_range_is_split_meanwhile() {
    let simulator = simulator(3_000);
    simulator.settings(|settings| settings.gzip = false);
    let (gate, sizes, requests) =
        (Arc::new(Semaphore::new(0)), Arc::<Mutex<Vec<usize>>>::default(), Arc::new(AtomicUsize::new(0)));
    let (held, came) = (gate.clone(), sizes.clone());
    let service = tower::service_fn(move |request: Request<Body>| {
        let (simulator, held, came) = (simulator.clone(), held.clone(), came.clone());
        let is_first = requests.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            if is_first {
                held.acquire().await.unwrap().forget();
            }
            let (mut head, body) = simulator.oneshot(request).await.unwrap().into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            let list: serde_json::Value = serde_json::from_slice(&body).unwrap();
            came.lock().unwrap().extend(list["result"].as_array().map(Vec::len).filter(|size| *size > 0));
            head.headers.remove("content-length");
            Ok::<_, Infallible>(Response::from_parts(head, Body::from(body)))
        }
    });
    let builder = Client::builder().instance("dev12345").user("admin").password("secret");
    let client = builder.transport(service).build().unwrap();
    let list = client.table("incident").list().fields(["sys_id"]);
    let mut pages = list.stream().page_size(40).parallel(2).unordered(true).pages();
    let mut given = vec![pages.next().await.unwrap().unwrap().len()];
    gate.add_permits(1);
    while let Some(page) = pages.next().await {
        given.push(page.unwrap().len());
    }
    let mut sizes = sizes.lock().unwrap().clone();
    given.sort_unstable();
    sizes.sort_unstable();
    assert_eq!((given.iter().sum::<usize>(), given), (3_000, sizes));
}

#[tokio::test(start_paused = true)]
async fn a_page_is_a_response_and_has_its_count() {
    let simulator = simulator(130);
    let client = client(&simulator, "admin");
    let list = || client.table("incident").list().fields(["number"]);
    let pages: Vec<_> = list().stream().page_size(50).pages().try_collect().await.unwrap();
    let shape: Vec<_> = pages.iter().map(|page| (page.len(), page.total())).collect();
    assert_eq!(
        shape,
        [(50, Some(130)), (50, None), (30, Some(30))],
        "the first and the last page are counted"
    );
    assert!(pages[0].records()[0].fields().eq(["number"]), "what nobody asked for is taken out");
    let pages: Vec<_> = list().stream().page_size(50).by_offset(true).pages().try_collect().await.unwrap();
    let shape: Vec<_> = pages.iter().map(|page| (page.len(), page.total())).collect();
    assert_eq!(shape, [(50, Some(130)), (50, Some(130)), (30, Some(130))]);
    assert_eq!(pages.into_iter().flat_map(|page| page.into_records()).count(), 130);

    let mut none = list().query(field("number").eq("none")).stream().pages();
    assert!(none.next().await.is_none() && none.report().complete && none.position().is_none());
}

/// Pages whose records are all hidden are not items.
#[tokio::test(start_paused = true)]
async fn pages_without_records_are_skipped() {
    let hide = Rule::HideRows {
        table: "incident".into(),
        query: "number>INC0000010^number<INC0000090^ORnumber=INC0000100".into(),
    };
    let builder = Simulator::builder().without_demo_data().user("admin", "secret").incidents(100);
    let builder = builder.user_with(User::new("reader", "secret").role("itil")).rule(hide);
    let simulator = builder.build().unwrap();
    let client = client(&simulator, "reader");
    let list = || client.table("incident").list().query(Query::new().order_by("number")).fields(["number"]);
    let mut pages = list().stream().page_size(10).pages();
    let mut sizes = Vec::new();
    while let Some(page) = pages.next().await {
        sizes.push(page.unwrap().len());
    }
    assert_eq!(sizes, [10, 1, 9]);
    assert_eq!((pages.report().complete, pages.report().hidden()), (true, Some(80)));
}

/// Each response of a service whose records have these JSON texts, in chunks; the body then ends, or waits forever.
fn scripted(pages: Vec<Vec<String>>, waits: bool) -> (Client, Arc<AtomicUsize>) {
    let requests = Arc::new(AtomicUsize::new(0));
    let (counted, total) = (requests.clone(), pages.iter().map(Vec::len).sum::<usize>());
    let service = tower::service_fn(move |_: Request<Body>| {
        let at = counted.fetch_add(1, Ordering::SeqCst);
        let page = pages.get(at).cloned().unwrap_or_default();
        let left: usize = total - pages.iter().take(at).map(Vec::len).sum::<usize>();
        let mut chunks = vec![r#"{"result":["#.to_owned()];
        for (at, record) in page.iter().enumerate() {
            chunks.push(format!("{}{record}", if at == 0 { "" } else { "," }));
        }
        if !waits {
            chunks.push("]}".to_owned());
        }
        let frames =
            stream::iter(chunks.into_iter().map(|chunk| Ok::<_, Infallible>(Frame::data(chunk.into()))));
        let rest = if waits { stream::pending().left_stream() } else { stream::empty().right_stream() };
        let body = Body::stream(StreamBody::new(frames.chain(rest)));
        let response = Response::builder().header("content-type", "application/json");
        let response = response.header("x-total-count", if waits { 100 } else { left });
        async move { Ok::<_, Infallible>(response.body(body).unwrap()) }
    });
    let builder = Client::builder().instance("dev1").user("a").password("b");
    (builder.transport(service).build().unwrap(), requests)
}

fn record(id: u32, rest: &str) -> String {
    format!(r#"{{"sys_id":"{id:032x}"{rest}}}"#)
}

#[tokio::test(start_paused = true)]
async fn each_page_lists_the_fields_that_its_own_records_lack() {
    let first = vec![record(1, r#","number":"1""#), record(2, r#","number":"2","note":"x""#)];
    let second = vec![record(3, r#","note":"x""#)];
    let (client, _) = scripted(vec![first, second], false);
    let list = client.table("incident").list().fields(["number", "note"]);
    let pages: Vec<_> = list.stream().page_size(2).pages().try_collect().await.unwrap();
    let missing: Vec<_> = pages.iter().map(|page| page.missing_fields()).collect();
    assert_eq!(missing, [["note"], ["number"]]);
}

/// A page that does not fit the buffer comes in parts, which are no smaller than the buffer makes them.
#[tokio::test(start_paused = true)]
async fn a_page_that_outgrows_the_buffer_comes_in_parts() {
    let simulator = simulator(300);
    let client = client(&simulator, "admin");
    let stream =
        || client.table("incident").list().fields(["sys_id", "short_description"]).stream().page_size(100);
    let whole = all_pages(stream().pages(), Some(100)).await.0;
    assert_eq!(whole.iter().map(Vec::len).collect::<Vec<_>>(), [100, 100, 100]);
    let (parts, complete) = all_pages(stream().buffer(2_000).pages(), Some(100)).await;
    assert!(complete && parts.len() > 6 && parts.iter().all(|part| part.len() < 60), "{}", parts.len());
    assert_eq!(parts.concat(), whole.concat());

    // It is not given out as it arrives, as single records are.
    let half = vec![(0..50).map(|id| record(id, &format!(r#","text":"{}""#, "x".repeat(100)))).collect()];
    let (client, _) = scripted(half, true);
    let stream = || client.table("incident").list().stream().page_size(100).buffer(16_000);
    assert!(stream().next().now_or_never().is_some());
    assert!(stream().pages().next().now_or_never().is_none());
}

#[tokio::test(start_paused = true)]
async fn pages_that_break_off_come_in_parts_and_lose_nothing() {
    for shape in [Cut::Before, Cut::ErrorAfterRows, Cut::EmptyRow, Cut::Malformed, Cut::Truncated] {
        let simulator = simulator(900);
        let client = client(&simulator, "reader");
        let stream = || client.table("incident").list().fields(["sys_id"]).stream();
        let expected = all_pages(stream().pages(), None).await.0.concat();
        simulator.settings(|settings| settings.quota = Some(Quota { rows: 70, shape }));
        for parallel in [1, 3] {
            let mut pages = stream().page_size(200).parallel(parallel).pages();
            let mut came = Vec::new();
            while let Some(page) = pages.next().await {
                came.extend(ids(&page.unwrap()));
            }
            assert_eq!(came, expected, "{shape:?}");
            assert!(pages.report().complete && pages.report().retried_pages > 0, "{:?}", pages.report());
        }
    }
}

#[derive(Debug, Deserialize)]
struct Numbered {
    number: u32,
}

/// The position after a page never passes over a record whose error has not been returned.
#[tokio::test(start_paused = true)]
async fn a_page_ends_before_a_record_that_cannot_be_read() {
    let numbers = ["1", "2", "three", "4", "5"];
    let builder = Simulator::builder().without_demo_data().user("admin", "secret");
    let simulator = builder.build().unwrap();
    let client = client(&simulator, "admin");
    for number in numbers {
        client.table("incident").create(&json!({ "number": number })).await.unwrap();
    }
    let stream = || client.table("incident").typed::<Numbered>().list().stream();
    let (mut before, mut after) = (Vec::new(), Vec::new());
    let mut pages = stream().pages();
    let error = loop {
        match pages.next().await.unwrap() {
            Ok(page) => before.extend(page.into_iter().map(|record| record.number)),
            Err(error) => break error,
        }
        if let Some(position) = pages.position() {
            let again = stream().resume(position).pages().next().await.unwrap();
            assert_eq!(again.unwrap_err().kind(), ErrorKind::Decode, "the same error after a restart");
        }
    };
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.to_string().contains("sys_id"), "{error}");
    assert!(pages.next().await.is_none() && !pages.report().complete);
    let mut rest = stream().resume(pages.position().unwrap()).pages();
    while let Some(page) = rest.next().await {
        after.extend(page.unwrap().into_iter().map(|record| record.number));
    }
    let mut all = [before, after].concat();
    all.sort_unstable();
    assert_eq!(all, [1, 2, 4, 5]);
}

/// Pages are whole, so the single permit is free while a page is worked on.
#[tokio::test(start_paused = true)]
async fn a_consumer_that_updates_every_record_of_a_page_with_a_single_permit_finishes() {
    let simulator = simulator(120);
    let builder = Client::builder().instance("dev12345").user("admin").password("secret").concurrency(1);
    let client = builder.transport(simulator).build().unwrap();
    let mut pages = client.table("incident").list().fields(["sys_id"]).stream().page_size(50).pages();
    let mut updated = 0;
    while let Some(page) = pages.next().await {
        for id in ids(&page.unwrap()) {
            client.table("incident").update(&id, &json!({ "short_description": "seen" })).await.unwrap();
            updated += 1;
        }
    }
    assert_eq!(updated, 120);
}
