//! A feed over loopback, from an instance in a process of its own: so that memory is the client's alone.
//!
//! `feed serve RECORDS` is the instance, and changes all records when it reads a line; `feed follow HOW ADDRESS CURSOR` polls until it is
//! caught up, and prints how many records and ids came, the requests of the last poll, and the most kilobytes of memory. `feed histories
//! RECORDS` lives through random histories of a table of that size, as the tests do of smaller ones. `cargo xtask ci feed` runs them.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a benchmark may fail")]
#![allow(clippy::disallowed_methods, reason = "the instance starts tasks")]
#![allow(missing_docs, reason = "no library")]

#[path = "../feed/history.rs"]
mod history;
#[path = "measured.rs"]
mod measured;

use history::{PLAN, Plan, Vanishing, wrong_seeds};
use snow_client::Client;
use snow_client::changes::{Change, ChangeFeed, Deletions};
use snow_sim::{Simulator, User};
use std::io::BufRead;
use std::time::Duration;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["serve", records] => {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
            runtime.expect("a runtime").block_on(serve(records.parse().expect("a number")));
        }
        ["follow", how, address, cursor] => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(follow(how, address, cursor));
        }
        ["histories", records] => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(histories(records.parse().expect("a number")));
        }
        // As `cargo bench` and `cargo test` call it: alone it has nothing to follow.
        _ => println!("feed: run by `cargo xtask ci feed`"),
    }
}

/// Histories of a table that is changed in bulk: one without deletions, and one with all of them.
async fn histories(records: u32) {
    let plain = Plan { records, ..PLAN };
    let wrong = wrong_seeds([500], plain).await;
    assert!(wrong.is_empty(), "the copy differs from the table: {wrong:?}");
    let wrong = wrong_seeds([601], Plan { vanishing: Vanishing::Swept, ..plain }).await;
    assert!(wrong.is_empty(), "the copy differs from the table after a sweep: {wrong:?}");
}

fn instance(incidents: u32) -> Simulator {
    let builder = Simulator::builder().without_demo_data().user("admin", "secret");
    builder.user_with(User::new("reader", "secret")).incidents(incidents).build().expect("an instance")
}

fn client(simulator: &Simulator, user: &str) -> Client {
    let builder = Client::builder().instance("dev12345").user(user).password("secret");
    builder.transport(simulator.clone()).build().expect("good settings")
}

async fn serve(records: u32) {
    let builder = Simulator::builder().without_demo_data().user("admin", "secret");
    let simulator = builder.incidents(records).build().expect("an instance");
    simulator.advance(Duration::from_secs(3_600));
    let listener = simulator.listen().await.expect("a socket");
    println!("{}", listener.url());
    let input = tokio::task::spawn_blocking(move || {
        for line in std::io::stdin().lock().lines() {
            line.expect("an order");
            for id in simulator.ids("incident") {
                simulator
                    .update("incident", &id, [("short_description", "changed in bulk")])
                    .expect("a column");
            }
            println!("done");
        }
    });
    input.await.expect("the orders end");
}

async fn follow(how: &str, address: &str, cursor: &str) {
    let client = measured::client(address).build().expect("good settings");
    let feed = client.table("incident").changes();
    let feed = match how {
        "unchanged" => feed.from_now(),
        "unchanged-audited" => feed.from_now().deletions(Deletions::Audited),
        _ => feed.deletions(Deletions::Swept { every: Duration::from_secs(86_400) }),
    };
    let mut feed = match std::fs::read_to_string(cursor) {
        Ok(stored) => feed.resume(serde_json::from_str(&stored).expect("a cursor")),
        Err(_) => feed,
    };
    if how == "sweep" {
        feed.sweep_now();
    }
    let mut counts = catch_up(&mut feed, cursor).await;
    if how.starts_with("unchanged") {
        counts = catch_up(&mut feed, cursor).await;
    }
    let (records, ids, requests) = counts;
    println!("{records} {ids} {requests} {}", peak_memory());
}

/// Polls until the feed is caught up. Returns how many records and ids came, and the requests of the last poll.
async fn catch_up(feed: &mut ChangeFeed, cursor: &str) -> (usize, usize, u64) {
    let (mut records, mut ids) = (0, 0);
    loop {
        let batch = feed.poll().await.expect("changes");
        for change in batch.changes() {
            match change {
                Change::Record { .. } => records += 1,
                Change::Present(present) => ids += present.ids().len(),
                _ => {}
            }
        }
        if cursor != "-" {
            let file = std::fs::File::create(cursor).expect("a file");
            serde_json::to_writer(std::io::BufWriter::new(file), batch.cursor()).expect("a cursor");
        }
        if batch.is_caught_up() {
            return (records, ids, batch.requests());
        }
    }
}

fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}
