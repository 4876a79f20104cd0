//! Whatever stands in a response that says a call failed, the call fails, with an error that is fit to print.

use super::scripted::{PASSWORD, client, has, is_fit_to_print, run};
use bytes::Bytes;
use http::{Request, Response};
use serde_json::json;
use snow_core::Body;

const STATUSES: [u16; 16] = [400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 429, 500, 501, 502, 503, 504];
const TYPES: [&str; 4] = ["application/json", "text/html", "text/plain", "application/problem+json"];
const ID: &str = "6816f79cc0a8016401c5a33be04be441";

/// The first byte chooses the status and who answers; the rest is the body. What is not JSON is put into an envelope, too.
pub(crate) fn check(data: &[u8]) {
    let Some((first, body)) = data.split_first() else { return };
    if has(data, PASSWORD) {
        return;
    }
    fails(*first, Bytes::copy_from_slice(body));
    if !body.starts_with(b"{") {
        let text = String::from_utf8_lossy(body);
        let envelope = json!({ "error": { "message": text, "detail": text }, "status": "failure" });
        fails(*first, Bytes::from(envelope.to_string()));
        let inside =
            [b"{\"error\":{\"message\":\"x\",\"detail\":", body, b"},\"status\":\"failure\"}"].concat();
        fails(*first, Bytes::from(inside));
    }
}

fn fails(first: u8, body: Bytes) {
    let (status, kind) = (STATUSES[usize::from(first % 16)], TYPES[usize::from(first >> 4 & 3)]);
    let respond = move |_: &Request<Body>| {
        let mut response = Response::builder().status(status).header("content-type", kind);
        if first & 0x40 == 0 {
            response = response.header("x-transaction-id", "1");
        }
        response.body(Body::from(body.clone())).expect("a valid response")
    };
    run(async {
        let client = client(respond);
        let read = client.table("incident").list().limit(1).await.expect_err("a failed read");
        assert!(!read.may_have_executed(), "{read}");
        is_fit_to_print(&read);
        is_fit_to_print(&client.table("incident").create(&json!({})).await.expect_err("a failed creation"));
        is_fit_to_print(&client.table("incident").delete(ID).await.expect_err("a failed deletion"));
    });
}
