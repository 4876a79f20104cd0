//! A bulk write that is stopped finishes what is under way and loses no outcome, and a dry run writes nothing.

use serde_json::json;
use snow_client::bulk::BulkReport;
use snow_client::{Client, ErrorKind, Record, SysId, field};
use snow_core::Body;
use std::collections::BTreeSet;

/// The records that were written, by the simulator's journal.
fn written(simulator: &snow_sim::Simulator) -> BTreeSet<String> {
    let journal = simulator.take_journal();
    let writes = journal.iter().filter(|entry| entry.method != http::Method::GET);
    writes.map(|entry| entry.path.rsplit('/').next().unwrap_or_default().to_owned()).collect()
}

fn texts(ids: impl IntoIterator<Item = SysId>) -> BTreeSet<String> {
    ids.into_iter().map(|id| id.to_string()).collect()
}

async fn ids(client: &Client) -> BTreeSet<String> {
    let all = client.table("incident").list().fields(["sys_id"]).all().await.unwrap();
    texts(all.iter().map(|record: &Record| record.sys_id().unwrap()))
}

#[tokio::test(start_paused = true)]
async fn what_is_under_way_is_finished_and_nothing_else_begins() {
    for (concurrency, after) in [(1, 0), (1, 1), (4, 1), (4, 7), (16, 3), (4, 1_000)] {
        for of_query in [true, false] {
            let simulator =
                snow_sim::Simulator::builder().user("admin", "secret").incidents(60).build().unwrap();
            let client = crate::client(&simulator);
            let all = ids(&client).await;
            simulator.take_journal();
            let fields = json!({ "urgency": "2" });
            let table = client.table("incident");
            let update = match of_query {
                true => table.list().query(field("sys_id").is_not_empty()).update_all(&fields),
                false => table.update_many(all.iter().map(|id| id.parse().unwrap()), &fields),
            };
            let mut update = update.concurrency(concurrency).stream();
            let stop = update.stop_handle();
            let mut outcomes = Vec::new();
            if after == 0 {
                stop.stop();
            }
            while let Some(outcome) = update.next().await {
                outcomes.push(outcome.unwrap());
                if outcomes.len() == after {
                    stop.stop();
                }
            }
            let (done, untouched) =
                (texts(outcomes.iter().map(|outcome| outcome.sys_id)), texts(update.untouched()));
            assert_eq!(done, written(&simulator), "each write has its outcome");
            assert!(outcomes.iter().all(|outcome| outcome.result.is_ok()));
            assert!(done.is_disjoint(&untouched));
            assert!(
                outcomes.len() >= after.min(all.len())
                    && outcomes.len() <= after + concurrency - 1 + usize::from(after == 0)
            );
            match of_query {
                false => assert_eq!(done.union(&untouched).cloned().collect::<BTreeSet<_>>(), all),
                true => assert!(done.union(&untouched).all(|id| all.contains(id))),
            }
        }
    }
}

/// The report of a bulk write that is stopped after this many outcomes.
async fn stopped_after(client: &Client, outcomes: u64) -> BulkReport<Record> {
    let list = client.table("incident").list().query(field("sys_id").is_not_empty());
    let update = list.update_all(&json!({ "urgency": "2" }));
    let stop = update.stop_handle();
    let update = update.on_progress(move |progress| {
        if progress.succeeded == outcomes {
            stop.stop();
        }
    });
    update.all().await
}

#[tokio::test(start_paused = true)]
async fn the_report_says_that_it_was_stopped() {
    let simulator = snow_sim::Simulator::builder().user("admin", "secret").incidents(30).build().unwrap();
    let client = crate::client(&simulator);
    let all = ids(&client).await.len();
    let part = stopped_after(&client, 2).await;
    assert!(
        part.stopped && !part.is_complete() && part.failures().next().is_none() && part.outcomes.len() < all
    );
    let whole = stopped_after(&client, all as u64).await;
    assert!(!whole.stopped && whole.is_complete(), "there was nothing left to stop");
    assert_eq!(whole.outcomes.len(), all);
}

#[tokio::test]
async fn a_stop_wakes_a_bulk_write_that_waits_for_its_query() {
    let service = tower::service_fn(|_: http::Request<Body>| {
        std::future::pending::<Result<http::Response<Body>, std::io::Error>>()
    });
    let builder = Client::builder().instance("dev1").user("admin").password("secret");
    let client = builder.transport(service).build().unwrap();
    let list = client.table("incident").list().query(field("active").eq(true));
    let delete = list.delete_all();
    let stop = delete.stop_handle();
    let (report, ()) = tokio::join!(delete.all(), async {
        tokio::task::yield_now().await;
        stop.stop();
    });
    assert!(report.stopped && report.outcomes.is_empty() && report.unread.is_none() && !report.is_complete());
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_returns_the_records_and_writes_nothing() {
    let simulator = snow_sim::Simulator::builder().user("admin", "secret").incidents(40).build().unwrap();
    let client = crate::client(&simulator);
    let list = || client.table("incident").list().query(field("active").eq(true));
    let dry_run = list().delete_all().dry_run().await.unwrap();
    assert!(written(&simulator).is_empty() && !dry_run.may_have_drifted);
    let expected =
        texts(list().fields(["sys_id"]).all().await.unwrap().iter().map(|record| record.sys_id().unwrap()));
    assert!(!expected.is_empty());
    assert_eq!(texts(dry_run.sys_ids.clone()), expected);
    simulator.take_journal();
    assert!(list().delete_all().all().await.is_complete());
    assert_eq!(written(&simulator), expected);

    let named = client.table("incident").delete_many(dry_run.sys_ids.clone()).dry_run().await.unwrap();
    assert_eq!(named.sys_ids, dry_run.sys_ids);
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_fails_where_the_bulk_write_would_before_it_writes() {
    let simulator = crate::simulator();
    let client = crate::client(&simulator);
    let table = client.table("incident");
    let everything = table.list().delete_all().dry_run().await.unwrap_err();
    let some = || table.list().query(field("active").eq(true));
    let no_object = some().update_all(&["urgency"]).dry_run().await.unwrap_err();
    let own_parameter =
        some().delete_all().map_call(|call| call.param("sysparm_query", "a=b")).dry_run().await;
    for error in [everything, no_object, own_parameter.unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        assert!(!error.may_have_executed());
    }
    assert!(written(&simulator).is_empty());
}

#[tokio::test]
async fn a_stopped_bulk_write_gives_up_the_permit_of_its_query() {
    // A page that never comes holds the only permit, and the writes of the first page need it.
    let simulator = snow_sim::Simulator::builder().user("admin", "secret").incidents(300).build().unwrap();
    let pages = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let service = {
        let (simulator, pages) = (simulator.clone(), pages.clone());
        tower::service_fn(move |request: http::Request<Body>| {
            let is_page = request.method() == http::Method::GET;
            let nth = if is_page { pages.fetch_add(1, std::sync::atomic::Ordering::Relaxed) } else { 0 };
            let simulator = simulator.clone();
            async move {
                if nth > 0 {
                    std::future::pending::<()>().await;
                }
                tower::ServiceExt::oneshot(simulator, request).await
            }
        })
    };
    let builder = Client::builder().instance("dev1").user("admin").password("secret").concurrency(1);
    let client = builder.transport(service).build().unwrap();
    let delete = client.table("incident").list().query(field("sys_id").is_not_empty()).delete_all();
    let (stop, seen) = (delete.stop_handle(), pages.clone());
    let stopping = async move {
        while seen.load(std::sync::atomic::Ordering::Relaxed) < 2 {
            tokio::task::yield_now().await;
        }
        stop.stop();
    };
    let (report, ()) = tokio::join!(delete.all(), stopping);
    assert!(report.stopped && !report.outcomes.is_empty());
    assert!(report.failures().next().is_none(), "{:?}", report.failures().next());
    assert_eq!(texts(report.into_iter().map(|outcome| outcome.sys_id)), written(&simulator));
}

#[tokio::test(start_paused = true)]
async fn the_results_of_a_stopped_bulk_write_are_an_error() {
    let simulator = snow_sim::Simulator::builder().user("admin", "secret").incidents(30).build().unwrap();
    let client = crate::client(&simulator);
    let all = ids(&client).await.len();
    let error = stopped_after(&client, 2).await.into_result().unwrap_err();
    assert!(error.kind() == ErrorKind::Incomplete && error.may_have_executed(), "{error}");
    assert_eq!(stopped_after(&client, all as u64).await.into_result().unwrap().len(), all);
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_can_be_stopped() {
    let simulator = snow_sim::Simulator::builder().user("admin", "secret").incidents(300).build().unwrap();
    let client = crate::client(&simulator);
    let delete = client.table("incident").list().query(field("sys_id").is_not_empty()).delete_all();
    delete.stop_handle().stop();
    let dry_run = delete.dry_run().await.unwrap();
    assert!(dry_run.stopped && dry_run.sys_ids.is_empty());
    assert!(simulator.journal().is_empty());
}

#[tokio::test]
async fn each_write_has_the_headers_and_the_scope_of_its_list() {
    let simulator = snow_sim::Simulator::builder().user("admin", "secret").incidents(3).build().unwrap();
    let seen = std::sync::Arc::<std::sync::Mutex<Vec<_>>>::default();
    let service = {
        let (simulator, seen) = (simulator.clone(), seen.clone());
        tower::service_fn(move |request: http::Request<Body>| {
            let query = request.uri().query().unwrap_or_default().to_owned();
            seen.lock().unwrap().push((request.method().clone(), request.headers().clone(), query));
            tower::ServiceExt::oneshot(simulator.clone(), request)
        })
    };
    let builder = Client::builder().instance("dev1").user("admin").password("secret");
    let client = builder.transport(service).build().unwrap();
    let list = client.table("incident").list().query(field("active").eq(true)).limit(2);
    let list = list.header("x-scope", "a").header("if-match", "b").param("sysparm_tenant", "c");
    assert!(list.clone().update_all(&json!({ "urgency": "2" })).all().await.is_complete());
    assert!(list.delete_all().all().await.is_complete());
    let seen = seen.lock().unwrap();
    assert!(seen.iter().filter(|(method, ..)| *method != http::Method::GET).count() == 4);
    for (method, headers, query) in seen.iter() {
        assert_eq!(headers["x-scope"], "a", "{method}");
        assert!(query.contains("sysparm_tenant=c"), "{method} {query}");
        assert!(*method == http::Method::GET || !headers.contains_key("if-match"), "{method}");
    }
}
