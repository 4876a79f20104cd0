//! Classifies a token response before `oauth2` reads it.

use bytes::Bytes;
use http::response::Parts;
use oauth2::HttpResponse;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use snow_core::decode::ApiResponse;
use snow_core::{Error, ErrorKind};
use std::collections::BTreeMap;

/// Passes on what `oauth2` can read. An error in OAuth's own words counts with the statuses that refuse, and inside a 200; with
/// any other status it comes from elsewhere, such as a queue.
pub(super) fn classify(head: Parts, body: Bytes) -> Result<HttpResponse, Error> {
    let fields = readable_fields(&body);
    let text = |name: &str| fields.as_ref()?.get(name)?.as_str().filter(|text| !text.is_empty());
    let refuses = matches!(head.status.as_u16(), 200 | 400 | 401 | 403);
    if let Some(error) = text("error").filter(|_| refuses) {
        let description = text("error_description").unwrap_or_default();
        return Err(refused_by_endpoint(error, description).with_status(head.status));
    }
    let response = ApiResponse::new(head, body.clone())?;
    // `oauth2` itself would take an object with anything after it.
    let readable = fields.and_then(|fields| serde_json::to_vec(&fields).ok());
    let mut passed_on = HttpResponse::new(readable.ok_or_else(no_token_in_response)?);
    *passed_on.headers_mut() = response.headers().clone();
    Ok(passed_on)
}

/// Returns the fields of the response that can be read: one that cannot (such as a number that is too large) is left out, and the
/// others stay. An access token that is not there is empty.
fn readable_fields(body: &[u8]) -> Option<Map<String, Value>> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let raw: BTreeMap<String, &RawValue> = serde_json::from_slice(body).ok()?;
    let readable = |(name, raw): (String, &RawValue)| Some((name, serde_json::from_str(raw.get()).ok()?));
    let mut fields: Map<String, Value> = raw.into_iter().filter_map(readable).collect();
    if fields.contains_key("refresh_token") && !fields.get("access_token").is_some_and(Value::is_string) {
        fields.insert("access_token".to_owned(), Value::from(""));
    }
    Some(fields)
}

pub(super) fn refused_by_endpoint(error: &str, description: &str) -> Error {
    Error::new(ErrorKind::TokenRefused, "the token endpoint refused").with_service_message(error, description)
}

pub(super) fn no_token_in_response() -> Error {
    Error::new(ErrorKind::Decode, "the token endpoint's response contains no token")
}
