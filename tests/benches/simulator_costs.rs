//! What a request to the simulator in memory costs, in instructions and allocations: `cargo xtask ci costs` runs each of these
//! under valgrind, a few times and many times, and takes the difference.
//!
//! `simulator-costs NAME COUNT` does one of them so many times.

#![allow(clippy::expect_used, clippy::panic, reason = "a benchmark may fail")]
#![allow(missing_docs, reason = "no library")]

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use snow_sim::Simulator;
use tower::ServiceExt;

/// Records of the small table, as a test has them.
const FEW: u32 = 1_000;
/// Records of the large table, which is read in pages. With ten times as many a page costs the same.
const MANY: u32 = 20_000;
/// Records of a page.
const PAGE: u32 = 1_000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, count] = &arguments[..] else {
        // As `cargo bench` and `cargo test` call it: there is nothing to time.
        println!("simulator-costs: run by `cargo xtask ci costs`");
        return;
    };
    let count: u32 = count.parse().expect("a number");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    runtime.expect("a runtime").block_on(async {
        match name.as_str() {
            "get" => {
                let (simulator, sys_id) = simulator(FEW).await;
                let path = format!("/api/now/table/incident/{sys_id}");
                repeat(&simulator, &path, count, 1).await;
            }
            "list" => {
                let (simulator, _) = simulator(FEW).await;
                repeat(&simulator, &list("priority=3^active=true", 20, ""), count, 20).await;
            }
            // Ten records each, a page at a time.
            "page" => {
                let (simulator, _) = simulator(MANY).await;
                repeat(&simulator, &page(), count * 10 / PAGE, PAGE as usize).await;
            }
            other => panic!("no {other:?} here"),
        }
    });
}

/// A simulator with so many generated incidents, and the `sys_id` of one in the middle.
async fn simulator(incidents: u32) -> (Simulator, String) {
    let simulator = Simulator::builder().user("admin", "secret").incidents(incidents).build();
    let simulator = simulator.expect("good settings");
    let first = get(&simulator, &list("sys_id>=8^ORDERBYsys_id", 1, "&sysparm_fields=sys_id")).await;
    let first: serde_json::Value = serde_json::from_slice(&first).expect("JSON");
    let sys_id = first["result"][0]["sys_id"].as_str().expect("a record").to_owned();
    (simulator, sys_id)
}

/// A page out of the middle of the table, as a stream asks for one.
fn page() -> String {
    let fields = "&sysparm_no_count=true&sysparm_exclude_reference_link=true\
                  &sysparm_fields=number,short_description,state,caller_id,sys_id,sys_updated_on";
    list("sys_id>=8^sys_id<c^ORDERBYsys_id", PAGE, fields)
}

fn list(query: &str, limit: u32, others: &str) -> String {
    let query = query.replace('^', "%5E").replace('=', "%3D").replace('>', "%3E").replace('<', "%3C");
    format!("/api/now/table/incident?sysparm_query={query}&sysparm_limit={limit}{others}")
}

async fn repeat(simulator: &Simulator, path: &str, count: u32, records: usize) {
    let first = get(simulator, path).await;
    let found = String::from_utf8_lossy(&first).matches("\"sys_id\":").count();
    assert_eq!(found, records, "{path}");
    for _ in 0..count {
        assert_eq!(get(simulator, path).await.len(), first.len());
    }
}

async fn get(simulator: &Simulator, path: &str) -> Bytes {
    let request = Request::get(path)
        .header("authorization", "Basic YWRtaW46c2VjcmV0")
        .header("accept", "application/json")
        .body(Full::<Bytes>::default())
        .expect("a good request");
    let response = simulator.clone().oneshot(request).await.expect("a response");
    assert_eq!(response.status(), 200);
    response.into_body().collect().await.expect("a whole response").to_bytes()
}
