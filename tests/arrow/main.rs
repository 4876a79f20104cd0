//! What snow-arrow promises: every value of a table is in its column, exactly, or the read says which is not. One subject per file.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

mod edge_table;
mod edge_values;
mod oracle;
mod parquet_files;
mod random_values;
mod refusals;
mod resuming;

use snow_client::Client;
use snow_sim::Simulator;

/// A client of an instance in memory.
fn client(simulator: &Simulator, user: &str) -> Client {
    let builder = Client::builder().instance("dev12345").user(user).password("secret");
    builder.transport(simulator.clone()).build().unwrap()
}
