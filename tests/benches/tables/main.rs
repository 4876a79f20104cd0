//! Whole tables read over loopback, from a server in a process of its own: so that CPU and memory are the client's alone.
//!
//! `tables serve MILLISECONDS PLACES` answers; `tables read NAME ADDRESS ROWS PAGE` reads, and prints what it took: rows,
//! nanoseconds of CPU, nanoseconds, the most kilobytes of memory, requests. `cargo xtask bench` runs them in turns.

#![allow(clippy::expect_used, clippy::panic, reason = "a benchmark may fail")]
#![allow(clippy::disallowed_methods, reason = "it measures real time, and the server starts tasks")]
#![allow(missing_docs, reason = "no library")]

#[path = "../measured.rs"]
mod measured;
#[path = "../page.rs"]
mod page;
mod peers;
mod server;

use page::Incident;
use snow_client::export::{Csv, ExportDirectory, ExportFormat, Ndjson};
use snow_client::{Record, stream::RecordStream};
use std::future::{Ready, ready};
use std::hint::black_box;
use std::time::{Duration, Instant};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    // One thread: its time is all there is.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    match words[..] {
        ["serve", latency, places] => {
            let latency = Duration::from_millis(number(latency));
            runtime.block_on(server::serve(latency, number(places)));
        }
        ["read", name, address, rows, page] => {
            let table = Table { address: address.to_owned(), rows: number(rows), page: number(page) };
            let (cpu, began) = (cpu(), Instant::now());
            let requests = runtime.block_on(table.read(name));
            let (cpu, wall) = (self::cpu() - cpu, began.elapsed().as_nanos());
            println!("{} {cpu} {wall} {} {requests}", table.rows, peak_memory());
        }
        // As `cargo bench` and `cargo test` call it: alone it has nothing to read.
        _ => println!("tables: run by `cargo xtask bench`"),
    }
}

fn number<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect("a number")
}

/// A table of so many rows, to be read in pages of so many; of as many as the client chooses if that is 0.
pub(crate) struct Table {
    pub(crate) address: String,
    pub(crate) rows: u64,
    pub(crate) page: u32,
}

impl Table {
    /// Reads all of it, and tells in how many requests.
    async fn read(&self, name: &str) -> u64 {
        match name {
            "snow-typed" => self.stream(self.typed().list().stream(), typed).await,
            "snow-typed-all" => self.stream(self.typed().all_fields(true).list().stream(), typed).await,
            "snow-dynamic" => self.stream(self.dynamic().list().stream(), dynamic).await,
            "snow-four" => self.stream(self.typed().list().stream().parallel(4), typed).await,
            "export-ndjson" => self.export(Ndjson::new()).await,
            "export-csv" => self.export(Csv::new()).await,
            "snow-slow" => self.slow_consumer(tokio::time::sleep).await,
            "snow-busy" => self.slow_consumer(busy).await,
            "reqwest-typed" => self.reqwest(peers::typed).await,
            "reqwest-value" => self.reqwest(peers::value).await,
            "hyper-typed" => self.hyper(peers::typed).await,
            "hyper-value" => self.hyper(peers::value).await,
            other => panic!("no {other:?} here"),
        }
    }

    pub(crate) fn name(&self) -> String {
        format!("u_rows_{}", self.rows)
    }

    fn dynamic(&self) -> snow_client::Table {
        let client = measured::client(&format!("http://{}", self.address)).build();
        client.expect("good settings").table(&self.name())
    }

    fn typed(&self) -> snow_client::Table<Incident> {
        self.dynamic().typed()
    }

    fn paged<T>(&self, rows: RecordStream<T>) -> RecordStream<T> {
        if self.page == 0 { rows } else { rows.page_size(self.page) }
    }

    async fn stream<T>(&self, rows: RecordStream<T>, check: fn(&T)) -> u64 {
        let mut rows = self.paged(rows);
        while let Some(row) = rows.next().await {
            check(&row.expect("a row"));
        }
        let report = rows.report();
        assert!(report.complete && report.received == self.rows, "{report:?}");
        report.requests
    }

    /// Writes all of it into files.
    async fn export(&self, format: impl ExportFormat + 'static) -> u64 {
        let folder = std::env::temp_dir().join(format!("snow-export-bench-{}", std::process::id()));
        let list = self.dynamic().list().fields(FIELDS);
        let export = list.export(format, ExportDirectory::new(&folder)).page_size(self.page);
        let report = export.await.expect("an export");
        std::fs::remove_dir_all(folder).expect("a folder to remove");
        assert!(report.complete && report.received == self.rows, "{report:?}");
        report.requests
    }

    /// What is done with a page takes as long as the server takes for the next one.
    async fn slow_consumer<F: Future<Output = ()>>(&self, consume: impl Fn(Duration) -> F) -> u64 {
        let mut rows = self.paged(self.typed().list().stream());
        let mut read = 0;
        while let Some(row) = rows.next().await {
            typed(&row.expect("a row"));
            read += 1;
            if read % u64::from(self.page) == 0 {
                consume(Duration::from_millis(50)).await;
            }
        }
        assert_eq!(read, self.rows);
        rows.report().requests
    }
}

/// Waits for nothing, and never lets the connection's task have its turn.
fn busy(time: Duration) -> Ready<()> {
    std::thread::sleep(time);
    ready(())
}

fn typed(incident: &Incident) {
    let Incident { number, short_description, state, priority, sys_id, sys_updated_on } = black_box(incident);
    assert!(number.starts_with("INC") && short_description.starts_with("Unable") && !sys_id.is_empty());
    black_box((state, priority, sys_updated_on));
}

/// The same fields, as text.
const FIELDS: [&str; 6] = ["number", "short_description", "state", "priority", "sys_id", "sys_updated_on"];

fn dynamic(record: &Record) {
    for field in FIELDS {
        black_box(record.value(field).expect("a field"));
    }
}

/// What this thread has worked, in nanoseconds.
fn cpu() -> u64 {
    let told = std::fs::read_to_string("/proc/self/schedstat").expect("Linux");
    number(told.split(' ').next().unwrap_or_default())
}

/// The most memory that this process ever had, in kilobytes.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    number(line.trim().trim_end_matches(" kB"))
}
