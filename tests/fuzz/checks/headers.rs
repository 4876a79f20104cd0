//! Whatever headers come, nothing panics, nothing waits beyond its limits, and no secret header is printed.

use super::scripted::{PASSWORD, client, has, is_fit_to_print, run};
use futures_util::TryStreamExt;
use http::{HeaderName, HeaderValue, Request, Response};
use serde_json::json;
use snow_client::{Client, Error};
use snow_core::Body;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const STATUSES: [u16; 12] = [200, 200, 201, 202, 204, 301, 401, 403, 404, 429, 500, 503];
const NAMES: [&str; 26] = [
    "retry-after",
    "x-ratelimit-limit",
    "x-ratelimit-reset",
    "x-ratelimit-rule",
    "x-ratelimit-remaining",
    "content-encoding",
    "content-length",
    "content-type",
    "content-range",
    "x-total-count",
    "link",
    "location",
    "set-cookie",
    "www-authenticate",
    "proxy-authenticate",
    "date",
    "x-transaction-id",
    "x-is-logged-in",
    "x-attachment-metadata",
    "warning",
    "server",
    "via",
    "x-content-type-options",
    "transfer-encoding",
    "etag",
    "x-usertoken-response",
];
const ID: &str = "6816f79cc0a8016401c5a33be04be441";
const COOKIE: &str = "canary-of-a-session";

/// The first byte chooses the status of the first two responses, the second the call; then a header a line, whose first byte
/// chooses its name. Later responses are good ones.
pub(crate) fn check(data: &[u8]) {
    let [status, call, rest @ ..] = data else { return };
    if has(data, COOKIE) || has(data, PASSWORD) {
        return;
    }
    let status = STATUSES[usize::from(*status) % STATUSES.len()];
    let headers: Vec<(HeaderName, HeaderValue)> =
        rest.split(|byte| *byte == b'\n').filter_map(header).collect();
    let (headers, sent) = (Arc::new(headers), Arc::new(AtomicUsize::new(0)));
    let respond = move |request: &Request<Body>| {
        let first = sent.fetch_add(1, Ordering::Relaxed) < 2;
        let one = request.uri().path().contains(ID) || request.method() == "POST";
        let record = json!({ "sys_id": ID, "number": "INC1" });
        let body = if one { json!({ "result": record }) } else { json!({ "result": [record] }) };
        let mut response = Response::builder().status(if first { status } else { 200 });
        response = response.header("set-cookie", format!("JSESSIONID={COOKIE}; Path=/; HttpOnly"));
        let given = if first { &headers[..] } else { &[] };
        if given.iter().all(|(name, _)| name != "content-type") {
            response = response.header("content-type", "application/json");
        }
        response = given.iter().fold(response, |response, (name, value)| response.header(name, value));
        response.body(Body::from(body.to_string())).expect("a valid response")
    };
    run(async {
        let client = client(respond);
        for _ in 0..2 {
            if let Err(error) = one_call(&client, *call % 6).await {
                is_fit_to_print(&error);
                let text = format!("{error:?}");
                assert!(!text.contains(COOKIE), "{text}");
            }
        }
    });
}

fn header(line: &[u8]) -> Option<(HeaderName, HeaderValue)> {
    let (name, value) = line.split_first()?;
    let name = HeaderName::from_static(NAMES[usize::from(*name) % NAMES.len()]);
    Some((name, HeaderValue::from_bytes(value).ok()?))
}

async fn one_call(client: &Client, call: u8) -> Result<(), Error> {
    let incidents = client.table("incident");
    let shown = match call {
        0 => format!("{:?}", incidents.get(ID).await?),
        1 => format!("{:?}", incidents.list().limit(5).await?),
        2 => format!("{:?}", incidents.list().stream().try_collect::<Vec<_>>().await?),
        3 => format!("{:?}", incidents.create(&json!({ "short_description": "x" })).await?),
        4 => format!("{:?}", client.attachments().download(ID).bytes(10_000).await?),
        _ => format!("{:?}", client.api("/api/x/y/z").get().await?),
    };
    assert!(!shown.contains(COOKIE), "{shown}");
    Ok(())
}
