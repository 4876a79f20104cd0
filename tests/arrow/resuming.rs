//! A scan that is resumed after a batch, or read in parts, returns every record once.

use crate::client;
use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use snow_arrow::Scan;
use snow_client::Client;
use snow_client::stream::StreamPosition;
use snow_sim::Simulator;
use std::collections::BTreeSet;

const RECORDS: usize = 1_000;

fn instance() -> Simulator {
    Simulator::builder().without_demo_data().incidents(1_000).user("admin", "secret").build().unwrap()
}

fn scan(client: &Client) -> Scan {
    Scan::new(client.table("incident").list().fields(["number", "sys_id"])).batch_rows(64).page_size(100)
}

fn numbers(batch: &RecordBatch, all: &mut BTreeSet<String>) {
    for number in batch.column(0).as_string::<i32>() {
        assert!(all.insert(number.unwrap().to_owned()), "{number:?} came twice");
    }
}

#[tokio::test]
async fn a_scan_goes_on_after_the_last_batch_whatever_was_read_beyond_it() {
    let client = client(&instance(), "admin");
    let (mut all, mut position) = (BTreeSet::new(), None);
    loop {
        let scan = position.take().into_iter().fold(scan(&client), Scan::resume);
        let mut batches = scan.open().await.unwrap();
        let Some(batch) = batches.next().await else { break };
        numbers(&batch.unwrap(), &mut all);
        let Some(at) = batches.position() else { break };
        let stored = serde_json::to_string(at).unwrap();
        position = Some(serde_json::from_str::<StreamPosition>(&stored).unwrap());
    }
    assert_eq!(all.len(), RECORDS);
}

#[tokio::test]
async fn a_stopped_scan_returns_what_arrived_and_resumes_behind_it() {
    let client = client(&instance(), "admin");
    let mut batches = scan(&client).open().await.unwrap();
    let mut all = BTreeSet::new();
    numbers(&batches.next().await.unwrap().unwrap(), &mut all);
    batches.stop_handle().stop();
    while let Some(batch) = batches.next().await {
        numbers(&batch.unwrap(), &mut all);
    }
    assert!(!batches.report().stream.complete && all.len() < RECORDS);
    let mut rest = scan(&client).resume(batches.position().unwrap().clone()).open().await.unwrap();
    while let Some(batch) = rest.next().await {
        numbers(&batch.unwrap(), &mut all);
    }
    assert_eq!((all.len(), rest.report().stream.complete), (RECORDS, true));
}

#[tokio::test]
async fn the_parts_of_a_list_are_all_of_it_and_share_their_columns() {
    let client = client(&instance(), "admin");
    let list = client.table("incident").list().fields(["number", "sys_id"]);
    let columns = Scan::new(list.clone()).open().await.unwrap().columns().clone();
    let mut all = BTreeSet::new();
    for part in list.parts(4).unwrap() {
        let part = serde_json::from_str(&serde_json::to_string(&part).unwrap()).unwrap();
        let mut batches = Scan::new(list.clone()).columns(columns.clone()).part(part).open().await.unwrap();
        while let Some(batch) = batches.next().await {
            numbers(&batch.unwrap(), &mut all);
        }
        assert!(batches.report().stream.complete);
    }
    assert_eq!(all.len(), RECORDS);
}
