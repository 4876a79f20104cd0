//! An error tells truncated, malformed, encoded and empty responses apart, and the instance from a gateway in front of it. Only what
//! may succeed the next time is sent again.

use futures_util::TryStreamExt;
use http::{Request, Response};
use proptest::prelude::*;
use serde_json::{Value, json};
use snow_client::{Client, Error, ErrorKind, Record, Transport, field, layer::RetryPolicy};
use snow_core::decode::{ApiResponse, Records};
use snow_core::transport::TransportBuilder;
use snow_core::{Body, Instance};
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A service that gives these responses, and how many it has given.
fn builder(
    respond: impl Fn(&Request<Body>) -> Response<Body> + Send + Sync + 'static,
) -> (snow_client::client::ClientBuilder, Arc<AtomicUsize>) {
    let (respond, count) = (Arc::new(respond), Arc::new(AtomicUsize::new(0)));
    let counted = count.clone();
    let service = tower::service_fn(move |request: Request<Body>| {
        counted.fetch_add(1, Ordering::Relaxed);
        let response = respond(&request);
        async move { Ok::<_, Infallible>(response) }
    });
    let builder =
        Client::builder().instance("dev1").user("a").password("b").retry(RetryPolicy::new().max_attempts(4));
    (builder.transport(service), count)
}

fn client(
    respond: impl Fn(&Request<Body>) -> Response<Body> + Send + Sync + 'static,
) -> (Client, Arc<AtomicUsize>) {
    let (builder, count) = builder(respond);
    (builder.build().unwrap(), count)
}

/// The same bytes for everybody, from the instance.
fn always(status: u16, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> (Client, Arc<AtomicUsize>) {
    let headers: Vec<(String, String)> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let body = body.into();
    client(move |_| {
        let mut response = Response::builder().status(status);
        for (name, value) in &headers {
            response = response.header(name, value);
        }
        response.body(Body::from(body.clone())).unwrap()
    })
}

const JSON: (&str, &str) = ("content-type", "application/json;charset=UTF-8");
const OWN: (&str, &str) = ("x-transaction-id", "0123456789ab");

fn head() -> http::response::Parts {
    Response::builder().header("content-type", "application/json").body(()).unwrap().into_parts().0
}

#[tokio::test(start_paused = true)]
async fn only_a_response_that_breaks_off_is_asked_for_again() {
    let whole = r#"{"result":[{"sys_id":"1","name":"x"}]}"#;
    let bom = "\u{feff}".to_owned() + whole;
    let bytes = |from: &[u8], to: &[u8]| {
        let at = whole.find("name").unwrap();
        [whole.as_bytes()[..at].to_vec(), from.to_vec(), to.to_vec()].concat()
    };
    let br = [JSON, ("content-encoding", "br")];
    let deflate = [JSON, ("content-encoding", "deflate")];
    for (status, headers, body, expected, requests, says) in [
        (200, &[JSON][..], whole.as_bytes().to_vec(), None, 1, ""),
        (200, &[JSON], bom.into_bytes(), None, 1, ""),
        (200, &[JSON], whole[..20].into(), Some(ErrorKind::Truncated), 4, "breaks off"),
        (
            200,
            &[JSON],
            bytes(b"n\x80", b"\":1}]}"),
            Some(ErrorKind::Malformed),
            1,
            "at byte 27|it is not UTF-8",
        ),
        (
            200,
            &[JSON],
            bytes(b"n\n", b"\":1}]}"),
            Some(ErrorKind::Malformed),
            1,
            "at byte 27|there is a control",
        ),
        (200, &[JSON], bytes(b"n\":1", b",}]}"), Some(ErrorKind::Malformed), 1, "at byte 31"),
        (200, &[JSON], bytes(b"n\":1}", b"]}x"), Some(ErrorKind::Malformed), 1, "at byte 33"),
        (200, &br, b"\x0b\x02\x80".to_vec(), Some(ErrorKind::UnsupportedEncoding), 1, "encoded as br"),
        (200, &deflate, b"\x78\x9c".to_vec(), Some(ErrorKind::UnsupportedEncoding), 1, "encoded as deflate"),
        (204, &[JSON], Vec::new(), Some(ErrorKind::EmptyResponse), 1, "no body"),
        (200, &[JSON], Vec::new(), Some(ErrorKind::EmptyResponse), 1, "no body"),
        (200, &[JSON], b" \r\n".to_vec(), Some(ErrorKind::EmptyResponse), 1, "no body"),
    ] {
        let of = String::from_utf8_lossy(&body).into_owned();
        let check = |error: Option<Error>, count: &AtomicUsize, way: &str| {
            assert_eq!(error.as_ref().map(Error::kind), expected, "{way} {of:?} {error:?}");
            assert_eq!(count.load(Ordering::Relaxed), requests, "{way} {of:?}");
            let Some(error) = error else { return };
            assert!(says.split('|').all(|part| error.to_string().contains(part)), "{way} {error}");
            assert_eq!(error.is_retryable(), requests > 1, "{error}");
        };
        let (api, count) = always(status, headers, body.clone());
        check(api.api("/api/x/y").get().records().await.err(), &count, "list");
        let (api, count) = always(status, headers, body.clone());
        check(api.table("incident").list().limit(9).await.err(), &count, "page");
        let (api, count) = always(status, headers, body.clone());
        check(api.api("/api/x/y").get().result::<Vec<Value>>().await.map(drop).err(), &count, "result");
        let (api, count) = always(status, headers, body.clone());
        check(api.api("/api/x/y").get().json::<Value>().await.map(drop).err(), &count, "read");
    }
}

/// Whoever creates a record is told that it may be there.
#[tokio::test(start_paused = true)]
async fn a_write_with_a_response_that_cannot_be_read_stays_open() {
    for (headers, body, expected) in [
        (&[JSON, OWN][..], &b"{\"result\":{\"a\":\"\x01\"}}"[..], ErrorKind::Malformed),
        (&[JSON, OWN], b"\xff", ErrorKind::Malformed),
        (&[JSON, OWN], b"{\"result\":{\"a\":", ErrorKind::Truncated),
        (&[JSON, OWN, ("content-encoding", "br")], b"x", ErrorKind::UnsupportedEncoding),
        (&[JSON, OWN], b"", ErrorKind::EmptyResponse),
    ] {
        let (api, count) = always(201, headers, body);
        let error = api.table("incident").create(&json!({ "a": "b" })).await.unwrap_err();
        assert_eq!(error.kind(), expected, "{error}");
        assert!(error.may_have_executed() && !error.is_retryable(), "{error}");
        assert_eq!(count.load(Ordering::Relaxed), 1);
    }
}

#[tokio::test]
async fn a_byte_order_mark_is_passed_over_in_json_and_kept_in_files() {
    let (api, _) = always(200, &[JSON], "\u{feff}[1]");
    assert_eq!(api.api("/api/x/y").get().json::<Vec<u8>>().await.unwrap(), [1]);
    let (api, _) = always(403, &[JSON, OWN], "\u{feff}{\"error\":{\"message\":\"no\"}}");
    let error = api.api("/api/x/y").get().record().await.unwrap_err();
    assert_eq!(error.service_message().unwrap().message, "no");
    // Only as the first thing of all.
    for twice in ["\u{feff}\u{feff}{}", " \u{feff}{}", "{}\u{feff}"] {
        let (api, _) = always(200, &[JSON], twice);
        assert_eq!(
            api.api("/api/x/y").get().discard().await.unwrap_err().kind(),
            ErrorKind::Malformed,
            "{twice:?}"
        );
    }

    let simulator = crate::simulator();
    let client = crate::client(&simulator);
    let incident = client.table("incident").list().first().await.unwrap().sys_id().unwrap();
    let content = "\u{feff}{\"a\":1}";
    let sent = client.attachments().upload("incident", incident, "a.json", content).await.unwrap();
    assert_eq!(client.attachments().download(sent.sys_id).bytes(100).await.unwrap(), content);
}

#[tokio::test(start_paused = true)]
async fn an_error_member_of_another_form_is_data() {
    let read = async |body: &str| {
        let (api, count) = always(200, &[JSON], body);
        let read = api.api("/api/x/y").get().json::<Value>().await;
        (read.map_err(|error| error.kind()), count.load(Ordering::Relaxed))
    };
    for data in [
        r#"{"error":false,"data":1}"#,
        r#"{"error":0,"data":1}"#,
        r#"{"error":null,"data":1}"#,
        r#"{"error":[],"data":1}"#,
        r#"{"error":{},"data":1}"#,
        r#"{"error":{"code":7},"data":1}"#,
        r#"{"error":{"message":""},"data":1}"#,
        r#"{"error":"none","data":1}"#,
        r#"{"error":"none","status":"success"}"#,
        r#"{"error":false,"result":[]}"#,
    ] {
        assert_eq!(read(data).await, (Ok(serde_json::from_str(data).unwrap()), 1), "{data}");
    }
    for error in [
        r#"{"error":{"message":"m","detail":null}}"#,
        r#"{"error":"m","status":"failure"}"#,
        r#"{"status":"failure"}"#,
        r#"{"result":[],"error":"m"}"#,
        r#"{"error":{"message":{"text":"m"}}}"#,
    ] {
        assert_eq!(read(error).await, (Err(ErrorKind::TransactionCancelled), 4), "{error}");
    }
}

/// A list of records with all kinds of values.
fn page() -> impl Strategy<Value = String> {
    let text =
        prop::sample::select(vec!["", "abc", "caf\u{e9} \u{1f600}", r"\n\u00e9\ud83d\ude00", r#"\"]}"#]);
    let value = prop_oneof![
        3 => text.prop_map(|text| format!("\"{text}\"")),
        1 => (0..100_u32).prop_map(|number| format!("-{number}.5e3")),
        1 => prop::sample::select(vec!["true", "null", r#"{"value":"1","display_value":"a"}"#, "[1, [], {}]"])
            .prop_map(str::to_owned),
    ];
    let record = prop::collection::vec(value, 1..4).prop_map(|values| {
        let names = ["a", "number", "x_y"];
        let fields: Vec<String> =
            names.iter().zip(values).map(|(name, value)| format!("\"{name}\": {value}")).collect();
        format!("{{{}}}", fields.join(","))
    });
    let beside = prop::sample::select(vec!["", r#","more":{"a":[1]}"#, r#","status":"success""#]);
    (prop::collection::vec(record, 0..4), beside)
        .prop_map(|(records, beside)| format!("{{\"result\":[{}]{beside}}}", records.join(",\n")))
}

/// What the reader of whole bodies and the one of streams make of the same bytes, which has to be the same.
fn read(bytes: &[u8], chunk: usize) -> Result<Vec<String>, Error> {
    let json = |records: Vec<Record>| records.iter().map(|record| record.json().to_owned()).collect();
    let whole = ApiResponse::new(head(), bytes.to_vec().into()).unwrap().records().map(json);
    let (mut records, mut streamed) = (Records::list().head(head()), Vec::new());
    let mut read = || -> Result<Vec<String>, Error> {
        for chunk in bytes.chunks(chunk) {
            records.push(chunk.to_vec().into());
            while let Some(record) = records.next()? {
                streamed.push(record);
            }
        }
        records.finish();
        while let Some(record) = records.next()? {
            streamed.push(record);
        }
        Ok(json(std::mem::take(&mut streamed)))
    };
    let streamed = read();
    let told = |read: &Result<Vec<String>, Error>| read.as_ref().map_err(ToString::to_string).cloned();
    assert_eq!(told(&whole), told(&streamed), "{:?}", String::from_utf8_lossy(bytes));
    whole
}

/// The byte that an error names.
fn place(error: &Error) -> usize {
    let line = error.to_string();
    let behind = line.split("malformed at byte ").nth(1).unwrap();
    behind.split([',', ':']).next().unwrap().parse().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Cut anywhere, it breaks off; nothing is called malformed.
    #[test]
    fn what_is_cut_is_told_from_what_is_damaged(page in page(), chunk in 1..40_usize) {
        prop_assert!(read(page.as_bytes(), chunk).is_ok());
        for end in 0..page.len() {
            let error = read(&page.as_bytes()[..end], chunk).unwrap_err();
            let expected = if end == 0 { ErrorKind::EmptyResponse } else { ErrorKind::Truncated };
            prop_assert_eq!(error.kind(), expected, "{} of {}: {}", end, &page, error);
        }
    }

    /// Damaged in one byte, it is malformed there or further on, or still whole. It breaks off only if what is left is the
    /// beginning of something that is no longer closed.
    #[test]
    fn what_is_damaged_is_not_asked_for_again(page in page(), byte in any::<u8>(), chunk in 1..40_usize) {
        for at in 0..page.len() {
            let mut bytes = page.clone().into_bytes();
            bytes[at] = byte;
            let Err(error) = read(&bytes, chunk) else { continue };
            let theirs = serde_json::from_slice::<Value>(&bytes);
            let is_open = theirs.as_ref().is_err_and(serde_json::Error::is_eof);
            match error.kind() {
                ErrorKind::Malformed => {
                    prop_assert!(theirs.is_err(), "{}", error);
                    // Of a character of four bytes, the first one is named.
                    prop_assert!((at.saturating_sub(3)..=page.len()).contains(&place(&error)), "{} of {}: {}", at, &page, error);
                }
                ErrorKind::Truncated => prop_assert!(is_open, "{} of {}: {}", at, &page, error),
                _ => prop_assert!(!error.is_retryable(), "{}", error),
            }
        }
    }
}

/// Incidents with these ids, of which one has a control character in its text, behind the usual conditions of a read by key.
fn damaged_table(ids: &'static [&'static str], damaged: &'static str) -> (Client, Arc<AtomicUsize>) {
    client(move |request| {
        let query = request
            .uri()
            .query()
            .unwrap_or_default()
            .replace("%3E", ">")
            .replace("%3D", "=")
            .replace("%21", "!");
        let condition = |operator: &str| {
            let behind = query.split(&format!("sys_id{operator}")).nth(1)?;
            Some(behind.split(['^', '%', '&']).next().unwrap().to_owned())
        };
        let after = condition(">");
        let without = condition("!=");
        let ids = ids.iter().filter(|id| after.as_ref().is_none_or(|after| **id > &**after));
        let ids: Vec<_> =
            ids.filter(|id| without.as_ref().is_none_or(|without| **id != &**without)).collect();
        let only_ids = query.contains("sysparm_fields=sys_id&") || query.ends_with("sysparm_fields=sys_id");
        let limit: usize =
            query.split("sysparm_limit=").nth(1).unwrap().split('&').next().unwrap().parse().unwrap();
        let record = |id: &&&str| match (only_ids, **id == damaged) {
            (true, _) => format!(r#"{{"sys_id":"{id}"}}"#),
            (false, false) => format!(r#"{{"sys_id":"{id}","name":"good"}}"#),
            (false, true) => format!("{{\"sys_id\":\"{id}\",\"name\":\"ba\x07d\"}}"),
        };
        let records: Vec<String> = ids.iter().take(limit).map(record).collect();
        let body = Body::from(format!(r#"{{"result":[{}]}}"#, records.join(",")));
        let total = ids.len();
        Response::builder()
            .header("content-type", "application/json")
            .header("x-total-count", total)
            .body(body)
            .unwrap()
    })
}

const IDS: [&str; 4] = ["11111111", "22222222", "33333333", "44444444"];

#[tokio::test(start_paused = true)]
async fn a_malformed_record_of_a_whole_table_is_named_and_can_be_left_out() {
    for (damaged, records, parts) in [
        (
            "33333333",
            2,
            &["after the record with sys_id 22222222", "next ones are 33333333 and 44444444"][..],
        ),
        ("44444444", 3, &["after the record with sys_id 33333333", "next one is 44444444"]),
        ("11111111", 0, &["at the first record", "next ones are 11111111 and 22222222"]),
    ] {
        let (api, count) = damaged_table(&IDS, damaged);
        let mut stream = api.table("incident").list().stream();
        let mut given = 0;
        let error = loop {
            match stream.next().await.unwrap() {
                Ok(_) => given += 1,
                Err(error) => break error,
            }
        };
        assert_eq!((given, error.kind()), (records, ErrorKind::Malformed), "{error}");
        assert_eq!(count.load(Ordering::Relaxed), 2, "one for the page, one for the ids around the place");
        for part in
            parts.iter().chain(&[&*format!("sys_id!={damaged}"), "control character", "/table/incident"])
        {
            assert!(error.to_string().contains(part), "{part:?} is not in {error}");
        }
        assert!(stream.next().await.is_none());

        let list = api.table("incident").list().query(field("sys_id").ne(damaged));
        let rest: Vec<Record> = list.stream().try_collect().await.unwrap();
        assert_eq!(rest.len(), IDS.len() - 1);
    }
    // A list tells what it knows: the record in front.
    let (api, _) = damaged_table(&IDS, "33333333");
    let error = api.table("incident").list().limit(9).await.unwrap_err();
    assert!(error.to_string().contains("in record 3 of its list"), "{error}");
    let long = "0123456789abcdef0123456789abcdef";
    let body = format!("{{\"result\":[{{\"sys_id\":\"{long}\"}},{{\"a\":\x01}}]}}");
    let (api, _) = always(200, &[JSON], body);
    let error = api.api("/api/x/y").get().records().await.unwrap_err();
    assert!(error.to_string().contains(&format!("after the record with sys_id {long}")), "{error}");
}

#[derive(Debug, serde::Deserialize)]
struct Named {
    name: String,
}

#[tokio::test]
async fn half_a_surrogate_pair_is_an_error_or_a_replacement_everywhere() {
    let record = r#"{"sys_id":"11111111","name":"a\ud83d","deep":{"x":"\udc00","y":"\\ud83d"}}"#;
    let respond = move |request: &Request<Body>| {
        let one = request.uri().path().contains("one");
        let body =
            if one { format!(r#"{{"result":{record}}}"#) } else { format!(r#"{{"result":[{record}]}}"#) };
        Response::builder()
            .header(JSON.0, JSON.1)
            .header("x-total-count", "1")
            .body(Body::from(body))
            .unwrap()
    };
    let (strict, _) = client(respond);
    let list = || strict.table("incident").list();
    let record: Vec<Record> = list().stream().try_collect().await.unwrap();
    let untyped = record[0].value("name").unwrap_err();
    let typed =
        strict.table("incident").typed::<Named>().list().stream().try_collect::<Vec<_>>().await.unwrap_err();
    for error in [&untyped, &typed] {
        assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
        assert!(error.to_string().contains("\"name\"") && error.to_string().contains("surrogate"), "{error}");
    }
    assert!(typed.to_string().contains("the record with sys_id 11111111"), "{typed}");
    assert!(strict.api("/api/x/one").get().result::<Named>().await.is_err());

    let (lossy, _) = builder(respond);
    let lossy = lossy.lossy_text(true).build().unwrap();
    let list = || lossy.table("incident").list();
    let record: Vec<Record> = list().stream().try_collect().await.unwrap();
    assert_eq!(record[0].value("name").unwrap(), "a\u{fffd}");
    assert_eq!(record[0].to_value().unwrap()["deep"], json!({ "x": "\u{fffd}", "y": r"\ud83d" }));
    let typed: Vec<Named> =
        lossy.table("incident").typed::<Named>().list().stream().try_collect().await.unwrap();
    assert_eq!(typed[0].name, "a\u{fffd}");
    assert_eq!(list().limit(1).await.unwrap()[0].value("name").unwrap(), "a\u{fffd}");
    assert_eq!(lossy.api("/api/x/one").get().result::<Named>().await.unwrap().name, "a\u{fffd}");
    assert_eq!(lossy.api("/api/x/one").get().record().await.unwrap().value("name").unwrap(), "a\u{fffd}");
}

#[tokio::test]
async fn what_the_service_says_is_told_in_whatever_form() {
    for (error, message, detail) in [
        (json!({ "message": "m", "detail": { "field": "quantity" } }), "m", r#"{"field":"quantity"}"#),
        (json!({ "message": "m", "detail": ["a", 1] }), "m", r#"["a",1]"#),
        (json!({ "message": "m", "detail": 7 }), "m", "7"),
        (json!({ "message": "m", "detail": null }), "m", ""),
        (json!({ "message": "m" }), "m", ""),
        (json!({ "message": ["a"], "detail": "d" }), r#"["a"]"#, "d"),
        (json!({ "detail": "d" }), "", "d"),
        (json!("m"), "m", ""),
    ] {
        let body = json!({ "error": error, "status": "failure" }).to_string();
        let (api, _) = always(400, &[JSON, OWN], body);
        let refused = api.table("incident").get("a9e30c7dc61122760116894de7bcc7bd").await.unwrap_err();
        let fault = refused.service_message().unwrap();
        assert_eq!((&*fault.message, &*fault.detail), (message, detail));
        assert!(
            refused.to_string().contains(detail)
                && refused.to_string().contains(&message[..1.min(message.len())])
        );
    }
    let long = json!({ "error": { "message": "Invalid table x", "detail": { "a": "y".repeat(100_000) } } });
    let (api, _) = always(400, &[JSON, OWN], long.to_string());
    let error = api.table("incident").list().limit(1).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnknownTable);
    assert!(error.to_string().len() < 1_000 && error.to_string().contains("yyyy"), "{error}");
}

#[tokio::test]
async fn a_gateway_is_told_from_the_instance_and_says_its_text() {
    let html = ("content-type", "text/html; charset=utf-8");
    let problem = ("content-type", "application/problem+json");
    let text = ("content-type", "text/plain");
    for (headers, body, said) in [
        (&[JSON][..], json!({ "message": "Forbidden by rule 12" }).to_string(), "Forbidden by rule 12"),
        (&[problem], json!({ "title": "Blocked", "detail": "no key" }).to_string(), "Blocked: no key"),
        (
            &[html],
            "<html><title>Web filter</title><body><p>Ask &amp; wait</p></body></html>".into(),
            "Web filter: Ask & wait",
        ),
        (&[text], "denied\u{202e}\r\n by\u{1b}[31m proxy".into(), r"denied\u{202e} by\u{1b}[31m proxy"),
        (&[], "denied by proxy".into(), "denied by proxy"),
        (&[text], "x".repeat(50_000), "xxxxxxxx…"),
        (&[JSON], "{}".into(), "not appear to come from the instance"),
        (&[], String::new(), "not appear to come from the instance"),
    ] {
        for (status, kind, open) in [
            (400, ErrorKind::NotFromInstance, true),
            (401, ErrorKind::NotFromInstance, false),
            (403, ErrorKind::NotFromInstance, true),
            (404, ErrorKind::NotFromInstance, true),
            (407, ErrorKind::NotFromInstance, true),
            (413, ErrorKind::NotFromInstance, true),
            (451, ErrorKind::NotFromInstance, true),
            (500, ErrorKind::NotFromInstance, true),
        ] {
            let (api, _) = always(status, headers, body.clone());
            let error = api.table("incident").create(&json!({})).await.unwrap_err();
            let line = error.to_string();
            assert_eq!((error.kind(), error.may_have_executed()), (kind, open), "{status} {line}");
            assert!(
                line.contains(said) && line.contains("not appear to come from the instance"),
                "{status} {line}"
            );
            for blame in ["role", "password", "the user"] {
                assert!(!line.contains(blame), "{line}");
            }
            assert!(
                line.len() < 800 && !line.contains(|c: char| c.is_control() || c == '\u{202e}'),
                "{line}"
            );
        }
        for (status, kind) in
            [(503, ErrorKind::Unavailable), (429, ErrorKind::InstanceBusy), (414, ErrorKind::UriTooLong)]
        {
            let (api, _) = always(status, headers, body.clone());
            let error = api.table("incident").create(&json!({})).await.unwrap_err();
            assert_eq!(error.kind(), kind);
            assert!(error.to_string().contains(said), "{error}");
        }
    }
    // Of the instance's own, nothing is doubted.
    let missing =
        json!({ "error": { "message": "User Not Authenticated", "detail": null }, "status": "failure" });
    let realm = ("www-authenticate", "BASIC realm=\"Service-now\"");
    for (status, headers, body, kind) in [
        (401, &[JSON][..], missing.to_string(), ErrorKind::Unauthenticated),
        (401, &[realm], String::new(), ErrorKind::Unauthenticated),
        (403, &[JSON], missing.to_string(), ErrorKind::Forbidden),
        (403, &[JSON, OWN], json!({ "message": "no quota" }).to_string(), ErrorKind::Forbidden),
        (500, &[html, OWN], "<h1>oops</h1>".into(), ErrorKind::Server),
    ] {
        let (api, _) = always(status, headers, body);
        let error = api.table("incident").list().limit(1).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(!error.to_string().contains("not appear to come from the instance"), "{error}");
    }
    // What a scripted API says in a form of its own is told, too.
    let (api, _) = always(400, &[JSON, OWN], json!({ "message": "quantity is missing" }).to_string());
    let error = api.api("/api/x/y").get().record().await.unwrap_err();
    assert!(
        error.kind() == ErrorKind::Rejected && error.to_string().contains("quantity is missing"),
        "{error}"
    );
}

#[tokio::test]
async fn json_that_is_no_object_is_read() {
    for (body, value) in [
        ("[1,2]", json!([1, 2])),
        (" [] ", json!([])),
        ("\"a\"", json!("a")),
        ("-12.5", json!(-12.5)),
        ("7", json!(7)),
        ("true", json!(true)),
        ("null\n", json!(null)),
    ] {
        let (api, _) = always(200, &[JSON], body);
        let call = || api.api("/api/x/y").get();
        assert_eq!(call().json::<Value>().await.unwrap(), value, "{body}");
        call().discard().await.unwrap();
        // A list of records is in an envelope.
        assert_eq!(call().records().await.unwrap_err().kind(), ErrorKind::Decode, "{body}");
        assert_eq!(call().result::<Value>().await.unwrap_err().kind(), ErrorKind::Decode, "{body}");
    }
    for (body, kind) in [
        ("[1,2", ErrorKind::Truncated),
        ("tru", ErrorKind::Truncated),
        ("-", ErrorKind::Truncated),
        ("[1,]", ErrorKind::Malformed),
        ("7 7", ErrorKind::Malformed),
        ("nil", ErrorKind::Malformed),
        ("[\"\u{1}\"]", ErrorKind::Malformed),
    ] {
        let (builder, _) =
            builder(move |_| Response::builder().header(JSON.0, JSON.1).body(Body::from(body)).unwrap());
        let api = builder.retry(RetryPolicy::new().max_attempts(1)).build().unwrap();
        let error = api.api("/api/x/y").get().json::<Value>().await.unwrap_err();
        assert_eq!(error.kind(), kind, "{body}: {error}");
    }
}

/// A gzip member that is not compressed (RFC 1951, 3.2.4).
fn gzip(text: &[u8]) -> Vec<u8> {
    let length = u16::try_from(text.len()).unwrap();
    let crc = !text.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| crc >> 1 ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    });
    let mut member = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1];
    member.extend([length.to_le_bytes(), (!length).to_le_bytes()].concat());
    member.extend(text);
    member.extend([crc.to_le_bytes(), u32::from(length).to_le_bytes()].concat());
    member
}

#[tokio::test(start_paused = true)]
async fn zeros_behind_gzip_are_passed_over_and_nothing_else_is() {
    let whole = gzip(br#"{"result":[]}"#);
    let two = [gzip(br#"{"result""#), gzip(b":[]}")].concat();
    let headers = [JSON, ("content-encoding", "gzip")];
    for (body, expected, requests) in [
        (whole.clone(), None, 1),
        (two.clone(), None, 1),
        ([&two[..], &[0; 512]].concat(), None, 1),
        ([&whole[..], b"\0\0x"].concat(), Some(ErrorKind::Malformed), 1),
        ([&whole[..], b"x"].concat(), Some(ErrorKind::Malformed), 1),
        (b"{\"result\":[]}".to_vec(), Some(ErrorKind::Malformed), 1),
        (whole[..whole.len() - 1].to_vec(), Some(ErrorKind::Truncated), 4),
        (two[..two.len() / 2 + 3].to_vec(), Some(ErrorKind::Truncated), 4),
    ] {
        let (api, count) = always(200, &headers, body.clone());
        let read = api.table("incident").list().limit(1).await;
        assert_eq!(read.err().map(|error| error.kind()), expected, "{body:?}");
        assert_eq!(count.load(Ordering::Relaxed), requests, "{body:?}");
    }
}

/// A server that says the same to everybody, and how often it was asked.
async fn server(says: Vec<u8>) -> (String, Arc<AtomicUsize>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (url, count) = (format!("http://{}", listener.local_addr().unwrap()), Arc::new(AtomicUsize::new(0)));
    let counted = count.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::Relaxed);
            let says = says.clone();
            tokio::spawn(async move {
                let mut buffer = [0; 64 << 10];
                let _head = stream.read(&mut buffer).await?;
                stream.write_all(&says).await?;
                stream.shutdown().await
            });
        }
    });
    (url, count)
}

/// What a read and a write come to.
async fn over_a_socket(says: &[u8], transport: TransportBuilder) -> (Option<Error>, usize, Option<Error>) {
    let (url, count) = server(says.to_vec()).await;
    let builder = Client::builder().instance(Instance::parse_insecure(&url).unwrap()).user("a").password("b");
    let pauses =
        RetryPolicy::new().max_attempts(4).backoff(Duration::from_millis(1), Duration::from_millis(1));
    let client = builder.retry(pauses).transport(transport.no_proxy().build().unwrap()).build().unwrap();
    let read = client.table("incident").list().limit(1).await.err();
    let requests = count.load(Ordering::Relaxed);
    (read, requests, client.table("incident").create(&json!({})).await.err())
}

fn with_headers(headers: &str) -> Vec<u8> {
    let body = r#"{"result":[{"sys_id":"1"}]}"#;
    let length = body.len();
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    )
    .into()
}

#[tokio::test]
async fn what_is_not_http_or_too_much_of_it_is_told_and_not_asked_for_again() {
    let headers = |count: usize| -> String { (0..count).map(|at| format!("x-{at}: y\r\n")).collect() };
    let large = |size: usize| format!("x-large: {}\r\n", "y".repeat(size));
    for good in [headers(95), large(60 << 10)] {
        let (read, requests, _) = over_a_socket(&with_headers(&good), Transport::builder()).await;
        assert!(read.is_none() && requests == 1, "{read:?}");
    }
    let raised = || Transport::builder().max_headers(2_000).max_head_size(1 << 20);
    for much in [headers(150), headers(1_500), large(200 << 10), large(600 << 10)] {
        let (read, requests, write) = over_a_socket(&with_headers(&much), Transport::builder()).await;
        let (read, write) = (read.unwrap(), write.unwrap());
        assert_eq!((read.kind(), requests), (ErrorKind::InvalidHttp, 1), "{read}");
        for part in ["more headers or more bytes", "max_headers()", "max_head_size()"] {
            assert!(read.to_string().contains(part), "{read}");
        }
        assert!(write.kind() == ErrorKind::InvalidHttp && write.may_have_executed(), "{write}");
        assert!(over_a_socket(&with_headers(&much), raised()).await.0.is_none());
    }
    let lowered = Transport::builder().max_headers(10);
    assert_eq!(
        over_a_socket(&with_headers(&headers(20)), lowered).await.0.unwrap().kind(),
        ErrorKind::InvalidHttp
    );
    let chunked = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    for (says, part) in [
        ("SSH-2.0-OpenSSH_9.6\r\n".to_owned(), "not HTTP/1.1"),
        ("HTTP/1.1 200 OK\r\nx y: z\r\n\r\n".to_owned(), "not HTTP/1.1"),
        ("HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n".to_owned(), "not HTTP/1.1"),
        (format!("{chunked}zz\r\n"), "chunks"),
        (format!("{chunked}2\r\n{{}}xx"), "chunks"),
    ] {
        let (read, requests, write) = over_a_socket(says.as_bytes(), Transport::builder()).await;
        let (read, write) = (read.unwrap(), write.unwrap());
        assert_eq!((read.kind(), requests), (ErrorKind::InvalidHttp, 1), "{says:?}: {read}");
        assert!(read.to_string().contains(part) && !read.is_retryable(), "{read}");
        assert!(write.kind() == ErrorKind::InvalidHttp && write.may_have_executed(), "{write}");
    }
    // What breaks off is asked for again.
    for says in ["HTTP/1.1 200 OK\r\nconte", &format!("{chunked}2\r\n{{")] {
        let (read, requests, _) = over_a_socket(says.as_bytes(), Transport::builder()).await;
        assert_eq!((read.unwrap().kind(), requests), (ErrorKind::ConnectionClosed, 4), "{says:?}");
    }
    for refused in [Transport::builder().max_headers(0), Transport::builder().max_head_size(100)] {
        assert_eq!(refused.build().unwrap_err().kind(), ErrorKind::InvalidInput);
    }
}
