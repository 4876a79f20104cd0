//! A batch as the service reads and writes it (facts 7.1).

use super::item::Outgoing;
use crate::call::Prepared;
use crate::{Error, Kind};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{Engine, alphabet, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::json;
use snow_core::decode::Answer;

/// What is cut off at its end has lost its padding, too: that it is cut, its JSON tells.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

#[derive(Serialize)]
struct Request<'a> {
    id: String,
    method: &'a str,
    url: String,
    headers: Vec<Header<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
}

#[derive(Serialize)]
struct Header<'a> {
    name: &'a str,
    value: &'a str,
}

/// One item.
pub(super) fn item(at: usize, request: &Prepared) -> Result<String, Error> {
    let unfit = |e| Error::new(Kind::InvalidInput, "the call cannot be an item of a batch").with_source(e);
    let params = request.params.encoded()?;
    let url = match params {
        "" => request.path.to_string(),
        params => format!("{}?{params}", request.path),
    };
    let mut headers = Vec::new();
    for (name, value) in &request.headers {
        let value = value.to_str().map_err(|e| {
            let why = format!("the header {name} cannot be part of a batch");
            Error::new(Kind::InvalidInput, why).with_source(e)
        })?;
        headers.push(Header { name: name.as_str(), value });
    }
    let json = "application/json";
    if !request.headers.contains_key(header::ACCEPT) {
        headers.push(Header { name: "Accept", value: json });
    }
    if request.body.is_some() && !request.headers.contains_key(header::CONTENT_TYPE) {
        headers.push(Header { name: "Content-Type", value: json });
    }
    let body = request.body.as_ref().map(|body| BASE64_STANDARD.encode(body));
    let item = Request { id: at.to_string(), method: request.method.as_str(), url, headers, body };
    serde_json::to_string(&item).map_err(unfit)
}

/// The whole request.
pub(super) fn request(items: &[Outgoing]) -> String {
    let mut text = String::from(r#"{"batch_request_id":"1","rest_requests":["#);
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        text.push_str(&item.json);
    }
    text.push_str("]}");
    text
}

/// What the service tells of a batch. What is in neither list was not serviced either.
#[derive(Deserialize)]
pub(super) struct Told {
    serviced_requests: Vec<Serviced>,
}

#[derive(Deserialize)]
struct Serviced {
    id: String,
    #[serde(default)]
    body: Option<String>,
    status_code: u16,
    #[serde(default)]
    headers: Option<Vec<Pair>>,
    #[serde(default)]
    error_message: Option<String>,
    #[serde(default)]
    redirect_url: Option<String>,
}

#[derive(Deserialize)]
struct Pair {
    name: String,
    value: String,
}

impl Told {
    /// The answer to an item, if it was serviced.
    pub(super) fn of(&self, at: usize) -> Option<Result<Answer, Error>> {
        let id = at.to_string();
        self.serviced_requests.iter().find(|serviced| serviced.id == id).map(Serviced::answer)
    }
}

impl Serviced {
    /// As if it had come alone.
    fn answer(&self) -> Result<Answer, Error> {
        let odd = |why: &'static str| Error::new(Kind::Decode, why);
        let status = StatusCode::from_u16(self.status_code);
        let status = status.map_err(|e| odd("an item of the batch has no status").with_source(e))?;
        let encoded: String = self.body.iter().flat_map(|body| body.split_whitespace()).collect();
        let body = LENIENT.decode(encoded);
        let body = body.map_err(|e| odd("the body of an item of the batch is no base64").with_source(e))?;
        let (mut head, ()) = Response::new(()).into_parts();
        head.status = status;
        for Pair { name, value } in self.headers.iter().flatten() {
            // What is no header tells nothing.
            if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
                head.headers.append(name, value);
            }
        }
        if let Some(Ok(target)) = self.redirect_url.as_deref().map(HeaderValue::from_str) {
            head.headers.entry(header::LOCATION).or_insert(target);
        }
        head.headers.entry(header::CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
        let body = match &self.error_message {
            Some(message) if body.is_empty() && !status.is_success() => {
                json!({ "error": { "message": message } }).to_string().into_bytes()
            }
            _ => body,
        };
        Answer::new(head, Bytes::from(body))
    }
}
