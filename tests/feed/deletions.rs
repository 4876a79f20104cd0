//! Deletions are found in the audit of the instance, or by a sweep over all ids.

use crate::{client, instance};
use snow_client::changes::{Change, ChangeFeed, Deletions};
use snow_client::{ErrorKind, Record, SysId, field};
use snow_sim::{Rule, Simulator};
use std::collections::BTreeSet;
use std::time::Duration;

fn insert(simulator: &Simulator) -> SysId {
    simulator.insert("incident", [("short_description", "new")]).unwrap().parse().unwrap()
}

async fn changes(feed: &mut ChangeFeed<Record>) -> Vec<Change> {
    let mut all = Vec::new();
    loop {
        let batch = feed.poll().await.unwrap();
        let is_caught_up = batch.is_caught_up();
        all.extend(batch.into_parts().0);
        if is_caught_up {
            return all;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn audited_deletions_are_told_once_and_cost_one_request_more() {
    let simulator = instance(10);
    let client = client(&simulator, "admin");
    let gone_before = insert(&simulator);
    simulator.delete("incident", gone_before.as_str());
    let mut feed = client.table("incident").changes().fields(["number"]).deletions(Deletions::Audited);
    assert_eq!(changes(&mut feed).await.len(), 10, "what was deleted before the snapshot is of no interest");
    let (one, two) = (insert(&simulator), insert(&simulator));
    assert_eq!(changes(&mut feed).await.len(), 2);
    simulator.delete("incident", one.as_str());
    simulator.delete("problem", one.as_str());
    let told = changes(&mut feed).await;
    assert!(matches!(told[..], [Change::Deleted { sys_id, .. }] if sys_id == one), "{told:?}");
    simulator.take_journal();
    assert!(changes(&mut feed).await.is_empty());
    assert_eq!(simulator.take_journal().len(), 2, "one for changes, one for deletions");

    // A record that was deleted and is there again is not told to be deleted.
    simulator.delete("incident", two.as_str());
    simulator.advance(Duration::from_secs(2));
    let again = [("sys_id", two.as_str()), ("short_description", "restored")];
    simulator.insert("incident", again).unwrap();
    let told = changes(&mut feed).await;
    assert!(matches!(told[..], [Change::Record { sys_id, .. }] if sys_id == two), "{told:?}");
}

/// The audit has the class of a record, whichever table it was reached through.
#[tokio::test(start_paused = true)]
async fn deletions_of_classes_that_extend_the_table_are_told() {
    let simulator = instance(3);
    let client = client(&simulator, "admin");
    let mut feed = client.table("task").changes().fields(["number"]).deletions(Deletions::Audited);
    changes(&mut feed).await;
    let problem = simulator.insert("problem", [("short_description", "new")]).unwrap();
    let (one, two, three): (SysId, SysId, SysId) =
        (insert(&simulator), insert(&simulator), problem.parse().unwrap());
    assert_eq!(changes(&mut feed).await.len(), 3);
    client.table("incident").delete(one).await.unwrap();
    client.table("task").delete(two).await.unwrap();
    client.table("problem").delete(three).await.unwrap();
    let mut told: Vec<SysId> = changes(&mut feed)
        .await
        .iter()
        .map(|change| match change {
            Change::Deleted { sys_id, .. } => *sys_id,
            other => panic!("{other:?}"),
        })
        .collect();
    told.sort_unstable();
    let mut expected = [one, two, three];
    expected.sort_unstable();
    assert_eq!(told, expected);
}

/// A deletion that the audit has and hides is not passed over.
#[tokio::test(start_paused = true)]
async fn a_hidden_deletion_is_refused() {
    let simulator = instance(3);
    simulator.settings(|settings| settings.platform_acls = false);
    let client = client(&simulator, "reader");
    let seen = insert(&simulator);
    simulator.delete("incident", seen.as_str());
    let feed = || client.table("incident").changes().fields(["number"]).deletions(Deletions::Audited);
    let (mut strict, mut lenient) = (feed(), feed().accept_hidden(true));
    changes(&mut strict).await;
    changes(&mut lenient).await;
    let gone = insert(&simulator);
    simulator.delete("incident", gone.as_str());
    let hidden = Rule::HideRows { table: "sys_audit_delete".into(), query: format!("documentkey={gone}") };
    simulator.add_rule(hidden);
    let error = strict.poll().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden, "{error}");
    assert!(changes(&mut lenient).await.is_empty());
}

/// Applies a sweep to the ids that a sink has. Returns those that are missing.
fn subtract(mine: &mut BTreeSet<SysId>, changes: &[Change]) -> Vec<SysId> {
    let mut missing = Vec::new();
    for change in changes {
        match change {
            Change::Record { sys_id, .. } => {
                mine.insert(*sys_id);
            }
            Change::Present(present) => {
                let difference = present.compare_ids(mine.iter().copied());
                missing.extend(difference.missing);
                difference.gone.iter().for_each(|gone| {
                    mine.remove(gone);
                });
            }
            Change::SweepEnd => {}
            other => panic!("{other:?}"),
        }
    }
    missing
}

#[tokio::test(start_paused = true)]
async fn a_sweep_finds_what_nothing_records() {
    let simulator = instance(30);
    let client = client(&simulator, "reader");
    let every = Duration::from_secs(3_600);
    let feed = client.table("incident").changes().fields(["number"]).deletions(Deletions::Swept { every });
    let (mut feed, mut mine) = (feed.accept_hidden(true), BTreeSet::new());
    let all = changes(&mut feed).await;
    assert!(!all.iter().any(|change| matches!(change, Change::SweepEnd)), "it is not due yet");
    assert!(subtract(&mut mine, &all).is_empty());
    assert_eq!(mine.len(), 30);

    let (deleted, hidden) = (*mine.first().unwrap(), *mine.last().unwrap());
    simulator.delete("incident", deleted.as_str());
    let secret = Rule::HideRows { table: "incident".into(), query: format!("sys_id={hidden}") };
    simulator.add_rule(secret.clone());
    feed.sweep_now();
    let swept = changes(&mut feed).await;
    assert!(matches!(swept.last(), Some(Change::SweepEnd)));
    assert!(subtract(&mut mine, &swept).is_empty());
    assert_eq!(mine.len(), 28, "gone and unreadable look the same");
    assert_eq!(feed.left_query(&[deleted, hidden]).await.unwrap(), [], "and nothing tells them apart");

    // It becomes readable again, and its time is old: the sweep shows that it is missing.
    assert!(simulator.remove_rule(&secret));
    assert!(changes(&mut feed).await.is_empty());
    tokio::time::advance(every).await;
    let missing = subtract(&mut mine, &changes(&mut feed).await);
    assert_eq!(missing, [hidden]);
    let records = feed.records(&missing).await.unwrap();
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].sys_id().unwrap(), hidden);
}

#[tokio::test(start_paused = true)]
async fn what_left_the_query_is_told_apart_from_what_was_deleted() {
    let simulator = instance(0);
    let client = client(&simulator, "admin");
    let ids: Vec<SysId> = (0..6).map(|_| insert(&simulator)).collect();
    let feed = client.table("incident").changes().query(field("short_description").eq("new"));
    let mut feed = feed.deletions(Deletions::Swept { every: Duration::from_secs(60) });
    let mut mine = BTreeSet::new();
    subtract(&mut mine, &changes(&mut feed).await);
    simulator.update("incident", ids[0].as_str(), [("short_description", "other")]).unwrap();
    simulator.delete("incident", ids[1].as_str());
    let before = mine.clone();
    feed.sweep_now();
    subtract(&mut mine, &changes(&mut feed).await);
    let mut gone: Vec<SysId> = before.difference(&mine).copied().collect();
    gone.sort_unstable();
    let mut expected = [ids[0], ids[1]];
    expected.sort_unstable();
    assert_eq!(gone, expected);
    assert_eq!(feed.left_query(&gone).await.unwrap(), [ids[0]]);
}

/// A query that leaves no room for so many ids in a URL of 8 kB is asked in parts by every method.
#[tokio::test(start_paused = true)]
async fn a_feed_with_a_long_query_fetches_and_compares_by_ids() {
    let simulator = instance(0);
    let client = client(&simulator, "admin");
    let ids: Vec<SysId> = (0..90).map(|_| insert(&simulator)).collect();
    let padding = (0..60).map(|number| format!("{number:0100}"));
    let texts = padding.chain(["new".to_owned()]);
    let feed = client.table("incident").changes().query(field("short_description").is_in(texts));
    let every = Duration::from_secs(60);
    let mut feed = feed.fields(["number"]).deletions(Deletions::Swept { every });
    assert_eq!(changes(&mut feed).await.len(), 90);
    simulator.update("incident", ids[7].as_str(), [("short_description", "other")]).unwrap();
    simulator.delete("incident", ids[9].as_str());
    assert_eq!(feed.records(&ids).await.unwrap().len(), 88);
    assert_eq!(feed.left_query(&ids).await.unwrap(), [ids[7]]);
}

/// A crash in the middle of a sweep goes on where the saved cursor is.
#[tokio::test(start_paused = true)]
async fn a_sweep_goes_on_from_a_stored_cursor() {
    let simulator = instance(10_050);
    let client = client(&simulator, "admin");
    let every = Duration::from_secs(60);
    let feed = || client.table("incident").changes().fields(["sys_id"]).deletions(Deletions::Swept { every });
    let mut first = feed();
    let mut mine = BTreeSet::new();
    subtract(&mut mine, &changes(&mut first).await);
    first.sweep_now();
    let batch = loop {
        let batch = first.poll().await.unwrap();
        if !batch.changes().is_empty() {
            break batch;
        }
    };
    assert!(!batch.is_caught_up(), "10,000 ids are one page");
    subtract(&mut mine, batch.changes());
    let stored = serde_json::to_string(batch.cursor()).unwrap();
    let mut resumed = feed().resume(serde_json::from_str(&stored).unwrap());
    let rest = changes(&mut resumed).await;
    let Some(Change::Present(page)) = rest.first() else { panic!("{:?}", rest.first()) };
    assert_eq!(
        page.after(),
        batch.changes().iter().find_map(|change| match change {
            Change::Present(present) => present.through(),
            _ => None,
        })
    );
    subtract(&mut mine, &rest);
    assert_eq!(mine.len(), 10_050);
}
