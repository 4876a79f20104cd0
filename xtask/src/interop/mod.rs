//! Other people's programs and ours together. Each check installs what it needs: packages of Python and of Node.js into
//! `target/interop`, programs by apt.

mod arrow;
mod browser;
mod engine;
mod fork;
mod issuer;
mod nginx;
mod packages;
mod proxy;
mod public_client;
pub(crate) mod server;
mod stores;

use crate::run::{Done, need, root, run};
use std::fs;
use std::path::PathBuf;

type Check = (&'static str, fn() -> Done);

const CHECKS: &[Check] = &[
    ("soak", soak),
    ("pysnow", || public_client::PYSNOW.check()),
    ("pysnc", || public_client::PYSNC.check()),
    ("servicenow-rest-api", || public_client::SERVICENOW_REST_API.check()),
    ("node-red", || public_client::NODE_RED.check()),
    ("proxy", proxy::check),
    ("nginx", nginx::check),
    ("issuer", issuer::check),
    ("browser", browser::check),
    ("stores", stores::check),
    ("blocking", blocking),
    ("fork", fork::check),
    ("arrow", arrow::check),
    ("engine", engine::check),
];

/// All of them, or the one of a name. One that fails does not keep the others from running.
pub(crate) fn check(only: Option<&str>) -> Done {
    let chosen: Vec<_> = CHECKS.iter().filter(|(name, _)| only.is_none_or(|only| only == *name)).collect();
    if chosen.is_empty() {
        return Err(no_such_check());
    }
    let mut failures = Vec::new();
    for (name, check) in chosen {
        println!("== {name}");
        failures.extend(check().err().map(|why| format!("{name}: {why}")));
    }
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n")) }
}

fn no_such_check() -> String {
    let names: Vec<_> = CHECKS.iter().map(|(name, _)| *name).collect();
    format!("there is no such check; the checks are: {}", names.join(", "))
}

/// A folder for a check's files, new and empty.
fn folder(name: &str) -> Result<PathBuf, String> {
    let folder = root().join("target/interop").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(folder)
}

fn write(file: &PathBuf, text: &str) -> Done {
    fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()))
}

fn read(file: &PathBuf) -> Result<String, String> {
    fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))
}

/// What our client does: see `tests/interop/main.rs`.
fn client(settings: &[(&str, &str)]) -> Done {
    tests("--exact data_and_token_calls", settings)
}

/// A hundred thousand calls: see `tests/interop/soak.rs`.
fn soak() -> Done {
    tests("--exact soak::a_hundred_thousand_calls_leave_nothing_behind --nocapture", &[])
}

/// Programs without async as they are built for use: `cargo xtask ci` runs the same tests without optimization.
fn blocking() -> Done {
    run("cargo test --release --quiet -p snow-tests --all-features --test blocking_main", &[])?;
    run("cargo test --release --quiet -p snow-tests --all-features --test promises blocking::", &[])
}

/// Some of the tests of `tests/interop`.
fn tests(which: &str, settings: &[(&str, &str)]) -> Done {
    let test = "cargo test --quiet -p snow-tests --all-features --test interop -- --ignored";
    run(&format!("{test} {which}"), settings)
}

/// How often a text stands in a log.
fn count(log: &str, part: &str) -> usize {
    log.lines().filter(|line| line.contains(part)).count()
}

/// What a log should say and how often.
fn expect(log: &str, part: &str, times: usize) -> Done {
    match count(log, part) {
        found if found == times => Ok(()),
        found => Err(format!("the log should say {part:?} {times} times and says it {found} times:\n{log}")),
    }
}
