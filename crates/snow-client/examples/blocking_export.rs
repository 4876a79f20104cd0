//! Exports a table as CSV, with threads that share one client, without async:
//! `cargo run -p snow-client --features blocking --example blocking_export`

use snow_client::blocking::{Iterate, Wait};
use snow_client::{Client, Error, field};
use std::io::Write;

const FIELDS: [&str; 3] = ["number", "state", "opened_at"];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let simulator = snow_sim::Simulator::builder().user("admin", "secret").incidents(2_000).build()?;
    let listener = async { simulator.listen().await.map_err(Error::wrap) }.wait()?;
    let client = Client::builder().instance(listener.url()).user("admin").password("secret").build()?;

    let mut rows = Vec::new(); // or a file
    let mut records = client.table("incident").list().fields(FIELDS).stream().iterate();
    for record in &mut records {
        let record = record?;
        let values = FIELDS.map(|field| record.value(field).map(String::from));
        writeln!(rows, "{}", values.into_iter().collect::<Result<Vec<_>, _>>()?.join(","))?;
    }
    let report = records.stream().report();
    println!("{} records, {} bytes of CSV", report.received, rows.len());
    if !report.complete || report.received < 2_000 {
        return Err("the export is not complete".into());
    }

    let counts = std::thread::scope(|scope| {
        let count = |state: u8| {
            let list = client.table("incident").list().query(field("state").eq(state));
            scope.spawn(move || list.count().wait())
        };
        let threads: Vec<_> = (1..=7).map(count).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().map_err(|_| "a thread panicked"))
            .collect::<Result<Vec<_>, _>>()
    })?;
    for (state, count) in (1..).zip(counts) {
        println!("state {state}: {}", count?);
    }
    Ok(())
}
