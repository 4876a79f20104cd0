//! A missing field is not an empty one: a typed read fails if no record has a requested field, and fields that only some records
//! lack are listed.

use serde::Deserialize;
use serde_json::json;
use snow_client::{Client, Error, ErrorKind, field};
use snow_core::Body;
use snow_sim::{Rule, Simulator, User};

fn client(rules: impl IntoIterator<Item = Rule>) -> Client {
    let builder = Simulator::builder().user_with(User::new("clerk", "secret").role("itil")).incidents(200);
    let simulator = rules.into_iter().fold(builder, snow_sim::Builder::rule).build().unwrap();
    let builder = Client::builder().instance("dev12345").user("clerk").password("secret");
    builder.transport(simulator).build().unwrap()
}

fn hide(field: &str) -> Rule {
    Rule::HideField { table: "incident".into(), field: field.into() }
}

#[derive(Debug, Deserialize)]
struct Closed {
    #[expect(dead_code, reason = "it is read, and that is all")]
    number: String,
    closed_at: Option<snow_client::DateTime>,
}

#[derive(Debug, Deserialize)]
struct Misspelt {
    #[expect(dead_code, reason = "it never comes")]
    clsed_at: Option<String>,
}

fn names(error: Error, field: &str) {
    let told = error.to_string();
    assert!(error.kind() == ErrorKind::Decode && told.contains(&format!("{field:?}")), "{told}");
}

#[tokio::test]
async fn a_field_that_no_record_has_fails_every_typed_read() {
    let client = client([hide("closed_at")]);
    let table = client.table("incident").typed::<Closed>();
    let id = client.table("incident").list().first().await.unwrap().sys_id().unwrap();
    let closed = || table.list().query(field("active").eq(false));
    names(table.get(id).await.unwrap_err(), "closed_at");
    names(closed().limit(10).await.unwrap_err(), "closed_at");
    names(closed().all().await.unwrap_err(), "closed_at");
    names(closed().first().await.unwrap_err(), "closed_at");
    names(closed().order_by_number().first().await.unwrap_err(), "closed_at");
    names(closed().stream().parallel(3).next().await.unwrap().unwrap_err(), "closed_at");
    names(closed().through_batch().await.unwrap_err(), "closed_at");
    names(client.table("incident").typed::<Misspelt>().list().first().await.unwrap_err(), "clsed_at");
    names(
        client.table("incident").typed::<Closed>().all_fields(true).list().first().await.unwrap_err(),
        "closed_at",
    );
}

trait Ordered {
    fn order_by_number(self) -> Self;
}

impl Ordered for snow_client::table::ListRecords<Closed> {
    /// Another way through a table: by position.
    fn order_by_number(self) -> Self {
        self.query(field("active").eq(false).order_by("number"))
    }
}

#[tokio::test]
async fn a_record_never_fails_for_a_field_and_says_what_is_missing() {
    let client = client([hide("closed_at")]);
    let list = || client.table("incident").list().fields(["number", "closed_at", "nmber"]);
    let page = list().limit(3).await.unwrap();
    assert_eq!(page.missing_fields(), ["closed_at", "nmber"]);
    let mut rows = list().stream();
    while let Some(row) = rows.next().await {
        row.unwrap();
    }
    assert_eq!(rows.report().missing_fields, ["closed_at", "nmber"]);
    names(list().require_fields(true).limit(3).await.unwrap_err(), "nmber");
    let page = client.table("incident").list().fields(["number"]).limit(3).await.unwrap();
    assert!(page.missing_fields().is_empty());
}

#[tokio::test]
async fn a_field_that_nobody_asked_for_is_not_missing() {
    let client = client([]);
    let closed = client.table("incident").typed::<Closed>();
    let page = closed.list().query(field("active").eq(true)).fields(["number"]).limit(3).await.unwrap();
    assert!(page.iter().all(|incident| incident.closed_at.is_none()));
    // Without any record there is nothing to miss.
    let none = closed.list().query(field("number").eq("none")).all().await.unwrap();
    assert!(none.is_empty());
}

#[tokio::test]
async fn a_write_never_fails_for_a_field_that_its_response_lacks() {
    let client = client([hide("closed_at")]);
    let table = client.table("incident").typed::<Closed>();
    let made = table.create(&json!({ "short_description": "x" })).await.unwrap();
    assert!(made.closed_at.is_none());
    let id = client.table("incident").list().first().await.unwrap().sys_id().unwrap();
    table.update(id, &json!({ "short_description": "y" })).await.unwrap();
}

/// A service whose records do not all have the same fields.
fn uneven(records: &'static str) -> Client {
    let service = tower::service_fn(move |_: http::Request<Body>| async move {
        let response = http::Response::builder().header("content-type", "application/json");
        let response = response.header("x-total-count", "2").header("x-transaction-id", "1");
        Ok::<_, std::io::Error>(response.body(Body::from(format!(r#"{{"result":{records}}}"#))).unwrap())
    });
    let builder = Client::builder().instance("dev1").user("admin").password("secret");
    builder.transport(service).build().unwrap()
}

#[derive(Debug, Deserialize)]
struct Walked {
    #[expect(dead_code, reason = "it is read, and that is all")]
    state: Option<String>,
    #[serde(rename = "caller_id.name")]
    caller: Option<String>,
}

const SOME: &str = r#"[{"sys_id":"a1","state":"1"},{"sys_id":"b2"}]"#;

#[tokio::test]
async fn a_field_that_only_some_records_lack_is_listed_and_so_is_a_dot_walk() {
    let table = uneven(SOME).table("incident").typed::<Walked>();
    let page = table.list().limit(2).await.unwrap();
    assert!(page.iter().all(|incident| incident.caller.is_none()));
    assert_eq!(page.missing_fields(), ["state", "caller_id.name"]);
    let mut rows = table.list().stream();
    while let Some(row) = rows.next().await {
        row.unwrap();
    }
    assert_eq!(rows.report().missing_fields, ["state", "caller_id.name"]);
    names(table.list().require_fields(true).limit(2).await.unwrap_err(), "caller_id.name");
    names(table.list().require_fields(true).all().await.unwrap_err(), "state");
}

#[tokio::test]
async fn a_read_of_one_record_can_require_a_dot_walk() {
    let id = "6816f79cc0a8016401c5a33be04be441";
    let table = uneven(r#"{"sys_id":"6816f79cc0a8016401c5a33be04be441","state":"1"}"#).table("incident");
    let table = table.typed::<Walked>();
    assert!(table.get(id).await.unwrap().caller.is_none());
    names(table.get(id).require_fields(true).await.unwrap_err(), "caller_id.name");
}
