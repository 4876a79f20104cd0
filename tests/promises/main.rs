//! What the workspace promises, one file a promise.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]
#![allow(clippy::disallowed_methods, reason = "tests start tasks, and compare with the real time")]

mod aggregates_are_numbers;
mod answers_are_read_as_they_are;
mod any_api_can_be_called;
mod bad_input_is_refused;
mod batches_are_calls;
mod browser;
mod clients_are_plain_types;
mod every_way_in_works;
mod files_go_either_way_whole;
mod generated;
mod imports_tell_what_failed;
mod layers_stand_alone;
mod logins_come_back_to_the_program;
mod official_samples_are_read;
mod proxy_server;
mod pysnow_tokens_carry_over;
mod queries_mean_what_they_say;
mod records_are_written_and_read;
mod records_become_types;
mod secrets_stay_secret;
mod storage_stays_in_sync;
mod tables_are_read_whole;
mod ten_thousand_requests_in_trouble;
mod the_dictionary_is_read;
mod the_stack_is_in_order;
mod the_wire_is_configurable;
mod the_wire_may_break;
mod token_calls_go_the_same_way;
mod tokens_are_renewed_once;
mod tokens_are_shared_by_processes;
mod trouble_is_told_apart;
mod values_stay_values;
mod what_may_be_sent_again_is;
mod what_pysnow_gets_wrong;
mod writes_tell_the_truth;

use http_body_util::{BodyExt, Full};
use snow_client::query::Query;
use snow_client::{Client, OAuthClient};
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
    let builder = OAuthClient::builder().instance("dev12345").client_id("my-id").client_secret("my-secret");
    builder.transport(simulator.clone()).build().unwrap()
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
