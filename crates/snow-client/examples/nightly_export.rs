//! Exports a table as CSV. A run that breaks off is continued by the next one, without a row lost:
//! `cargo run -p snow-client --example nightly_export`

use snow_client::{Client, Record, stream::StreamPosition};
use std::collections::HashSet;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const FIELDS: [&str; 4] = ["number", "state", "opened_at", "short_description"];

#[tokio::main]
async fn main() -> Result<()> {
    let simulator = snow_sim::Simulator::builder().user("admin", "secret").incidents(2_400).build()?;
    let client = Client::builder().instance("dev12345").user("admin").password("secret").transport(simulator);
    let client = client.build()?;

    let folder = std::env::temp_dir().join(format!("snow-nightly-export-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let has_broken_off = !export(&client, &folder, 3).await?; // as if the machine went down after three pages
    let is_complete = export(&client, &folder, usize::MAX).await?;
    let csv = fs::read_to_string(folder.join("incidents.csv"))?;
    fs::remove_dir_all(&folder)?;

    let rows: HashSet<&str> = csv.lines().collect();
    println!("{} rows, {} of them unique", csv.lines().count(), rows.len());
    let count = usize::try_from(client.table("incident").list().count().await?)?;
    let is_right = has_broken_off && is_complete && csv.lines().count() == count && rows.len() == count;
    if is_right { Ok(()) } else { Err("the export does not have every record once".into()) }
}

/// Appends the records that have not been exported yet, at most so many pages. Returns whether these are all.
async fn export(client: &Client, folder: &Path, pages_at_most: usize) -> Result<bool> {
    let (csv, checkpoint) = (folder.join("incidents.csv"), folder.join("checkpoint.json"));
    let mut records = client.table("incident").list().fields(FIELDS).stream().page_size(500);
    if let Ok(stored) = fs::read(&checkpoint) {
        records = records.resume(serde_json::from_slice::<StreamPosition>(&stored)?);
    }
    let records =
        records.on_progress(|progress| println!("{} of {:?}", progress.received, progress.expected));
    let (mut pages, mut file) = (records.pages(), OpenOptions::new().create(true).append(true).open(csv)?);
    for _ in 0..pages_at_most {
        let Some(page) = pages.next().await else { return Ok(pages.report().complete) };
        let rows = page?.iter().map(row).collect::<Result<String>>()?;
        file.write_all(rows.as_bytes())?; // before the position: a page may come twice, and none is lost
        if let Some(position) = pages.position() {
            fs::write(&checkpoint, serde_json::to_vec(&position)?)?;
        }
    }
    Ok(false)
}

fn row(record: &Record) -> Result<String> {
    let quoted = |field| Ok(format!("\"{}\"", record.value(field)?.replace('"', "\"\"")));
    Ok(FIELDS.map(quoted).into_iter().collect::<Result<Vec<_>>>()?.join(",") + "\n")
}
