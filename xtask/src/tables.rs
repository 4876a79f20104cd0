//! Whole tables read over loopback, each time in a process of its own: how much CPU, time, memory and how many requests that takes,
//! compared with reqwest and hyper-util with serde_json. Memory and requests are held to limits, also those of exports into files.

use crate::run::{Done, bench_program};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

/// Rows of a page, where it is not said otherwise.
const PAGE: u32 = 1_000;
/// Rows of the table that is read for its memory and requests.
const MANY: u64 = 1_000_000;
/// Rows of the tables whose reading is timed.
const ROWS: u64 = 100_000;
const ROUNDS: usize = 5;
/// The most KiB in all: 10 MB.
const MEMORY: u64 = 10_000_000 / 1_024;
/// The most KiB that more rows may add: 1 MB.
const GROWTH: u64 = 1_000_000 / 1_024;
/// What is read, in pages of how many rows, one request after the other.
const READS: [(&str, u32); 6] = [
    ("snow-dynamic", PAGE),
    ("snow-dynamic", 10 * PAGE),
    ("snow-typed-all", PAGE),
    ("snow-typed-all", 10 * PAGE),
    ("snow-typed", PAGE),
    ("snow-typed", 10 * PAGE),
];

/// What is held to limits: some twenty seconds.
pub(crate) fn gates() -> Done {
    let server = Server::start(&bench_program("tables")?, &["serve", "0", "1000"])?;
    memory(&server)
}

/// All of it: some minutes.
pub(crate) fn all() -> Done {
    let program = bench_program("tables")?;
    let server = Server::start(&program, &["serve", "0", "1000"])?;
    rates(&server)?;
    memory(&server)?;
    drop(server);
    slow(&Server::start(&program, &["serve", "50", "4"])?)
}

/// A program that serves tables, in a process of its own.
pub(crate) struct Server {
    process: Child,
    program: String,
    address: String,
}

/// What it took to read a table.
pub(crate) struct Took {
    rows: f64,
    /// Of CPU, in nanoseconds; and of time.
    pub(crate) cpu: f64,
    wall: f64,
    /// Kilobytes, at most.
    pub(crate) memory: u64,
    requests: u64,
}

impl Server {
    pub(crate) fn start(program: &str, arguments: &[&str]) -> Result<Self, String> {
        let mut command = Command::new(program);
        command.args(arguments);
        // It ends when its input does.
        let process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut process = process.map_err(|e| format!("{program}: {e}"))?;
        let mut address = String::new();
        let said = process.stdout.take().map(|output| BufReader::new(output).read_line(&mut address));
        match said {
            Some(Ok(1..)) => {
                Ok(Self { process, program: program.to_owned(), address: address.trim().to_owned() })
            }
            _ => Err("the server told no address".into()),
        }
    }

    fn read_pages(&self, name: &str, rows: u64, page: u32) -> Result<Took, String> {
        self.read(name, rows, &[&page.to_string()])
    }

    /// Reads a table of so many rows in a process of its own.
    pub(crate) fn read(&self, name: &str, rows: u64, more: &[&str]) -> Result<Took, String> {
        let mut command = Command::new(&self.program);
        command.args(["read", name, &self.address, &rows.to_string()]).args(more);
        let done = command.stderr(Stdio::inherit()).output().map_err(|e| format!("{name}: {e}"))?;
        let said = String::from_utf8_lossy(&done.stdout).into_owned();
        let numbers: Vec<u64> = said.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        let [rows, cpu, wall, memory, requests] = numbers[..] else {
            return Err(format!("{name} did not read the table: {said}"));
        };
        Ok(Took { rows: float(rows), cpu: float(cpu), wall: float(wall), memory, requests })
    }

    /// How many requests there were since the last time, and how many of them were refused.
    fn counts(&self) -> Result<String, String> {
        let ask = || {
            let mut stream = TcpStream::connect(&self.address)?;
            stream.write_all(b"GET /counts HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n")?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer).map(|_| answer)
        };
        let answer = ask().map_err(|e: std::io::Error| format!("the server's counts: {e}"))?;
        answer.rsplit("\r\n").next().map(str::to_owned).ok_or_else(|| "no counts".into())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

#[expect(clippy::cast_precision_loss, reason = "none that shows")]
pub(crate) fn float(number: u64) -> f64 {
    number as f64
}

/// A read of ours, and what it is compared with.
struct Compared {
    what: &'static str,
    ours: &'static str,
    reqwest: &'static str,
    hyper: &'static str,
    aim: &'static str,
}

const COMPARED: [Compared; 3] = [
    Compared {
        what: "typed, all 90 fields",
        ours: "snow-typed-all",
        reqwest: "reqwest-typed",
        hyper: "hyper-typed",
        aim: "CPU 0.9 of reqwest, aim 0.55",
    },
    Compared {
        what: "typed, by default: the 6 fields of the struct",
        ours: "snow-typed",
        reqwest: "reqwest-typed",
        hyper: "hyper-typed",
        aim: "7 times reqwest's records a second",
    },
    Compared {
        what: "dynamic, all 90 fields, beside Value",
        ours: "snow-dynamic",
        reqwest: "reqwest-value",
        hyper: "hyper-value",
        aim: "4 times reqwest's records a second, aim 10",
    },
];

fn rates(server: &Server) -> Done {
    println!("\nwhole tables over loopback: {ROWS} records of 90 fields, pages of {PAGE};");
    println!("medians of {ROUNDS} paired rounds, of reqwest and serde_json (of hyper-util and serde_json)\n");
    println!("{:46} {:>13} {:>15} {:>11}", "", "CPU", "records/s", "us of CPU");
    for compared in COMPARED {
        let mut found = [const { Vec::new() }; 5];
        for round in 0..=ROUNDS {
            let ours = server.read_pages(compared.ours, ROWS, PAGE)?;
            let reqwest = server.read_pages(compared.reqwest, ROWS, PAGE)?;
            let hyper = server.read_pages(compared.hyper, ROWS, PAGE)?;
            if round == 0 {
                continue; // the server has made its rows now
            }
            let figures = [
                ours.cpu / reqwest.cpu,
                ours.cpu / hyper.cpu,
                reqwest.wall / ours.wall,
                hyper.wall / ours.wall,
                ours.cpu / ours.rows / 1_000.0,
            ];
            found.iter_mut().zip(figures).for_each(|(found, figure)| found.push(figure));
        }
        let [cpu, cpu_hyper, rate, rate_hyper, each] = found.map(median);
        println!(
            "{:46} {cpu:>5.2} ({cpu_hyper:.2}) {rate:>7.1} ({rate_hyper:.1}) {each:>11.2}   {}",
            compared.what, compared.aim
        );
    }
    Ok(())
}

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Reads a small table and a large one.
fn memory(server: &Server) -> Done {
    let (rows, small) = (MANY, 1_000);
    println!("\npeak memory of the process, in KiB, and requests");
    println!("{:16} {:>10} {:>12} {:>12} {:>9}", "", "page", "1000 rows", format!("{rows} rows"), "requests");
    let mut over = Vec::new();
    for (name, page) in READS {
        let (few, many) = (server.read_pages(name, small, page)?, server.read_pages(name, rows, page)?);
        println!("{name:16} {page:>10} {:>12} {:>12} {:>9}", few.memory, many.memory, many.requests);
        if many.memory > MEMORY {
            over.push(format!("{name}, pages of {page}: more than {MEMORY} KiB"));
        }
        if many.memory > few.memory + GROWTH {
            over.push(format!("{name}, pages of {page}: memory grows by more than {GROWTH} KiB"));
        }
        if many.requests != rows / u64::from(page) {
            over.push(format!("{name}, pages of {page}: {} requests", many.requests));
        }
    }
    // 1,000 rows are too few for four at once to be compared with.
    let four = server.read_pages("snow-four", rows, PAGE)?;
    println!("{:16} {PAGE:>10} {:>12} {:>12} {:>9}", "snow-four", "", four.memory, four.requests);
    if four.memory > MEMORY {
        over.push(format!("parallel(4): more than {MEMORY} KiB"));
    }
    // Its ranges are cut before their records are counted, so that they are somewhat smaller than a page.
    if four.requests > rows / u64::from(PAGE) * 11 / 10 {
        over.push(format!("parallel(4): {} requests", four.requests));
    }
    for name in ["export-ndjson", "export-csv"] {
        let export = server.read_pages(name, rows, PAGE)?;
        println!("{name:16} {PAGE:>10} {:>12} {:>12} {:>9}", "", export.memory, export.requests);
        if export.memory > MEMORY {
            over.push(format!("{name}: more than {MEMORY} KiB"));
        }
    }
    if over.is_empty() { Ok(()) } else { Err(over.join("\n")) }
}

/// Pages that take 50 ms.
fn slow(server: &Server) -> Done {
    println!("\npages that take 50 ms, 4 of them at once, medians of {ROUNDS}");
    server.read_pages("snow-typed", PAGE.into(), PAGE)?;
    server.counts()?;
    for (name, what, rows, ideal) in [
        ("snow-four", "parallel(4), of the ideal 1.25 s (limit 1.2)", ROWS, 1.25),
        (
            "snow-slow",
            "a consumer that takes 50 ms a page, of one page after the other (limit 0.6)",
            20_000,
            2.0,
        ),
        ("snow-busy", "the same, and it never waits", 20_000, 2.0),
    ] {
        let walls: Result<Vec<f64>, String> =
            (0..ROUNDS).map(|_| Ok(server.read_pages(name, rows, PAGE)?.wall / 1e9 / ideal)).collect();
        println!("{what:74} {:.2}", median(walls?));
    }
    println!("requests, and how many of them were refused: {}", server.counts()?);
    Ok(())
}
