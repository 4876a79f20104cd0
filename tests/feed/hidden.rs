//! A feed that accepts hidden records passes over them, however many there are, and reads the others in pages that fit into memory.

use crate::instance;
use snow_client::changes::Change;
use snow_client::{Client, DateTime, SysId};
use snow_sim::{Rule, Simulator};
use std::collections::BTreeSet;

/// The largest response: two pages of what a page may have.
const BODY_LIMIT: u64 = 2 << 20;

fn reader(simulator: &Simulator) -> Client {
    let readable = Rule::HideRows { table: "incident".into(), query: "short_description!=open".into() };
    simulator.add_rule(readable);
    let builder = Client::builder().instance("dev12345").user("reader").password("secret");
    builder.transport(simulator.clone()).body_limit(BODY_LIMIT).build().unwrap()
}

/// Reads everything, with a client to which no large page can be sent. Returns what came, and how many requests that took.
async fn catch_up(client: &Client) -> (BTreeSet<SysId>, u64) {
    let (mut came, mut requests) = (BTreeSet::new(), 0);
    let feed = client.table("incident").changes().fields(["number", "description"]);
    let mut feed = feed.accept_hidden(true);
    for _ in 0..200 {
        let batch = feed.poll().await.unwrap();
        requests += batch.requests();
        for change in batch.changes() {
            let Change::Record { sys_id, .. } = change else { panic!("{change:?}") };
            assert!(came.insert(*sys_id), "{sys_id} came twice");
        }
        if batch.is_caught_up() {
            return (came, requests);
        }
    }
    panic!("the feed makes no progress: {} records came", came.len());
}

#[tokio::test(start_paused = true)]
async fn large_records_come_after_many_that_are_hidden() {
    let simulator = instance(12_000);
    let client = reader(&simulator);
    let description = "x".repeat(6_000);
    let open = [("short_description", "open"), ("description", description.as_str())];
    let insert = || simulator.insert("incident", open).unwrap().parse::<SysId>().unwrap();
    let readable: BTreeSet<SysId> = (0..600).map(|_| insert()).collect();
    let (came, requests) = catch_up(&client).await;
    assert_eq!(came, readable);
    assert!(requests < 30, "{requests} requests");
}

/// A bulk change: hidden and readable records have the same time, and only their ids say which comes first.
#[tokio::test(start_paused = true)]
async fn readable_records_come_after_hidden_ones_of_the_same_second() {
    let simulator = instance(0);
    let client = reader(&simulator);
    let stamp = DateTime::from_unix(1_750_000_000).to_string();
    let mut readable = BTreeSet::new();
    for number in 0..1_000 {
        let sys_id = format!("{number:032x}");
        let is_readable = number == 500 || number >= 900;
        let text = if is_readable { "open" } else { "secret" };
        let fields = [("sys_id", sys_id.as_str()), ("short_description", text), ("sys_updated_on", &stamp)];
        simulator.insert("incident", fields).unwrap();
        if is_readable {
            readable.insert(sys_id.parse().unwrap());
        }
    }
    let (came, requests) = catch_up(&client).await;
    assert_eq!(came, readable);
    assert!(requests < 20, "{requests} requests");
}
