//! Streams as iterators: they end as streams do, may be stopped, resumed and dropped anywhere, and never panic.

use super::contexts::{current_thread, ends};
use super::server::{INCIDENTS, client, server};
use serde_json::json;
use snow_client::blocking::{Iterate, Wait};
use snow_client::{Client, Record, SysId, stream::RecordStream};
use std::time::Duration;

fn stream(client: &Client) -> RecordStream<Record> {
    client.table("incident").list().fields(["number"]).stream().page_size(500)
}

#[test]
fn a_report_a_position_and_a_stop_are_at_hand() {
    ends("a stream that is stopped and resumed", || {
        let client = client(&server().url);
        let mut records = stream(&client).parallel(4).iterate();
        let stop = records.stream().stop_handle();
        let first = records.by_ref().inspect(|_| stop.stop()).map(Result::unwrap).count();
        assert!(first < INCIDENTS && !records.stream().report().complete);
        let position = records.stream().position().expect("it is not complete");

        let mut rest = stream(&client).resume(position);
        let count = (&mut rest).iterate().map(Result::unwrap).count();
        assert_eq!((first + count, rest.report().complete), (INCIDENTS, true));
    });
}

#[test]
fn a_wait_for_an_item_that_is_given_up_loses_nothing() {
    ends("a stream that is interrupted", || {
        let client = client(&server().url);
        let mut records = stream(&client).iterate();
        let mut received = 0;
        loop {
            let mut looks = 0;
            let go_on = || {
                looks += 1;
                looks < 2
            };
            match records.next_while(Duration::from_millis(1), go_on) {
                None => {}
                Some(Some(record)) => received += usize::from(record.unwrap().value("number").is_ok()),
                Some(None) => break,
            }
        }
        assert_eq!(received, INCIDENTS);
        assert!(records.next_while(Duration::ZERO, || true).is_some_and(|item| item.is_none()));
    });
}

#[test]
fn outcomes_of_bulk_writes_come_one_by_one() {
    let simulator = crate::simulator();
    let client = crate::client(&simulator);
    let records = client.table("incident").list().fields(["sys_id"]).limit(5).wait().unwrap();
    let ids: Vec<SysId> = records.iter().map(|record| record.sys_id().unwrap()).collect();
    let mut outcomes = client.table("incident").update_many(ids, &json!({ "state": "2" })).stream().iterate();
    assert_eq!(outcomes.by_ref().filter(|outcome| outcome.as_ref().unwrap().result.is_ok()).count(), 5);
    assert!(outcomes.stream().untouched().is_empty() && !outcomes.stream().is_stopped());

    let calls = records.iter().map(|record| client.table("incident").get(record.sys_id().unwrap()));
    let all: Vec<_> = client.batch_all(calls).wait().unwrap();
    assert!(all.len() == 5 && all.iter().all(Result::is_ok));
}

/// On a thread without a runtime, in async code, and half read.
#[test]
fn they_may_be_dropped_anywhere() {
    ends("streams that are dropped", || {
        let client = client(&server().url);
        let half = || {
            let mut records = stream(&client).parallel(4).iterate();
            records.next().unwrap().unwrap();
            records
        };
        drop(half());
        current_thread().block_on(async { drop(half()) });
        let (from_async, from_here) = (current_thread().block_on(async { half() }), half());
        current_thread().block_on(async { drop(from_here) });
        std::thread::spawn(move || drop(from_async)).join().unwrap();
        let unfinished = stream(&client);
        drop(unfinished.iterate());
        assert_eq!(client.table("incident").list().fields(["number"]).limit(1).wait().unwrap().len(), 1);
    });
}

#[test]
fn an_iterator_may_move_to_another_thread() {
    let client = client(&server().url);
    let mut records = stream(&client).iterate();
    records.next().unwrap().unwrap();
    let rest = std::thread::spawn(move || records.map(Result::unwrap).count()).join().unwrap();
    assert_eq!(rest, INCIDENTS - 1);
}
