//! Each item of a batch has the result that its call would have had, in the same order, and only safe items are sent twice.

use serde_json::json;
use snow_client::{Client, Error, ErrorKind, Record, Transport, field, layer::RetryPolicy};
use snow_sim::{Fault, Simulator, WireFault};
use std::time::Duration;

async fn client(simulator: &Simulator) -> (Client, snow_sim::Listener) {
    let listener = simulator.listen().await.unwrap();
    let soon = RetryPolicy::new().backoff(Duration::ZERO, Duration::ZERO).max_attempts(2);
    let transport = Transport::builder().no_proxy().build().unwrap();
    let builder = Client::builder().instance(listener.url()).user("admin").password("secret");
    (builder.transport(transport).retry(soon).build().unwrap(), listener)
}

fn kind(error: Error) -> ErrorKind {
    error.kind()
}

/// How many requests arrived since the last look; items are none.
fn requests(simulator: &Simulator) -> usize {
    simulator.take_journal().len()
}

#[tokio::test]
async fn each_item_has_the_outcome_of_its_call() {
    let simulator = crate::simulator();
    let (client, _listener) = client(&simulator).await;
    let incidents = client.table("incident");
    let made = incidents.create(&json!({ "short_description": "before" })).await.unwrap().sys_id().unwrap();
    requests(&simulator);

    let mut batch = client.batch();
    let page = batch.add(incidents.list().query(field("active").eq(true)).fields(["number"]).limit(2));
    let updated = batch.add(incidents.update(made, &json!({ "short_description": "a ^ b & ü" })));
    let read = batch.add(incidents.get(made).fields(["short_description"]));
    let missing = batch.add(incidents.get("0123456789abcdef0123456789abcdef"));
    let unknown = batch.add(client.table("no_such").list().limit(1));
    let refused = batch.add(client.table("no/such").list());
    let count = batch.add(client.aggregate("incident").count());
    let gone = batch.add(incidents.delete(made));
    let gone_again = batch.add(incidents.get(made));
    assert_eq!(batch.len(), 9);
    let mut answers = batch.send().await;
    assert_eq!(requests(&simulator), 1);

    let page = answers.take(&page).unwrap();
    assert!(page.len() == 2 && page.total() > Some(2), "the headers of items count");
    assert_eq!(answers.take(&updated).unwrap().value("short_description").unwrap(), "a ^ b & ü");
    assert_eq!(answers.take(&read).unwrap().value("short_description").unwrap(), "a ^ b & ü");
    let error = answers.take(&missing).unwrap_err();
    assert_eq!((error.kind(), error.status().unwrap().as_u16()), (ErrorKind::NotFound, 404));
    let operation = error.request().unwrap();
    assert!(operation.starts_with("GET /api/now/table/incident/0123"), "{error}");
    assert_eq!(answers.take(&unknown).map_err(kind).unwrap_err(), ErrorKind::UnknownTable);
    assert_eq!(answers.take(&refused).map_err(kind).unwrap_err(), ErrorKind::InvalidInput);
    assert!(answers.take(&count).unwrap().count().unwrap() > 2);
    answers.take(&gone).unwrap();
    assert_eq!(answers.take(&gone_again).map_err(kind).unwrap_err(), ErrorKind::NotFound);
    assert_eq!(answers.take(&count).map_err(kind).unwrap_err(), ErrorKind::InvalidInput, "taken already");
    let other = client.batch().add(incidents.list());
    assert_eq!(answers.take(&other).map_err(kind).unwrap_err(), ErrorKind::InvalidInput, "of another batch");
    let mut batch = client.batch();
    let foreign = batch.add(crate::client(&simulator).table("incident").list());
    assert_eq!(batch.send().await.take(&foreign).map_err(kind).unwrap_err(), ErrorKind::InvalidInput);
    assert_eq!(requests(&simulator), 0, "nothing of an empty batch is sent");
}

#[tokio::test]
async fn many_items_go_in_as_many_requests_as_their_number_and_size_ask_for() {
    let simulator = crate::simulator();
    let (client, _listener) = client(&simulator).await;
    let incidents = client.table("incident");
    let create = |n: usize| incidents.create(&json!({ "short_description": format!("{n:>1000}") }));
    let text = |record: &Record| record.value("short_description").unwrap().trim().to_owned();
    for (most_items, most_bytes, expected) in [(50, usize::MAX, 3), (120, usize::MAX, 1), (120, 40_000, 5)] {
        let mut batch = client.batch().max_items(most_items).max_bytes(most_bytes);
        let items: Vec<_> = (0..120).map(|n| batch.add(create(n))).collect();
        requests(&simulator);
        let mut answers = batch.send().await;
        assert_eq!(requests(&simulator), expected, "{most_items} {most_bytes}");
        let numbers = items.iter().map(|item| text(&answers.take(item).unwrap()));
        assert!(numbers.eq((0..120).map(|n| n.to_string())), "in their order");
    }
    let all = client.batch_all((0..60).map(create)).await;
    assert!(all.len() == 60 && all.iter().all(Result::is_ok));
    assert_eq!(requests(&simulator), 2);
}

#[tokio::test]
async fn reads_that_were_not_come_to_go_again_and_writes_do_not() {
    let simulator = crate::simulator();
    let (client, _listener) = client(&simulator).await;
    simulator.settings(|settings| {
        settings.batch_time_limit = Duration::from_secs(30);
        settings.batch_item_time = Duration::from_secs(10);
    });
    let incidents = client.table("incident");
    let reads = client.batch_all((0..7).map(|_| incidents.list().limit(1))).await;
    assert!(reads.iter().all(Result::is_ok), "{reads:?}");
    assert_eq!(requests(&simulator), 3, "three fit into the time");

    let mut batch = client.batch();
    let first = batch.add(incidents.list().limit(1));
    let made: Vec<_> =
        (0..4).map(|n| batch.add(incidents.create(&json!({ "correlation_id": format!("b{n}") })))).collect();
    let sure = batch.add(incidents.create(&json!({ "correlation_id": "sure" })).idempotent(true));
    let last = batch.add(incidents.list().limit(1));
    let mut answers = batch.send().await;
    assert_eq!(requests(&simulator), 2);
    assert!(answers.take(&first).is_ok() && answers.take(&last).is_ok() && answers.take(&sure).is_ok());
    let outcomes: Vec<_> = made.iter().map(|item| answers.take(item)).collect();
    assert!(outcomes[0].is_ok() && outcomes[1].is_ok());
    // The third may be what the time ended in; the one behind it was not begun.
    for (outcome, doubt) in outcomes.into_iter().skip(2).zip([true, false]) {
        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unserviced, "{error}");
        assert_eq!((error.may_have_executed(), error.is_retryable()), (doubt, !doubt), "{error}");
        assert!(error.to_string().starts_with("POST /api/now/table/incident"), "{error}");
    }
    for n in 0..4 {
        let there =
            incidents.list().query(field("correlation_id").eq(format!("b{n}"))).limit(9).await.unwrap();
        assert_eq!(there.len(), usize::from(n < 2), "none was made twice");
    }
}

#[tokio::test]
async fn what_is_too_large_for_any_batch_keeps_nothing_back() {
    let simulator = crate::simulator();
    let (client, _listener) = client(&simulator).await;
    simulator.settings(|settings| settings.batch_output_limit = 5_000);
    let incidents = client.table("incident");
    let list = |rows: u32| incidents.list().fields(["sys_id"]).limit(rows);
    simulator.generate_incidents(2_000);
    let mut outcomes = client.batch_all([list(1), list(2_000), list(2)]).await.into_iter();
    assert_eq!(outcomes.next().unwrap().unwrap().len(), 1);
    let error = outcomes.next().unwrap().unwrap_err();
    assert!(error.kind() == ErrorKind::Unserviced && error.is_retryable(), "{error}");
    assert_eq!(outcomes.next().unwrap().unwrap().len(), 2);
}

#[tokio::test]
async fn a_query_too_long_for_an_address_goes_through_a_batch() {
    let simulator = crate::simulator();
    let (client, _listener) = client(&simulator).await;
    let incidents = client.table("incident");
    let made = incidents.create(&json!({ "short_description": "x" })).await.unwrap().sys_id().unwrap();
    let ids: Vec<_> = (0..400).map(|n| format!("{n:032x}")).chain([made.to_string()]).collect();
    let list = || incidents.list().query(field("sys_id").is_in(&ids)).limit(1_000);
    assert_eq!(list().await.map_err(kind).unwrap_err(), ErrorKind::UriTooLong);
    let page = list().through_batch().await.unwrap();
    assert_eq!((page.len(), page[0].sys_id().unwrap()), (1, made));
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_fails_as_a_whole_is_the_error_of_each_item() {
    let simulator = crate::simulator();
    let (client, _listener) = client(&simulator).await;
    let incidents = client.table("incident");
    let make = || incidents.create(&json!({ "short_description": "x" }));
    for (fault, expected, doubt) in [
        (Fault::Hibernating, ErrorKind::Hibernating, true),
        (Fault::NoNode, ErrorKind::Unavailable, true),
        (Fault::Cancelled, ErrorKind::TransactionCancelled, true),
    ] {
        simulator.fail_next(fault);
        let outcomes = client.batch_all([make(), make()]).await;
        for outcome in outcomes {
            let error = outcome.unwrap_err();
            assert_eq!((error.kind(), error.may_have_executed()), (expected, doubt), "{error}");
        }
    }
    requests(&simulator);
    simulator.break_next(WireFault::ResetAt(200));
    let error = client.batch_all([make()]).await.remove(0).unwrap_err();
    assert!(error.kind() == ErrorKind::ConnectionClosed && error.may_have_executed(), "{error}");
    assert_eq!(requests(&simulator), 1, "writes are not sent again");
    simulator.fail_next(Fault::NoNode);
    let outcomes = client.batch_all([incidents.list().limit(1), incidents.list().limit(2)]).await;
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(requests(&simulator), 2, "reads alone are");
    for fault in [Fault::Busy, Fault::NotProcessed] {
        simulator.fail_next(fault);
        let marked = |n: u32| incidents.create(&json!({ "correlation_id": format!("{fault:?} {n}") }));
        assert!(client.batch_all([marked(1), marked(2)]).await.iter().all(Result::is_ok), "{fault:?}");
        assert_eq!(requests(&simulator), 2, "what was not carried out goes again, writes too: {fault:?}");
        for n in [1, 2] {
            let there = incidents.list().query(field("correlation_id").eq(format!("{fault:?} {n}")));
            assert_eq!(there.limit(9).await.unwrap().len(), 1);
        }
        requests(&simulator);
    }
}
