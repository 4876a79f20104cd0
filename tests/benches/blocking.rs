//! What a call costs that a thread waits for, over the same call in async code: microseconds over loopback, medians of calls that take
//! turns. And how many writes go through after the server has closed an idle connection.

#![allow(clippy::expect_used, reason = "a benchmark may fail")]
#![allow(clippy::disallowed_methods, reason = "it starts tasks and measures real time")]
#![allow(missing_docs, reason = "no library")]

mod measured;

use snow_client::blocking::Wait;
use snow_client::{Client, Record, Result};
use std::hint::black_box;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};

const ROUNDS: usize = 20;
const EACH: usize = 100;
const WRITES: usize = 20;
/// How long the second server keeps a connection that is idle, and how long the client pauses between two writes.
const IDLE: Duration = Duration::from_millis(10);
const PAUSE: Duration = Duration::from_millis(50);
const SYS_ID: &str = "a9e30c7dc61122760116894de7bcc7bd";

fn main() {
    if std::env::args().any(|argument| argument == "--test") {
        return; // `cargo test` calls benchmarks, too: there is nothing to check
    }
    calls();
    writes();
}

/// A way to make a call.
struct Way {
    name: &'static str,
    /// Makes so many calls, and tells how long each took.
    call: Box<dyn Fn(usize) -> Vec<Duration>>,
    times: Vec<Duration>,
}

impl Way {
    fn new(name: &'static str, call: impl Fn(usize) -> Vec<Duration> + 'static) -> Self {
        Self { name, call: Box::new(call), times: Vec::new() }
    }

    fn median(&mut self) -> f64 {
        self.times.sort();
        self.times[self.times.len() / 2].as_secs_f64() * 1e6
    }
}

fn calls() {
    let url = serve(true);
    let client = || measured::client(&url).build().expect("good settings");
    let (one, several) =
        (current_thread(), Builder::new_multi_thread().worker_threads(1).enable_all().build());
    let (several, each) = (several.expect("a runtime"), current_thread());
    let (first, second, third, fourth) = (client(), client(), client(), client());
    let mut ways = [
        Way::new("awaited, current-thread runtime", move |count| one.block_on(awaited(&first, count))),
        Way::new("awaited, task of a multi-thread runtime", move |count| {
            let client = second.clone();
            several.block_on(several.spawn(async move { awaited(&client, count).await })).expect("no panic")
        }),
        Way::new("wait()", move |count| (0..count).map(|_| timed(|| get(&third).wait())).collect()),
        Way::new("block_on for each call", move |count| {
            (0..count).map(|_| timed(|| each.block_on(async { get(&fourth).await }))).collect()
        }),
    ];
    for round in 0..=ROUNDS {
        for way in &mut ways {
            let times = (way.call)(EACH);
            if round > 0 {
                way.times.extend(times); // the first one opens connections
            }
        }
    }
    println!("one record over loopback, µs a call, medians of {}", ROUNDS * EACH);
    let awaited = ways[0].median();
    for way in &mut ways {
        let median = way.median();
        println!("{:40} {median:6.0} {:+6.0}", way.name, median - awaited);
    }
}

fn get(client: &Client) -> snow_client::table::GetRecord<Record> {
    client.table("incident").get(SYS_ID)
}

async fn awaited(client: &Client, count: usize) -> Vec<Duration> {
    let mut times = Vec::with_capacity(count);
    for _ in 0..count {
        let began = Instant::now();
        black_box(get(client).await.expect("a record"));
        times.push(began.elapsed());
    }
    times
}

fn timed(call: impl FnOnce() -> Result<Record>) -> Duration {
    let began = Instant::now();
    black_box(call().expect("a record"));
    began.elapsed()
}

fn writes() {
    let url = serve(false);
    let client = || measured::client(&url).build().expect("good settings");
    let (waiting, blocked, runtime) = (client(), client(), current_thread());
    let (mut by_wait, mut by_block_on) = (Writes::default(), Writes::default());
    for _ in 0..WRITES {
        by_wait.count(create(&waiting).wait());
        by_block_on.count(runtime.block_on(async { create(&blocked).await }));
        thread::sleep(PAUSE); // the server has closed the connections meanwhile
    }
    println!(
        "writes, of {WRITES}, after a server has closed an idle connection: done, failed, uncertain of these"
    );
    for (name, Writes { done, failed, uncertain }) in
        [("wait()", by_wait), ("block_on for each call", by_block_on)]
    {
        println!("{name:40} {done:6} {failed:6} {uncertain:6}");
    }
}

#[derive(Default)]
struct Writes {
    done: usize,
    failed: usize,
    /// Those that failed and may have been executed.
    uncertain: usize,
}

impl Writes {
    fn count(&mut self, result: Result<Record>) {
        match result {
            Ok(_) => self.done += 1,
            Err(error) => {
                self.failed += 1;
                self.uncertain += usize::from(error.may_have_executed());
            }
        }
    }
}

fn create(client: &Client) -> snow_client::table::CreateRecord<Record> {
    client.table("incident").create(&serde_json::json!({ "short_description": "No wifi" }))
}

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// A server that responds to everything with the same record, and keeps the connection, or closes it without a word once it is idle.
fn serve(keeps_connections: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let record =
        format!("{{\"result\":{{\"sys_id\":\"{SYS_ID}\",\"number\":\"INC0000046\",\"state\":\"2\"}}}}");
    let response = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json;charset=UTF-8\r\ncontent-length: {}\r\n\r\n{record}",
        record.len()
    );
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, response) = (stream.expect("a connection"), response.clone());
            thread::spawn(move || {
                stream.set_nodelay(true).expect("no delay");
                if !keeps_connections {
                    stream.set_read_timeout(Some(IDLE)).expect("a timeout");
                }
                while respond(&stream, &response) {}
            });
        }
    });
    url
}

/// Reads a request and responds to it; `false` at the end of the connection.
fn respond(mut stream: &TcpStream, response: &str) -> bool {
    let (mut reader, mut length, mut line) = (BufReader::new(stream), 0, String::new());
    loop {
        line.clear();
        match reader.read_line(&mut line) {
            Ok(0) | Err(_) => return false,
            Ok(_) if line == "\r\n" => break,
            Ok(_) => {}
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().expect("a number");
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).is_ok() && stream.write_all(response.as_bytes()).is_ok()
}
