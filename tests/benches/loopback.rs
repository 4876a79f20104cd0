//! Requests a second of 64 tasks over loopback: our client, hyper-util as it is, and reqwest, one after the other in one
//! process, several rounds. Only the ratios within a round say anything, and of those the median.
//!
//! Twice: a record as bytes, through the service that the stack is; and the same record as a struct of 6 of its 90 fields.

#![allow(clippy::expect_used, reason = "a benchmark may fail")]
#![allow(clippy::disallowed_methods, reason = "it starts tasks and measures real time")]
#![allow(missing_docs, reason = "no library")]

mod measured;
mod page;

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::{BodyExt, Full};
use hyper::service::service_fn;
use hyper_util::client::legacy::{Client as Hyper, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioIo};
use page::{Envelope, Incident};
use snow_client::Client;
use snow_core::Body;
use std::convert::Infallible;
use std::hint::black_box;
use std::net::SocketAddr;
use std::time::Instant;

const TASKS: u32 = 64;
const EACH: u32 = 400;
const ROUNDS: usize = 15;
const SYS_ID: &str = "a9e30c7dc61122760116894de7bcc7bd";
const PATH: &str = "/api/now/table/incident/a9e30c7dc61122760116894de7bcc7bd?sysparm_fields=\
    number,short_description,state,priority,sys_id,sys_updated_on";

fn main() {
    if std::env::args().any(|argument| argument == "--test") {
        return; // `cargo test` calls benchmarks, too: there is nothing to check
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let (runtime, clients) = (runtime.expect("a runtime"), Clients::of(serve()));
    println!("{TASKS} tasks over loopback, requests a second, medians of {ROUNDS} paired rounds");
    // The last lines are the rows of the table in docs/performance.md.
    let mut rows = Vec::new();
    for (what, read) in [("typed records, with serde_json", Read::Typed), ("bytes", Read::Bytes)] {
        let mut rounds = Vec::new();
        for round in 0..=ROUNDS {
            let rates = runtime.block_on(async {
                (clients.snow(read).await, clients.hyper(read).await, clients.reqwest(read).await)
            });
            if round > 0 {
                rounds.push(rates); // the first one opens connections and fills caches
            }
        }
        let over_hyper = median(rounds.iter().map(|(snow, hyper, _)| snow / hyper).collect());
        let over_reqwest = median(rounds.iter().map(|(snow, _, reqwest)| snow / reqwest).collect());
        println!(
            "{what:31} {over_hyper:.2} of hyper-util (wanted 0.95), {over_reqwest:.2} of reqwest (wanted 1.40)"
        );
        let hyper = median(rounds.iter().map(|(_, hyper, reqwest)| hyper / reqwest).collect());
        rows.push(format!("| {what} | {over_reqwest:.2} | {hyper:.2} | 1.00 |"));
    }
    println!("{}", rows.join("\n"));
}

/// What each of them does with an answer.
#[derive(Clone, Copy)]
enum Read {
    Bytes,
    Typed,
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A server on a thread of its own that answers everything with the same record.
fn serve() -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    listener.set_nonblocking(true).expect("no blocking");
    let record = Bytes::from(format!("{{\"result\":{}}}", page::record(46)));
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            loop {
                let (stream, _) = listener.accept().await.expect("a connection");
                stream.set_nodelay(true).expect("no delay");
                let record = record.clone();
                let connection = hyper::server::conn::http1::Builder::new().serve_connection(
                    TokioIo::new(stream),
                    service_fn(move |request| answer(request, record.clone())),
                );
                tokio::spawn(connection);
            }
        });
    });
    address
}

async fn answer(
    _: Request<hyper::body::Incoming>,
    record: Bytes,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let answer = Response::builder().header("content-type", "application/json;charset=UTF-8");
    Ok(answer.body(Full::new(record)).unwrap_or_default())
}

/// Runs what one task does in all of them, and tells how many requests a second that was.
async fn rate<F: Future<Output = ()> + Send + 'static>(task: impl Fn() -> F) -> f64 {
    let began = Instant::now();
    let tasks: Vec<_> = (0..TASKS).map(|_| tokio::spawn(task())).collect();
    for task in tasks {
        task.await.expect("a task that ends");
    }
    f64::from(TASKS * EACH) / began.elapsed().as_secs_f64()
}

/// Each as its users make it, and kept for all rounds.
struct Clients {
    uri: Uri,
    snow: Client,
    hyper: Hyper<HttpConnector, Full<Bytes>>,
    reqwest: reqwest::Client,
}

impl Clients {
    fn of(address: SocketAddr) -> Self {
        let snow = measured::client(&format!("http://{address}")).concurrency(TASKS as usize);
        Self {
            uri: format!("http://{address}{PATH}").parse().expect("a good URI"),
            snow: snow.build().expect("good settings"),
            hyper: Hyper::builder(TokioExecutor::new()).build_http(),
            reqwest: reqwest::Client::builder().no_proxy().build().expect("good settings"),
        }
    }

    async fn snow(&self, read: Read) -> f64 {
        match read {
            Read::Bytes => rate(|| snow_bytes(self.snow.clone(), self.uri.clone())).await,
            Read::Typed => rate(|| snow_typed(self.snow.clone())).await,
        }
    }

    async fn hyper(&self, read: Read) -> f64 {
        rate(|| hyper(self.hyper.clone(), self.uri.clone(), read)).await
    }

    async fn reqwest(&self, read: Read) -> f64 {
        rate(|| reqwest(self.reqwest.clone(), self.uri.to_string(), read)).await
    }
}

async fn snow_bytes(client: Client, uri: Uri) {
    for _ in 0..EACH {
        let request = Request::get(uri.clone()).body(Body::empty()).expect("a good request");
        let answer = client.service().send(request).await.expect("an answer");
        answer.into_body().collect(1 << 20).await.expect("a whole answer");
    }
}

async fn snow_typed(client: Client) {
    let incidents = client.table("incident").typed::<Incident>();
    for _ in 0..EACH {
        checked(&incidents.get(SYS_ID).await.expect("an incident"));
    }
}

async fn hyper(client: Hyper<HttpConnector, Full<Bytes>>, uri: Uri, read: Read) {
    for _ in 0..EACH {
        let request = Request::get(uri.clone())
            .header("authorization", "Basic YWRtaW46c2VjcmV0")
            .header("accept-encoding", "gzip")
            .header("accept", "application/json")
            .header("user-agent", "hyper")
            .body(Full::default())
            .expect("a good request");
        let answer = client.request(request).await.expect("an answer");
        let body = answer.into_body().collect().await.expect("a whole answer").to_bytes();
        if let Read::Typed = read {
            checked(&serde_json::from_slice::<Envelope<Incident>>(&body).expect("JSON").result);
        }
    }
}

async fn reqwest(client: reqwest::Client, url: String, read: Read) {
    for _ in 0..EACH {
        let request =
            client.get(&url).basic_auth("admin", Some("secret")).header("accept", "application/json");
        let body = request.send().await.expect("an answer").bytes().await.expect("a whole answer");
        if let Read::Typed = read {
            checked(&serde_json::from_slice::<Envelope<Incident>>(&body).expect("JSON").result);
        }
    }
}

fn checked(incident: &Incident) {
    let Incident { number, short_description, state, priority, sys_id, sys_updated_on } = black_box(incident);
    assert!(number.starts_with("INC") && short_description.starts_with("Unable") && !sys_id.is_empty());
    black_box((state, priority, sys_updated_on));
}
