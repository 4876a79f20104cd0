//! What the workspace promises to its users, one subject per file.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]
#![allow(clippy::disallowed_methods, reason = "tests start tasks, and compare with the real time")]

mod abandoned_refreshes;
mod aggregates;
mod attachments;
mod batch;
mod blocking;
mod broken_connections;
mod browser;
mod bulk_writes;
mod cancelled;
mod change_api;
mod choice_enums;
mod client_types;
mod concurrent_changes;
mod corpora;
mod credentials;
mod dates;
mod decoding;
mod default_stack;
mod error_diagnoses;
mod error_kinds;
mod error_texts;
mod generated;
mod guides;
mod hidden_records;
mod imports;
mod input_hints;
mod internal_errors;
mod invalid_input;
mod json_arrays;
mod jwt_assertions;
mod layers;
mod list_parts;
mod login_errors;
mod login_methods;
mod loopback;
mod method_order;
mod missing_fields;
mod moving_records;
mod official_samples;
mod one_time_passwords;
mod other_apis;
mod parameters;
mod partial_dictionary;
mod probe;
mod progress;
mod property;
mod proxies;
mod proxy_server;
mod pysnow_faults;
mod pysnow_tokens;
mod query_building;
mod query_semantics;
mod query_values;
mod random_faults;
mod rate_limits;
mod real_inputs;
mod record_serialization;
mod response_identity;
mod retry;
mod schema;
mod secrets;
mod secrets_in_debug;
mod selection;
mod server_certificates;
mod shared_clients;
mod shared_tokens;
mod signed_requests;
mod stream_order;
mod stream_pages;
mod stream_stop;
mod streaming;
mod table_api;
mod telemetry;
mod temp_folder;
mod time_limits;
mod token_leases;
mod token_owners;
mod token_refresh;
mod token_requests;
mod token_store;
mod token_timeouts;
mod transfer_limits;
mod transport;
mod typed_records;
mod untrusted_input;
mod untrusted_numbers;
mod with_sys_ids;
mod write_certainty;
mod write_verification;

use http_body_util::{BodyExt, Full};
use snow_client::query::Query;
use snow_client::{Client, OAuthClient, client::OAuthClientBuilder};
use snow_core::{ApiPath, Instance, Params};
use snow_sim::Simulator;
use std::time::Duration;
use tower::ServiceExt;

/// An instance with one user and one OAuth client.
fn simulator() -> Simulator {
    let builder = Simulator::builder().user("admin", "secret").oauth_client("my-id", "my-secret");
    builder.access_token_lifetime(Duration::from_secs(1_800)).build().unwrap()
}

/// The same, where each request takes a while (under a paused clock), and any number may run at once: so that whoever can
/// overlap does.
fn slow_simulator() -> Simulator {
    let simulator = simulator();
    simulator.settings(|settings| {
        settings.latency = Duration::from_millis(100);
        settings.semaphores = 10_000;
    });
    simulator
}

/// A client of an instance in memory: no sockets, and tokio's clock may be paused.
fn client(simulator: &Simulator) -> Client {
    let builder = Client::builder().instance("dev12345").user("admin").password("secret");
    builder.transport(simulator.clone()).build().unwrap()
}

/// The same with OAuth, without a token.
fn oauth_client(simulator: &Simulator) -> OAuthClient {
    oauth_builder().transport(simulator.clone()).build().unwrap()
}

/// The settings of that client, without a transport.
fn oauth_builder() -> OAuthClientBuilder {
    OAuthClient::builder().instance("dev12345").client_id("my-id").client_secret("my-secret")
}

/// The rows of the table `u_thing` that the simulator selects, by the number that is their sys_id. Without a client, so that
/// nothing of one stands between.
async fn selected(simulator: &Simulator, query: &Query<'_>) -> Vec<usize> {
    let params = Params::new().query(query).fields(["sys_id"]);
    let uri = Instance::parse("dev1").unwrap().uri(&ApiPath::table("u_thing").unwrap(), &params).unwrap();
    let request = http::Request::get(uri).header("authorization", "Basic YWRtaW46c2VjcmV0");
    let response =
        simulator.clone().oneshot(request.body(Full::<bytes::Bytes>::default()).unwrap()).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(status, 200, "{}: {}", query.encode().unwrap(), String::from_utf8_lossy(&body));
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    let id = |row: &serde_json::Value| row["sys_id"].as_str().unwrap().parse().unwrap();
    let mut ids: Vec<usize> = body["result"].as_array().unwrap().iter().map(id).collect();
    ids.sort_unstable();
    ids
}
