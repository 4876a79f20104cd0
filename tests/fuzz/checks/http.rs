//! Whatever a client sends, the simulator answers, and does not panic.

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use snow_sim::Simulator;
use std::cell::RefCell;
use tower::ServiceExt;

/// A fresh one after so many runs: an instance remembers everything that arrived.
const RUNS: u32 = 20_000;

fn simulator() -> Simulator {
    Simulator::builder().user("admin", "secret").oauth_client("my-id", "my-secret").build().unwrap()
}

thread_local! {
    static SIMULATOR: RefCell<(Simulator, u32)> = RefCell::new((simulator(), 0));
    static RUNTIME: tokio::runtime::Runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
}

const METHODS: [&str; 8] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "BREW"];
const HEADERS: [&str; 9] = [
    "authorization",
    "cookie",
    "x-usertoken",
    "x-sn-apikey",
    "x-http-method-override",
    "accept-encoding",
    "x-no-response-body",
    "content-type",
    "accept",
];

// The first byte is the method and whether an administrator asks; then the target, one header and the body, by lines.
pub(crate) fn check(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else { return };
    let mut parts = rest.splitn(3, |byte| *byte == b'\n');
    let (target, header, body) = (
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
    );
    let importing = target.windows(8).any(|part| part == b"/import/");
    let mut builder = Request::builder().method(METHODS[usize::from(first % 8)]).uri(target);
    if first & 8 != 0 {
        builder = builder.header("authorization", "Basic YWRtaW46c2VjcmV0");
    }
    if let Some((which, value)) = header.split_first() {
        builder = builder.header(HEADERS[usize::from(*which) % HEADERS.len()], value);
    }
    let Ok(request) = builder.body(Full::<Bytes>::from(body.to_vec())) else { return };
    let simulator = SIMULATOR.with_borrow_mut(|(current, runs)| {
        *runs += 1;
        if *runs % RUNS == 0 {
            *current = simulator();
        }
        current.clone()
    });
    RUNTIME.with(|runtime| {
        runtime.block_on(async {
            let answer = simulator.oneshot(request).await.unwrap();
            // An import without a transform map is 500, as the facts want it.
            assert!(importing || answer.status().as_u16() != 500);
            answer.into_body().collect().await.unwrap();
        });
    });
}
