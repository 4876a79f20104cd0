//! Every operation on the main thread of a program, where no test of a test harness runs: first of all, and after awaited calls. The other
//! contexts are in `promises/blocking/contexts.rs`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]
#![allow(dead_code, reason = "the other tests use the rest of these modules")]

#[path = "../promises/blocking/child.rs"]
mod child;
#[path = "../promises/blocking/operations.rs"]
mod operations;
#[path = "../promises/blocking/relay.rs"]
mod relay;
#[path = "../promises/blocking/server.rs"]
mod server;
#[path = "../promises/temp_folder.rs"]
mod temp_folder;

use operations::{Operation, awaited, operations};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;
use tokio::runtime::Builder;

/// Far longer than anything takes here, and shorter than the timeouts that end a call that hangs.
const HANGS: Duration = Duration::from_secs(60);

fn main() {
    let is_asked_for = |what: &str| std::env::args().any(|argument| argument == what);
    match is_asked_for("blocking::server::serves") {
        true => server::serve(), // the process that `server::server` starts
        false if is_asked_for("--list") => {}
        false => main_thread(),
    }
}

fn main_thread() {
    let mut done = 0;
    for is_warm in [false, true] {
        for Operation { name, client, run } in operations() {
            let cell = format!(
                "{name}, the main thread, {}",
                if is_warm { "after awaited calls" } else { "first of all" }
            );
            ends(cell, || {
                let stands_still = Builder::new_current_thread().enable_all().build().unwrap();
                if is_warm {
                    stands_still.block_on(awaited(client));
                }
                run();
            });
            done += 1;
        }
    }
    println!("{done} operations on the main thread");
    assert_eq!(done, 20);
}

/// Ends the program if `work` does not end, instead of hanging.
fn ends(name: String, work: impl FnOnce()) {
    let (done, ended) = channel::<()>();
    let watch = thread::spawn(move || {
        if ended.recv_timeout(HANGS) == Err(RecvTimeoutError::Timeout) {
            eprintln!("{name} hangs");
            std::process::exit(1);
        }
    });
    work();
    drop(done);
    watch.join().unwrap();
}
