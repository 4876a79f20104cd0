//! Exports a table as CSV. A run that is interrupted is continued by the next one, without a row lost:
//! `cargo run -p snow-client --example nightly_export`

use snow_client::Client;
use snow_client::export::{Csv, Export, ExportDirectory, ExportProgress, ExportReport};
use std::collections::HashSet;
use std::fs;
use std::path::Path;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const FIELDS: [&str; 4] = ["number", "state", "opened_at", "short_description"];

#[tokio::main]
async fn main() -> Result<()> {
    let simulator = snow_sim::Simulator::builder().user("admin", "secret").incidents(2_400).build()?;
    let client = Client::builder().instance("dev12345").user("admin").password("secret").transport(simulator);
    let client = client.build()?;

    let folder = std::env::temp_dir().join(format!("snow-nightly-export-{}", std::process::id()));
    let first = nightly(&client, &folder);
    let stop = first.stop_handle();
    // As if somebody pressed Ctrl-C after 1,000 records.
    let on_progress = move |progress: ExportProgress| {
        if progress.received >= 1_000 {
            stop.stop();
        }
    };
    let interrupted = first.on_progress(on_progress).await?;
    let report = nightly(&client, &folder).await?;
    report.verify(&ExportDirectory::new(&folder)).await?;
    let rows = rows(&folder, &report)?;
    fs::remove_dir_all(&folder)?;

    let (files, first) = (report.files.len(), interrupted.received);
    println!("{} rows in {files} files, {first} of them of the first run", rows.len());
    let count = client.table("incident").list().count().await?;
    let is_right = !interrupted.complete && report.received == count && rows.len() as u64 == count;
    if is_right { Ok(()) } else { Err("the export does not have every record once".into()) }
}

/// Exports the records that have not been exported yet.
fn nightly(client: &Client, folder: &Path) -> Export {
    let export =
        client.table("incident").list().fields(FIELDS).export(Csv::new(), ExportDirectory::new(folder));
    export.page_size(200).records_per_file(600).resume(true)
}

/// Returns the different rows of all files.
fn rows(folder: &Path, report: &ExportReport) -> Result<HashSet<String>> {
    let mut rows = HashSet::new();
    for file in &report.files {
        let csv = fs::read_to_string(folder.join(&file.name))?;
        rows.extend(csv.lines().skip(1).map(str::to_owned)); // without the header
    }
    Ok(rows)
}
