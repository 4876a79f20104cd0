//! Input from outside stays data: it becomes neither code nor text of an error, and takes no more memory than was asked for.

use crate::corpora::dictionary::{Dictionary, generated};
use futures_util::TryStreamExt;
use http::{Request, Response};
use proptest::prelude::*;
use serde_json::{Value, json};
use snow_client::{Client, ErrorKind, layer::RetryPolicy};
use snow_core::Body;
use std::convert::Infallible;

/// A client of a service that gives these responses.
fn client(respond: impl Fn(&Request<Body>) -> Response<Body> + Send + Sync + 'static) -> Client {
    let respond = std::sync::Arc::new(respond);
    let service = tower::service_fn(move |request: Request<Body>| {
        let response = respond(&request);
        async move { Ok::<_, Infallible>(response) }
    });
    let builder = Client::builder().instance("dev1").user("a").password("b");
    builder.retry(RetryPolicy::new().max_attempts(1)).transport(service).build().unwrap()
}

fn json_response() -> http::response::Builder {
    Response::builder().header("content-type", "application/json")
}

/// Text that ends literals, comments and items, or that is a name already.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<String>(),
        prop::sample::select(vec![
            "\n",
            "\r",
            "\r\n",
            "\"",
            "\\",
            "//",
            "/*",
            "*/",
            "///",
            "//!",
            "#[",
            "#![",
            "]",
            "}",
            "{",
            ")",
            ";",
            "`",
            "```\n",
            "~~~",
            "    ",
            "'",
            "\u{202e}",
            "\u{2066}",
            "\u{2028}",
            "\u{85}",
            "\0",
            "\u{feff}",
            "pub fn injected() {}",
            "mod x;",
            "state",
            "State",
            "job_state",
            "option",
            "String",
            "self",
            "Self",
            "crate",
            "type",
            "TABLE",
            "Unlisted",
            "1",
            "r#",
            "<script>",
            "[a](b)",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

fn column() -> impl Strategy<Value = Dictionary> {
    let kind = prop_oneof![
        hostile(),
        prop::sample::select(vec!["string", "integer", "reference", "boolean"]).prop_map(str::to_owned)
    ];
    let choices = prop::collection::vec((hostile(), hostile()), 0..5);
    (hostile(), kind, hostile(), hostile(), choices).prop_map(|(element, kind, reference, label, choices)| {
        Dictionary { element, kind, reference, label, choices }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_dictionary_becomes_only_the_items_it_names(label in hostile(), columns in prop::collection::vec(column(), 1..5)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(generated(&label, &columns));
    }
}

#[tokio::test]
async fn code_in_a_dictionary_stays_text() {
    let attack = "string\npub fn injected() {}\n// ";
    for place in 0..5 {
        let mut column = Dictionary { element: "u_a".into(), kind: "string".into(), ..Dictionary::default() };
        match place {
            0 => column.element = attack.into(),
            1 => column.kind = attack.into(),
            2 => column.reference = attack.into(),
            3 => column.label = attack.into(),
            _ => column.choices = vec![(attack.into(), attack.into())],
        }
        let code = generated(attack, &[column]).await;
        assert!(code.is_some() || place == 0, "only a name can be one that no query takes");
    }
}

#[tokio::test]
async fn generated_names_are_unique_and_never_those_the_code_needs() {
    let choices = vec![("1".to_owned(), "New".to_owned()), ("2".to_owned(), "New".to_owned())];
    let column = |element: &str| Dictionary {
        element: element.into(),
        kind: "integer".into(),
        choices: choices.clone(),
        ..Dictionary::default()
    };
    // `u_job.state` would be the struct of `u_job_state`, and `a_b` and `a__b` the same enum.
    let code = generated("Job", &["state", "a_b", "a__b", "type", "table"].map(column)).await.unwrap();
    for name in ["pub struct UJobState ", "pub enum UJobState2 ", "pub enum UJobAB2 ", "pub struct Option2 "]
    {
        assert!(code.contains(name), "{name}\n{code}");
    }
}

#[tokio::test]
async fn memory_is_taken_for_what_comes_and_not_for_what_is_claimed() {
    let client = client(|request| match request.uri().path().ends_with("/file") {
        true => Response::builder().header("content-type", "text/plain").body(Body::from("hello")).unwrap(),
        false => {
            let file = json!({ "result": {
                "sys_id": ID, "file_name": "a.txt", "content_type": "text/plain", "table_name": "incident",
                "table_sys_id": ID, "size_bytes": "9000000000000000000",
            } });
            json_response().header("x-transaction-id", "1").body(Body::from(file.to_string())).unwrap()
        }
    });
    let download = client.attachments().download(ID.parse::<snow_client::SysId>().unwrap());
    download.bytes(usize::MAX).await.unwrap_err();
}

const ID: &str = "6816f79cc0a8016401c5a33be04be441";

/// A list of so many records whose end is not JSON: whoever reads on finds that it is malformed.
fn endless(records: usize) -> Client {
    let body = format!("{{\"result\":[{}#", "{},".repeat(records));
    client(move |_| json_response().header("x-transaction-id", "1").body(Body::from(body.clone())).unwrap())
}

#[tokio::test]
async fn reading_stops_at_the_first_record_too_many() {
    let kind = |error: snow_client::Error| error.kind();
    let list = |records: usize| endless(records).table("incident").list();
    assert_eq!(list(101).limit(100).await.map_err(kind).unwrap_err(), ErrorKind::ResponseMismatch);
    assert_eq!(list(100).limit(100).await.map_err(kind).unwrap_err(), ErrorKind::Malformed);
    assert_eq!(
        list(10_001).await.map_err(kind).unwrap_err(),
        ErrorKind::ResponseMismatch,
        "the service's own limit"
    );
    assert_eq!(list(10_000).await.map_err(kind).unwrap_err(), ErrorKind::Malformed);
    let files = |records: usize| endless(records).attachments().list();
    assert_eq!(files(6).limit(5).await.map_err(kind).unwrap_err(), ErrorKind::ResponseMismatch);
    assert_eq!(files(1_001).await.map_err(kind).unwrap_err(), ErrorKind::ResponseMismatch);
    let dictionary = endless(10_001);
    let read = dictionary.schema().table("incident").await.map_err(kind).unwrap_err();
    assert_eq!(read, ErrorKind::ResponseMismatch);
}

thread_local! {
    /// How many pages were asked for, by the test that runs on this thread.
    static REQUESTS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

fn id(at: usize) -> String {
    format!("{at:032x}")
}

/// A client that takes 500 kB of body, of a table of so many records in the order of their ids; `null` is one that is hidden.
fn rows(count: usize, record: impl Fn(usize) -> Value + Send + Sync + 'static) -> Client {
    let record = std::sync::Arc::new(record);
    let service = tower::service_fn(move |request: Request<Body>| {
        REQUESTS.with(|requests| requests.set(requests.get() + 1));
        let target = request.uri().query().unwrap_or_default().to_owned();
        let number = |name: &str| -> Option<usize> {
            target.split('&').find_map(|part| part.strip_prefix(name)?.strip_prefix('=')?.parse().ok())
        };
        // By position, or from the sys_id in the condition on.
        let after = target.split_once("sys_id%3E").map(|(_, rest)| &rest[..rest.len().min(32)]);
        let after = after.and_then(|id| usize::from_str_radix(id, 16).ok()).map_or(0, |at| at + 1);
        let (start, limit) =
            (number("sysparm_offset").unwrap_or(0) + after, number("sysparm_limit").unwrap());
        let page: Vec<Value> = (start..count.min(start + limit)).map(|at| record(at)).collect();
        let page: Vec<Value> = page.into_iter().filter(|record| !record.is_null()).collect();
        let body = Body::from(json!({ "result": page }).to_string());
        let response = json_response().header("x-transaction-id", "1").header("x-total-count", count - after);
        let response = response.body(body).unwrap();
        async move { Ok::<_, Infallible>(response) }
    });
    let builder = Client::builder().instance("dev1").user("a").password("b").body_limit(500_000);
    builder.retry(RetryPolicy::new().max_attempts(1)).transport(service).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_page_that_is_too_large_is_asked_for_again_smaller() {
    for (order, most) in [(None, 10), (Some("number"), 10), (None, 2)] {
        // Small records, then large ones: a page of more than `most` of them is larger than the client takes.
        let client = rows(100, move |at| match at {
            0..20 => json!({ "sys_id": id(at), "number": format!("{at:04}") }),
            _ => {
                json!({ "sys_id": id(at), "number": format!("{at:04}"), "text": "x".repeat(400_000 / most) })
            }
        });
        let mut query = snow_client::Query::new();
        if let Some(order) = order {
            query = query.order_by(order);
        }
        let read = client.table("incident").list().query(query).stream().try_collect::<Vec<_>>().await;
        assert_eq!(read.unwrap().len(), 100, "{order:?} {most}");
    }
    // One record that is too large by itself is an error that says so.
    let client = rows(3, |at| json!({ "sys_id": id(at), "text": "x".repeat(600_000 * (at % 2)) }));
    let error = client.table("incident").list().stream().try_collect::<Vec<_>>().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ResponseTooLarge, "{error}");
}
