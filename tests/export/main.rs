//! What exports into files promise, one subject per file.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]
#![allow(clippy::disallowed_methods, reason = "a test starts a task")]

#[cfg(unix)]
mod child;
mod crashes;
mod csv_text;
#[cfg(unix)]
mod disk_faults;
mod drift;
mod files;
#[cfg(unix)]
mod kills;
mod memory_target;
mod ndjson_text;
mod places;
mod progress;
#[allow(dead_code, reason = "other tests use the rest of it")]
#[path = "../promises/temp_folder.rs"]
mod temp_folder;

use snow_client::export::ExportReport;
use snow_client::table::ListRecords;
use snow_client::{Client, Record};
use snow_sim::Simulator;
use std::collections::BTreeMap;
use std::path::Path;

/// The fields that most tests export.
const FIELDS: [&str; 4] = ["number", "state", "short_description", "caller_id"];

/// An instance with so many incidents.
fn instance(incidents: u32) -> Simulator {
    let builder = Simulator::builder().without_demo_data().user("admin", "secret");
    builder.incidents(incidents).build().unwrap()
}

/// A client of an instance in memory.
fn client(simulator: &Simulator) -> Client {
    let builder = Client::builder().instance("dev12345").user("admin").password("secret");
    builder.transport(simulator.clone()).build().unwrap()
}

fn incidents(client: &Client) -> ListRecords {
    client.table("incident").list().fields(FIELDS)
}

/// The files in a folder that have the names of an export's data, with their content.
fn data_files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let Ok(entries) = std::fs::read_dir(folder) else { return BTreeMap::new() };
    let entries = entries.map(|entry| entry.unwrap());
    let named = entries.map(|entry| (entry.file_name().into_string().unwrap(), entry.path()));
    let data = named.filter(|(name, _)| name.starts_with("part-"));
    data.map(|(name, path)| (name, std::fs::read(path).unwrap())).collect()
}

/// How often each value of a field is in files of NDJSON.
fn counted(files: &BTreeMap<String, Vec<u8>>, field: &str) -> BTreeMap<String, u32> {
    let mut counts = BTreeMap::new();
    for line in files.values().flat_map(|file| std::str::from_utf8(file).unwrap().lines()) {
        let record: Record = serde_json::from_str(line).unwrap();
        *counts.entry(record.value(field).unwrap().into_owned()).or_insert(0) += 1;
    }
    counts
}

/// Asserts that a report is about these files, and that all of them are there.
fn assert_describes(report: &ExportReport, files: &BTreeMap<String, Vec<u8>>) {
    let reported: Vec<_> = report.files.iter().map(|file| (file.name.clone(), file.bytes)).collect();
    let found: Vec<_> = files.iter().map(|(name, content)| (name.clone(), content.len() as u64)).collect();
    assert_eq!(reported, found);
    assert_eq!(report.received, report.files.iter().map(|file| file.records).sum::<u64>());
}
