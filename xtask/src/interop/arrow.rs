//! Parquet files as pyarrow and DuckDB read them, and how long clients in Python and pandas take to write one.

use super::public_client::all_passed;
use super::server::Server;
use super::{folder, packages, tests};
use crate::run::{Done, bench_program, output, root};

const PACKAGES: &str = "pyarrow==26.0.1 duckdb==2.0.1 pandas==3.1.1 pysnow==0.7.17 pysnc==1.2.1";
/// Generated records of the table that both write.
const RECORDS: &str = "100000";
/// Clients in Python, and how many times their records in a second of CPU ours are, at least: ServiceNow's own by its method for pandas;
/// and pysnow, whose records are nothing but the dicts that Python's JSON reader, written in C, makes.
const WAYS: [(&str, f64); 2] = [("pysnc", 20.0), ("pysnow", 2.5)];

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
    let (records, cpu) = took(&ours)?;
    println!("records a second of CPU to Parquet: {:.0}", records / cpu * 1e9);
    let script = format!("{}/xtask/interop/arrow_speed.py", root().display());
    let mut slow = Vec::new();
    for (way, least) in WAYS {
        let (their_records, their_cpu) =
            took(&output(&format!("{python} {script} {way} {port} {files}/{way}.parquet"))?)?;
        if (records - their_records).abs() >= 1.0 {
            return Err(format!("we wrote {records} records, and {way} {their_records}"));
        }
        let faster = their_cpu / cpu;
        println!(
            "by {way} and pandas: {:.0}; ours are {faster:.1} times as many, at least {least}",
            records / their_cpu * 1e9
        );
        if faster < least {
            slow.push(format!("only {faster:.1} times as many records as {way} and pandas"));
        }
    }
    if slow.is_empty() { Ok(()) } else { Err(slow.join("\n")) }
}

/// The records and the nanoseconds of CPU that a program prints first.
fn took(printed: &str) -> Result<(f64, f64), String> {
    let numbers: Vec<f64> = printed.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    match numbers[..] {
        [records, cpu, ..] if records > 0.0 && cpu > 0.0 => Ok((records, cpu)),
        _ => Err(format!("the program printed {printed:?}")),
    }
}
