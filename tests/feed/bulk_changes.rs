//! A bulk change within one second, of more records than are remembered one by one, with crashes: nothing of it is given out for ever.
//! `histories.rs` has such changes among all others, and `cargo xtask ci feed` those of 100,000 records, in release.

use crate::{client, instance};
use snow_client::changes::{Change, ChangeFeed};
use snow_client::{Record, SysId};
use std::collections::HashMap;
use std::time::Duration;

const MANY: u32 = 25_000;

/// Polls until the feed is caught up, and ends the process after some batches, before the cursor is saved.
async fn follow(
    new_feed: impl Fn() -> ChangeFeed<Record>,
    cursor: &mut Option<String>,
    sink: &mut HashMap<SysId, u64>,
    crashes: bool,
) -> usize {
    let resume = |cursor: &Option<String>| match cursor {
        Some(stored) => new_feed().resume(serde_json::from_str(stored).unwrap()),
        None => new_feed(),
    };
    let (mut feed, mut given) = (resume(cursor), 0);
    for number in 1.. {
        let batch = feed.poll().await.unwrap();
        for change in batch.changes() {
            let Change::Record { sys_id, record } = change else { panic!() };
            given += 1;
            sink.insert(*sys_id, record.value("sys_mod_count").unwrap().parse().unwrap());
        }
        if crashes && number % 10 == 0 {
            feed = resume(cursor);
            continue;
        }
        *cursor = Some(serde_json::to_string(batch.cursor()).unwrap());
        if batch.is_caught_up() {
            break;
        }
    }
    given
}

#[tokio::test(start_paused = true)]
async fn a_bulk_change_is_given_out_and_then_left_alone() {
    let simulator = instance(MANY);
    simulator.advance(Duration::from_secs(10_000));
    let (client, mut cursor, mut sink) = (client(&simulator, "admin"), None, HashMap::new());
    let feed = || client.table("incident").changes().fields(["state"]);
    assert_eq!(follow(feed, &mut cursor, &mut sink, false).await, MANY as usize);
    let ids = simulator.ids("incident");
    for id in &ids {
        simulator.update("incident", id, [("short_description", "changed in bulk")]).unwrap();
    }
    let given = follow(feed, &mut cursor, &mut sink, true).await;
    assert!(given >= MANY as usize);
    let expected =
        |id: &String| simulator.stored("incident", id, "sys_mod_count").unwrap().parse::<u64>().unwrap();
    for id in &ids {
        assert_eq!(sink[&id.parse::<SysId>().unwrap()], expected(id));
    }
    assert!(cursor.as_ref().is_some_and(|stored| stored.len() < 1_000_000), "the cursor is bounded");
    // What is too much to be remembered one by one is compared as a whole.
    assert_eq!(follow(feed, &mut cursor, &mut sink, false).await, 0);
    assert_eq!(follow(feed, &mut cursor, &mut sink, false).await, 0);
}
