//! A record that claims to come from the future, by a script or by a clock that is wrong, comes as any other, and hides nothing.

use crate::{client, instance};
use snow_client::Record;
use snow_client::SysId;
use snow_client::changes::{Change, ChangeFeed, Deletions};
use snow_sim::Simulator;
use std::time::Duration;

fn insert(simulator: &Simulator, stamp: Option<&str>) -> SysId {
    let fields =
        [("short_description", "new")].into_iter().chain(stamp.map(|stamp| ("sys_updated_on", stamp)));
    simulator.insert("incident", fields).unwrap().parse().unwrap()
}

async fn catch_up(feed: &mut ChangeFeed<Record>) -> Vec<SysId> {
    let mut ids = Vec::new();
    loop {
        let batch = feed.poll().await.unwrap();
        ids.extend(batch.changes().iter().map(|change| match change {
            Change::Record { sys_id, .. } => *sys_id,
            other => panic!("{other:?}"),
        }));
        if batch.is_caught_up() {
            return ids;
        }
    }
}

/// The future of an instance, so many seconds from now.
fn ahead(simulator: &Simulator, seconds: u64) -> String {
    let now = insert(simulator, None);
    let stored = simulator.stored("incident", now.as_str(), "sys_updated_on").unwrap();
    simulator.delete("incident", now.as_str());
    let now: snow_client::DateTime = stored.parse().unwrap();
    (now + Duration::from_secs(seconds)).to_string()
}

/// The time of the newest record is where a feed goes on from: were it in the future, everything until then would be missed.
#[tokio::test(start_paused = true)]
async fn what_is_changed_before_that_time_is_not_missed() {
    // One page, and more than one; an hour, and more than anybody can wait for.
    for (records, seconds) in [(5, 3_600), (350, 3_600), (5, 4_000_000_000), (350, 4_000_000_000)] {
        let simulator = instance(records);
        let client = client(&simulator, "admin");
        let odd = insert(&simulator, Some(&ahead(&simulator, seconds)));
        let mut feed = client.table("incident").changes().fields(["number"]);
        let all = catch_up(&mut feed).await;
        assert_eq!(all.iter().filter(|id| **id == odd).count(), 1, "it comes as any other");
        simulator.advance(Duration::from_secs(1_000));
        assert_eq!(catch_up(&mut feed).await, [], "{records} {seconds}");
        let new = insert(&simulator, None);
        assert_eq!(catch_up(&mut feed).await, [new], "{records} {seconds}");
        simulator.take_journal();
        assert_eq!(catch_up(&mut feed).await, []);
        assert_eq!(simulator.take_journal().len(), 1, "it costs a line of a page, and no request");
    }
}

#[tokio::test(start_paused = true)]
async fn a_feed_from_now_on_begins_now() {
    let simulator = instance(5);
    let client = client(&simulator, "admin");
    insert(&simulator, Some(&ahead(&simulator, 86_400)));
    let mut feed = client.table("incident").changes().from_now();
    assert_eq!(catch_up(&mut feed).await, []);
    simulator.advance(Duration::from_secs(500));
    let new = insert(&simulator, None);
    assert_eq!(catch_up(&mut feed).await, [new]);
}

/// The newest records of all are hidden: the feed still gets on, and does not read the whole table with each poll.
#[tokio::test(start_paused = true)]
async fn where_the_newest_records_are_hidden_the_feed_gets_on() {
    let simulator = instance(1_500);
    simulator.advance(Duration::from_secs(3_600));
    for _ in 0..1_100 {
        simulator.insert("incident", [("short_description", "secret")]).unwrap();
    }
    let secret =
        snow_sim::Rule::HideRows { table: "incident".into(), query: "short_description=secret".into() };
    simulator.add_rule(secret);
    let client = client(&simulator, "reader");
    let feed = client.table("incident").changes().fields(["number"]).deletions(Deletions::Ignored);
    let mut feed = feed.accept_hidden(true);
    let mut all = catch_up(&mut feed).await;
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 1_500);
    catch_up(&mut feed).await;
    simulator.take_journal();
    assert_eq!(catch_up(&mut feed).await, []);
    let requests = simulator.take_journal().len();
    assert!(requests <= 6, "{requests} requests, for the hidden ones alone");
}
