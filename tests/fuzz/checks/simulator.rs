//! Whatever several clients send to one instance, each response is whole, is of the type that it names, and an error says what failed.

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use serde_json::Value;
use snow_sim::{OAuthApplication, Rule, Simulator, User};
use std::cell::RefCell;
use tower::ServiceExt;

const RECORD: &str = "9d385017c611228701d22104cc95c371";
const METHODS: [&str; 8] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "BREW"];
/// An administrator, a user who may not see everything, somebody with a token, and nobody.
const WHO: [&str; 4] = ["Basic YWRtaW46c2VjcmV0", "Basic cmVhZGVyOnNlY3JldA==", "Bearer {token}", ""];
const HEADERS: [&str; 8] = [
    "content-type",
    "accept",
    "cookie",
    "x-usertoken",
    "x-sn-apikey",
    "x-http-method-override",
    "x-no-response-body",
    "authorization",
];
const MOST_REQUESTS: usize = 6;
/// A fresh instance after so many runs: it takes as long to make as a hundred of them, and it remembers everything that arrived.
const RUNS: u32 = 2_000;

thread_local! {
    static SIMULATOR: RefCell<(Simulator, u32)> = RefCell::new((instance(), 0));
    static RUNTIME: tokio::runtime::Runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
}

/// Requests, each ended by the byte 30. The first byte of one is its method and who sends it; then the target, a header and the body,
/// by lines. `{record}`, `{file}` and `{token}` stand for a record, an attachment and an access token that there are.
pub(crate) fn check(data: &[u8]) {
    RUNTIME.with(|runtime| runtime.block_on(send_all(data)));
}

async fn send_all(data: &[u8]) {
    let (simulator, token) = simulator_with_token().await;
    let file = record_with_file(&simulator);
    for one in data.split(|byte| *byte == 30).take(MOST_REQUESTS) {
        let Some((first, rest)) = one.split_first() else { continue };
        let rest = with_names(rest, &file, &token);
        let mut parts = rest.splitn(3, |byte| *byte == b'\n');
        let mut part = || parts.next().unwrap_or_default();
        let (target, header, body) = (part(), part(), part());
        let (method, who) = (METHODS[usize::from(first % 8)], WHO[usize::from(first / 8 % 4)]);
        let mut request =
            Request::builder().method(method).uri(target).header("host", "dev1.service-now.com");
        if !who.is_empty() {
            request = request.header("authorization", who.replace("{token}", &token));
        }
        if let Some((which, value)) = header.split_first() {
            request = request.header(HEADERS[usize::from(*which) % HEADERS.len()], value);
        }
        let Ok(request) = request.body(Full::<Bytes>::from(body.to_vec())) else { continue };
        let imports = request.uri().path().contains("/import/") || request.uri().path().contains("/batch");
        let (status, headers, body) = respond(&simulator, request).await;
        // An import without a transform map is 500, as the facts want it, also as an item of a batch.
        assert!(status != 500 || imports, "500 to {method} {}", target.escape_ascii());
        is_whole(method, status, &headers, &body);
    }
    let request = Request::get("/api/now/table/incident?sysparm_limit=1").header("authorization", WHO[0]);
    let (status, _, body) = respond(&simulator, request.body(Full::default()).expect("valid")).await;
    assert!(status == 200 || body.starts_with(b"{\"error\""), "and goes on: {status}");
}

fn instance() -> Simulator {
    let application = OAuthApplication::new("planner", "my-secret").redirect_uri("http://127.0.0.1/");
    Simulator::builder()
        .without_demo_data()
        .user("admin", "secret")
        .user_with(User::new("reader", "secret").role("itil"))
        .api_key("my-key", "reader")
        .oauth_client("my-id", "my-secret")
        .oauth_application(application)
        .settings(|settings| settings.grants.client_credentials = true)
        .row("incident", [("number", "INC0000002"), ("priority", "1"), ("caller_id", "nobody")])
        .rule(Rule::HideRows { table: "incident".into(), query: "priority=1".into() })
        .rule(Rule::HideField { table: "incident".into(), field: "close_notes".into() })
        .build()
        .expect("an instance")
}

/// An earlier run may have locked the user out: then there is a fresh instance.
async fn simulator_with_token() -> (Simulator, String) {
    let simulator = SIMULATOR.with_borrow_mut(|(current, runs)| {
        *runs += 1;
        if *runs % RUNS == 0 {
            *current = instance();
        }
        current.clone()
    });
    if let Some(token) = token(&simulator).await {
        return (simulator, token);
    }
    let simulator = instance();
    SIMULATOR.set((simulator.clone(), 0));
    let token = token(&simulator).await.expect("a token of a fresh instance");
    (simulator, token)
}

/// An earlier run may have deleted the record: then it comes again. Returns the sys_id of its file.
fn record_with_file(simulator: &Simulator) -> String {
    if simulator.stored("incident", RECORD, "sys_id").is_none() {
        let fields = [("sys_id", RECORD), ("number", "INC0000001"), ("short_description", "first")];
        simulator.insert("incident", fields).expect("a record");
    }
    simulator.attach("incident", RECORD, "a.txt", "text/plain", "hello").expect("a file")
}

async fn token(simulator: &Simulator) -> Option<String> {
    let form = "grant_type=password&client_id=my-id&client_secret=my-secret&username=reader&password=secret";
    let request =
        Request::post("/oauth_token.do").header("content-type", "application/x-www-form-urlencoded");
    let (_, _, body) = respond(simulator, request.body(Full::from(form)).expect("valid")).await;
    let body: Value = serde_json::from_slice(&body).ok()?;
    Some(body["access_token"].as_str()?.to_owned())
}

fn with_names(bytes: &[u8], file: &str, token: &str) -> Vec<u8> {
    match std::str::from_utf8(bytes) {
        Ok(text) => {
            text.replace("{record}", RECORD).replace("{file}", file).replace("{token}", token).into_bytes()
        }
        Err(_) => bytes.to_vec(),
    }
}

async fn respond(simulator: &Simulator, request: Request<Full<Bytes>>) -> (u16, HeaderMap, Bytes) {
    let response = simulator.clone().oneshot(request).await.expect("a response");
    let (head, body) = response.into_parts();
    let body = body.collect().await.expect("a whole response").to_bytes();
    (head.status.as_u16(), head.headers, body)
}

fn is_whole(method: &str, status: u16, headers: &HeaderMap, body: &[u8]) {
    let header = |name: &str| headers.get(name).map(|value| value.to_str().expect("text"));
    if method == "HEAD" || status == StatusCode::NO_CONTENT.as_u16() {
        assert!(body.is_empty(), "{status} to {method} has a body");
        return;
    }
    if let Some(length) = header("content-length") {
        assert_eq!(length, body.len().to_string());
    }
    if !header("content-type").is_some_and(|kind| kind.starts_with("application/json")) || body.is_empty() {
        return;
    }
    // A file may be anything, also one that says that it is JSON.
    if header("x-attachment-metadata").is_some() {
        return;
    }
    let body: Value = serde_json::from_slice(body).expect("JSON, if that is its type");
    if status >= 400 {
        assert!(body.get("error").is_some_and(|error| !error.is_null()), "{status} says nothing: {body}");
    }
}
