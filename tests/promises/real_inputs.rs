//! Names of catalog variables, copied list views and addresses from a browser are accepted as they are, or refused with advice.

use futures_util::TryStreamExt;
use http::{Request, Response};
use proptest::prelude::*;
use serde_json::{Value, json};
use snow_client::{Client, Error, ErrorKind, Query, field, layer::RetryPolicy};
use snow_core::Body;
use snow_sim::Simulator;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

/// A client of a service that gives one record, and the query strings that it was asked.
fn client(record: Value) -> (Client, Arc<Mutex<Vec<String>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let told = asked.clone();
    let service = tower::service_fn(move |request: Request<Body>| {
        told.lock().unwrap().push(request.uri().query().unwrap_or_default().to_owned());
        let body = Body::from(json!({ "result": [record] }).to_string());
        let response =
            Response::builder().header("content-type", "application/json").header("x-total-count", 1);
        let response = response.body(body).unwrap();
        async move { Ok::<_, Infallible>(response) }
    });
    let builder = Client::builder().instance("dev1").user("a").password("b");
    (builder.retry(RetryPolicy::new().max_attempts(1)).transport(service).build().unwrap(), asked)
}

const ID: &str = "9d385017c611228701d22104cc95c371";

#[tokio::test]
async fn a_catalog_variable_is_named_as_it_is_written() {
    let name = "variables.common_ReqBy.email";
    let (client, asked) = client(json!({ "sys_id": ID, name: "ada@example.com", "INC_number": "INC1" }));
    let list = client.table("sc_req_item").list().fields([name, "INC_number"]);
    let items = list.query(field(name).ends_with("example.com").order_by("variables.Size")).await.unwrap();
    assert_eq!(items[0].value(name).unwrap(), "ada@example.com");
    assert_eq!(items[0].value("INC_number").unwrap(), "INC1");
    let asked = asked.lock().unwrap().join("");
    for part in [
        "sysparm_fields=variables.common_ReqBy.email,INC_number",
        "sysparm_query=variables.common_ReqBy.emailENDSWITHexample.com%5EORDERBYvariables.Size",
    ] {
        assert!(asked.contains(part), "{asked}");
    }
    // As a typed field, in a filter, and copied.
    #[derive(serde::Deserialize)]
    struct Item {
        #[serde(rename = "variables.common_ReqBy.email")]
        requested_by: String,
    }
    let typed: Vec<Item> = client.table("sc_req_item").typed().list().all().await.unwrap();
    assert_eq!(typed[0].requested_by, "ada@example.com");
    client.table("sc_req_item").list().filter("variables.Size", "XL").await.unwrap();
    let copied = Query::parse("request_item.variables.Size=XL^ORvariables.SizeISEMPTY").unwrap();
    client.table("sc_task").list().query(copied).await.unwrap();
}

#[tokio::test]
async fn a_label_is_no_name_and_widens_no_query() {
    let (client, asked) = client(json!({ "sys_id": ID }));
    let incidents = client.table("incident");
    for name in [
        "Priority",
        "shortDescription",
        "variables",
        "Variables.size",
        "variables.",
        "variables..A",
        "xvariables.A",
    ] {
        if name == "variables" {
            continue; // a column may be called so
        }
        let list = incidents.list().query(field(name.to_owned()).eq("1"));
        let error = list.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{name}: {error}");
    }
    for fields in ["Caller ID", "a,b", "sysparm_limit", "é", "a..B"] {
        assert_eq!(
            incidents.list().fields([fields]).await.unwrap_err().kind(),
            ErrorKind::InvalidInput,
            "{fields}"
        );
    }
    let hidden = incidents.list().query(field("variables.isINactive").eq(true)).await.unwrap_err();
    assert!(hidden.to_string().contains("variables.SYS_ID"), "{hidden}");
    assert!(asked.lock().unwrap().is_empty());
}

/// Words that operators are made of among others, so that names run into them.
fn variable() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "a", "b_c", "Req", "By", "I", "N", "S", "NOT", "LIKE", "IN", "_", "9", "IS", "EMPTY", ".x", ".Y",
    ]);
    prop::collection::vec(word, 1..5).prop_map(|words| format!("variables.{}", words.concat()))
}

proptest! {
    /// What is written is read back as the same question, or is not written.
    #[test]
    fn a_variable_never_runs_into_its_operator(name in variable(), other in variable(), which in 0..9_usize) {
        let named = field(name.clone());
        let query = match which {
            0 => named.eq("x"),
            1 => named.contains("x"),
            2 => named.is_in(["x", "y"]),
            3 => named.same_as(other.clone()),
            4 => named.is_empty(),
            5 => named.starts_with("IN"),
            6 => named.not_in(["x"]),
            7 => named.gt_field(other.clone()),
            _ => Query::new().order_by(name.clone()),
        };
        match query.encode() {
            Ok(text) => {
                let read = Query::parse(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
                prop_assert_eq!(read.encode().unwrap(), text.clone());
                prop_assert!(read.fields().contains(&&*name), "{:?} in {}", read.fields(), text);
            }
            Err(error) => prop_assert_eq!(error.kind(), ErrorKind::InvalidInput),
        }
    }
}

fn simulator() -> Simulator {
    crate::simulator()
}

/// What a list view copies stands for the same records in a stream as it does there.
#[tokio::test]
async fn a_copied_list_view_is_streamed_where_that_is_harmless() {
    let client = crate::client(&simulator());
    let incidents = client.table("incident");
    let numbers = async |text: &str| -> Result<Vec<String>, Error> {
        let records: Vec<_> =
            incidents.list().query(Query::raw(text.to_owned())).stream().try_collect().await?;
        let mut numbers: Vec<_> =
            records.iter().map(|record| record.value("number").unwrap().into_owned()).collect();
        numbers.sort();
        Ok(numbers)
    };
    let active = numbers("active=true").await.unwrap();
    for text in [
        "active=true^",
        "active=true^EQ",
        "active=true^EQ^",
        "active=true^GROUPBYcategory",
        "active=true^GROUPBYcategory^ORDERBYnumber^",
        "active=true^ORDERBYDESCnumber^EQ",
        "active=true^EQ^ORDERBYnumber",
        "GROUPBYcategory^active=true",
    ] {
        let streamed = numbers(text).await.unwrap_or_else(|error| panic!("{text}: {error}"));
        assert!(streamed == active, "{text}");
        // A page sends the very text: the service agrees.
        let page = incidents.list().query(Query::raw(text)).limit(10_000).await.unwrap();
        assert_eq!(page.len(), active.len(), "{text}");
    }
    for (text, why) in [
        ("active=true^NQ", "after ^NQ: a group without one may select every record"),
        ("active=true^NQ^", "after ^NQ"),
        ("active=true^OR", "after ^OR: leave ^OR out"),
        ("^active=true", "leave out carets in front"),
        ("active=true^EQ^priority=1", "put it before ^EQ"),
        ("active=true^ORGROUPBYcategory", "GROUPBY is not an alternative"),
    ] {
        let error = numbers(text).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains(why) && error.to_string().contains("at byte"), "{text}: {error}");
    }
}

#[tokio::test]
async fn an_address_out_of_a_browser_is_its_instances() {
    let simulator = simulator();
    for address in [
        "https://dev12345.service-now.com/nav_to.do?uri=incident_list.do%3Fsysparm_query%3Dactive%3Dtrue",
        "https://dev12345.service-now.com/now/nav/ui/classic/params/target/incident_list.do%3Fx%3D1",
        "https://dev12345.service-now.com/api/now",
        "https://help.example.com/api/now/table/incident?sysparm_limit=1",
        "dev12345.service-now.com/incident_list.do",
        "https://snow_dev.corp.example.com/",
    ] {
        let builder = Client::builder().instance(address).user("admin").password("secret");
        let client = builder.transport(simulator.clone()).build().unwrap();
        assert_eq!(client.table("incident").list().limit(1).await.unwrap().len(), 1, "{address}");
    }
    let error = Client::builder()
        .instance("https://help.example.com/sp?id=home")
        .user("a")
        .password("b")
        .build()
        .unwrap_err();
    assert!(error.to_string().contains("leave out everything after the host"), "{error}");
}

#[tokio::test]
async fn what_cannot_be_right_is_told_with_the_function_that_can() {
    let client = crate::client(&simulator());
    let error = client.api("/api/now/table/incident?sysparm_limit=1").get().await.unwrap_err();
    assert!(error.to_string().contains("param(name, value)"), "{error}");
    assert!(!error.to_string().contains("Params") && !error.to_string().contains("push"), "{error}");
    client.api("/api/now/table/incident").get().limit(1).await.unwrap();
    let error = client.api("/api/x/a b").get().await.unwrap_err();
    assert!(error.to_string().contains("' '") && !error.to_string().contains("push"), "{error}");

    let incidents = client.table("incident");
    for (id, is_number) in [
        ("INC0000001", true),
        ("KB0010001", true),
        ("0123456789abcdef0123456789abcdef", false),
        ("global", false),
    ] {
        let outcomes: BTreeMap<_, _> = [
            ("get", incidents.get(id).await.map(drop)),
            ("update", incidents.update(id, &json!({ "state": "2" })).await.map(drop)),
            ("delete", incidents.delete(id).await.map(drop)),
        ]
        .into();
        for (call, outcome) in outcomes {
            let error = outcome.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound, "{call}");
            let line = error.to_string();
            assert_eq!(line.matches("looks like a number").count(), usize::from(is_number), "{call}: {line}");
            assert_eq!(line.contains(r#"field("number").eq("#), is_number, "{call}: {line}");
        }
    }
}
