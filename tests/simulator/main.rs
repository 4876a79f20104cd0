//! The simulator behaves as `docs/servicenow-behaviour.md` says: one file per part of it, and `facts.rs` with the table of sections
//! and their tests.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]
#![allow(clippy::disallowed_methods, reason = "tests start tasks")]

mod access;
mod aggregates;
mod assertions;
mod attachment_rules;
mod attachments;
mod authentication;
mod bad_input;
mod batches;
mod browser;
mod business_rules;
mod change_tracking;
mod changes;
mod consent;
mod corrected_facts;
mod errors;
mod evaluator;
mod facts;
mod garbage_values;
mod guesses;
mod hostile;
mod imports;
mod integration_tables;
mod limits;
mod login_modes;
mod meanwhile;
mod model;
mod not_simulated;
mod paging;
mod queries;
mod requests;
mod samples;
mod scale;
mod schema;
mod table_api;
mod ui_apis;
mod values;
mod wire;

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use serde_json::Value;
use snow_sim::{Builder, Simulator};
use tower::ServiceExt;

/// `admin:secret`
const ADMIN: &str = "Basic YWRtaW46c2VjcmV0";
/// `reader:secret`
const READER: &str = "Basic cmVhZGVyOnNlY3JldA==";

fn builder() -> Builder {
    Simulator::builder()
        .user("admin", "secret")
        .user_with(snow_sim::User::new("reader", "secret").role("itil"))
}

/// What came back.
#[derive(Debug)]
struct Got {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Got {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    fn rows(&self) -> Vec<Value> {
        self.json()["result"].as_array().unwrap_or_else(|| panic!("no rows: {}", self.text)).clone()
    }

    fn result(&self) -> Value {
        self.json()["result"].clone()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// One field of every row.
    fn column(&self, field: &str) -> Vec<String> {
        self.rows()
            .iter()
            .map(|row| row[field].as_str().unwrap_or_else(|| panic!("{field} in {row}")).to_owned())
            .collect()
    }

    fn error(&self) -> (u16, String, Value) {
        let json = self.json();
        assert_eq!(json["status"], "failure", "{json}");
        let error = &json["error"];
        (self.status.as_u16(), error["message"].as_str().unwrap().to_owned(), error["detail"].clone())
    }
}

async fn send(simulator: &Simulator, request: http::request::Builder, body: &str) -> Got {
    let request =
        request.header("host", "dev1.service-now.com").body(Full::<Bytes>::from(body.to_owned())).unwrap();
    let (head, body) = simulator.clone().oneshot(request).await.unwrap().into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    Got { status: head.status, headers: head.headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
}

/// A GET by the administrator; the path is percent-encoded where it has to be.
async fn get(simulator: &Simulator, path: &str) -> Got {
    send(simulator, Request::get(encode(path)).header("authorization", ADMIN), "").await
}

async fn get_as(simulator: &Simulator, user: &str, path: &str) -> Got {
    send(simulator, Request::get(encode(path)).header("authorization", user), "").await
}

async fn call(simulator: &Simulator, method: &str, path: &str, body: &str) -> Got {
    send(simulator, Request::builder().method(method).uri(encode(path)).header("authorization", ADMIN), body)
        .await
}

/// Creates an incident and gives its sys_id.
async fn create(simulator: &Simulator, body: &str) -> String {
    let made = call(simulator, "POST", "/api/now/table/incident", body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    made.result()["sys_id"].as_str().unwrap().to_owned()
}

/// What the tests write as they mean it, as it goes over the wire.
fn encode(path: &str) -> String {
    let mut encoded = String::new();
    for byte in path.bytes() {
        match byte {
            b' ' | b'"' | b'<' | b'>' | b'^' | b'`' | b'{' | b'}' | b'|' | b'\\' | b'%' | 0x80.. => {
                encoded.push_str(&format!("%{byte:02X}"));
            }
            byte => encoded.push(char::from(byte)),
        }
    }
    encoded
}
