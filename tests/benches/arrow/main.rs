//! A table over loopback into Arrow and Parquet, from a server in a process of its own: so that CPU and memory are the client's alone.
//!
//! `arrow serve` answers; `arrow read HOW ADDRESS ROWS` reads a table of so many records, and prints what it took: records, nanoseconds of
//! CPU, nanoseconds, the most kilobytes of memory, requests. `arrow export ADDRESS FILE` writes the incidents of a simulator. `cargo xtask
//! ci arrow` and `cargo xtask interop arrow` run them.

#![allow(clippy::expect_used, clippy::panic, reason = "a benchmark may fail")]
#![allow(clippy::disallowed_methods, reason = "it measures real time, and the server starts tasks")]
#![allow(missing_docs, reason = "no library")]

#[path = "../measured.rs"]
mod measured;
mod page;
#[path = "../tables/server.rs"]
mod server;
mod through_json;

use snow_arrow::{ParquetWriter, Scan, ScanReport};
use snow_client::table::ListRecords;
use std::fs::File;
use std::hint::black_box;
use std::time::{Duration, Instant};
use through_json::ThroughJson;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    // One thread: its time is all there is.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    match words[..] {
        ["serve"] => runtime.block_on(server::serve(Duration::ZERO, 1_000)),
        ["read", how, address, rows] => {
            let (cpu, began) = (cpu(), Instant::now());
            let table = format!("u_rows_{rows}");
            let (records, requests) = runtime.block_on(read(how, address, &table));
            assert_eq!(records.to_string(), rows, "not every record came");
            took(records, cpu, began, requests);
        }
        ["export", address, file] => {
            let (cpu, began) = (cpu(), Instant::now());
            let list = measured::client(address).build().expect("good settings").table("incident").list();
            let list = list.fields(page::FIELDS.map(|(name, _)| name));
            let (records, requests) = runtime.block_on(parquet(Scan::new(list), file.to_owned()));
            took(records, cpu, began, requests);
        }
        // As `cargo bench` and `cargo test` call it: alone it has nothing to read.
        _ => println!("arrow: run by `cargo xtask ci arrow`"),
    }
}

fn took(records: u64, cpu: u64, began: Instant, requests: u64) {
    let (cpu, wall) = (self::cpu() - cpu, began.elapsed().as_nanos());
    println!("{records} {cpu} {wall} {} {requests}", peak_memory());
}

/// Reads a table, and returns how many records it has, and in how many requests.
async fn read(how: &str, address: &str, table: &str) -> (u64, u64) {
    let client = measured::client(&format!("http://{address}")).build().expect("good settings");
    let list = client.table(table).list().fields(page::FIELDS.map(|(name, _)| name));
    let scan = || Scan::new(list.clone()).schema(page::schema(table));
    match how {
        "stream" => stream(list).await,
        "arrow" => arrow(scan()).await,
        "parquet" => parquet(scan(), temporary()).await,
        "arrow-json" => through_json(list).await,
        other => panic!("no {other:?} here"),
    }
}

/// The records alone, of which nothing is read.
async fn stream(list: ListRecords) -> (u64, u64) {
    let mut records = list.exclude_reference_link(true).stream();
    while let Some(record) = records.next().await {
        black_box(record.expect("a record"));
    }
    let report = records.report();
    assert!(report.complete, "{report:?}");
    (report.received, report.requests)
}

async fn arrow(scan: Scan) -> (u64, u64) {
    let mut batches = scan.open().await.expect("good columns");
    let mut count = 0;
    while let Some(batch) = batches.next().await {
        count += black_box(batch.expect("a batch")).num_rows() as u64;
    }
    counted(count, &batches.report())
}

async fn parquet(scan: Scan, file: String) -> (u64, u64) {
    let mut batches = scan.open().await.expect("good columns");
    let mut writer =
        ParquetWriter::new(File::create(&file).expect("a file"), batches.schema()).expect("a file");
    while let Some(batch) = batches.next().await {
        writer.write(&batch.expect("a batch")).expect("room");
    }
    counted(writer.finish().expect("room"), &batches.report())
}

async fn through_json(list: ListRecords) -> (u64, u64) {
    let mut records = list.exclude_reference_link(true).stream();
    let (mut json, mut count) = (ThroughJson::new(), 0);
    while let Some(record) = records.next().await {
        count += json.push(&record.expect("a record")).map_or(0, |batch| black_box(batch).num_rows() as u64);
    }
    count += json.finish().map_or(0, |batch| black_box(batch).num_rows() as u64);
    let report = records.report();
    assert!(report.complete && report.received == count, "{report:?}");
    (count, report.requests)
}

fn counted(count: u64, report: &ScanReport) -> (u64, u64) {
    let is_complete = report.stream.complete && report.conversion.is_complete();
    assert!(is_complete && report.stream.received == count, "{report:?}");
    (count, report.stream.requests)
}

/// A file that every read writes anew.
fn temporary() -> String {
    std::env::temp_dir().join("snow-bench-arrow.parquet").display().to_string()
}

/// What this thread has worked, in nanoseconds.
fn cpu() -> u64 {
    let told = std::fs::read_to_string("/proc/self/schedstat").expect("Linux");
    told.split(' ').next().unwrap_or_default().parse().expect("a number")
}

/// The most memory that this process ever had, in kilobytes.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}
