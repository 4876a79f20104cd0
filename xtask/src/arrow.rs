//! Tables into Arrow and Parquet: how much more CPU that takes than the bare stream, how much less than by way of JSON, and how much
//! memory. All of it is held to limits.

use crate::run::{Done, bench_program};
use crate::tables::{Server, float, median};

/// Records of the table that is read for its memory.
const MANY: u64 = 1_000_000;
/// Records of the tables whose reading is timed.
const ROWS: u64 = 200_000;
/// Rounds whose median counts, after one that does not.
const ROUNDS: usize = 5;

/// The most CPU of a read, as a multiple of the bare stream's, and the most bytes of memory.
struct Limit {
    how: &'static str,
    cpu: f64,
    memory: u64,
}

const LIMITS: [Limit; 2] = [
    Limit { how: "arrow", cpu: 2.2, memory: 16_000_000 },
    Limit { how: "parquet", cpu: 2.8, memory: 56_000_000 },
];
/// The least CPU of the way through JSON, as a multiple of ours.
const THROUGH_JSON: f64 = 2.5;

/// About a minute.
pub(crate) fn gates() -> Done {
    let server = Server::start(&bench_program("arrow")?, &["serve"])?;
    let mut over = cpu(&server)?;
    over.extend(memory(&server)?);
    if over.is_empty() { Ok(()) } else { Err(over.join("\n")) }
}

/// Compares what was read in turns.
fn cpu(server: &Server) -> Result<Vec<String>, String> {
    const HOW: [&str; 4] = ["stream", "arrow", "parquet", "arrow-json"];
    let mut rounds: Vec<[f64; 4]> = Vec::new();
    for round in 0..=ROUNDS {
        let mut took = [0.0; 4];
        for (took, how) in took.iter_mut().zip(HOW) {
            *took = server.read(how, ROWS, &[])?.cpu / float(ROWS) / 1_000.0;
        }
        // The server has made its records after the first one.
        if round > 0 {
            rounds.push(took);
        }
    }
    println!(
        "\n{ROWS} records of 12 fields, medians of {ROUNDS} rounds: microseconds of CPU each, and of the stream's"
    );
    let ratio = |of: usize, to: usize| median(rounds.iter().map(|took| took[of] / took[to]).collect());
    for (at, how) in HOW.iter().enumerate() {
        let each = median(rounds.iter().map(|took| took[at]).collect());
        println!("{how:12} {each:>8.2} {:>8.2}", ratio(at, 0));
    }
    let mut over = Vec::new();
    for limit in &LIMITS {
        let at = HOW.iter().position(|how| *how == limit.how).unwrap_or_default();
        if ratio(at, 0) > limit.cpu {
            over.push(format!(
                "{}: {:.2} times the CPU of the stream, at most {}",
                limit.how,
                ratio(at, 0),
                limit.cpu
            ));
        }
    }
    let saved = ratio(3, 1);
    println!("by way of JSON: {saved:.2} times the CPU of arrow, at least {THROUGH_JSON}");
    if saved < THROUGH_JSON {
        over.push(format!("arrow saves too little: JSON takes {saved:.2} times its CPU"));
    }
    Ok(over)
}

fn memory(server: &Server) -> Result<Vec<String>, String> {
    println!("\npeak memory of the process that reads {MANY} records, in KiB");
    let mut over = Vec::new();
    for limit in &LIMITS {
        let (found, most) = (server.read(limit.how, MANY, &[])?.memory, limit.memory / 1_024);
        println!("{:12} {found:>8}   at most {most}", limit.how);
        if found > most {
            over.push(format!("{}: {found} KiB are more than {most}", limit.how));
        }
    }
    Ok(over)
}
