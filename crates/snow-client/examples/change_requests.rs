//! An API area of one's own, in one file, on public types: change management. `cargo run -p snow-client --example change_requests`
//!
//! It is what `Client::table` and the others look like inside: a type that holds an `Api`, and methods that give `Call`s. Whoever
//! calls them gets everything that calls have: fields, deadlines, errors, batches.

use serde::{Deserialize, Serialize};
use snow_client::{Api, Call, Client, Record, field};

/// Change requests by the API that follows their rules (facts 7.3). Every field comes with what a person sees.
#[derive(Clone, Debug)]
struct Changes(Api);

/// What may be said of a new change.
#[derive(Serialize)]
struct NewChange<'a> {
    short_description: &'a str,
    assignment_group: &'a str,
}

/// Where a change can go from here.
#[derive(Debug, Deserialize)]
struct NextStates {
    available_states: Vec<String>,
    state_label: std::collections::HashMap<String, String>,
}

impl Changes {
    fn of(client: &Client) -> Self {
        Self(client.api("/api/sn_chg_rest/change"))
    }

    /// Those of a query; the API sends 500 unless told otherwise.
    fn list(&self) -> Call<snow_client::ApiResponse> {
        self.0.get()
    }

    fn create_normal(&self, change: &NewChange<'_>) -> Call<Record> {
        self.0.at("normal").post(change).one()
    }

    fn move_to(&self, sys_id: &str, state: &str) -> Call<Record> {
        // It is in this state afterwards, however often it is told.
        self.0.at(sys_id).patch(&serde_json::json!({ "state": state })).one().idempotent(true)
    }

    fn next_states(&self, sys_id: &str) -> Call<NextStates> {
        self.0.at(sys_id).at("nextstates").get().result()
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

    let next = changes.next_states(id.as_str()).await?;
    for state in &next.available_states {
        println!("    it can go to {}", next.state_label.get(state).map_or(state.as_str(), String::as_str));
    }
    if let Some(state) = next.available_states.first() {
        let change = changes.move_to(id.as_str(), state).await?;
        let state = change.field("state")?;
        println!("it is in {}", state.display_value()?.unwrap_or_default());
    }

    let mut batch = client.batch();
    let all = batch.add(changes.list().query(field("short_description").contains("disks")).limit(10).list());
    let mut answers = batch.send().await;
    println!("{} in all", answers.take(&all)?.len());
    Ok(())
}
