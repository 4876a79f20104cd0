//! Answers in the service's own form (facts 1.4, 3.1).

use crate::Body;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde_json::{Value, json};

/// An answer before it has the headers that every answer has.
pub(crate) struct Answer {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: String,
    /// The edge answers without a transaction, a node with one.
    by_node: bool,
}

impl Answer {
    pub(crate) fn json(status: StatusCode, body: String) -> Self {
        Self { status, headers: Vec::new(), body, by_node: true }
            .with("content-type", "application/json;charset=UTF-8")
    }

    pub(crate) fn result(status: StatusCode, result: &Value) -> Self {
        Self::json(status, json!({ "result": result }).to_string())
    }

    pub(crate) fn empty(status: StatusCode) -> Self {
        Self { status, headers: Vec::new(), body: String::new(), by_node: true }
    }

    /// The envelope of every error: `detail` is null where there is none.
    pub(crate) fn fault(status: StatusCode, message: &str, detail: &str) -> Self {
        let detail = if detail.is_empty() { Value::Null } else { detail.into() };
        Self::json(
            status,
            json!({ "error": { "message": message, "detail": detail }, "status": "failure" }).to_string(),
        )
    }

    /// What the edge answers in place of a node.
    pub(crate) fn edge(status: StatusCode, html: &str) -> Self {
        let answer = Self { status, headers: Vec::new(), body: html.to_owned(), by_node: false };
        if html.is_empty() { answer } else { answer.with("content-type", "text/html") }
    }

    /// Adds a header; a value that cannot be one is left out.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((HeaderName::from_static(name), value));
        }
        self
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// With the headers of a node of 2026, in their order (facts 1.4).
    pub(crate) fn into_response(self, transaction: &str, logged_in: bool, head_only: bool) -> Response<Body> {
        let mut response = Response::new(Body::new(if head_only { String::new() } else { self.body }));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert("server", HeaderValue::from_static("snow_adc"));
        if self.by_node {
            let timing = format!("t;desc=\"{transaction}\", sem_wait;dur=0, sesh_wait;dur=0");
            let mut put = |name, value: &str| {
                HeaderValue::from_str(value).map(|value| headers.insert(name, value)).ok()
            };
            put("server-timing", &timing);
            if logged_in {
                put("x-is-logged-in", "true");
            }
            put("x-transaction-id", transaction);
            put("x-content-type-options", "nosniff");
            put("pragma", "no-store,no-cache");
            put("cache-control", "no-cache,no-store,must-revalidate,max-age=-1");
            put("expires", "0");
        }
        headers.extend(self.headers);
        headers.insert(
            "strict-transport-security",
            HeaderValue::from_static("max-age=63072000; includeSubDomains"),
        );
        response
    }
}
