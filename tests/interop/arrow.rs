//! Files for `cargo xtask interop arrow`: Parquet files, and the raw JSON of the same records for other libraries to compare with.

#[path = "../arrow/edge_table.rs"]
mod edge_table;

use snow_arrow::{ParquetWriter, References, Scan};
use snow_client::table::ListRecords;
use snow_client::{Client, DisplayValue};
use snow_sim::Simulator;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// The fields of the incidents.
const FIELDS: [&str; 12] = [
    "sys_id",
    "number",
    "short_description",
    "state",
    "priority",
    "active",
    "opened_at",
    "sys_updated_on",
    "caller_id",
    "assignment_group",
    "category",
    "calendar_duration",
];

fn client(simulator: &Simulator) -> Client {
    let builder = Client::builder().instance("dev12345").user("admin").password("secret");
    builder.transport(simulator.clone()).build().unwrap()
}

/// Writes `NAME.parquet` and `NAME.jsonl`, and returns the number of records.
async fn write(folder: &Path, name: &str, list: ListRecords, references: References) -> u64 {
    let scan = Scan::new(list.clone()).references(references).dictionary_choices(true);
    let mut batches = scan.open().await.unwrap();
    let mut file = File::create(folder.join(format!("{name}.parquet"))).unwrap();
    let mut writer = ParquetWriter::new(&mut file, batches.schema()).unwrap();
    while let Some(batch) = batches.next().await {
        writer.write(&batch.unwrap()).unwrap();
    }
    let count = writer.finish().unwrap();
    assert!(batches.report().stream.complete);

    let values = match references {
        References::Id => DisplayValue::Stored,
        _ => DisplayValue::All,
    };
    let is_plain = references == References::Id;
    let mut records = list.display_value(values).exclude_reference_link(is_plain).stream();
    let mut file = BufWriter::new(File::create(folder.join(format!("{name}.jsonl"))).unwrap());
    while let Some(record) = records.next().await {
        writeln!(file, "{}", record.unwrap().json()).unwrap();
    }
    file.flush().unwrap();
    assert_eq!(records.report().received, count);
    count
}

#[tokio::test]
#[ignore = "cargo xtask interop runs it"]
async fn parquet_files_and_the_json_of_their_records() {
    let folder = PathBuf::from(std::env::var("SNOW_INTEROP_FOLDER").expect("cargo xtask interop sets it"));
    let edge = client(&edge_table::instance(&edge_table::edge_rows()));
    let edge = edge.table(edge_table::TABLE).list().fields(edge_table::FIELDS);
    assert_eq!(write(&folder, "edge", edge.clone(), References::Id).await, 6);
    write(&folder, "edge_names", edge, References::IdNameAndLink).await;

    let simulator = Simulator::builder().user("admin", "secret").incidents(100_000).build().unwrap();
    let incidents = client(&simulator).table("incident").list().fields(FIELDS);
    assert!(write(&folder, "incidents", incidents.clone(), References::Id).await >= 100_000);
    write(&folder, "incidents_names", incidents.limit(10_000), References::IdNameAndLink).await;
}
