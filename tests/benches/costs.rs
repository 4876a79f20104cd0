//! What a call costs, in instructions and allocations: `cargo xtask bench` runs each of these under valgrind, a few times and
//! many times, and takes the difference.
//!
//! `costs NAME COUNT` does one of them so many times.

#![allow(clippy::expect_used, clippy::panic, reason = "a benchmark may fail")]
#![allow(missing_docs, reason = "no library")]

mod measured;
mod page;
mod wire;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response, Uri};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioExecutor;
use page::{Envelope, Incident};
use serde_json::Value;
use snow_client::query::Query;
use snow_client::{Client, DisplayValue, Instance, OAuthClient, Transport, field, oauth::Token};
use snow_core::decode::{ApiResponse, Records};
use snow_core::{ApiPath, Body, HttpService, Params, Record};
use std::hint::black_box;
use wire::{ANSWER, Wire};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, count] = &arguments[..] else {
        // As `cargo bench` and `cargo test` call it: there is nothing to time.
        println!("costs: run by `cargo xtask bench`");
        return;
    };
    let count: u32 = count.parse().expect("a number");
    match name.as_str() {
        "query" => repeat(count, || five_conditions().encode().expect("a good query")),
        "list-url" => {
            let instance = Instance::parse("dev12345").expect("a good name");
            let path = ApiPath::table("incident").expect("a good name");
            repeat(count, || instance.uri(&path, &list()).expect("good parameters"));
        }
        "raw-hyper" => on_a_wire(raw_hyper(count)),
        "transport" => on_a_wire(transport_alone(count)),
        "stack" => on_a_wire(stack(client().service(), count)),
        "oauth-stack" => on_a_wire(stack(oauth_client().service(), count)),
        "raw-hyper-get" => on_a_wire(get_by_raw_hyper(count)),
        "get" => on_a_wire(get(count)),
        "get-by-new-table" => on_a_wire(get_by_new_table(count)),
        "rows-serde" => pages(count, |page| typed_by_serde(page)),
        "rows-value" => pages(count, |page| drop(serde_json::from_slice::<Value>(page).expect("JSON"))),
        "rows" => pages(count, |page| rows(page, |record| drop(black_box(record)))),
        "rows-typed" => pages(count, |page| rows(page, |record| checked(&record.to().expect("an incident")))),
        "one-serde" => {
            let body = Bytes::from(one());
            repeat(count, || {
                let one: Envelope<Incident> = serde_json::from_slice(black_box(&body)).expect("JSON");
                checked(&one.result);
            });
        }
        "one-typed" => {
            let body = Bytes::from(one());
            repeat(count, || {
                let mut head = Response::new(()).into_parts().0;
                head.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json;charset=UTF-8"));
                let answer = ApiResponse::new(head, black_box(body.clone())).expect("an answer");
                checked(&answer.record().expect("a record").to().expect("an incident"));
            });
        }
        other => panic!("no {other:?} here"),
    }
}

fn repeat<T>(count: u32, mut work: impl FnMut() -> T) {
    for _ in 0..count {
        drop(black_box(work()));
    }
}

/// Rows of a page; runs of different lengths make the same page first.
const ROWS: u32 = 100;

/// Reads so many records, a page at a time.
fn pages(records: u32, mut read: impl FnMut(&Bytes)) {
    let rows: Vec<String> = (0..ROWS as usize).map(page::record).collect();
    let page = Bytes::from(format!("{{\"result\":[{}]}}", rows.join(",")));
    repeat(records / ROWS, || read(black_box(&page)));
}

fn typed_by_serde(page: &[u8]) {
    let page: Envelope<Vec<Incident>> = serde_json::from_slice(page).expect("JSON");
    page.result.iter().for_each(checked);
}

/// As they come off the wire: 16 KiB at a time.
fn rows(page: &Bytes, mut read: impl FnMut(Record)) {
    let (mut records, mut at, mut count) = (Records::list(), 0, 0);
    while at < page.len() {
        let end = (at + (16 << 10)).min(page.len());
        records.push(page.slice(at..end));
        at = end;
        while let Some(record) = records.next().expect("a good page") {
            count += 1;
            read(record);
        }
    }
    records.finish();
    assert!(records.next().expect("a whole page").is_none() && count == ROWS);
}

fn one() -> String {
    format!("{{\"result\":{}}}", page::record(46))
}

fn checked(incident: &Incident) {
    let Incident { number, short_description, state, priority, sys_id, sys_updated_on } = black_box(incident);
    assert!(number.starts_with("INC") && short_description.starts_with("Unable") && !sys_id.is_empty());
    black_box((state, priority, sys_updated_on));
}

fn five_conditions() -> Query<'static> {
    field(black_box("active"))
        .eq("true")
        .and(field(black_box("priority")).le(black_box(3)))
        .and(field(black_box("assignment_group.name")).starts_with(black_box("Network")))
        .and(field(black_box("short_description")).contains(black_box("vpn")))
        .and(field(black_box("sys_updated_on")).ge(black_box("2026-06-26 00:00:00")))
}

/// Five conditions and an order, in a list with five parameters.
fn list() -> Params {
    Params::new()
        .query(five_conditions().order_by("number"))
        .fields(black_box(["number", "short_description", "state", "caller_id.name"]))
        .limit(black_box(1_000))
        .display_value(DisplayValue::All)
        .exclude_reference_link(true)
}

const URL: &str = "http://127.0.0.1/api/now/table/incident?sysparm_query=active%3Dtrue&sysparm_limit=10";

const RECORD_URL: &str = "http://127.0.0.1/api/now/table/incident/a9e30c7dc61122760116894de7bcc7bd?sysparm_fields=\
    number,short_description,state,priority,sys_id,sys_updated_on";

fn on_a_wire(requests: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    runtime.expect("a runtime").block_on(requests);
}

/// What everybody writes who uses hyper-util as it is: the same headers, the whole body.
async fn raw_hyper(count: u32) {
    let client = hyper_util::client::legacy::Client::builder(TokioExecutor::new())
        .build::<_, Full<Bytes>>(Wire::connector(ANSWER));
    let uri = Uri::from_static(URL);
    for _ in 0..count {
        let request = Request::get(uri.clone())
            .header("authorization", "Basic YWRtaW46c2VjcmV0")
            .header("accept-encoding", "gzip")
            .header("accept", "application/json")
            .header("user-agent", "snow/0.1.0")
            .body(Full::default())
            .expect("a good request");
        let answer = client.request(request).await.expect("an answer");
        let body = answer.into_body().collect().await.expect("a whole answer").to_bytes();
        assert_eq!(body.len(), 39);
    }
}

/// One record, 6 of its 90 fields, as everybody writes it who uses hyper-util and serde_json as they are.
async fn get_by_raw_hyper(count: u32) {
    let wire = Wire::connector(wire::answer(&one()));
    let client =
        hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build::<_, Full<Bytes>>(wire);
    let uri = Uri::from_static(RECORD_URL);
    for _ in 0..count {
        let request = Request::get(uri.clone())
            .header("authorization", "Basic YWRtaW46c2VjcmV0")
            .header("accept-encoding", "gzip")
            .header("accept", "application/json")
            .header("user-agent", "snow/0.1.0")
            .body(Full::default())
            .expect("a good request");
        let answer = client.request(request).await.expect("an answer");
        assert!(answer.status().is_success());
        let body = answer.into_body().collect().await.expect("a whole answer").to_bytes();
        let one: Envelope<Incident> = serde_json::from_slice(&body).expect("JSON");
        checked(&one.result);
    }
}

/// A client over a wire in memory, which gets the same record again and again.
fn client_of_one() -> Client {
    let transport = Transport::builder().no_proxy().connector(Wire::connector(wire::answer(&one()))).build();
    let client = measured::client("http://127.0.0.1").transport(transport.expect("good settings")).build();
    client.expect("good settings")
}

/// The same with a table that is made for each call.
async fn get_by_new_table(count: u32) {
    let client = client_of_one();
    let answered: Envelope<Incident> = serde_json::from_str(&one()).expect("JSON");
    for _ in 0..count {
        let incidents = client.table(black_box("incident")).typed::<Incident>();
        checked(&incidents.get(black_box(&answered.result.sys_id)).await.expect("an incident"));
    }
}

/// The same as a user of ours writes it.
async fn get(count: u32) {
    let incidents = client_of_one().table("incident").typed::<Incident>();
    // The client compares the id in the response with the one that was asked for.
    let answered: Envelope<Incident> = serde_json::from_str(&one()).expect("JSON");
    for _ in 0..count {
        checked(&incidents.get(black_box(&answered.result.sys_id)).await.expect("an incident"));
    }
}

/// The same over our transport, without any layer.
async fn transport_alone(count: u32) {
    let transport = transport();
    let uri = Uri::from_static(URL);
    for _ in 0..count {
        let request = Request::get(uri.clone())
            .header("authorization", "Basic YWRtaW46c2VjcmV0")
            .header("accept-encoding", "gzip")
            .header("accept", "application/json")
            .header("user-agent", "snow/0.1.0")
            .body(Body::empty())
            .expect("a good request");
        let answer = tower::ServiceExt::oneshot(transport.clone(), request).await.expect("an answer");
        let body = answer.into_body().collect().await.expect("a whole answer").to_bytes();
        assert_eq!(body.len(), 39);
    }
}

/// The stack of a client that was built as anybody builds one, over the same wire.
async fn stack(service: &HttpService, count: u32) {
    let uri = Uri::from_static(URL);
    for _ in 0..count {
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = uri.clone();
        let answer = service.send(request).await.expect("an answer");
        let body = answer.into_body().collect(1 << 20).await.expect("a whole answer");
        assert_eq!(body.len(), 39);
    }
}

fn transport() -> Transport {
    Transport::builder().no_proxy().connector(Wire::connector(ANSWER)).build().expect("good settings")
}

fn client() -> Client {
    measured::client("http://127.0.0.1").transport(transport()).build().expect("good settings")
}

fn oauth_client() -> OAuthClient {
    let builder = OAuthClient::builder().instance("http://127.0.0.1").client_id("id").client_secret("secret");
    let client = builder.transport(transport()).build().expect("good settings");
    let token: Token = serde_json::from_str(r#"{"access_token":"abc"}"#).expect("a token");
    client.set_token(token).expect("a good token");
    client
}
