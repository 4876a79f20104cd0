//! Instructions and allocations of one call, counted by valgrind and held to a limit: the same on every machine, however busy.

use crate::run::{Done, bench_program, need};
use std::process::Command;

struct Cost {
    /// Its name in the program that does it.
    name: &'static str,
    what: &'static str,
    /// What it is counted on top of, if not from nothing.
    over: Option<&'static str>,
    /// At most so many instructions, and allocations: what was reached.
    limit: (f64, f64),
    /// What is wished for.
    aim: (f64, f64),
}

/// Of `tests/benches/costs.rs`.
const COSTS: &[Cost] = &[
    Cost {
        name: "query",
        what: "a query of 5 conditions, built and encoded",
        over: None,
        limit: (4_000.0, 6.0),
        aim: (4_000.0, 6.0),
    },
    Cost {
        name: "list-url",
        what: "a list URL with a query of 6 terms, from nothing",
        over: None,
        limit: (10_000.0, 8.0),
        aim: (10_000.0, 8.0),
    },
    Cost {
        name: "stack",
        what: "the default stack, over hyper-util as it is",
        over: Some("raw-hyper"),
        limit: (5_000.0, 4.0),
        aim: (5_000.0, 4.0),
    },
    Cost {
        name: "oauth-stack",
        what: "the same with OAuth",
        over: Some("raw-hyper"),
        limit: (6_500.0, 6.0),
        aim: (6_500.0, 6.0),
    },
];

/// Of `tests/benches/simulator_costs.rs`. Before the ranges of keys had an index, they took 520,000, 10,750,000 and 1,045,000
/// instructions, the last in a table of 100,000.
const SIMULATED: &[Cost] = &[
    Cost {
        name: "get",
        what: "simulated: one record got, all of its fields",
        over: None,
        limit: (130_000.0, 112.0),
        aim: (100_000.0, 60.0),
    },
    Cost {
        name: "list",
        what: "simulated: a list of 20 with a query, of a table of 1,000",
        over: None,
        limit: (1_900_000.0, 305.0),
        aim: (600_000.0, 100.0),
    },
    Cost {
        name: "page",
        what: "simulated: 10 records of a page of 1,000 by keys",
        over: None,
        limit: (66_000.0, 4.0),
        aim: (25_000.0, 2.0),
    },
];

/// What reading costs, as a part of something else that reads the same bytes: of serde_json, with hyper-util where they come over a
/// wire, or of another way to write the same call.
struct Reading {
    name: &'static str,
    what: &'static str,
    beside: &'static str,
    /// At most this part of the instructions: what was reached.
    limit: f64,
    aim: f64,
}

const READINGS: &[Reading] = &[
    Reading {
        name: "get",
        what: "one record got end to end, 6 of 90 fields typed, of hyper-util and typed",
        beside: "raw-hyper-get",
        limit: 0.97,
        aim: 0.75,
    },
    Reading {
        name: "get-by-new-table",
        what: "the same by a table that is made for each call, of one that is kept",
        beside: "get",
        limit: 1.02,
        aim: 1.0,
    },
    Reading {
        name: "rows",
        what: "a record of a page, in chunks, dynamic, of Value",
        beside: "rows-value",
        limit: 0.11,
        aim: 0.12,
    },
    Reading {
        name: "rows-typed",
        what: "a record of a page, in chunks, 6 of 90 fields typed, of typed",
        beside: "rows-serde",
        limit: 0.51,
        aim: 0.48,
    },
    Reading {
        name: "one-typed",
        what: "a record that comes alone, 6 of 90 fields typed, of typed",
        beside: "one-serde",
        limit: 0.66,
        aim: 0.55,
    },
];

/// Runs of so many and so many calls: what they have in common drops out.
const RUNS: (u64, u64) = (200, 1_200);

pub(crate) fn all() -> Done {
    need("valgrind", "--version", "valgrind")?;
    let program = bench_program("costs")?;
    println!("{:60} {:>12} {:>12} {:>14}", "one call", "instructions", "allocations", "aim");
    let mut over = Vec::new();
    let simulated = bench_program("simulator-costs")?;
    let costs = COSTS.iter().map(|cost| (cost, &program));
    for (cost, program) in costs.chain(SIMULATED.iter().map(|cost| (cost, &simulated))) {
        let found = cost.measure(program)?;
        let aim = format!("{:.0} / {:.0}", cost.aim.0, cost.aim.1);
        println!("{:60} {:>12.0} {:>12.2} {aim:>14}", cost.what, found.0, found.1);
        let (instructions, allocations) = cost.limit;
        if found.0 > instructions || found.1 > allocations + 0.01 {
            over.push(format!(
                "{}: more than {instructions} instructions or {allocations} allocations",
                cost.what
            ));
        }
    }
    println!(
        "\n{:70} {:>12} {:>8} {:>6}",
        "reading, in comparison, on the same bytes", "instructions", "part", "aim"
    );
    for reading in READINGS {
        let ours = slope(reading.name, &program, instructions)?;
        let part = ours / slope(reading.beside, &program, instructions)?;
        println!("{:75} {ours:>12.0} {part:>8.3} {:>6.2}", reading.what, reading.aim);
        if part > reading.limit {
            over.push(format!("{}: more than {} of what it is compared with", reading.what, reading.limit));
        }
    }
    if over.is_empty() { Ok(()) } else { Err(over.join("\n")) }
}

impl Cost {
    /// Instructions and allocations.
    fn measure(&self, program: &str) -> Result<(f64, f64), String> {
        let of =
            |name| Ok::<_, String>((slope(name, program, instructions)?, slope(name, program, allocations)?));
        let found = of(self.name)?;
        let below = self.over.map_or(Ok((0.0, 0.0)), of)?;
        Ok((found.0 - below.0, found.1 - below.1))
    }
}

fn slope(
    name: &str,
    program: &str,
    count: fn(&str, &str, u64) -> Result<u64, String>,
) -> Result<f64, String> {
    let (few, many) = (count(program, name, RUNS.0)?, count(program, name, RUNS.1)?);
    Ok(as_f64(many.saturating_sub(few)) / as_f64(RUNS.1 - RUNS.0))
}

#[expect(clippy::cast_precision_loss, reason = "counts of a short run")]
fn as_f64(count: u64) -> f64 {
    count as f64
}

fn instructions(program: &str, name: &str, count: u64) -> Result<u64, String> {
    let said = valgrind(&["--tool=callgrind", "--callgrind-out-file=/dev/null"], program, name, count)?;
    number_behind(&said, "Collected :")
}

fn allocations(program: &str, name: &str, count: u64) -> Result<u64, String> {
    let said = valgrind(&["--tool=memcheck", "--leak-check=no"], program, name, count)?;
    number_behind(&said, "total heap usage:")
}

fn valgrind(options: &[&str], program: &str, name: &str, count: u64) -> Result<String, String> {
    let mut command = Command::new("valgrind");
    command.args(options).args([program, name, &count.to_string()]);
    let done = command.output().map_err(|e| format!("valgrind: {e}"))?;
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    if done.status.success() { Ok(said) } else { Err(said) }
}

fn number_behind(said: &str, label: &str) -> Result<u64, String> {
    let rest = said.split_once(label).map(|(_, rest)| rest.trim_start());
    let digits =
        rest.map(|rest| rest.chars().take_while(|c| c.is_ascii_digit() || *c == ',').filter(|c| *c != ','));
    digits
        .and_then(|digits| digits.collect::<String>().parse().ok())
        .ok_or_else(|| format!("no {label:?} in:\n{said}"))
}
