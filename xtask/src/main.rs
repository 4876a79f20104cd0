//! The project's own commands: `cargo xtask ci | test | structure | interop | codegen | queries | bench | fuzz | release-check`.

mod aliases;
mod api;
mod arrow;
mod arrows;
mod ci;
mod cli;
mod costs;
mod crate_counts;
mod examples;
mod feed;
mod files;
mod foreign_types;
mod fuzz;
mod guide_programs;
mod interop;
mod markdown;
mod packages;
mod plot;
mod readme;
mod release_check;
mod run;
mod rust_versions;
mod structure;
mod tables;
mod words;
mod workspace;

use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask COMMAND

  test               every test and doctest, with all features
  ci [--skip test]   everything that has to pass before a change lands, the tests included
  ci STEP            one step of it, by its name in the list that `ci` prints
  api                writes the public API of each library to tests/api, which `ci` compares
  api engines        the same for the crates of the SQL engines, which `release-check engines` compares
  structure          the modules of the crates alone, of what `ci arrows` checks: circles, arrows upward, long files, and
                     names of types used twice
  interop            public clients of other languages against the simulator (pysnow, PySNC, servicenow-rest-api, and the
                     nodes of Node-RED); our client for a hundred thousand calls, through a proxy (tinyproxy) and nginx, with an
                     authorization server from npm, with a login in headless Chromium, and with
                     token stores in Redis and PostgreSQL; programs without async in release, and one in Python that
                     forks; Parquet files in pyarrow and DuckDB; the crates of the SQL engines, which take minutes to compile.
                     Installs what it needs (python3 has to be there; the others by apt)
  interop CHECK      one of them: soak, pysnow, pysnc, servicenow-rest-api, node-red, proxy, nginx, issuer, browser, stores,
                     blocking, fork, arrow or engine
  codegen            writes the Rust types that the tests have of the simulator's dictionary
  queries [COUNT]    so many random queries against the simulator's evaluator, 1,000,000 by default (about four minutes)
  bench              what things cost, measured on this machine
  bench blocking     what a call costs that a thread waits for, alone
  bench costs        instructions and allocations alone (installs valgrind)
  bench tables       whole tables alone: time, memory and requests
  bench arrow        tables into Arrow and Parquet alone: CPU beside the bare stream, and memory
  bench files        a gigabyte up and down alone
  bench loopback     requests a second alone, written to the first table of docs/performance.md and drawn to docs/performance.svg
  bench plot         draws docs/performance.svg from the table of docs/performance.md
  bench sockets      requests a second of the simulator alone
  fuzz [SECONDS]     each fuzz target for so long, 30 by default (needs a C++ compiler)
  fuzz SECONDS NAME  one fuzz target
  fuzz keep          adds small inputs that were found to the corpora that the tests replay
  release-check [STEP]
                     what a release needs in addition to `ci`, or one step of it: see RELEASING.md. Installs its tools";

const CODEGEN: &str = "cargo run --quiet --package snow-client --example codegen -- --table incident --out \
                       tests/promises/generated/incident.rs";

fn queries(count: &str) -> run::Done {
    let test =
        "cargo test --release -p snow-tests --test promises any_tree_selects_what_it_says -- --nocapture";
    run::run(test, &[("SNOW_QUERY_CASES", count)])
}

fn fuzz_for(seconds: &str, only: Option<&str>) -> run::Done {
    seconds.parse().map_err(|_| USAGE.to_owned()).and_then(|seconds| fuzz::all(seconds, only))
}

fn bench() -> run::Done {
    run::run("cargo bench --package snow-benches", &[])?;
    files::all()?;
    costs::all()?;
    sockets()?;
    tables::all()?;
    arrow::gates()?;
    plot::measure()
}

/// How many requests the simulator answers in a second of one core.
fn sockets() -> run::Done {
    run::run("cargo build --release --quiet -p snow-sim", &[])?;
    let (program, simulator) =
        (run::bench_program("simulator-sockets")?, run::target().join("release/snow-sim"));
    run::run(&format!("{program} {}", simulator.display()), &[])
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words[..] {
        ["test"] => ci::test(),
        ["api"] => api::write(&workspace::ROOT),
        ["api", "engines"] => api::write(&workspace::ENGINES),
        ["structure"] => structure::check(),
        ["interop"] => interop::check(None),
        ["interop", name] => interop::check(Some(name)),
        ["codegen"] => run::run(CODEGEN, &[]),
        ["bench"] => bench(),
        ["bench", "blocking"] => run::run("cargo bench --package snow-benches --bench blocking", &[]),
        ["bench", "loopback"] => plot::measure(),
        ["bench", "plot"] => plot::write(),
        ["bench", "files"] => files::all(),
        ["bench", "arrow"] => arrow::gates(),
        ["bench", "costs"] => costs::all(),
        ["bench", "sockets"] => sockets(),
        ["bench", "tables"] => tables::all(),
        ["queries"] => queries("1000000"),
        ["queries", count] => queries(count),
        ["fuzz"] => fuzz::all(30, None),
        ["fuzz", "keep"] => fuzz::keep(),
        ["fuzz", seconds] => fuzz_for(seconds, None),
        ["fuzz", seconds, name] => fuzz_for(seconds, Some(name)),
        ["release-check"] => release_check::check(None),
        ["release-check", step] => release_check::check(Some(step)),
        ["ci"] => ci::all(None),
        ["ci", "--skip", step] => ci::all(Some(step)),
        ["ci", step] => ci::one(step),
        _ => Err(USAGE.to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}
