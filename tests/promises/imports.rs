//! An import row that is accepted with a 201 but fails is an error, and rows that are transformed later can be waited for.

use serde_json::json;
use snow_client::{Client, Error, ErrorKind, Transport, import::RowStatus};
use snow_sim::{ColumnType, Fault, RowDecision, Rule, Simulator, Table, TransformMap, User, WireFault};
use std::time::Duration;

fn sites() -> snow_sim::Builder {
    let staging = Table::new("u_imp_site", "Site import")
        .extends("sys_import_set_row")
        .column("u_site", ColumnType::Text)
        .column("u_town", ColumnType::Text);
    let script = |row: &std::collections::BTreeMap<String, String>| match row["u_site"].as_str() {
        "skip" => RowDecision::Skip,
        "fail" => RowDecision::Fail("the site is closed".into()),
        _ => RowDecision::Transform,
    };
    let map = TransformMap::new("Site", "u_imp_site", "cmn_location");
    let map = map.field("u_site", "name").field("u_town", "city").coalesce("name").script(script);
    let builder = Simulator::builder().user("admin", "secret").user_with(User::new("reader", "secret"));
    builder.table(staging).transform_map(map)
}

async fn client(simulator: &Simulator, user: &str) -> (Client, snow_sim::Listener) {
    let listener = simulator.listen().await.unwrap();
    let transport = Transport::builder().no_proxy().build().unwrap();
    let builder = Client::builder().instance(listener.url()).user(user).password("secret");
    (builder.transport(transport).build().unwrap(), listener)
}

fn kind(error: Error) -> ErrorKind {
    error.kind()
}

#[tokio::test]
async fn one_row_is_what_became_of_it() {
    let simulator = sites().build().unwrap();
    let (client, _listener) = client(&simulator, "admin").await;
    let import = client.import("u_imp_site");
    let made = import.insert(&json!({ "u_site": "Oslo", "u_town": "Oslo" })).await.unwrap();
    assert!(made.import_set.starts_with("ISET") && made.staging_table == "u_imp_site");
    let outcome = &made.outcomes()[0];
    assert_eq!((&*outcome.transform_map, &*outcome.table), ("Site", "cmn_location"));
    assert_eq!((&outcome.status, outcome.display_value.as_deref()), (&RowStatus::Inserted, Some("Oslo")));
    assert!(outcome.record().value("record_link").unwrap().contains(outcome.sys_id.unwrap().as_str()));
    for (town, status) in [("Bergen", RowStatus::Updated), ("Bergen", RowStatus::Ignored)] {
        let again = import.insert(&json!({ "u_site": "Oslo", "u_town": town })).await.unwrap();
        assert_eq!((&again.outcomes()[0].status, again.outcomes()[0].sys_id), (&status, outcome.sys_id));
    }
    let skipped = import.insert(&json!({ "u_site": "skip", "u_town": 5 })).await.unwrap();
    assert_eq!(skipped.outcomes()[0].status, RowStatus::Skipped);
    let row = client.table("u_imp_site").list().limit(1).await.unwrap()[0].sys_id().unwrap();
    assert_eq!(import.get(row).await.unwrap().staging_table, "u_imp_site");
    assert_eq!(
        import.get("0123456789abcdef0123456789abcdef").await.map_err(kind).unwrap_err(),
        ErrorKind::NotFound
    );
}

#[tokio::test]
async fn a_row_that_failed_inside_a_201_is_a_failure() {
    let simulator = sites().build().unwrap();
    let (client, _listener) = client(&simulator, "admin").await;
    let import = client.import("u_imp_site");
    let fails = || import.insert(&json!({ "u_site": "fail" }));
    let error = fails().await.unwrap_err();
    assert_eq!((error.kind(), error.status().unwrap().as_u16()), (ErrorKind::RowFailed, 201), "{error}");
    assert!(error.may_have_executed() && !error.is_retryable(), "the row is in the staging table");
    assert_eq!(error.service_message().unwrap().message, "the site is closed");
    assert!(error.to_string().contains("\"Site\""), "{error}");
    let told = fails().allow_failures(true).await.unwrap();
    assert_eq!(told.outcomes()[0].status, RowStatus::Error);
    assert_eq!(told.outcomes()[0].error_message.as_deref(), Some("the site is closed"));
    // In a batch, too.
    let outcomes = client.batch_all([import.insert(&json!({ "u_site": "Rome" })), fails()]).await;
    assert!(outcomes[0].is_ok());
    assert_eq!(outcomes.into_iter().nth(1).unwrap().map_err(kind).unwrap_err(), ErrorKind::RowFailed);
}

#[tokio::test]
async fn what_the_user_may_not_see_is_no_success() {
    let hide = |table: &str, query: &str| Rule::HideRows { table: table.into(), query: query.into() };
    let rules = [hide("cmn_location", "name=secret"), hide("u_imp_site", "u_site=unseen")];
    let simulator = rules.into_iter().fold(sites(), |sites, rule| sites.rule(rule)).build().unwrap();
    let (client, _listener) = client(&simulator, "reader").await;
    for site in ["secret", "unseen"] {
        let insert = || client.import("u_imp_site").insert(&json!({ "u_site": site }));
        let error = insert().await.unwrap_err();
        assert!(error.kind() == ErrorKind::RowFailed && error.may_have_executed(), "{error}");
        assert!(insert().allow_failures(true).await.unwrap().outcomes().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn many_rows_are_taken_in_and_waited_for() {
    let simulator =
        sites().settings(|settings| settings.import_delay = Duration::from_secs(20)).build().unwrap();
    let import = crate::client(&simulator).import("u_imp_site");
    let rows = ["Rome", "fail", "skip", "Oslo"].map(|site| json!({ "u_site": site }));
    let set = import.insert_multiple(rows).await.unwrap();
    let before = import.progress(&set).await.unwrap();
    assert_eq!((before.pending, before.failed, before.is_done()), (4, 0, false));
    let error = import.until_processed(&set, Duration::from_secs(3)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert!(error.to_string().contains("4 of its rows are waiting"), "{error}");
    let done = import.until_processed(&set, Duration::from_secs(60)).await.unwrap();
    assert_eq!((&*done.state, done.pending, done.failed), ("processed", 0, 1));
    assert_eq!(done.rows.iter().map(|(_, count)| count).sum::<u64>(), 4);

    let behind = import.insert_multiple([json!({ "u_site": "Bonn" })]).run_after(&set).in_same_set_as(&set);
    let behind = behind.await.unwrap();
    assert_eq!(behind.multi_import_set_id, set.multi_import_set_id);
    assert_ne!(behind.import_set_id, set.import_set_id);
}

#[tokio::test]
async fn refusals_and_bad_rows() {
    let simulator = sites().build().unwrap();
    let (client, _listener) = client(&simulator, "admin").await;
    let import = client.import("u_imp_site");
    assert_eq!(
        client.import("no_such").insert(&json!({})).await.map_err(kind).unwrap_err(),
        ErrorKind::UnknownTable
    );
    // A table without a map is 500 (facts 3.3).
    let unmapped = client.import("incident").insert(&json!({})).await;
    assert!(unmapped.is_err());
    simulator.take_journal();
    simulator.break_next(WireFault::ResetAt(0));
    let error = import.insert(&json!({ "u_site": "Rome" })).await.unwrap_err();
    assert!(error.may_have_executed() && error.kind() == ErrorKind::ConnectionClosed, "{error}");
    assert_eq!(simulator.take_journal().len(), 1, "not sent again");
    simulator.fail_next(Fault::Hibernating);
    assert_eq!(import.insert(&json!({})).await.map_err(kind).unwrap_err(), ErrorKind::Hibernating);
    simulator.take_journal();
    for refused in [
        import.insert(&json!({ "u_site": { "a": 1 } })).await.map(drop),
        import.insert(&json!({ "u_site": ["a"] })).await.map(drop),
        import.insert(&json!("text")).await.map(drop),
        import.insert_multiple([json!({}), json!([1])]).await.map(drop),
        client.import("a/b").insert(&json!({})).await.map(drop),
        import.get("../x").await.map(drop),
    ] {
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    assert!(simulator.take_journal().is_empty());
}
