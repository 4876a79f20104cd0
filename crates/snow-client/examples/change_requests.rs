//! An API of your own in one file, built on public types: change management. `cargo run -p snow-client --example change_requests`
//!
//! The APIs of this crate are built in the same way: a type that holds an `Api`, and methods that return calls. Whoever uses them gets
//! everything that calls have: parameters, deadlines, errors, batches.

use serde::{Deserialize, Serialize};
use snow_client::api::{Api, ReadResponse, SendRequest};
use snow_client::{Client, Record, field};

/// Change requests, through the API that follows their rules (facts 7.3). Every field has a display value.
#[derive(Clone, Debug)]
struct Changes(Api);

/// The fields of a new change.
#[derive(Serialize)]
struct NewChange<'a> {
    short_description: &'a str,
    assignment_group: &'a str,
}

/// The states that a change can move to.
#[derive(Debug, Deserialize)]
struct NextStates {
    available_states: Vec<String>,
    state_label: std::collections::HashMap<String, String>,
}

impl Changes {
    fn of(client: &Client) -> Self {
        Self(client.api("/api/sn_chg_rest/change"))
    }

    /// Lists change requests; the API returns at most 500 unless a limit is set.
    fn list(&self) -> SendRequest {
        self.0.get()
    }

    fn create_normal(&self, change: &NewChange<'_>) -> ReadResponse<Record> {
        self.0.path("normal").post(change).record()
    }

    fn move_to(&self, sys_id: impl AsRef<str>, state: &str) -> ReadResponse<Record> {
        // The change is in this state afterwards, however often the request is sent.
        self.0.path(sys_id).patch(&serde_json::json!({ "state": state })).record().idempotent(true)
    }

    fn next_states(&self, sys_id: impl AsRef<str>) -> ReadResponse<NextStates> {
        self.0.path(sys_id).path("nextstates").get().result()
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
    let listener = simulator.listen().await?;
    let client = Client::builder().instance(listener.url()).user("admin").password("secret").build()?;

    let changes = Changes::of(&client);
    let new = NewChange { short_description: "Replace the disks", assignment_group: "" };
    let change = changes.create_normal(&new).await?;
    let id = change.sys_id()?;
    println!("{} is made", change.value("number")?);

    let next = changes.next_states(id).await?;
    for state in &next.available_states {
        println!("    it can go to {}", next.state_label.get(state).map_or(state.as_str(), String::as_str));
    }
    if let Some(state) = next.available_states.first() {
        let change = changes.move_to(id, state).await?;
        let state = change.field("state")?;
        println!("it is in {}", state.display_value()?.unwrap_or_default());
    }

    let mut batch = client.batch();
    let all =
        batch.add(changes.list().query(field("short_description").contains("disks")).limit(10).records());
    let mut responses = batch.send().await;
    println!("{} in all", responses.take(&all)?.len());
    Ok(())
}
