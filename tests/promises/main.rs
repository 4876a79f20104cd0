//! What the workspace promises, one file a promise.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]
#![allow(clippy::disallowed_methods, reason = "tests start tasks, and compare with the real time")]

mod bad_input_is_refused;
mod clients_are_plain_types;
mod layers_stand_alone;
mod pysnow_tokens_carry_over;
mod queries_mean_what_they_say;
mod records_are_written_and_read;
mod secrets_stay_secret;
mod tokens_are_renewed_once;
mod trouble_is_told_apart;
mod values_stay_values;

use snow_client::{Client, OAuthClient};
use snow_sim::Simulator;
use std::time::Duration;

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
