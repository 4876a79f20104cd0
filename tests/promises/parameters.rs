//! A parameter that selects records reaches every request about those records, or is refused before anything is sent: it is never
//! dropped, widened or overridden.

use serde_json::json;
use snow_client::query::Query;
use snow_client::{Client, ErrorKind, Record, SysId, field, table::ListRecords};
use snow_sim::Simulator;

fn simulator() -> Simulator {
    Simulator::builder().user("admin", "secret").incidents(300).build().unwrap()
}

fn urgent(client: &Client) -> ListRecords<Record> {
    client.table("incident").list().query(field("priority").eq(1))
}

/// The queries of the requests since the last look.
fn queries(simulator: &Simulator) -> Vec<String> {
    simulator.take_journal().into_iter().map(|entry| entry.query).collect()
}

/// By every way that a list has to its records.
async fn every_way(list: impl Fn() -> ListRecords<Record>) -> Vec<(&'static str, Option<ErrorKind>)> {
    let kind = |error: snow_client::Error| error.kind();
    let client_batch = |list: ListRecords<Record>| async move { list.through_batch().await.err() };
    let change = json!({ "urgency": "3" });
    let one = list().update_all(&change).concurrency(1).all().await;
    let all = list().delete_all().all().await;
    vec![
        ("page", list().await.err().map(kind)),
        ("count", list().count().await.err().map(kind)),
        ("all", list().all().await.err().map(kind)),
        ("first", list().first_or_none().await.err().map(kind)),
        ("one", list().one_or_none().await.err().map(kind)),
        ("stream", list().stream().next().await.and_then(Result::err).map(kind)),
        ("parallel", list().stream().parallel(2).next().await.and_then(Result::err).map(kind)),
        ("batch", client_batch(list()).await.map(kind)),
        ("update", one.unread.map(kind)),
        ("delete", all.unread.map(kind)),
    ]
}

#[tokio::test]
async fn a_filter_given_as_a_parameter_is_refused_by_every_way_to_records() {
    let simulator = simulator();
    let client = crate::client(&simulator);
    let before = client.table("incident").list().count().await.unwrap();
    for (name, value) in [
        ("active", "false"),
        ("number", ""),
        ("limit", "10"),
        ("sysparm_query", "active=false"),
        ("SYSPARM_QUERY", "active=false"),
        ("sysparm_limit", "many"),
        ("sysparm_offset", "-1"),
        ("sysparm_fields", "number"),
        ("sysparm_tiny", "0123"),
        ("sysparm_query_no_domain", "true"),
        ("", "x"),
    ] {
        queries(&simulator);
        for (way, kind) in every_way(|| urgent(&client).param(name, value)).await {
            assert_eq!(kind, Some(ErrorKind::InvalidInput), "{way} with {name}={value}");
        }
        assert_eq!(queries(&simulator), Vec::<String>::new(), "nothing was sent with {name}={value}");
    }
    let error = urgent(&client).param("active", "false").await.unwrap_err().to_string();
    assert!(error.contains("\"active\"") && error.contains("filter()"), "{error}");
    assert_eq!(client.table("incident").list().count().await.unwrap(), before);
}

#[tokio::test]
async fn a_single_record_call_refuses_parameters_that_have_a_method() {
    let simulator = simulator();
    let client = crate::client(&simulator);
    let id = urgent(&client).first().await.unwrap().sys_id().unwrap();
    let incidents = client.table("incident");
    queries(&simulator);
    let errors = [
        incidents.get(id).param("sysparm_fields", "number").await.err(),
        incidents.update(id, &json!({})).param("sysparm_input_display_value", "true").await.err(),
        incidents.delete(id).param("active", "true").await.err(),
        client.aggregate("incident").count().param("sysparm_query", "active=true").await.err(),
        client.aggregate("incident").count().param("active", "true").await.err(),
        client.attachments().list().param("table_name", "incident").await.err(),
    ];
    for error in errors {
        assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::InvalidInput));
    }
    assert!(queries(&simulator).is_empty());
}

#[tokio::test]
async fn a_filter_by_field_selects_a_page_and_a_count_and_refuses_what_goes_on_by_key() {
    let simulator = simulator();
    let client = crate::client(&simulator);
    let closed = || client.table("incident").list().filter("active", false).filter("priority", 1);
    let queried = || field("active").eq(false).and(field("priority").eq(1));
    let expected = client.table("incident").list().query(queried()).count().await.unwrap();
    assert!(expected > 0);
    assert_eq!(closed().count().await.unwrap(), expected);
    assert_eq!(closed().limit(1_000).await.unwrap().len() as u64, expected);
    assert_eq!(closed().through_batch().await.unwrap().len() as u64, expected);
    queries(&simulator);
    for (way, kind) in every_way(closed).await {
        let page = ["page", "count", "batch"].contains(&way);
        assert_eq!(kind, if page { None } else { Some(ErrorKind::InvalidInput) }, "{way}");
    }
    assert_eq!(queries(&simulator).len(), 3);
}

#[tokio::test]
async fn filters_that_contradict_each_other_are_refused() {
    let simulator = simulator();
    let client = crate::client(&simulator);
    let list = || client.table("incident").list();
    for (refused, why) in [
        (list().query(field("active").eq(true)).filter("priority", 1), "exclude each other"),
        (list().filter("priority", 1).query(field("active").eq(true)), "exclude each other"),
        (list().filter("priority", 1).query(Query::raw("active=true")), "exclude each other"),
        (list().filter("priority", 1).filter("priority", 2), "twice"),
        (list().filter("correlation_id", ""), "is_empty"),
        (list().filter("sysparm_query", "active=true"), "sysparm_query"),
        (list().filter("Short description", "x"), "Short description"),
    ] {
        let error = refused.limit(1).await.unwrap_err();
        assert!(error.kind() == ErrorKind::InvalidInput && error.to_string().contains(why), "{error}");
    }
    assert!(queries(&simulator).is_empty());
    assert!(list().filter("priority", 1).query(Query::new()).limit(1).await.is_ok());
}

/// Everything that says where records are looked for is in each request that looks for them.
#[tokio::test]
async fn the_scope_of_a_list_reaches_every_request_that_is_made_from_it() {
    let simulator = simulator();
    let client = crate::client(&simulator);
    let list = || {
        let list = urgent(&client).query_no_domain(true).query_category("reports");
        list.param("sysparm_note", "a b")
    };
    queries(&simulator);
    list().limit(3).await.unwrap();
    list().count().await.unwrap();
    list().all().await.unwrap();
    list().first().await.unwrap();
    list().stream().page_size(7).parallel(3).next().await.unwrap().unwrap();
    assert!(list().update_all(&json!({ "urgency": "3" })).all().await.is_complete());
    let asked = queries(&simulator);
    let reads: Vec<_> = asked.iter().filter(|query| query.contains("sysparm_query=")).collect();
    assert!(reads.len() > 6, "{asked:?}");
    for query in reads {
        for part in ["sysparm_query_no_domain=true", "sysparm_query_category=reports", "sysparm_note=a%20b"] {
            assert!(query.contains(part), "{part} in {query}");
        }
    }
}

#[tokio::test]
async fn the_look_ups_of_an_upsert_look_where_the_write_is_to_go() {
    let simulator = simulator();
    let client = crate::client(&simulator);
    let fields = json!({ "correlation_id": "alert-1", "short_description": "x" });
    queries(&simulator);
    client.table("incident").upsert("correlation_id", &fields).query_no_domain(true).await.unwrap();
    let asked = queries(&simulator);
    assert!(asked.len() >= 2 && asked[0].contains("sysparm_query=correlation_id"), "{asked:?}");
    assert!(asked.iter().all(|query| query.contains("sysparm_query_no_domain=true")), "{asked:?}");
}

#[tokio::test]
async fn a_position_belongs_to_its_instance_and_its_parameters() {
    let simulator = simulator();
    let on = |instance: &str| {
        let builder = Client::builder().instance(instance).user("admin").password("secret");
        builder.transport(simulator.clone()).build().unwrap()
    };
    let (one, other) = (on("dev1"), on("dev2"));
    let mut rows = urgent(&one).stream();
    let first: SysId = rows.next().await.unwrap().unwrap().sys_id().unwrap();
    let position = rows.position().unwrap();
    let resumed = |list: ListRecords<Record>| {
        let mut rows = list.stream().resume(position.clone());
        async move { rows.next().await.unwrap().map(|row| row.sys_id().unwrap()) }
    };
    assert_ne!(resumed(urgent(&one)).await.unwrap(), first, "it goes on behind the first");
    assert!(
        resumed(urgent(&one).limit(5).fields(["number", "sys_id"])).await.is_ok(),
        "these change no record"
    );
    for refused in [
        urgent(&other),
        urgent(&one).query_no_domain(true),
        urgent(&one).query_category("reports"),
        urgent(&one).param("sysparm_note", "x"),
        one.table("incident").list().query(field("priority").eq(2)),
        one.table("task").list().query(field("priority").eq(1)),
    ] {
        let error = resumed(refused).await.unwrap_err();
        assert!(
            error.kind() == ErrorKind::InvalidInput && error.to_string().contains("another read"),
            "{error}"
        );
    }
}

/// An API whose parameters nobody here knows takes any name, and still sets none twice.
#[tokio::test]
async fn any_other_api_takes_any_parameter_once() {
    let simulator = simulator();
    let client = crate::client(&simulator);
    let table = client.api("/api/now/table/incident");
    let found = table.get().param("sysparm_query", "priority=1").limit(2).records().await.unwrap();
    assert_eq!(found.len(), 2);
    let twice =
        table.get().query(field("priority").eq(1)).param("sysparm_query", "active=true").records().await;
    let error = twice.unwrap_err();
    assert!(error.kind() == ErrorKind::InvalidInput && error.to_string().contains("twice"), "{error}");
}

#[tokio::test]
async fn a_header_of_the_connection_or_of_the_login_is_refused() {
    let simulator = crate::simulator();
    let client = crate::client(&simulator);
    for name in [
        "host",
        "Authorization",
        "proxy-authorization",
        "te",
        "upgrade",
        "expect",
        "content-encoding",
        "keep-alive",
        "a b",
    ] {
        let error = client.table("incident").list().header(name, "x").await.unwrap_err();
        assert!(error.kind() == ErrorKind::InvalidInput && !error.may_have_executed(), "{name}: {error}");
    }
    assert!(simulator.journal().is_empty(), "nothing was sent");
    client.table("incident").list().limit(1).header("x-request-source", "test").await.unwrap();
}

#[test]
fn no_value_of_a_parameter_is_shown_by_a_call() {
    let client = crate::client(&crate::simulator());
    let api = client.api("/api/x_acme/orders").get().param("token", "canary").header("x-a", "canary");
    let list = client.table("incident").list().query_category("canary").param("sysparm_x", "canary");
    for shown in [format!("{api:?}"), format!("{list:?}"), format!("{:?}", list.clone().count())] {
        assert!(!shown.contains("canary"), "{shown}");
    }
}
