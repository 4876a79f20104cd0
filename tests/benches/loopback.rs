//! Requests a second of 64 tasks over loopback: our client, hyper-util as it is, and reqwest, one after the other in one
//! process, several rounds. Only the ratios within a round say anything, and of those the median.

#![allow(clippy::expect_used, reason = "a benchmark may fail")]
#![allow(clippy::disallowed_methods, reason = "it starts tasks and measures real time")]
#![allow(missing_docs, reason = "no library")]

mod measured;

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::{BodyExt, Full};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use snow_core::Body;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Instant;

const TASKS: u32 = 64;
const EACH: u32 = 400;
const ROUNDS: usize = 9;
const PATH: &str = "/api/now/table/incident?sysparm_limit=1";

fn main() {
    if std::env::args().any(|argument| argument == "--test") {
        return; // `cargo test` calls benchmarks, too: there is nothing to check
    }
    let address = serve();
    let client = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let client = client.expect("a runtime");
    let mut rounds = Vec::new();
    for round in 0..=ROUNDS {
        let rates =
            client.block_on(async { (snow(address).await, hyper(address).await, reqwest(address).await) });
        if round > 0 {
            rounds.push(rates); // the first one opens connections and fills caches
        }
    }
    let over_hyper = median(rounds.iter().map(|(snow, hyper, _)| snow / hyper).collect());
    let over_reqwest = median(rounds.iter().map(|(snow, _, reqwest)| snow / reqwest).collect());
    println!("{TASKS} tasks over loopback, medians of {ROUNDS} paired rounds");
    println!("requests a second, of hyper-util as it is: {over_hyper:.2} (aim 0.95)");
    println!("requests a second, of reqwest:             {over_reqwest:.2} (aim 1.40)");
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
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            loop {
                let (stream, _) = listener.accept().await.expect("a connection");
                stream.set_nodelay(true).expect("no delay");
                let connection = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service_fn(answer));
                tokio::spawn(connection);
            }
        });
    });
    address
}

async fn answer(_: Request<hyper::body::Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let record =
        Bytes::from_static(br#"{"result":[{"number":"INC0000001","short_description":"No network"}]}"#);
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

async fn snow(address: SocketAddr) -> f64 {
    let builder = measured::client(&format!("http://{address}"));
    let client = builder.concurrency(TASKS as usize).build().expect("good settings");
    let uri: Uri = format!("http://{address}{PATH}").parse().expect("a good URI");
    rate(|| {
        let (client, uri) = (client.clone(), uri.clone());
        async move {
            for _ in 0..EACH {
                let request = Request::get(uri.clone()).body(Body::empty()).expect("a good request");
                let answer = client.service().send(request).await.expect("an answer");
                answer.into_body().collect(1 << 20).await.expect("a whole answer");
            }
        }
    })
    .await
}

async fn hyper(address: SocketAddr) -> f64 {
    let client =
        hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let uri: Uri = format!("http://{address}{PATH}").parse().expect("a good URI");
    rate(|| {
        let (client, uri) = (client.clone(), uri.clone());
        async move {
            for _ in 0..EACH {
                let request = Request::get(uri.clone())
                    .header("authorization", "Basic YWRtaW46c2VjcmV0")
                    .header("accept-encoding", "gzip")
                    .header("accept", "application/json")
                    .header("user-agent", "hyper")
                    .body(Full::default())
                    .expect("a good request");
                let answer = client.request(request).await.expect("an answer");
                answer.into_body().collect().await.expect("a whole answer").to_bytes();
            }
        }
    })
    .await
}

async fn reqwest(address: SocketAddr) -> f64 {
    let client = reqwest::Client::builder().no_proxy().build().expect("good settings");
    let url = format!("http://{address}{PATH}");
    rate(|| {
        let (client, url) = (client.clone(), url.clone());
        async move {
            for _ in 0..EACH {
                let request =
                    client.get(&url).basic_auth("admin", Some("secret")).header("accept", "application/json");
                request.send().await.expect("an answer").bytes().await.expect("a whole answer");
            }
        }
    })
    .await
}
