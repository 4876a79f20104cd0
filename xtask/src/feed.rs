//! Feeds over loopback, each in a process of its own: how many requests a poll takes, and how much memory. Both are held to limits. Random
//! histories with changes of 100,000 records in bulk: the copy has to equal the table.

use crate::run::{Done, bench_program, target};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Command, Stdio};

/// Records of the table that does not change.
const MANY: u64 = 1_000_000;
/// Records of the table that is read, and changed in bulk.
const BULK: u64 = 100_000;
/// The most KiB in all: 16 MB.
const MEMORY: u64 = 16_000_000 / 1_024;

/// An instance in a process of its own, which takes orders on its standard input.
struct Instance {
    process: Child,
    output: BufReader<ChildStdout>,
    program: String,
    address: String,
}

/// What a process has done.
struct Took {
    records: u64,
    ids: u64,
    /// Requests of the last poll.
    requests: u64,
    /// KiB, at most.
    memory: u64,
}

impl Instance {
    fn start(program: &str, records: u64) -> Result<Self, String> {
        let mut command = Command::new(program);
        let command =
            command.args(["serve", &records.to_string()]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().map_err(|error| format!("{program}: {error}"))?;
        let output = process.stdout.take().ok_or("the instance has no output")?;
        let mut instance = Self {
            process,
            output: BufReader::new(output),
            program: program.to_owned(),
            address: String::new(),
        };
        instance.address = instance.line()?;
        Ok(instance)
    }

    fn line(&mut self) -> Result<String, String> {
        let mut line = String::new();
        match self.output.read_line(&mut line) {
            Ok(1..) => Ok(line.trim().to_owned()),
            _ => Err("the instance has ended".into()),
        }
    }

    /// Changes all records within one second.
    fn change_in_bulk(&mut self) -> Done {
        let input = self.process.stdin.as_mut().ok_or("the instance has no input")?;
        writeln!(input, "bulk").map_err(|error| error.to_string())?;
        self.line().map(drop)
    }

    /// Polls from a stored cursor until the feed is caught up.
    fn follow(&self, how: &str, cursor: &str) -> Result<Took, String> {
        let mut command = Command::new(&self.program);
        command.args(["follow", how, &self.address, cursor]);
        let done = command.stderr(Stdio::inherit()).output().map_err(|error| format!("{how}: {error}"))?;
        let said = String::from_utf8_lossy(&done.stdout).into_owned();
        let numbers: Vec<u64> = said.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        let [records, ids, requests, memory] = numbers[..] else {
            return Err(format!("{how} did not follow the table: {said}"));
        };
        println!("{how:28} {records:>9} {ids:>9} {requests:>9} {memory:>9}");
        Ok(Took { records, ids, requests, memory })
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// What is held to limits, and the histories: about four minutes.
pub(crate) fn gates() -> Done {
    let program = bench_program("feed")?;
    println!("\n{:28} {:>9} {:>9} {:>9} {:>9}", "", "records", "ids", "requests", "KiB");
    let mut over = memory(&program)?;
    over.extend(requests(&program)?);
    histories(&program)?;
    if over.is_empty() { Ok(()) } else { Err(over.join("\n")) }
}

/// Changes in bulk among everything else that happens to a table and to a program that follows it.
fn histories(program: &str) -> Done {
    let status = Command::new(program).args(["histories", &BULK.to_string()]).status();
    match status {
        Ok(status) if status.success() => {
            println!("2 histories of {BULK} records: the copy equals the table");
            Ok(())
        }
        Ok(status) => Err(format!("the histories of {BULK} records ended with {status}")),
        Err(error) => Err(format!("{program}: {error}")),
    }
}

/// A snapshot, a sweep and a change of all records.
fn memory(program: &str) -> Result<Vec<String>, String> {
    let mut instance = Instance::start(program, BULK)?;
    let cursor = target().join("feed-cursor.json").display().to_string();
    let _ = std::fs::remove_file(&cursor);
    let snapshot = instance.follow("snapshot", &cursor)?;
    let sweep = instance.follow("sweep", &cursor)?;
    instance.change_in_bulk()?;
    let bulk = instance.follow("bulk", &cursor)?;
    let after = instance.follow("after-bulk", &cursor)?;
    let _ = std::fs::remove_file(&cursor);
    let mut over = Vec::new();
    for (what, took) in [("snapshot", &snapshot), ("sweep", &sweep), ("bulk", &bulk), ("after-bulk", &after)]
    {
        if took.memory > MEMORY {
            over.push(format!("{what}: {} KiB are more than {MEMORY}", took.memory));
        }
    }
    if (snapshot.records, sweep.ids, bulk.records, after.records) != (BULK, BULK, BULK, 0) {
        over.push("not every record came, or some came twice".into());
    }
    Ok(over)
}

/// Polls of a large table that does not change.
fn requests(program: &str) -> Result<Vec<String>, String> {
    let instance = Instance::start(program, MANY)?;
    let mut over = Vec::new();
    for (how, most) in [("unchanged", 1), ("unchanged-audited", 2)] {
        let took = instance.follow(how, "-")?;
        if took.requests != most || took.records != 0 {
            over.push(format!("{how}: {} requests, and {} records", took.requests, took.records));
        }
    }
    Ok(over)
}
