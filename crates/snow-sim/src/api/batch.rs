//! `POST /api/now/v1/batch`: many requests in one (facts 7.1). They run one after the other, for the user of the batch, and
//! nothing is rolled back.
//!
//! What is chosen where the facts are silent is said in the response, see [`Guess`].

use super::dispatch::{call_api, needs_xml};
use super::path::ApiPath;
use super::{Call, IncomingRequest};
use crate::Guess;
use crate::auth;
use crate::fault::cancelled;
use crate::response::SimResponse;
use crate::state::State;
use crate::upload::ReceivedBody;
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, Request, StatusCode, header};
use serde_json::{Value, json};
use std::time::Duration;

/// One request of a batch.
struct BatchItem {
    id: String,
    head: Parts,
    body: Vec<u8>,
    /// How many bytes of base64 it came in.
    encoded: usize,
    without_headers: bool,
}

pub(super) fn handle(state: &mut State, call: &Call<'_>) -> SimResponse {
    if !call.segments.is_empty() {
        return SimResponse::no_such_api();
    }
    if !call.base.ends_with(['1', '2']) {
        return SimResponse::no_such_api().guess(Guess::BatchWithoutVersion);
    }
    if call.method != Method::POST {
        return SimResponse::method_not_supported();
    }
    let given = |name| call.head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !given("content-type").trim_start().starts_with("application/json") {
        let detail = "A batch is application/json";
        return SimResponse::media_type_not_supported(detail);
    }
    if given("accept").trim_start().starts_with("multipart/mixed") {
        return SimResponse::not_simulated("multipart/mixed, as the response to a batch,");
    }
    let (id, items) = match read(call) {
        Ok(batch) => batch,
        Err(why) => {
            let message = "Exception while reading request";
            return SimResponse::error(StatusCode::BAD_REQUEST, message, &why).guess(Guess::UnreadableBody);
        }
    };
    if state.settings.rate_limit.is_some() {
        call.guess(Guess::BatchCountsOnce);
    }
    let most = given("x-batchrequest-max-output-size").parse().unwrap_or(usize::MAX);
    let (serviced, unserviced) = run(state, call, items, most);
    let body =
        json!({ "batch_request_id": id, "serviced_requests": serviced, "unserviced_requests": unserviced });
    SimResponse::json(StatusCode::OK, body.to_string())
}

/// Items that could be read, and those that could not with what is wrong.
type BatchItems = Vec<Result<BatchItem, (String, String)>>;

/// The id of the batch, and its items.
fn read(call: &Call<'_>) -> Result<(String, BatchItems), String> {
    let batch: Value = serde_json::from_slice(call.body).map_err(|error| error.to_string())?;
    let items = batch["rest_requests"].as_array().ok_or("rest_requests is not an array")?;
    let items = items.iter().map(|item| {
        let id = text(&item["id"]).ok_or("an item has no id")?;
        Ok(self::item(call, item, id.clone()).map_err(|why| (id, why)))
    });
    Ok((text(&batch["batch_request_id"]).unwrap_or_default(), items.collect::<Result<_, String>>()?))
}

/// Ids come back as text, even if they were sent as numbers (facts 7.1).
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn item(call: &Call<'_>, item: &Value, id: String) -> Result<BatchItem, String> {
    let word = |name: &str| item[name].as_str().ok_or_else(|| format!("{name} is not text"));
    let url = word("url")?;
    if !url.starts_with('/') {
        return Err("the url is not relative to the instance".into());
    }
    let mut request = Request::builder().method(word("method")?).uri(url);
    for header in item["headers"].as_array().into_iter().flatten() {
        let (name, value) = (header["name"].as_str(), header["value"].as_str());
        request = request.header(name.unwrap_or_default(), value.unwrap_or_default());
    }
    let (mut head, ()) = request.body(()).map_err(|error| error.to_string())?.into_parts();
    let host = call.origin.split_once("://").map_or("", |(_, host)| host);
    if let Ok(host) = HeaderValue::from_str(host) {
        head.headers.insert(header::HOST, host);
    }
    let encoded: String = item["body"].as_str().unwrap_or_default().split_whitespace().collect();
    let body =
        BASE64_STANDARD.decode(&encoded).map_err(|error| format!("the body is not base64: {error}"))?;
    let without_headers = item["exclude_response_headers"] == true;
    Ok(BatchItem { id, head, body, encoded: encoded.len(), without_headers })
}

/// Returns the response to each, and the ids of those that a limit left undone.
fn run(state: &mut State, call: &Call<'_>, items: BatchItems, most: usize) -> (Vec<Value>, Vec<String>) {
    let settings = state.settings.clone();
    let most = most.min(settings.batch_output_limit);
    let (mut serviced, mut spent) = (Vec::new(), Duration::ZERO);
    let mut items = items.into_iter();
    let mut left = Vec::new();
    for item in items.by_ref() {
        if spent >= settings.batch_time_limit {
            left.push(item);
            break;
        }
        spent += settings.batch_item_time;
        let item = match item {
            Ok(item) => item,
            Err((id, why)) => {
                serviced.push(unreadable_item(&id, &why));
                continue;
            }
        };
        if item.body.len() > settings.batch_input_limit {
            call.guess(Guess::BatchItemTooLarge);
            left.push(Ok(item));
            break;
        }
        if item.encoded > settings.batch_input_limit {
            call.guess(Guess::BatchItemSize);
        }
        let received = ReceivedBody::of(&settings, &item.head, &item.body);
        let mut response = call_item(state, call, &item.head, &received);
        if spent > settings.batch_time_limit {
            response = SimResponse::json(StatusCode::INTERNAL_SERVER_ERROR, cancelled());
            response = response.in_language(settings.language).guess(Guess::BatchOutOfTime);
        }
        if response.length() > most as u64 {
            call.guess(Guess::BatchItemTooLarge);
            left.push(Ok(item));
            break;
        }
        response.guesses.iter().for_each(|guess| call.guess(*guess));
        let response = response.with_guess_headers();
        serviced.push(item_response(&item, &response, settings.batch_item_time));
    }
    let left = left.into_iter().chain(items);
    (serviced, left.map(|item| item.map_or_else(|(id, _)| id, |item| item.id)).collect())
}

fn call_item(state: &mut State, call: &Call<'_>, head: &Parts, body: &ReceivedBody) -> SimResponse {
    if ApiPath::parse(head.uri.path()).is_some_and(|path| path.api == "batch") {
        return SimResponse::not_simulated("a batch in a batch");
    }
    if needs_xml(state, head) {
        return SimResponse::no_xml();
    }
    let request = IncomingRequest { head, body, secure: call.origin.starts_with("https:") };
    let response = match auth::may_call(state, call.login, head.uri.path()) {
        Ok(()) => call_api(state, request, call.login),
        Err(refusal) => refusal.guess(Guess::BatchItemLogin),
    };
    let mut response = response.in_language(state.settings.language);
    if head.method == Method::HEAD {
        (response.body, response.generated) = (Bytes::new(), None);
    }
    response
}

/// An item that was never a request.
fn unreadable_item(id: &str, why: &str) -> Value {
    let status = StatusCode::BAD_REQUEST;
    json!({
        "id": id,
        "status_code": status.as_u16(),
        "status_text": status.canonical_reason(),
        "error_message": why,
        "headers": [],
        "execution_time": 0,
    })
}

fn item_response(item: &BatchItem, response: &SimResponse, time: Duration) -> Value {
    let mut entry = json!({
        "id": item.id,
        "status_code": response.status.as_u16(),
        "status_text": response.status.canonical_reason().unwrap_or_default(),
        "headers": if item.without_headers { Vec::new() } else { headers(response) },
        "execution_time": u64::try_from(time.as_millis()).unwrap_or(u64::MAX),
    });
    let body = match response.generated {
        Some(size) => crate::data::generated(0, usize::try_from(size).unwrap_or_default()),
        None => response.body.to_vec(),
    };
    // A response without a body has none here either (facts 7.1).
    if response.status != StatusCode::NO_CONTENT {
        entry["body"] = BASE64_STANDARD.encode(body).into();
    }
    if let Some(target) = response.headers.get(header::LOCATION).filter(|_| response.status.is_redirection())
    {
        entry["redirect_url"] = target.to_str().unwrap_or_default().into();
    }
    entry
}

/// Those of an item are fewer than those of a request: no cookies, nothing of the transaction, but a length (facts 7.1).
fn headers(response: &SimResponse) -> Vec<Value> {
    let pair = |name: String, value: &str| json!({ "name": name, "value": value });
    let own = response.headers.iter().map(|(name, value)| {
        // The service spells the content type of an item with a space.
        pair(title_case(name), &value.to_str().unwrap_or_default().replace(";charset", "; charset"))
    });
    [("Pragma", "no-store,no-cache"), ("Expires", "0")]
        .into_iter()
        .map(|(name, value)| pair(name.into(), value))
        .chain([pair("Content-Length".into(), &response.length().to_string())])
        .chain(own)
        .chain([pair("Cache-control".into(), "no-cache,no-store,must-revalidate,max-age=-1")])
        .collect()
}

/// `content-type` as `Content-Type`.
fn title_case(name: &HeaderName) -> String {
    let words = name.as_str().split('-').map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_ascii_uppercase() + rest
    });
    words.collect::<Vec<_>>().join("-")
}
