//! Parquet files as pyarrow and DuckDB read them, and how long pysnow and pandas take to write one.

use super::public_client::all_passed;
use super::server::Server;
use super::{folder, packages, tests};
use crate::run::{Done, bench_program, output, root};

const PACKAGES: &str = "pyarrow==26.0.1 duckdb==2.0.1 pandas==3.1.1 pysnow==0.7.17";
/// Generated records of the table that both write.
const RECORDS: &str = "100000";
/// How many times the records in a second of CPU that the way of Python has, at least.
const FASTER: f64 = 20.0;

pub(super) fn check() -> Done {
    let place = packages::python("arrow", PACKAGES)?;
    let python = place.join("bin/python").display().to_string();
    let files = folder("arrow-files")?.display().to_string();
    cells(&python, &files)?;
    speed(&python, &files)
}

/// Compares each cell of the files with the JSON of its record.
fn cells(python: &str, files: &str) -> Done {
    let test = "--exact arrow::parquet_files_and_the_json_of_their_records";
    tests(test, &[("SNOW_INTEROP_FOLDER", files)])?;
    let printed = output(&format!("{python} {}/xtask/interop/arrow_files.py {files}", root().display()))?;
    print!("{printed}");
    match printed.lines().last().is_some_and(all_passed) {
        true => Ok(()),
        false => Err("a cell is not what its record says".into()),
    }
}

fn speed(python: &str, files: &str) -> Done {
    let program = bench_program("arrow")?;
    let simulator = Server::plain_simulator_with(&["--incidents", RECORDS, "--user", "admin:secret"])?;
    let (url, port) = (format!("http://127.0.0.1:{}", simulator.port), simulator.port);
    let ours = output(&format!("{program} export {url} {files}/ours.parquet"))?;
    let script = format!("{}/xtask/interop/arrow_speed.py", root().display());
    let theirs = output(&format!("{python} {script} {port} {files}/theirs.parquet"))?;
    let ((our_records, ours), (their_records, theirs)) = (took(&ours)?, took(&theirs)?);
    if our_records != their_records {
        return Err(format!("we wrote {our_records} records, and Python {their_records}"));
    }
    let (ours, theirs) = (our_records / ours * 1e9, their_records / theirs * 1e9);
    let faster = ours / theirs;
    println!(
        "records a second of CPU to Parquet: {ours:.0}, by pysnow and pandas {theirs:.0}: {faster:.1} times, at least {FASTER}"
    );
    match faster >= FASTER {
        true => Ok(()),
        false => Err(format!("only {faster:.1} times as many records as pysnow and pandas")),
    }
}

/// The records and the nanoseconds of CPU that a program prints first.
fn took(printed: &str) -> Result<(f64, f64), String> {
    let numbers: Vec<f64> = printed.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    match numbers[..] {
        [records, cpu, ..] if records > 0.0 && cpu > 0.0 => Ok((records, cpu)),
        _ => Err(format!("the program printed {printed:?}")),
    }
}
