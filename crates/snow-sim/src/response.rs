//! Answers in the service's own form (facts 1.4, 3.1).

use crate::{Guess, Release};
use bytes::Bytes;
use http::header::InvalidHeaderValue;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::fmt::Display;
use std::time::Duration;

/// How long a request waited.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct QueueTimes {
    /// For a semaphore of the node's pool.
    pub(crate) semaphore: Duration,
    /// For its turn in the session.
    pub(crate) session: Duration,
}

/// A response before it is put on the wire.
pub(crate) struct SimResponse {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The body is a generated file of this size.
    pub(crate) generated: Option<u64>,
    /// A response of the edge has no transaction, one of a node has.
    pub(crate) by_node: bool,
    /// The transaction was cut off: the body has no end.
    pub(crate) truncated: bool,
    /// What it depends on that no source settles: see [`SimResponse::guess`].
    pub(crate) guesses: Vec<Guess>,
}

impl SimResponse {
    pub(crate) fn new(status: StatusCode, body: impl Into<Bytes>, by_node: bool) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: body.into(),
            generated: None,
            by_node,
            truncated: false,
            guesses: Vec::new(),
        }
    }

    pub(crate) fn json(status: StatusCode, body: impl Into<Bytes>) -> Self {
        Self::new(status, body, true).with_static("content-type", "application/json;charset=UTF-8")
    }

    /// A result that is JSON as it is written: the order of its keys stays.
    pub(crate) fn result(status: StatusCode, result: &impl Display) -> Self {
        Self::json(status, format!("{{\"result\":{result}}}"))
    }

    /// A result that is JSON already.
    pub(crate) fn rendered(status: StatusCode, result: &[u8]) -> Self {
        Self::json(status, [b"{\"result\":", result, b"}"].concat())
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
    pub(crate) fn error(status: StatusCode, message: &str, detail: &str) -> Self {
        let detail = if detail.is_empty() { Value::Null } else { detail.into() };
        Self::json(
            status,
            json!({ "error": { "message": message, "detail": detail }, "status": "failure" }).to_string(),
        )
    }

    /// The response of the edge in place of a node.
    pub(crate) fn edge(status: StatusCode, html: &str) -> Self {
        let response = Self::new(status, html.to_owned(), false);
        if html.is_empty() { response } else { response.with_static("content-type", "text/html") }
    }

    /// What an instance says of a path that belongs to no API.
    pub(crate) fn no_such_api() -> Self {
        Self::error(StatusCode::BAD_REQUEST, "Requested URI does not represent any resource", "")
    }

    pub(crate) fn method_not_supported() -> Self {
        Self::error(StatusCode::METHOD_NOT_ALLOWED, "Method not supported", "")
            .guess(Guess::MethodNotSupported)
    }

    pub(crate) fn media_type_not_supported(detail: &str) -> Self {
        Self::error(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Unsupported media type", detail)
            .guess(Guess::MediaTypeNotSupported)
    }

    pub(crate) fn not_simulated(what: &str) -> Self {
        Self::not_simulated_because(&format!("{what} is not simulated"))
    }

    pub(crate) fn not_simulated_because(why: &str) -> Self {
        Self::error(StatusCode::NOT_IMPLEMENTED, "Not simulated", why)
    }

    /// Says in XML that there is no XML (facts 3.1).
    pub(crate) fn no_xml() -> Self {
        let body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><response><error><message>Not simulated</message>\
            <detail>XML is not simulated: ask for application/json</detail></error><status>failure</status></response>";
        Self::new(StatusCode::NOT_IMPLEMENTED, body, true)
            .with_static("content-type", "application/xml;charset=UTF-8")
    }

    /// Says that this response depends on a guess: the one way to mark it. Each guess is named once.
    pub(crate) fn guess(mut self, guess: Guess) -> Self {
        if !self.guesses.contains(&guess) {
            self.guesses.push(guess);
        }
        self
    }

    /// The same for several guesses.
    pub(crate) fn with_guesses(self, guesses: impl IntoIterator<Item = Guess>) -> Self {
        guesses.into_iter().fold(self, Self::guess)
    }

    /// Names the guesses in headers.
    pub(crate) fn with_guess_headers(self) -> Self {
        let guesses = self.guesses.clone();
        guesses.into_iter().fold(self, |response, guess| response.with("x-sim-guess", guess.reason()))
    }

    /// Adds a header whose value never changes, without a copy of it.
    fn with_static(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        self
    }

    /// Adds a header; a value that cannot be one is left out.
    pub(crate) fn with(self, name: &'static str, value: &str) -> Self {
        self.with_value(name, HeaderValue::from_str(value))
    }

    fn with_value(mut self, name: &'static str, value: Result<HeaderValue, InvalidHeaderValue>) -> Self {
        if let Ok(value) = value {
            self.headers.append(HeaderName::from_static(name), value);
        }
        self
    }

    /// Adds the date by the instance's clock, as the edge does.
    pub(crate) fn dated(self, now: Timestamp) -> Self {
        let date = now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        self.with_value("date", date.try_into())
    }

    /// With the headers of a node, or of the edge, of a release (facts 1.4).
    pub(crate) fn with_service_headers(
        mut self,
        release: Release,
        transaction: &str,
        logged_in: bool,
        times: QueueTimes,
    ) -> Self {
        let old = release == Release::Y2021;
        self = self.with_static("server", if old { "ServiceNow" } else { "snow_adc" });
        if self.by_node {
            if !old {
                self = self.with(
                    "server-timing",
                    &format!(
                        "t;desc=\"{transaction}\", sem_wait;dur={}, sesh_wait;dur={}",
                        times.semaphore.as_millis(),
                        times.session.as_millis()
                    ),
                );
            }
            if logged_in {
                self = self.with_static("x-is-logged-in", "true");
                if !old {
                    self = self.with_static("x-is-visitor", "false");
                }
                self = self.with("x-transaction-id", transaction);
            } else if self.status != StatusCode::UNAUTHORIZED {
                self = self.with("x-transaction-id", transaction);
            }
            self = self
                .with_static("x-content-type-options", "nosniff")
                .with_static("pragma", "no-store,no-cache")
                .with_static("cache-control", "no-cache,no-store,must-revalidate,max-age=-1")
                .with_static("expires", "0");
        }
        self.with_static("strict-transport-security", "max-age=63072000; includeSubDomains")
    }
}
