//! What the feed of a table's changes promises, one subject per file.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]
#![allow(clippy::disallowed_methods, reason = "a test starts a task")]

mod bulk_changes;
mod deletions;
mod following;
mod future;
mod hidden;
mod histories;
mod history;
mod journals;
mod refusals;
mod times;

use snow_client::Client;
use snow_sim::{Simulator, User};

/// An instance with so many incidents, an administrator and a user without roles.
fn instance(incidents: u32) -> Simulator {
    let builder = Simulator::builder().without_demo_data().user("admin", "secret");
    builder.user_with(User::new("reader", "secret")).incidents(incidents).build().unwrap()
}

/// A client of an instance in memory: no sockets, and tokio's clock may be paused.
fn client(simulator: &Simulator, user: &str) -> Client {
    let builder = Client::builder().instance("dev12345").user(user).password("secret");
    builder.transport(simulator.clone()).build().unwrap()
}
