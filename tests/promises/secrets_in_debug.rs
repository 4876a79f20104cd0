//! The headers and values of a response appear in no `Debug` except that of a record, and in no error.

use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use serde::de::{DeserializeOwned, Error as _};
use serde_json::{Value, json};
use snow_client::{
    Client, Date, DateTime, Error, ErrorKind, Record, SysId,
    record::{Reference, WithDisplay},
};
use snow_core::Body;
use snow_core::decode::ApiResponse;
use snow_core::layer::DefaultHeadersLayer;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Duration;

/// A number that is a canary, too.
const NUMBER: u64 = 987_654_321_987;

/// Headers with which somebody else may act.
const SECRET_HEADERS: [&str; 8] = [
    "set-cookie",
    "cookie",
    "authorization",
    "proxy-authorization",
    "x-usertoken",
    "x-usertoken-response",
    "x-sn-apikey",
    "x-mfa_token",
];

fn assert_clean(text: &str) {
    assert!(!text.contains("canary") && !text.contains(&NUMBER.to_string()), "{text}");
}

fn assert_shows_nothing(value: &dyn Debug) {
    assert_clean(&format!("{value:?}\n{value:#?}"));
}

fn assert_tells_nothing(error: &Error) {
    let mut next: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = next {
        assert_clean(&format!("{error}\n{error:?}\n{error:#?}"));
        next = error.source();
    }
}

/// A client whose every response has this body, and a canary in every header that is secret.
fn client(body: &Value) -> Client {
    let body = body.to_string();
    let service = tower::service_fn(move |_: http::Request<Body>| {
        let mut response = http::Response::builder().header("content-type", "application/json");
        for name in SECRET_HEADERS {
            response = response.header(name, "JSESSIONID=canary");
        }
        let response = response.header("set-cookie", "glide_user=canary").header("x-total-count", "1");
        std::future::ready(response.body(Body::from(body.clone())))
    });
    Client::builder().instance("dev1").user("admin").password("canary").transport(service).build().unwrap()
}

#[tokio::test]
async fn no_header_that_is_secret_is_shown_by_anything_that_is_handed_out() {
    let client = client(&json!({ "result": [{ "sys_id": "a9e30c7dc61122760116894de7bcc7bd" }] }));
    let page = client.table("incident").list().limit(1).await.unwrap();
    assert_shows_nothing(&page);
    let response = client.api("/api/x_acme/orders").get().await.unwrap();
    let (records, headers) = client.api("/api/x_acme/orders").get().records().with_headers().await.unwrap();
    assert_shows_nothing(&(&response, &records, &headers));
    for headers in [page.headers(), &headers, response.headers()] {
        assert_shows_nothing(headers);
        for name in SECRET_HEADERS {
            let mut values = headers.get_all(name).iter();
            assert!(
                values.next().is_some() && headers.get_all(name).iter().all(HeaderValue::is_sensitive),
                "{name}"
            );
        }
        assert!(!headers["x-total-count"].is_sensitive());
    }
    let mut rows = client.table("incident").list().stream();
    assert_shows_nothing(&rows);
    while let Some(row) = rows.next().await {
        drop(row);
    }
    assert_shows_nothing(&(&rows, rows.position(), rows.report()));
}

#[test]
fn no_header_that_is_set_is_shown() {
    let mut layer = DefaultHeadersLayer::new();
    let builder = Client::builder().instance("dev1").user("admin").password("canary");
    let mut builder = builder.transport(crate::simulator());
    for name in SECRET_HEADERS.into_iter().chain(["x-gateway-key"]) {
        let name = HeaderName::from_static(name);
        layer = layer.with(name.clone(), HeaderValue::from_static("canary"));
        builder = builder.default_header(name, HeaderValue::from_static("canary"));
    }
    assert_shows_nothing(&(&layer, tower::Layer::layer(&layer, ()), &builder));
    let client = builder.build().unwrap();
    let call = client.api("/api/x_acme/orders").get();
    let call = SECRET_HEADERS.iter().fold(call, |call, name| call.header(name, "canary"));
    assert_shows_nothing(&(&client, &call));
    let list =
        client.table("incident").list().filter("short_description", "canary").param("sysparm_x", "canary");
    assert_shows_nothing(&(
        &list,
        client.table("incident").create(&json!({ "short_description": "canary" })),
    ));
}

#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "read by serde")]
enum State {
    New,
    Closed,
}

#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "read by serde")]
struct Inside {
    a: u8,
}

/// A type of the user's own that repeats what it read.
#[derive(Debug)]
struct Repeats;

impl<'de> Deserialize<'de> for Repeats {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Err(D::Error::custom(format!("cannot make anything of {text} or of {text:?}")))
    }
}

#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "read by serde")]
struct One<T> {
    field_f: T,
}

fn forms() -> Vec<String> {
    let both = |value: Value| json!({ "value": value, "display_value": "canary-display" });
    let mut forms: Vec<String> = [
        json!("canary-text"),
        json!("canary \"quoted\"\nline"),
        json!("canary1,canary2"),
        json!(NUMBER),
        json!(true),
        json!(["canary-entry"]),
        json!([NUMBER]),
        json!({ "a": "canary-inside" }),
        json!({ "b": { "a": NUMBER } }),
        json!({ "link": "https://dev1.service-now.com/api/now/table/sys_user/canary link", "value": "canary text" }),
        both(json!("canary-value")),
        both(json!(NUMBER)),
        both(json!("2026-01-01 canary")),
    ]
    .iter()
    .map(Value::to_string)
    .collect();
    forms.push("\"canary\\ud800\"".to_owned());
    forms.push("{\"value\":\"canary\\ud800\"}".to_owned());
    forms
}

/// Reads every form as this type; returns how many errors were looked at.
fn read<T: DeserializeOwned + Debug>() -> usize {
    let mut errors = 0;
    for form in forms() {
        let body = format!(r#"{{"result":[{{"sys_id":"a","field_f":{form}}}]}}"#);
        let (head, ()) = http::Response::builder()
            .header("content-type", "application/json")
            .body(())
            .unwrap()
            .into_parts();
        let answer = ApiResponse::new(head, body.clone().into()).unwrap();
        let typed = answer.records().unwrap()[0].to::<One<T>>().map(drop);
        if let Err(error) = &typed {
            assert_eq!(error.kind(), ErrorKind::Decode);
            assert!(error.to_string().contains("field_f"), "{error}");
        }
        let whole = answer.result::<Vec<One<T>>>().map(drop);
        for error in [typed.err(), whole.err()].into_iter().flatten() {
            assert_tells_nothing(&error);
            errors += 1;
        }
    }
    errors
}

#[test]
fn no_value_is_in_the_error_that_it_does_not_fit() {
    let errors = [
        read::<u8>(),
        read::<i64>(),
        read::<u128>(),
        read::<f32>(),
        read::<f64>(),
        read::<bool>(),
        read::<char>(),
        read::<()>(),
        read::<(u8, u8)>(),
        read::<Vec<u8>>(),
        read::<Vec<bool>>(),
        read::<Vec<State>>(),
        read::<Vec<Repeats>>(),
        read::<Option<u32>>(),
        read::<State>(),
        read::<Inside>(),
        read::<Repeats>(),
        read::<BTreeMap<String, u8>>(),
        read::<Date>(),
        read::<DateTime>(),
        read::<SysId>(),
        read::<Duration>(),
        read::<Reference>(),
        read::<WithDisplay<u8>>(),
        read::<Value>(),
    ];
    assert!(errors.iter().sum::<usize>() > 200, "{errors:?}");
}

#[test]
fn no_value_is_in_the_errors_of_a_field() {
    let mut errors = 0;
    for form in forms() {
        let record: Record = serde_json::from_str(&format!(r#"{{"field_f":{form}}}"#)).unwrap();
        let field = record.field("field_f").unwrap();
        for error in [
            field.integer().err(),
            field.float().err(),
            field.decimal().err(),
            field.boolean().err(),
            field.date().err(),
            field.date_time().err(),
            field.duration().err(),
            field.sys_id().err(),
            field.value().err(),
            field.display_value().err(),
            field.to_value().err(),
            record.to_value().err(),
        ]
        .into_iter()
        .flatten()
        {
            assert_tells_nothing(&error);
            errors += 1;
        }
    }
    assert!(errors > 60, "{errors}");
}

/// Whatever an API area makes of a response that does not fit it. Only `upsert` names a value: the one that it was asked to look
/// for, as the record that it found has it.
#[tokio::test]
async fn no_value_is_in_the_errors_of_calls() {
    let record = json!({ "sys_id": "canary id", "number": "canary-number", "file_name": "canary\nfile", "size_bytes": "canary" });
    for body in [json!({ "result": record }), json!({ "result": [record] }), json!({ "result": "canary" })] {
        let client = client(&body);
        let id = "a9e30c7dc61122760116894de7bcc7bd";
        let table = client.table("incident");
        let errors = [
            table.get(id).await.map(drop).err(),
            table.clone().typed::<One<u8>>().get(id).await.map(drop).err(),
            table.create(&json!({ "number": "x" })).await.map(drop).err(),
            table.update(id, &json!({ "number": "x" })).require_applied(true).await.map(drop).err(),
            table.clone().typed::<One<u8>>().list().limit(1).await.map(drop).err(),
            table.list().one().await.map(drop).err(),
            table.list().count().await.map(drop).err(),
            client.api("/api/x_acme/orders").get().json::<One<u8>>().await.map(drop).err(),
            client.api("/api/x_acme/orders").get().result::<Vec<One<State>>>().await.map(drop).err(),
            client.api("/api/x_acme/orders").get().result::<Repeats>().await.map(drop).err(),
            client.import("imp_user").insert(&json!({ "name": "x" })).await.map(drop).err(),
        ];
        let errors: Vec<Error> = errors.into_iter().flatten().collect();
        assert!(errors.len() > 5, "{errors:?}");
        errors.iter().for_each(assert_tells_nothing);
    }
}

#[tokio::test]
async fn no_value_is_in_the_errors_of_aggregates() {
    for stats in
        [json!({ "sum": "canary" }), json!({ "sum": ["canary"] }), json!({ "sum": NUMBER }), json!("canary")]
    {
        let client = client(&json!({ "result": { "stats": stats } }));
        let error = client.aggregate("incident").sum(["reassignment_count"]).await.map(drop).unwrap_err();
        assert_tells_nothing(&error);
    }
    let client = client(&json!({ "result": { "stats": { "count": "1", "sum": { "x": "canary" } } } }));
    let aggregates = client.aggregate("incident").count().sum(["x"]).await.unwrap();
    assert_tells_nothing(&aggregates.sum("x").unwrap_err());
}

#[test]
fn headers_are_marked_wherever_they_come_from() {
    let mut headers: HeaderMap = SECRET_HEADERS
        .iter()
        .map(|name| (HeaderName::from_static(name), HeaderValue::from_static("canary")))
        .collect();
    headers.insert("content-type", HeaderValue::from_static("text/plain"));
    snow_core::mark_sensitive_headers(&mut headers);
    assert_shows_nothing(&headers);
    assert!(!headers["content-type"].is_sensitive());
}
