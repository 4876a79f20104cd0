//! What a million incidents take, and that the end of a keyset walk costs what its start does.
//!
//! Run by `cargo xtask bench`. Times are of this machine and load; the ratios are what counts.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a benchmark measures time"
)]
#![allow(missing_docs, reason = "no library")]

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use snow_sim::Simulator;
use std::time::{Duration, Instant};
use tower::ServiceExt;

const ROWS: u32 = 1_000_000;
const PAGE: usize = 1_000;
/// Pages at either end that are compared, by their median.
const COMPARED: usize = 100;

fn main() {
    let before = resident();
    let start = Instant::now();
    let simulator =
        Simulator::builder().user("admin", "secret").without_demo_data().incidents(ROWS).build().unwrap();
    let built = start.elapsed();
    let per_row = (resident() - before) / u64::from(ROWS);
    println!("simulator: {ROWS} incidents generated in {built:.1?}, {per_row} bytes of memory a row");

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let keys = walk(&simulator).await;
        let (mut first, mut last) = (Vec::new(), Vec::new());
        // One from the start and one from the end in turn, so that the machine's moods meet both.
        for at in 0..COMPARED {
            first.push(page(&simulator, &keys[at]).await.1);
            last.push(page(&simulator, &keys[keys.len() - 2 - at]).await.1);
        }
        let (first, last) = (median(&first), median(&last));
        let ratio = last.as_secs_f64() / first.as_secs_f64();
        let pages = keys.len() - 1;
        println!("simulator: keyset walk of {pages} pages of {PAGE}: start {first:.1?} a page, end {last:.1?}, ratio {ratio:.2}");
    });
}

/// Reads everything once, and gives where each page begins.
async fn walk(simulator: &Simulator) -> Vec<String> {
    let (mut rows, mut keys) = (0, vec![String::new()]);
    loop {
        let (ids, _) = page(simulator, keys.last().unwrap()).await;
        rows += ids.len();
        let Some(last) = ids.last() else { break };
        keys.push(last.clone());
    }
    assert_eq!(rows, ROWS as usize, "each row is read once");
    keys
}

/// The ids of the page behind a key, and how long it took.
async fn page(simulator: &Simulator, key: &str) -> (Vec<String>, Duration) {
    let query =
        if key.is_empty() { "ORDERBYsys_id".to_owned() } else { format!("sys_id%3E{key}%5EORDERBYsys_id") };
    let path = format!(
        "/api/now/table/incident?sysparm_query={query}&sysparm_limit={PAGE}&sysparm_no_count=true&sysparm_fields=sys_id,number"
    );
    let request = Request::get(path)
        .header("authorization", "Basic YWRtaW46c2VjcmV0")
        .body(Full::<Bytes>::default())
        .unwrap();
    let start = Instant::now();
    let body =
        simulator.clone().oneshot(request).await.unwrap().into_body().collect().await.unwrap().to_bytes();
    let time = start.elapsed();
    let page: serde_json::Value = serde_json::from_slice(&body).unwrap();
    let ids = page["result"].as_array().unwrap().iter().map(|row| row["sys_id"].as_str().unwrap().to_owned());
    (ids.collect(), time)
}

fn median(times: &[Duration]) -> Duration {
    let mut times = times.to_vec();
    times.sort();
    times[times.len() / 2]
}

/// Bytes of memory in use, as the kernel counts them.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap_or_default() * 1_024
}
