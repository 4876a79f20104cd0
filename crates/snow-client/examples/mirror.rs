//! Keeps a copy of the table `incident` in SQLite: `cargo run -p snow-client --example mirror`
//!
//! `mirror follow INSTANCE DATABASE` is the program, which writes a line for each step. Without arguments, this one shows what it
//! withstands: the instance changes, and the program is killed a hundred times, after any line or any request. In the end the copy equals
//! the table.

use rusqlite::{Connection, OptionalExtension, Transaction, params};
use snow_client::changes::{Change, ChangeFeed, Deletions};
use snow_client::{Client, Record, SysId};
use snow_sim::Simulator;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

const FIELDS: [&str; 3] = ["number", "state", "short_description"];
const KILLS: u32 = 100;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["follow", instance, database] => follow(instance, database).await,
        _ => demonstrate().await,
    }
}

/// Reads all changes, and returns when there are no more. A program that runs on would wait, and poll again.
async fn follow(instance: &str, database: &str) -> Result<()> {
    let client = Client::builder().instance(instance).user("admin").password("secret").build()?;
    let mut copy = Connection::open(database)?;
    copy.execute_batch(
        "CREATE TABLE IF NOT EXISTS incident
             (sys_id TEXT PRIMARY KEY, updates INTEGER, number TEXT, state TEXT, short_description TEXT) WITHOUT ROWID;
         CREATE TABLE IF NOT EXISTS cursor (one INTEGER PRIMARY KEY, stored TEXT);",
    )?;
    // A sweep with every poll, so that deletions are seen at once. Usually once a day is enough.
    let feed = client
        .table("incident")
        .changes()
        .fields(FIELDS)
        .deletions(Deletions::Swept { every: Duration::ZERO });
    let stored = copy.query_row("SELECT stored FROM cursor", [], |row| row.get::<_, String>(0)).optional()?;
    let mut feed = match stored {
        Some(stored) => feed.resume(serde_json::from_str(&stored)?),
        None => feed,
    };
    loop {
        let batch = feed.poll().await?;
        let fetched = missing(&mut feed, &copy, batch.changes()).await?;
        println!("{} changes, and {} records that were missing", batch.changes().len(), fetched.len());
        // The changes and the cursor after them are saved together, or not at all.
        let transaction = copy.transaction()?;
        for change in batch.changes() {
            apply(&transaction, change)?;
        }
        for record in &fetched {
            put(&transaction, record)?;
        }
        let stored = serde_json::to_string(batch.cursor())?;
        transaction.execute("INSERT OR REPLACE INTO cursor VALUES (1, ?1)", [stored])?;
        println!("the cursor is written");
        transaction.commit()?;
        println!("saved");
        if batch.is_caught_up() {
            return Ok(());
        }
    }
}

fn apply(copy: &Transaction<'_>, change: &Change) -> Result<()> {
    match change {
        Change::Record { record, .. } => put(copy, record),
        Change::Present(present) => {
            for gone in present.compare(mine(copy)?).gone {
                copy.execute("DELETE FROM incident WHERE sys_id = ?1", [gone.as_str()])?;
                println!("{gone} is gone");
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn put(copy: &Transaction<'_>, record: &Record) -> Result<()> {
    let [number, state, text] = FIELDS.map(|field| record.value(field));
    let updates: u32 = record.value("sys_mod_count")?.parse()?;
    copy.execute(
        "INSERT OR REPLACE INTO incident VALUES (?1, ?2, ?3, ?4, ?5)",
        params![record.sys_id()?.as_str(), updates, number?, state?, text?],
    )?;
    println!("{} {updates}", record.sys_id()?);
    Ok(())
}

/// Fetches the records that a sweep has found and the copy lacks.
async fn missing(feed: &mut ChangeFeed, copy: &Connection, changes: &[Change]) -> Result<Vec<Record>> {
    let mut known = mine(copy)?;
    known.extend(changes.iter().filter_map(|change| match change {
        Change::Record { sys_id, record } => {
            Some((*sys_id, record.value("sys_mod_count").ok()?.parse().ok()?))
        }
        _ => None,
    }));
    let pages = changes.iter().filter_map(|change| match change {
        Change::Present(present) => Some(present),
        _ => None,
    });
    // Of two versions that are known of a record, the newer one counts.
    let known: std::collections::BTreeMap<SysId, u32> = known.into_iter().collect();
    let missing: Vec<SysId> = pages
        .flat_map(|page| page.compare(known.iter().map(|(id, updates)| (*id, *updates))).missing)
        .collect();
    Ok(feed.records(&missing).await?)
}

fn mine(copy: &Connection) -> Result<Vec<(SysId, u32)>> {
    let mut rows = copy.prepare_cached("SELECT sys_id, updates FROM incident")?;
    let rows = rows.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
    rows.map(|row| row.map_err(Into::into).and_then(|(id, updates)| Ok((id.parse()?, updates)))).collect()
}

/// Changes an instance while the program is killed, and compares its copy with the table.
async fn demonstrate() -> Result<()> {
    let builder = Simulator::builder().without_demo_data().user("admin", "secret");
    let simulator = builder.incidents(400).build()?;
    let listener = simulator.listen().await?;
    let database = Scratch(std::env::temp_dir().join(format!("snow-mirror-{}.db", std::process::id())));
    let (mut random, mut kills) = (7_u64, [0_u32; 2]);
    while kills.iter().sum::<u32>() < KILLS {
        somebody_works(&simulator, &mut random)?;
        let (kind, death) = match next(&mut random, 2) {
            0 => (0, Death::AfterLine(next(&mut random, 24))),
            _ => (1, Death::AtRequest(next(&mut random, 8) + 1)),
        };
        if !run(&simulator, &listener.url(), &database.0, death).await? {
            kills[kind] += 1;
        }
    }
    if !run(&simulator, &listener.url(), &database.0, Death::Never).await? {
        return Err("the program was killed although nobody wanted that".into());
    }
    println!("killed {} times after a line, and {} times at a request", kills[0], kills[1]);
    compare(&simulator, &Connection::open(&database.0)?)
}

/// When the program is killed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Death {
    Never,
    /// After so many lines. It goes on until the signal arrives, so that this may be anywhere.
    AfterLine(u64),
    /// When the instance gets so many requests of it.
    AtRequest(u64),
}

/// Runs the program, and kills it. Returns whether it came to its end before.
async fn run(simulator: &Simulator, instance: &str, database: &Path, death: Death) -> Result<bool> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["follow", instance]).arg(database).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let lines = BufReader::new(child.stdout.take().ok_or("the program has no output")?).lines();
    let child = Arc::new(Mutex::new(child));
    let process = child.clone();
    simulator.before_each(move |number, _| {
        if death == Death::AtRequest(number) {
            kill(&process);
        }
    });
    tokio::task::spawn_blocking(move || {
        for (number, line) in (0..).zip(lines) {
            line?;
            if death == Death::AfterLine(number) {
                kill(&child);
            }
        }
        ends(&child)
    })
    .await?
}

/// Kills a process as nothing can resist (SIGKILL). One that has ended is left alone.
fn kill(process: &Mutex<Child>) {
    let _ = process.lock().unwrap_or_else(PoisonError::into_inner).kill();
}

/// Waits for the end of a process. Returns whether that was its own.
fn ends(process: &Mutex<Child>) -> Result<bool> {
    let mut process = process.lock().unwrap_or_else(PoisonError::into_inner);
    let status = process.wait()?;
    // An error of its own ends it with a code; being killed does not.
    if let Some(code @ 1..) = status.code() {
        let mut errors = String::new();
        process.stderr.take().ok_or("the program has no errors")?.read_to_string(&mut errors)?;
        return Err(format!("the program ended with {code}: {errors}").into());
    }
    Ok(status.success())
}

fn somebody_works(simulator: &Simulator, random: &mut u64) -> Result<()> {
    simulator.advance(Duration::from_secs(next(random, 90)));
    let ids = simulator.ids("incident");
    let any = |random: &mut u64| {
        ids.get(usize::try_from(next(random, ids.len() as u64)).unwrap_or(0)).cloned().unwrap_or_default()
    };
    for _ in 0..next(random, 12) {
        let (id, text) = (any(random), format!("changed {}", next(random, 1_000_000)));
        simulator.update("incident", &id, [("short_description", text.as_str())])?;
    }
    simulator.delete("incident", &any(random));
    for _ in 0..next(random, 4) {
        simulator.insert("incident", [("short_description", "new")])?;
    }
    Ok(())
}

fn compare(simulator: &Simulator, copy: &Connection) -> Result<()> {
    let ids = simulator.ids("incident");
    let copied: i64 = copy.query_row("SELECT count(*) FROM incident", [], |row| row.get(0))?;
    for id in &ids {
        let stored = FIELDS.map(|field| simulator.stored("incident", id, field).unwrap_or_default());
        let mine = copy.query_row(
            "SELECT number, state, short_description FROM incident WHERE sys_id = ?1",
            [id],
            |row| Ok([row.get::<_, String>(0)?, row.get(1)?, row.get(2)?]),
        );
        if mine? != stored {
            return Err(format!("the copy of {id} is not the record").into());
        }
    }
    if usize::try_from(copied)? != ids.len() {
        return Err(format!("the copy has {copied} records, and the table {}", ids.len()).into());
    }
    println!("killed {KILLS} times, and the copy equals the table: {copied} records");
    Ok(())
}

/// A number that looks random (splitmix64), the same ones every time.
fn next(state: &mut u64, end: u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)) % end.max(1)
}

/// A file that is gone in the end.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
