//! An export with a progress bar, or with plain lines where there is no terminal:
//! `cargo run -p snow-client --example export_progress`

use indicatif::{ProgressBar, ProgressStyle};
use snow_client::{Client, stream::StreamProgress};
use std::io::Write;
use std::sync::mpsc;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let simulator = snow_sim::Simulator::builder().user("admin", "secret").incidents(5_000).build()?;
    let client = Client::builder().instance("dev12345").user("admin").password("secret").transport(simulator);
    let client = client.build()?;

    let bar = ProgressBar::new(0).with_style(ProgressStyle::with_template("{bar:40} {pos} of {len}, {msg}")?);
    let (noted, calls) = mpsc::channel(); // only to see below what was shown
    let shown = bar.clone();
    let records = client.table("incident").list().fields(["number", "state"]).stream().parallel(2);
    let mut records = records.on_progress(move |progress| {
        show(&shown, &progress);
        let _ = noted.send(progress);
    });

    let mut csv = Vec::new(); // or a file
    while let Some(record) = records.next().await.transpose()? {
        writeln!(csv, "{},{}", record.value("number")?, record.value("state")?)?;
    }
    bar.finish();

    let (report, calls) = (records.report(), calls.try_iter().collect::<Vec<_>>());
    println!("{} records, {} bytes of CSV, {} calls", report.received, csv.len(), calls.len());
    let is_in_order = calls.is_sorted_by_key(|progress| progress.received) && calls.len() > 1;
    let is_all =
        calls.last().is_some_and(|last| last.received == report.received && last.expected == report.expected);
    if report.complete && is_in_order && is_all {
        Ok(())
    } else {
        Err("the progress is not that of the read".into())
    }
}

fn show(bar: &ProgressBar, progress: &StreamProgress) {
    let rate = format!("{:.0} records/s, {} KiB", progress.records_per_second(), progress.bytes >> 10);
    bar.set_length(progress.expected.unwrap_or(progress.received));
    bar.set_position(progress.received);
    if bar.is_hidden() {
        let expected = progress.expected.map_or("?".to_owned(), |expected| expected.to_string());
        eprintln!("{} of {expected}, {rate}", progress.received);
    }
    bar.set_message(rate);
}
