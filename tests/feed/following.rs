//! A feed gives out what is new and what was changed, from a stored cursor on, and costs one request where nothing was.

use crate::{client, instance};
use futures_util::StreamExt;
use snow_client::changes::{Change, ChangeFeed, FeedCursor};
use snow_client::{DateTime, Record, SysId};
use snow_sim::Simulator;
use std::time::Duration;

/// Polls until the feed is caught up. Returns the ids of the records that came.
async fn catch_up(feed: &mut ChangeFeed<Record>) -> Vec<SysId> {
    let mut ids = Vec::new();
    loop {
        let batch = feed.poll().await.unwrap();
        for change in batch.changes() {
            match change {
                Change::Record { sys_id, record } => {
                    assert_eq!(record.sys_id().unwrap(), *sys_id);
                    ids.push(*sys_id);
                }
                other => panic!("{other:?}"),
            }
        }
        if batch.is_caught_up() {
            return ids;
        }
    }
}

fn insert(simulator: &Simulator, text: &str) -> SysId {
    simulator.insert("incident", [("short_description", text)]).unwrap().parse().unwrap()
}

fn change(simulator: &Simulator, id: SysId, text: &str) {
    assert!(simulator.update("incident", id.as_str(), [("short_description", text)]).unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_and_then_what_changes() {
    let simulator = instance(350);
    let client = client(&simulator, "admin");
    let mut feed = client.table("incident").changes().fields(["short_description"]);
    let mut first = catch_up(&mut feed).await;
    first.sort_unstable();
    first.dedup();
    assert_eq!(first.len(), 350);
    simulator.advance(Duration::from_secs(600));
    assert_eq!(catch_up(&mut feed).await, []);

    let new = insert(&simulator, "new");
    assert_eq!(catch_up(&mut feed).await, [new]);
    // Several updates within one second, with a poll between them.
    change(&simulator, new, "first");
    assert_eq!(catch_up(&mut feed).await, [new]);
    change(&simulator, new, "second");
    change(&simulator, first[0], "as well");
    let mut changed = catch_up(&mut feed).await;
    changed.sort_unstable();
    let mut expected = [new, first[0]];
    expected.sort_unstable();
    assert_eq!(changed, expected);
    assert_eq!(catch_up(&mut feed).await, []);
}

#[tokio::test(start_paused = true)]
async fn a_poll_without_changes_is_one_request() {
    let simulator = instance(50);
    let client = client(&simulator, "admin");
    let mut feed = client.table("incident").changes();
    catch_up(&mut feed).await;
    insert(&simulator, "one");
    catch_up(&mut feed).await;
    for _ in 0..3 {
        simulator.take_journal();
        let batch = feed.poll().await.unwrap();
        assert!(batch.is_caught_up() && batch.changes().is_empty());
        assert_eq!((batch.requests(), simulator.take_journal().len()), (1, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn from_now_since_and_resumed() {
    let simulator = instance(20);
    let client = client(&simulator, "admin");
    let feed = || client.table("incident").changes().fields(["number"]);
    let old = insert(&simulator, "before");
    let mut from_now = feed().from_now();
    assert_eq!(catch_up(&mut from_now).await, []);
    simulator.advance(Duration::from_secs(3_600));
    let updated = simulator.stored("incident", old.as_str(), "sys_updated_on").unwrap();
    let after: DateTime = updated.parse().unwrap();
    let mut since = feed().since(after + Duration::from_secs(1));
    let new = insert(&simulator, "after");
    assert_eq!(catch_up(&mut since).await, [new]);

    // The cursor goes through storage, and a process that ended before it saved one sees the same again.
    let stored = serde_json::to_string(&from_now.cursor()).unwrap();
    assert_eq!(catch_up(&mut from_now).await, [new]);
    let cursor: Option<FeedCursor> = serde_json::from_str(&stored).unwrap();
    let mut resumed = feed().resume(cursor.unwrap());
    assert_eq!(catch_up(&mut resumed).await, [new]);
    assert_eq!(catch_up(&mut resumed).await, []);
}

/// A record whose transaction ends late shows an older time than records that were given out already.
#[tokio::test(start_paused = true)]
async fn a_late_commit_is_seen_within_the_overlap() {
    let simulator = instance(5);
    let client = client(&simulator, "admin");
    let (half, second) = (Duration::from_millis(500), Duration::from_secs(1));
    for (overlap, between, sees) in [
        (second * 120, second * 60, true),
        (Duration::ZERO, second * 60, false),
        (half, second, true), // times are whole seconds
        (half, second * 2, false),
    ] {
        let mut feed = client.table("incident").changes().overlap(overlap).from_now();
        catch_up(&mut feed).await;
        simulator.advance(Duration::from_secs(1_000));
        let early = insert(&simulator, "reference");
        let written = simulator.stored("incident", early.as_str(), "sys_updated_on").unwrap();
        simulator.advance(between);
        let later = insert(&simulator, "later");
        let mut came = catch_up(&mut feed).await;
        came.sort_unstable();
        let mut both = [early, later];
        both.sort_unstable();
        assert_eq!(came, both);
        let late = simulator
            .insert("incident", [("short_description", "late"), ("sys_updated_on", &written)])
            .unwrap();
        let late: SysId = late.parse().unwrap();
        let came = catch_up(&mut feed).await;
        assert_eq!(came.contains(&late), sees, "overlap {overlap:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_typed_feed_reads_records_of_a_type() {
    #[derive(serde::Deserialize)]
    struct Incident {
        number: String,
        active: bool,
    }
    let simulator = instance(3);
    let client = client(&simulator, "admin");
    let mut feed = client.table("incident").typed::<Incident>().changes();
    let batch = feed.poll().await.unwrap();
    let (changes, _) = batch.into_parts();
    assert_eq!(changes.len(), 3);
    for change in changes {
        let Change::Record { record: Incident { number, active }, .. } = change else { panic!() };
        assert!(number.starts_with("INC"), "{active}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_log_that_only_grows_is_followed_by_creation() {
    let simulator = instance(0);
    let client = client(&simulator, "admin");
    let mut feed = client.table("incident").changes().created_only(true).from_now();
    catch_up(&mut feed).await;
    let new = insert(&simulator, "new");
    assert_eq!(catch_up(&mut feed).await, [new]);
    change(&simulator, new, "changed, which this feed does not see");
    assert_eq!(catch_up(&mut feed).await, []);
}

#[tokio::test(start_paused = true)]
async fn a_stream_pauses_when_it_is_caught_up_and_stops_at_once() {
    let simulator = instance(450);
    let client = client(&simulator, "admin");
    let mut batches = client.table("incident").changes().fields(["number"]).stream(Duration::from_secs(100));
    let stop = batches.stop_handle();
    let started = tokio::time::Instant::now();
    let mut records = 0;
    loop {
        let batch = batches.next().await.unwrap().unwrap();
        records += batch.changes().len();
        if batch.is_caught_up() {
            break;
        }
    }
    assert_eq!((records, started.elapsed()), (450, Duration::ZERO), "there is no pause while there is more");
    assert!(StreamExt::next(&mut batches).await.unwrap().unwrap().changes().is_empty());
    let paused = started.elapsed();
    assert!(paused >= Duration::from_secs(100) && paused <= Duration::from_secs(110), "{paused:?}");
    let waits = tokio::spawn(async move { batches.next().await.is_none() });
    tokio::task::yield_now().await;
    stop.stop();
    assert!(waits.await.unwrap());
    assert_eq!(started.elapsed(), paused, "a stop does not wait for the pause");
}

/// The service gives up a page that is too much for it: smaller pages follow.
#[tokio::test(start_paused = true)]
async fn a_page_that_is_too_much_is_asked_for_in_parts() {
    let simulator = instance(900);
    let client = client(&simulator, "admin");
    let mut feed = client.table("incident").changes();
    simulator.settings(|settings| {
        settings.quota = Some(snow_sim::Quota { rows: 120, shape: snow_sim::Cut::ErrorAfterRows });
    });
    let mut all = catch_up(&mut feed).await;
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 900);
    simulator.settings(|settings| {
        settings.quota = Some(snow_sim::Quota { rows: 30, shape: snow_sim::Cut::ErrorAfterRows });
    });
    assert_eq!(feed.records(&all[..150]).await.unwrap().len(), 150);
}
