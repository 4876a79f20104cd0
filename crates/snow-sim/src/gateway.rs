//! A party between the client and the instance: a proxy, a firewall, a load balancer, an API manager.

use crate::response::SimResponse;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

/// A response that does not come from the instance: see [`Simulator::gateway_next`](crate::Simulator::gateway_next). It has the
/// status, headers and body of the test's choosing and nothing else: no `X-Transaction-ID`, no `X-Is-Logged-In`, no `Server`
/// ([facts 3.6]).
///
/// ```
/// use http::StatusCode;
/// use snow_sim::{Gateway, Simulator};
///
/// let simulator = Simulator::builder().build()?;
/// let page = "<html><h1>404 Not Found</h1></html>";
/// simulator.gateway_next(Gateway::new(StatusCode::NOT_FOUND).body("text/html", page));
/// # Ok::<_, snow_sim::BuildError>(())
/// ```
///
/// [facts 3.6]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#36-not-json
#[derive(Clone, Debug)]
#[must_use = "a gateway does nothing until a simulator has it"]
pub struct Gateway {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    asks_instance: bool,
}

impl Gateway {
    /// Creates a gateway that responds with this status and an empty body, without asking the instance.
    pub fn new(status: StatusCode) -> Self {
        Self { status, headers: HeaderMap::new(), body: Bytes::new(), asks_instance: false }
    }

    /// Sets the body and its content type; an empty content type sends none.
    pub fn body(mut self, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        self.headers.remove(header::CONTENT_TYPE);
        self.body = body.into();
        if content_type.is_empty() { self } else { self.header(header::CONTENT_TYPE, content_type) }
    }

    /// Adds a header.
    ///
    /// # Panics
    /// Panics if the value has characters that a header cannot have.
    pub fn header(mut self, name: HeaderName, value: &'static str) -> Self {
        self.headers.append(name, HeaderValue::from_static(value));
        self
    }

    /// Lets the instance execute the request first; its response is discarded.
    pub fn after_the_instance(self) -> Self {
        Self { asks_instance: true, ..self }
    }

    pub(crate) fn asks_instance(&self) -> bool {
        self.asks_instance
    }

    pub(crate) fn response(&self) -> SimResponse {
        let mut response = SimResponse::new(self.status, self.body.clone(), false);
        response.headers = self.headers.clone();
        response
    }
}
