//! The JSON of a batch, as the service reads and writes it (facts 7.1).

use crate::request::api_request::ApiRequest;
use crate::{Error, ErrorKind};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{Engine, alphabet, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::json;
use snow_core::decode::{ApiResponse, JsonObject};

/// Accepts missing padding: a body that was cut off has lost it, and is then rejected as incomplete JSON.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

#[derive(Serialize)]
struct ItemOfBatch<'a> {
    id: String,
    method: &'a str,
    url: String,
    headers: Vec<HeaderToSend<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
}

#[derive(Serialize)]
struct HeaderToSend<'a> {
    name: &'a str,
    value: &'a str,
}

/// Returns the JSON of one item.
pub(super) fn item(at: usize, request: &ApiRequest) -> Result<String, Error> {
    let unfit =
        |e| Error::new(ErrorKind::InvalidInput, "the call cannot be an item of a batch").with_reason(e);
    let params = request.params.to_params()?;
    let url = match params.encoded()? {
        "" => request.path.to_string(),
        params => format!("{}?{params}", request.path),
    };
    let mut headers = Vec::new();
    for (name, value) in &request.headers {
        let value = value.to_str().map_err(|e| {
            let why = format!("the header {name} cannot be part of a batch");
            Error::new(ErrorKind::InvalidInput, why).with_reason(e)
        })?;
        headers.push(HeaderToSend { name: name.as_str(), value });
    }
    let json = "application/json";
    if !request.headers.contains_key(header::ACCEPT) {
        headers.push(HeaderToSend { name: "Accept", value: json });
    }
    if request.body.is_some() && !request.headers.contains_key(header::CONTENT_TYPE) {
        headers.push(HeaderToSend { name: "Content-Type", value: json });
    }
    let body = request.body.as_ref().map(|body| BASE64_STANDARD.encode(body));
    let item = ItemOfBatch { id: at.to_string(), method: request.method.as_str(), url, headers, body };
    serde_json::to_string(&item).map_err(unfit)
}

/// Returns the body of the whole request, of the JSON of its items.
pub(super) fn request<'i>(items: impl Iterator<Item = &'i str>) -> String {
    let mut text = String::from(r#"{"batch_request_id":"1","rest_requests":["#);
    for (at, item) in items.enumerate() {
        if at > 0 {
            text.push(',');
        }
        text.push_str(item);
    }
    text.push_str("]}");
    text
}

/// What the service responds to a batch.
#[derive(Deserialize)]
pub(super) struct BatchResult {
    serviced_requests: Vec<JsonObject<ServicedRequest>>,
    #[serde(default)]
    unserviced_requests: Vec<String>,
}

#[derive(Deserialize)]
struct ServicedRequest {
    id: String,
    #[serde(default)]
    body: Option<String>,
    status_code: u16,
    #[serde(default)]
    headers: Option<Vec<JsonObject<HeaderOfItem>>>,
    #[serde(default)]
    error_message: Option<String>,
    #[serde(default)]
    redirect_url: Option<String>,
}

#[derive(Deserialize)]
struct HeaderOfItem {
    name: String,
    value: String,
}

impl BatchResult {
    /// Whether the service says that it did not come to an item at all: it is in the list of those that were not processed,
    /// after another one of that list, which is the one at which the service stopped, and after all that were serviced.
    pub(super) fn is_untouched(&self, at: usize) -> bool {
        let listed = |at: usize| self.unserviced_requests.contains(&at.to_string());
        let last = self.serviced().filter_map(|serviced| serviced.id.parse::<usize>().ok()).max();
        listed(at) && last.is_none_or(|last| last < at) && (last.map_or(0, |last| last + 1)..at).any(listed)
    }

    /// Returns the response to an item, if it was serviced.
    pub(super) fn response(&self, at: usize) -> Option<Result<ApiResponse, Error>> {
        let id = at.to_string();
        self.serviced().find(|serviced| serviced.id == id).map(ServicedRequest::response)
    }

    fn serviced(&self) -> impl Iterator<Item = &ServicedRequest> {
        self.serviced_requests.iter().map(|JsonObject(serviced)| serviced)
    }
}

impl ServicedRequest {
    /// Returns the response as if it had come alone.
    fn response(&self) -> Result<ApiResponse, Error> {
        let odd = |why: &'static str| Error::new(ErrorKind::Decode, why);
        let status = StatusCode::from_u16(self.status_code);
        let status = status.map_err(|e| odd("an item of the batch has no status").with_reason(e))?;
        let encoded: String = self.body.iter().flat_map(|body| body.split_whitespace()).collect();
        let body = LENIENT.decode(encoded);
        let body =
            body.map_err(|e| odd("the body of an item of the batch is not valid base64").with_reason(e))?;
        let (mut head, ()) = Response::new(()).into_parts();
        head.status = status;
        for JsonObject(HeaderOfItem { name, value }) in self.headers.iter().flatten() {
            // Text that is not a valid header is ignored.
            if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
                head.headers.append(name, value);
            }
        }
        if let Some(Ok(url)) = self.redirect_url.as_deref().map(HeaderValue::from_str) {
            head.headers.entry(header::LOCATION).or_insert(url);
        }
        head.headers.entry(header::CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
        let body = match &self.error_message {
            Some(message) if body.is_empty() && !status.is_success() => {
                json!({ "error": { "message": message } }).to_string().into_bytes()
            }
            _ => body,
        };
        ApiResponse::of_item(head, Bytes::from(body))
    }
}
