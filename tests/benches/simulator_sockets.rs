//! Requests that the simulator answers in a second of its processor time, in a process of its own, over 64 connections.
//!
//! Run by `cargo xtask bench sockets`, which passes the program. Processor time, because what else the machine does changes how
//! long requests take, and hardly what they cost; the program runs on one thread, so a second of it is a second of one core.
#![allow(clippy::expect_used, reason = "a benchmark may fail")]
#![allow(clippy::disallowed_methods, reason = "it starts tasks")]
#![allow(missing_docs, reason = "no library")]

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

const CONNECTIONS: usize = 64;
const ROUNDS: usize = 5;

/// What is sent, how often over each connection in a round, and how many a second are wanted.
const MIXES: [(&str, &str, usize, f64); 2] = [
    ("GET of a record", "/api/now/table/incident/9e0100001010774cd7492799b6b1f11e", 400, 30_000.0),
    ("a list of 20", "/api/now/table/incident?sysparm_limit=20", 60, 5_000.0),
];

/// Ends with the measurement.
struct Simulator {
    child: Child,
    address: String,
}

impl Drop for Simulator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Simulator {
    fn start(program: &str) -> Self {
        let arguments = ["--port", "0", "--incidents", "1000", "--generated-file", "1"];
        let mut child =
            Command::new(program).args(arguments).stdout(Stdio::piped()).spawn().expect("the program starts");
        let mut line = String::new();
        let output = child.stdout.take().expect("it has an output");
        BufReader::new(output).read_line(&mut line).expect("it says where it listens");
        let address = line.trim().rsplit("http://").next().unwrap_or_default().to_owned();
        Self { child, address }
    }

    /// Seconds of processor time so far, to a hundredth.
    fn processor_time(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).expect("Linux");
        // The name of the program is in brackets and may contain blanks; user and system time are the 12th and 13th after it.
        let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        let ticks: u32 = fields.skip(11).take(2).map(|ticks| ticks.parse::<u32>().expect("a number")).sum();
        f64::from(ticks) / 100.0
    }
}

fn main() {
    let Some(program) = std::env::args().nth(1).filter(|argument| !argument.starts_with("--")) else {
        return; // `cargo test` and `cargo bench` call benchmarks, too: without the program there is nothing to measure
    };
    let simulator = Simulator::start(&program);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    println!(
        "{CONNECTIONS} connections, requests a second of the simulator's processor time, medians of {ROUNDS} rounds"
    );
    for (what, path, each, wanted) in MIXES {
        let mut rates: Vec<f64> = (0..ROUNDS)
            .map(|_| {
                let before = simulator.processor_time();
                runtime.block_on(round(&simulator.address, path, each));
                let requests = u32::try_from(CONNECTIONS * each).expect("a small number");
                f64::from(requests) / (simulator.processor_time() - before)
            })
            .collect();
        rates.sort_by(f64::total_cmp);
        println!("{what:18} {:>7.0} (wanted {wanted:.0})", rates[ROUNDS / 2]);
    }
}

/// All connections at once, each with one request after the other.
async fn round(address: &str, path: &'static str, each: usize) {
    let mut connections = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let stream = TcpStream::connect(address).await.expect("it listens");
        let (sender, connection) = handshake(TokioIo::new(stream)).await.expect("a connection");
        tokio::spawn(connection);
        let address = address.to_owned();
        connections.spawn(async move { requests(sender, &address, path, each).await });
    }
    while let Some(done) = connections.join_next().await {
        done.expect("no connection breaks");
    }
}

async fn requests(mut sender: SendRequest<Empty<Bytes>>, host: &str, path: &str, each: usize) {
    for _ in 0..each {
        let request = Request::get(path)
            .header("host", host)
            .header("authorization", "Basic YWRtaW46YWRtaW4=")
            .body(Empty::new())
            .expect("a request");
        sender.ready().await.expect("the connection is open");
        let response = sender.send_request(request).await.expect("a response");
        assert_eq!(response.status(), 200);
        response.into_body().collect().await.expect("a body");
    }
}
