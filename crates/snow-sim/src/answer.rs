//! Answers in the service's own form (facts 1.4, 3.1).

use crate::Release;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};

/// An answer before it is put on the wire.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The body is a generated file of this size.
    pub(crate) generated: Option<u64>,
    /// The edge answers without a transaction, a node with one.
    pub(crate) by_node: bool,
    /// The transaction was cut off: the body has no end.
    pub(crate) truncated: bool,
}

impl Answer {
    pub(crate) fn new(status: StatusCode, body: impl Into<Bytes>, by_node: bool) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: body.into(),
            generated: None,
            by_node,
            truncated: false,
        }
    }

    pub(crate) fn json(status: StatusCode, body: String) -> Self {
        Self::new(status, body, true).with("content-type", "application/json;charset=UTF-8")
    }

    pub(crate) fn result(status: StatusCode, result: &Value) -> Self {
        Self::json(status, json!({ "result": result }).to_string())
    }

    /// A file of so many bytes that are made on the way.
    pub(crate) fn generated(size: u64) -> Self {
        Self { generated: Some(size), ..Self::empty(StatusCode::OK) }
    }

    /// How many bytes its body has.
    pub(crate) fn length(&self) -> u64 {
        self.generated.unwrap_or(self.body.len() as u64)
    }

    pub(crate) fn empty(status: StatusCode) -> Self {
        Self::new(status, "", true)
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
        let answer = Self::new(status, html.to_owned(), false);
        if html.is_empty() { answer } else { answer.with("content-type", "text/html") }
    }

    pub(crate) fn not_simulated(what: &str) -> Self {
        Self::fault(StatusCode::NOT_IMPLEMENTED, "Not simulated", &format!("{what} is not simulated"))
    }

    /// Adds a header; a value that cannot be one is left out.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.append(HeaderName::from_static(name), value);
        }
        self
    }

    /// With the headers of a node, or of the edge, of a release (facts 1.4).
    pub(crate) fn dressed(
        mut self,
        release: Release,
        transaction: &str,
        logged_in: bool,
        waits: (u128, u128),
    ) -> Self {
        let old = release == Release::Y2021;
        self = self.with("server", if old { "ServiceNow" } else { "snow_adc" });
        if self.by_node {
            if !old {
                self = self.with(
                    "server-timing",
                    &format!("t;desc=\"{transaction}\", sem_wait;dur={}, sesh_wait;dur={}", waits.0, waits.1),
                );
            }
            if logged_in {
                self = self.with("x-is-logged-in", "true");
                if !old {
                    self = self.with("x-is-visitor", "false");
                }
                self = self.with("x-transaction-id", transaction);
            } else if self.status != StatusCode::UNAUTHORIZED {
                self = self.with("x-transaction-id", transaction);
            }
            self = self
                .with("x-content-type-options", "nosniff")
                .with("pragma", "no-store,no-cache")
                .with("cache-control", "no-cache,no-store,must-revalidate,max-age=-1")
                .with("expires", "0");
        }
        self.with("strict-transport-security", "max-age=63072000; includeSubDomains")
    }
}

pub(crate) fn gzipped(body: &[u8]) -> Bytes {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let written = encoder.write_all(body).and_then(|()| encoder.finish());
    written.map_or_else(|_| Bytes::copy_from_slice(body), Bytes::from)
}
