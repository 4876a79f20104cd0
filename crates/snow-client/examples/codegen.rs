//! Rust types of a ServiceNow instance's tables, from its dictionary:
//!
//! ```text
//! cargo run -p snow-client --example codegen -- --table incident --out src/incident.rs
//! cargo run -p snow-client --example codegen -- --table incident --check src/incident.rs
//! ```
//!
//! With `SNOW_INSTANCE`, `SNOW_USER` and `SNOW_PASSWORD` it reads that instance, as a user who may read the dictionary; without
//! them the simulator. `--check` writes nothing, tells what has changed since, and fails if anything has.

use snow_client::{Client, schema::diff};
use std::env;
use std::process::ExitCode;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

#[derive(Default)]
struct Options {
    tables: Vec<String>,
    out: Option<String>,
    check: Option<String>,
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let options = read(env::args().skip(1))?;
    let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
    let listener = simulator.listen().await?;
    let given = |name: &str, otherwise: &str| env::var(name).unwrap_or_else(|_| otherwise.to_owned());
    let client = Client::builder()
        .instance(given("SNOW_INSTANCE", &listener.url()))
        .user(given("SNOW_USER", "admin"))
        .password(given("SNOW_PASSWORD", "secret"))
        .build()?;
    let code = client.schema().generate(&options.tables).await?;
    if let Some(path) = &options.check {
        let changes = diff(&std::fs::read_to_string(path)?, &code);
        changes.iter().for_each(|change| println!("{change}"));
        return Ok(if changes.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    match &options.out {
        Some(path) => std::fs::write(path, code)?,
        None => print!("{code}"),
    }
    Ok(ExitCode::SUCCESS)
}

fn read(mut arguments: impl Iterator<Item = String>) -> Result<Options> {
    let mut options = Options::default();
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{name} takes a value"))?;
        match name.as_str() {
            "--table" => options.tables.push(value),
            "--out" => options.out = Some(value),
            "--check" => options.check = Some(value),
            _ => return Err(format!("{name} is no option: there are --table, --out and --check").into()),
        }
    }
    if options.tables.is_empty() {
        return Err("name a table: --table incident".into());
    }
    Ok(options)
}
