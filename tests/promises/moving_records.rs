//! Records that change while they are read or written are neither missed nor written twice without the report saying so.

use futures_util::future::BoxFuture;
use serde_json::json;
use snow_client::{Client, Record, SysId, field, table::ListRecords};
use snow_core::{Body, Error};
use snow_sim::Simulator;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tower::ServiceExt;

/// The simulator, with somebody else who does something right before the request of this number, which counts GETs of lists.
fn with_somebody_else<F>(simulator: &Simulator, before: usize, act: F) -> Client
where
    F: Fn(Client) -> BoxFuture<'static, ()> + Send + Sync + 'static,
{
    let (simulator, act, lists) = (simulator.clone(), Arc::new(act), Arc::new(AtomicUsize::new(0)));
    let service = tower::service_fn(move |request: http::Request<Body>| {
        let (simulator, act, lists) = (simulator.clone(), act.clone(), lists.clone());
        async move {
            if request.method() == http::Method::GET && lists.fetch_add(1, Ordering::SeqCst) == before {
                act(crate::client(&simulator)).await;
            }
            simulator.oneshot(request).await.map_err(Error::wrap)
        }
    });
    let builder = Client::builder().instance("dev12345").user("admin").password("secret");
    builder.transport(service).build().unwrap()
}

fn incidents(count: u32) -> Simulator {
    Simulator::builder().without_demo_data().user("admin", "secret").incidents(count).build().unwrap()
}

async fn ids(list: ListRecords<Record>) -> Vec<SysId> {
    list.fields(["sys_id"]).all().await.unwrap().iter().map(|row| row.sys_id().unwrap()).collect()
}

/// The first incident in the order of its description is deleted between two pages: by position, one record would be missed.
#[tokio::test]
async fn a_bulk_write_over_an_ordered_query_reads_by_key() {
    let simulator = incidents(1_300);
    let client = with_somebody_else(&simulator, 1, |other| {
        Box::pin(async move {
            let first = other.table("incident").list().query(snow_client::Query::new().order_by("number"));
            let first = first.first().await.unwrap().sys_id().unwrap();
            other.table("incident").delete(first).await.unwrap();
        })
    });
    let all: HashSet<SysId> =
        ids(crate::client(&simulator).table("incident").list()).await.into_iter().collect();
    let ordered = field("sys_id").is_not_empty().order_by("number");
    let changed =
        client.table("incident").list().query(ordered).update_all(&json!({ "urgency": "3" })).all().await;
    let written: HashSet<SysId> = changed.outcomes.iter().map(|row| row.sys_id).collect();
    assert_eq!(written.len(), changed.outcomes.len(), "none is written twice");
    let left: HashSet<SysId> =
        ids(crate::client(&simulator).table("incident").list()).await.into_iter().collect();
    assert!(left.is_subset(&written) && written.is_subset(&all), "none that is still there is missed");
    assert!(!changed.may_have_drifted);
}

#[tokio::test]
async fn the_first_so_many_in_an_order_are_found_in_one_request() {
    let simulator = incidents(1_300);
    let client = crate::client(&simulator);
    let first =
        || client.table("incident").list().query(field("active").eq(true).order_by("number")).limit(1_200);
    let expected = ids(first()).await;
    simulator.take_journal();
    let done = first().update_all(&json!({ "urgency": "3" })).all().await;
    let reads = simulator.take_journal().iter().filter(|entry| entry.method == "GET").count();
    assert_eq!(reads, 1);
    assert!(done.is_complete() && !done.may_have_drifted);
    let written: HashSet<SysId> = done.outcomes.iter().map(|row| row.sys_id).collect();
    assert_eq!(written, expected.into_iter().collect());
}

/// A list of correlation ids that takes two requests, of which the second half is asked for by the second.
fn long_list(count: usize) -> Vec<String> {
    (0..count).map(|at| format!("{at:04}-{}", "x".repeat(60))).collect()
}

async fn correlated(count: usize) -> (Simulator, Vec<String>) {
    let simulator = incidents(0);
    let values = long_list(count);
    let client = crate::client(&simulator);
    for value in &values {
        client
            .table("incident")
            .create(&json!({ "correlation_id": value, "short_description": "x" }))
            .await
            .unwrap();
    }
    (simulator, values)
}

/// The value of the record that is read first among those with these values: ids come in no order of their own.
async fn first_read(simulator: &Simulator, values: &[String]) -> String {
    let client = crate::client(simulator);
    let rows =
        client.table("incident").list().query(field("correlation_id").is_in(values).order_by("sys_id"));
    rows.limit(1).first().await.unwrap().value("correlation_id").unwrap().into_owned()
}

/// Gives the record that has the first value the second one, or the other way round.
fn moves(from: String, to: String) -> impl Fn(Client) -> BoxFuture<'static, ()> + Send + Sync + 'static {
    move |other| {
        let (from, to) = (from.clone(), to.clone());
        Box::pin(async move {
            let rows = other.table("incident").list().query(field("correlation_id").eq(from)).limit(1);
            let id = rows.first().await.unwrap().sys_id().unwrap();
            other.table("incident").update(id, &json!({ "correlation_id": to })).await.unwrap();
        })
    }
}

#[tokio::test]
async fn a_record_that_moves_between_the_parts_of_a_split_query_is_told() {
    for forward in [true, false] {
        let (simulator, values) = correlated(240).await;
        let (early, late) =
            (first_read(&simulator, &values[..100]).await, first_read(&simulator, &values[232..]).await);
        // Both have an id with which they are on the first page of a part: it was read before the second request.
        let act = if forward { moves(early, late) } else { moves(late, early) };
        let client = with_somebody_else(&simulator, 1, act);
        let mut rows = client.table("incident").list().query(field("correlation_id").is_in(&values)).stream();
        let mut came = Vec::new();
        while let Some(row) = rows.next().await {
            came.push(row.unwrap().sys_id().unwrap());
        }
        let once: HashSet<_> = came.iter().collect();
        assert!(once.len() < came.len() || came.len() < values.len(), "the record came twice, or not at all");
        assert!(rows.report().may_have_drifted, "{:?}", rows.report());
    }
}

#[tokio::test]
async fn a_split_query_that_nobody_disturbs_is_whole() {
    let (simulator, values) = correlated(240).await;
    let client = crate::client(&simulator);
    let list = || client.table("incident").list().query(field("correlation_id").is_in(&values));
    for parallel in [1, 3] {
        let mut rows = list().stream().parallel(parallel);
        let mut came = HashSet::new();
        while let Some(row) = rows.next().await {
            assert!(came.insert(row.unwrap().sys_id().unwrap()));
        }
        let report = rows.report();
        assert!(report.complete && !report.may_have_drifted && came.len() == 240, "{report:?}");
    }
    // Stopped and gone on with, too.
    let mut rows = list().stream();
    for _ in 0..100 {
        rows.next().await.unwrap().unwrap();
    }
    let position = serde_json::to_string(&rows.position().unwrap()).unwrap();
    let mut rest = list().stream().resume(serde_json::from_str(&position).unwrap());
    while let Some(row) = rest.next().await {
        row.unwrap();
    }
    let report = rest.report();
    assert!(report.complete && !report.may_have_drifted && report.received == 240, "{report:?}");
    // Ids never change, so that nothing has to be read again.
    let ids = ids(client.table("incident").list()).await;
    simulator.take_journal();
    let mut rows = client.table("incident").list().query(field("sys_id").is_in(&ids)).stream().page_size(500);
    while let Some(row) = rows.next().await {
        row.unwrap();
    }
    assert!(!rows.report().may_have_drifted);
    assert_eq!(simulator.take_journal().len(), 2, "one request a part");
}

/// The write changes the very field by which the query is split.
#[tokio::test]
async fn a_bulk_write_that_moves_its_own_records_writes_each_once() {
    let (simulator, values) = correlated(240).await;
    let client = crate::client(&simulator);
    let list = client.table("incident").list().query(field("correlation_id").is_in(&values));
    let done = list.update_all(&json!({ "correlation_id": values[239] })).all().await;
    let written: HashSet<SysId> = done.outcomes.iter().map(|row| row.sys_id).collect();
    assert!(
        done.is_complete() && done.outcomes.len() == 240 && written.len() == 240,
        "{:?}",
        done.may_have_drifted
    );
}

/// By position, in an order that only the service knows.
fn by_number(client: &Client) -> ListRecords<Record> {
    client
        .table("incident")
        .list()
        .query(field("sys_id").is_not_empty().order_by("number"))
        .fields(["number"])
}

#[tokio::test]
async fn all_rows_of_an_order_are_compared_with_a_second_read_of_their_ids() {
    let simulator = incidents(1_300);
    let all = by_number(&crate::client(&simulator)).all().await.unwrap();
    assert_eq!(all.len(), 1_300);
    assert!(
        all.iter().all(|row| row.fields().eq(["number"])),
        "an id that nobody asked for is taken out again"
    );
    let delete_first = |other: Client| -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let first = by_number(&other).fields(["sys_id"]).first().await.unwrap().sys_id().unwrap();
            other.table("incident").delete(first).await.unwrap();
        })
    };
    let disturbed = with_somebody_else(&simulator, 1, delete_first);
    let error = by_number(&disturbed).all().await.unwrap_err();
    assert_eq!(error.kind(), snow_client::ErrorKind::Incomplete, "{error}");
    // A stream says it in its report, and one page cannot drift.
    let mut rows = by_number(&crate::client(&simulator)).stream();
    while let Some(row) = rows.next().await {
        row.unwrap();
    }
    assert!(rows.report().may_have_drifted);
    assert_eq!(by_number(&crate::client(&simulator)).limit(1_200).all().await.unwrap().len(), 1_200);
}

/// A list that reads across domains writes across domains.
#[tokio::test]
async fn a_bulk_write_goes_where_its_rows_were_found() {
    let simulator = incidents(5);
    let client = crate::client(&simulator);
    let list = || client.table("incident").list().query(field("sys_id").is_not_empty()).query_no_domain(true);
    simulator.take_journal();
    assert!(list().update_all(&json!({ "urgency": "3" })).all().await.is_complete());
    assert!(list().delete_all().all().await.is_complete());
    let journal = simulator.take_journal();
    assert_eq!(journal.len(), 12);
    assert!(journal.iter().all(|entry| entry.query.contains("sysparm_query_no_domain=true")), "{journal:?}");
}

#[tokio::test]
async fn the_files_of_a_record_stay_those_of_the_record_whatever_is_queried() {
    let simulator = incidents(2);
    let client = crate::client(&simulator);
    let ids = ids(client.table("incident").list()).await;
    for id in &ids {
        client.attachments().upload("incident", id, "a.txt", "x").await.unwrap();
    }
    let files = client
        .attachments()
        .for_record("incident", ids[0])
        .query(field("file_name").eq("a.txt"))
        .await
        .unwrap();
    assert_eq!(files.len(), 1);
    assert_eq!(files[0].table_sys_id, ids[0].as_str());
}
