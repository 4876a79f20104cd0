//! One gigabyte up and down: the memory of a process of its own, held to a limit, and the rate compared with hyper-util as it is.

use crate::run::{Done, output, root, run, target};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

const BYTES: u64 = 1 << 30;
/// The most memory a process may have, in MB: the program itself included.
const LIMIT: f64 = 10.0;
const ROUNDS: usize = 5;

/// Ends with the measurement.
struct Simulator(Child, String);

impl Drop for Simulator {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Simulator {
    fn start() -> Result<Self, String> {
        run("cargo build --release --quiet -p snow-sim", &[])?;
        let arguments =
            ["--port", "0", "--forget-uploads", "--generated-file", &BYTES.to_string()].map(str::to_owned);
        let child =
            Command::new(target().join("release/snow-sim")).args(arguments).stdout(Stdio::piped()).spawn();
        let mut child = child.map_err(|error| format!("the simulator did not start: {error}"))?;
        let output = child.stdout.take().ok_or("the simulator has no output")?;
        let mut simulator = Self(child, String::new());
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line).map_err(|error| error.to_string())?;
        simulator.1 = line.trim().rsplit(' ').next().unwrap_or_default().to_owned();
        Ok(simulator)
    }
}

/// Seconds, and MB of memory at most.
#[derive(Clone, Copy)]
struct Run {
    seconds: f64,
    memory: f64,
}

/// What is held to a limit: some seconds.
pub(crate) fn gates() -> Done {
    within(by_file(&build()?, &Simulator::start()?)?)
}

/// Down into a file, and up again; the most memory that took.
fn by_file(program: &str, simulator: &Simulator) -> Result<f64, String> {
    let file = Scratch(target().join("gigabyte.bin"));
    let mut worst = 0.0_f64;
    println!("{} MiB against a simulator in another process, on this machine", BYTES >> 20);
    for (way, what) in [("down-file", "down, into a file"), ("up-file", "up, from a file")] {
        let run = one(program, way, &simulator.1, &file.0.display().to_string())?;
        worst = worst.max(run.memory);
        println!("{what}: {:.1} MB of memory at most, {:.0} MB a second", run.memory, rate(run));
    }
    Ok(worst)
}

/// A file that is gone with the measurement, whatever comes of it.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn within(worst: f64) -> Done {
    match worst <= LIMIT {
        true => Ok(()),
        false => Err(format!("{worst:.1} MB of memory are more than {LIMIT} MB")),
    }
}

/// With the rates.
pub(crate) fn all() -> Done {
    let (program, simulator) = (build()?, Simulator::start()?);
    let go = |way: &str| one(&program, way, &simulator.1, "-");
    let mut worst = by_file(&program, &simulator)?;
    for (way, raw, what) in [
        ("down", "down-raw", "down, checked by its size, of hyper-util as it is"),
        (
            "down-hash",
            "down-raw-hash",
            "down, checked by its SHA-256 as well, of hyper-util and ring's SHA-256",
        ),
        ("down-hash", "down-raw", "down, checked by its SHA-256 as well, of hyper-util that checks nothing"),
        ("up", "up-raw", "up, from memory, of hyper-util as it is"),
    ] {
        let mut ratios = Vec::new();
        for _ in 0..ROUNDS {
            let (ours, theirs) = (go(way)?, go(raw)?);
            worst = worst.max(ours.memory);
            ratios.push(theirs.seconds / ours.seconds);
        }
        ratios.sort_by(f64::total_cmp);
        let median = ratios.get(ROUNDS / 2).copied().unwrap_or_default();
        println!("{what}: {median:.2} (wanted 0.90, aim 0.97), median of {ROUNDS} pairs");
    }
    within(worst)
}

#[expect(clippy::cast_precision_loss, reason = "a rate to be read")]
fn rate(run: Run) -> f64 {
    BYTES as f64 / 1e6 / run.seconds
}

fn one(program: &str, way: &str, url: &str, file: &str) -> Result<Run, String> {
    let said = output(&format!("{program} {way} {url} {BYTES} {file}"))?;
    let mut words = said.split_whitespace().map(str::parse::<f64>);
    match (words.next(), words.next()) {
        (Some(Ok(seconds)), Some(Ok(kib))) => Ok(Run { seconds, memory: kib * 1_024.0 / 1e6 }),
        _ => Err(format!("{way} said {said:?}")),
    }
}

/// The path of the bench program.
fn build() -> Result<String, String> {
    let lines = output("cargo bench -p snow-benches --bench files --no-run --message-format=json")?;
    let artifacts = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let program = artifacts
        .filter(|artifact| artifact["target"]["name"] == "files")
        .find_map(|artifact| artifact["executable"].as_str().map(str::to_owned));
    program.ok_or_else(|| format!("cargo built no program of the name files below {}", root().display()))
}
