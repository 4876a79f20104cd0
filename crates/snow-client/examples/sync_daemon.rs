//! Keeps a copy of a table up to date, round by round: `cargo run -p snow-client --example sync_daemon`

use serde_json::json;
use snow_client::{Client, DateTime, Error, SysId, field};
use snow_sim::{Fault, Simulator};
use std::collections::{HashMap, HashSet};
use std::time::Duration;

#[derive(serde::Deserialize)]
struct Incident {
    sys_id: SysId,
    short_description: String,
    sys_mod_count: u32,
    sys_updated_on: DateTime,
}

type Copy = HashMap<SysId, Incident>;

/// Fetches what has changed, and returns how many records are new, changed and gone. After an error that `is_retryable()`, a daemon
/// waits for its next round, which sees the same changes again. `newest`: the time of the newest change, by the instance's clock.
async fn sync(client: &Client, copy: &mut Copy, newest: &mut Option<DateTime>) -> Result<[usize; 3], Error> {
    let (incidents, mut newest_now) = (client.table("incident"), *newest);
    // A record may be stored a little after the time that it bears, so a round looks back a minute further.
    let since = newest.map(|newest| field("sys_updated_on").ge(newest - Duration::from_secs(60)));
    let list = incidents.clone().typed::<Incident>().list();
    let (mut changes, mut new, mut changed) = (list.query(since.unwrap_or_default()).stream(), 0, 0);
    while let Some(incident) = changes.next().await.transpose()? {
        newest_now = newest_now.max(Some(incident.sys_updated_on));
        let (sys_id, mod_count) = (incident.sys_id, incident.sys_mod_count);
        match copy.insert(sys_id, incident) {
            Some(known) => changed += usize::from(known.sys_mod_count != mod_count),
            None => new += 1,
        }
    }
    let ids = incidents.list().fields(["sys_id"]).all().await?;
    let ids = ids.iter().map(|record| record.sys_id()).collect::<Result<HashSet<_>, _>>()?;
    let gone = copy.extract_if(|sys_id, _| !ids.contains(sys_id)).count();
    *newest = newest_now; // at the end: records do not come in the order of their changes
    Ok([new, changed, gone])
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let simulator = Simulator::builder().user("admin", "secret").incidents(600).build()?;
    let client = Client::builder().instance("dev12345").user("admin").password("secret");
    let client = client.transport(simulator.clone()).build()?;
    let (mut copy, mut newest, incidents) = (Copy::new(), None, client.table("incident"));
    let first = sync(&client, &mut copy, &mut newest).await?;

    let ids: Vec<SysId> = copy.keys().take(2).copied().collect();
    incidents.create(&json!({ "short_description": "No wifi" })).await?;
    incidents.update(ids[0], &json!({ "short_description": "No wifi at all" })).await?;
    incidents.delete(ids[1]).await?;
    simulator.fail_next(Fault::Busy); // the client waits and tries again
    let (second, text) = (sync(&client, &mut copy, &mut newest).await?, &copy[&ids[0]].short_description);
    println!("new, changed and gone: {first:?}, then {second:?}; one is now {text:?}");
    if second == [1, 1, 1] && text == "No wifi at all" { Ok(()) } else { Err("a change was missed".into()) }
}
