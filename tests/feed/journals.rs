//! Comments and work notes of a record, in their order, and as they come.

use crate::{client, instance};
use snow_client::SysId;
use snow_client::changes::Change;
use snow_client::journal::JournalField;
use std::time::Duration;

#[tokio::test(start_paused = true)]
async fn entries_come_in_the_order_in_which_they_were_written() {
    let simulator = instance(2);
    let client = client(&simulator, "admin");
    let incidents = client.table("incident");
    let mut ids: Vec<SysId> =
        incidents.list().all().await.unwrap().iter().map(|record| record.sys_id().unwrap()).collect();
    ids.sort_unstable();
    let journal = incidents.journal(ids[0]);
    for (field, text) in [
        (JournalField::COMMENTS, "first"),
        (JournalField::WORK_NOTES, "second"),
        (JournalField::COMMENTS, "third"),
    ] {
        journal.add(field, text).await.unwrap();
        simulator.advance(Duration::from_secs(2));
    }
    incidents.journal(ids[1]).add(JournalField::COMMENTS, "of another record").await.unwrap();
    let texts = |entries: Vec<snow_client::journal::JournalEntry>| -> Vec<String> {
        entries.into_iter().map(|entry| entry.text).collect()
    };
    assert_eq!(texts(journal.entries().await.unwrap()), ["first", "second", "third"]);
    let comments = journal.entries_of(JournalField::COMMENTS).await.unwrap();
    assert_eq!(comments[0].written_by, "admin");
    assert_eq!(comments[0].field, JournalField::COMMENTS);
    assert!(comments[0].written_on < comments[1].written_on);
    assert_eq!(texts(comments), ["first", "third"]);
}

#[tokio::test(start_paused = true)]
async fn new_entries_are_followed() {
    let simulator = instance(1);
    let client = client(&simulator, "admin");
    let incidents = client.table("incident");
    let id = incidents.list().first().await.unwrap().sys_id().unwrap();
    let mut feed = incidents.journal_changes().from_now();
    assert!(feed.poll().await.unwrap().changes().is_empty());
    incidents.journal(id).add(JournalField::WORK_NOTES, "new").await.unwrap();
    client.table("problem").create(&serde_json::json!({ "work_notes": "of another table" })).await.unwrap();
    let (told, _) = feed.poll().await.unwrap().into_parts();
    let [Change::Record { record, .. }] = &told[..] else { panic!("{told:?}") };
    assert_eq!((record.record, record.text.as_str()), (id, "new"));
}
