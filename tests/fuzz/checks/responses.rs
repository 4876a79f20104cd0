//! Whatever body comes, with whatever status: each call returns what serde_json finds in it, or an error that is fit to print.

use super::scripted::{PASSWORD, client, has, is_fit_to_print, run};
use bytes::Bytes;
use futures_util::TryStreamExt;
use http::{Request, Response};
use serde_json::{Value, json};
use snow_client::{Client, Error, Record};
use snow_core::Body;

const STATUSES: [u16; 16] = [200, 200, 200, 201, 202, 204, 206, 302, 400, 401, 403, 404, 405, 429, 500, 503];
const TYPES: [&str; 4] =
    ["application/json;charset=UTF-8", "text/html", "application/octet-stream", "application/problem+json"];
const ENCODINGS: [&str; 4] = ["identity", "gzip", "br", "deflate"];
const ID: &str = "6816f79cc0a8016401c5a33be04be441";

/// The first byte chooses the status, the second the call and the headers; the rest is the body.
pub(crate) fn check(data: &[u8]) {
    let [status, call, body @ ..] = data else { return };
    if has(data, PASSWORD) {
        return;
    }
    let status = STATUSES[usize::from(status % 16)];
    let (call, kind, body) = (*call, usize::from(status_bits(*call)), Bytes::copy_from_slice(body));
    let encoding = if data[0] & 0xC0 == 0xC0 { ENCODINGS[usize::from(data[0] >> 4 & 3)] } else { "" };
    let plain = encoding.is_empty() || encoding == "identity";
    let from_instance = data[0] & 0x20 == 0;
    let sent = body.clone();
    let respond = move |_: &Request<Body>| {
        let mut response = Response::builder().status(status).header("content-type", TYPES[kind]);
        if from_instance {
            response = response.header("x-transaction-id", "1");
        }
        if !encoding.is_empty() {
            response = response.header("content-encoding", encoding);
        }
        response.body(Body::from(sent.clone())).expect("a valid response")
    };
    run(async {
        let client = client(respond);
        if let Err(error) = one_call(&client, call % 16, plain.then_some(&body)).await {
            is_fit_to_print(&error);
            assert!(call % 16 > 9 || !error.may_have_executed(), "reads change nothing: {error}");
        }
    });
}

/// Which type of content a byte chooses.
fn status_bits(call: u8) -> u8 {
    call >> 4 & 3
}

async fn one_call(client: &Client, call: u8, body: Option<&Bytes>) -> Result<(), Error> {
    let incidents = client.table("incident");
    match call {
        0 => compare(client.api("/api/x/y/z").get().json::<Value>().await?, body, None),
        1 => compare(client.api("/api/x/y/z").get().result::<Value>().await?, body, Some("result")),
        2 => fields(&[incidents.get(ID).await?]),
        3 => fields(&incidents.list().limit(10).await?),
        4 => fields(&incidents.list().stream().try_collect::<Vec<_>>().await?),
        5 => drop(incidents.list().count().await?),
        6 => drop(client.aggregate("incident").count().group_by(["state"]).await?),
        7 => drop(client.schema().table("incident").await?),
        8 => drop(client.attachments().list().await?),
        9 => drop(client.attachments().download(ID).bytes(100_000).await?),
        10 => fields(&[incidents.create(&json!({ "short_description": "x" })).await?]),
        11 => incidents.delete(ID).await?,
        12 => drop(client.import("u_staging").insert(&json!({ "u_a": "1" })).await?),
        13 => drop(client.attachments().upload("incident", ID, "a.txt", "content").await?),
        14 => drop(incidents.upsert("number", &json!({ "number": "INC1" })).await?),
        _ => {
            let mut batch = client.batch();
            let item = batch.add(incidents.get(ID));
            batch.send().await.take(&item)?;
        }
    }
    Ok(())
}

/// A value is the one that serde_json reads; a byte order mark in front of it is not part of JSON.
fn compare(value: Value, body: Option<&Bytes>, member: Option<&str>) {
    let Some(body) = body else { return };
    let json = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let whole: Value = serde_json::from_slice(json).expect("what was read is JSON");
    let expected = member.map_or(Some(&whole), |member| whole.get(member));
    assert_eq!(Some(&value), expected);
}

/// Every field of a record can be asked for.
fn fields(records: &[Record]) {
    for record in records {
        for name in record.fields() {
            if let Err(error) = record.value(name) {
                is_fit_to_print(&error);
            }
        }
    }
}
