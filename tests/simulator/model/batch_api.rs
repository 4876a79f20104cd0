//! The Batch API (facts 7.1): its items are requests of the Table API, one after the other.

use super::exchange::{Answer, Ask, Compared, fail, same};
use super::instance::Who;
use super::random;
use super::table_api::{self, unauthenticated};
use super::table_case::Case;
use super::table_request::{Action, Own, OwnId, TableRequest};
use super::world::World;
use super::writing::Form;
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;
use serde_json::{Value, json};
use snow_sim::Guess;
use std::collections::BTreeSet;

#[derive(Clone, Debug)]
enum Sent {
    /// Requests, and whether the headers of their responses are left out; by number whether ids are sent as numbers.
    Items {
        items: Vec<(TableRequest, bool)>,
        numbers: bool,
    },
    Broken,
    NotJson,
    WithoutVersion,
    Get,
}

#[test]
fn random_requests_of_the_batch_api() {
    let who = prop_oneof![8 => Just(Who::Admin), 4 => Just(Who::Reader), 1 => Just(Who::Nobody)];
    let item = (random::requests(), prop::bool::weighted(0.3), any::<u8>());
    let items = (prop::collection::vec(item, 0..6), any::<bool>()).prop_map(|(items, numbers)| {
        let items =
            items.into_iter().map(|(request, bare, seed)| (with_own_id(request, seed), bare)).collect();
        Sent::Items { items, numbers }
    });
    let bad = proptest::sample::select(vec![Sent::Broken, Sent::NotJson, Sent::WithoutVersion, Sent::Get]);
    let step = (who, prop_oneof![9 => items, 1 => bad]);
    let seen =
        super::compare("Batch", step, World::new, async |world, (who, sent)| run(world, *who, sent).await);
    for status in ["200", "400", "401", "405", "415"] {
        assert!(seen.contains_key(&format!("Batch {status}")), "no {status} in {seen:?}");
    }
}

/// In a batch, nobody can look in between what sys_id a new record has got, and all entries of a journal are of the same second.
fn with_own_id(mut request: TableRequest, seed: u8) -> TableRequest {
    if let Action::Create { draft, .. } | Action::Change { draft, .. } = &mut request.action {
        draft.values.retain(|(name, _)| *name != "u_log");
    }
    if let Action::Create { own_fields, draft, .. } = &mut request.action {
        if own_fields.is_none() {
            *own_fields = Some(Own { id: OwnId::New(seed), stamps: false });
        }
        if draft.form == Form::Nothing {
            draft.form = Form::Object;
        }
    }
    request
}

async fn run(world: &mut World, who: Who, sent: &Sent) -> Compared {
    let mut cases = Vec::new();
    if let Sent::Items { items, .. } = sent {
        for (request, bare) in items {
            let request = TableRequest { who, ..request.clone() };
            if let Action::Wait(seconds) = request.action {
                world.wait(seconds);
            } else {
                cases.push((Case::new(world, &request), *bare));
            }
        }
    }
    let numbers = matches!(sent, Sent::Items { numbers: true, .. });
    let answer = world.send(&ask(who, sent, &cases, numbers)).await;
    world.compared(format!("Batch {}", answer.status));
    let compared = check(world, who, sent, &cases, &answer).await;
    answer.in_context(compared)
}

fn ask(who: Who, sent: &Sent, cases: &[(Case, bool)], numbers: bool) -> Ask {
    let path = if matches!(sent, Sent::WithoutVersion) { "/api/now/batch" } else { "/api/now/v1/batch" };
    let kind = if matches!(sent, Sent::NotJson) { "text/plain" } else { "application/json" };
    let method = if matches!(sent, Sent::Get) { "GET" } else { "POST" };
    let id = |number: usize| if numbers { json!(number) } else { json!(number.to_string()) };
    let items: Vec<Value> =
        cases.iter().enumerate().map(|(at, (case, bare))| item(case, id(at), *bare)).collect();
    let body = json!({ "batch_request_id": id(7), "rest_requests": items }).to_string();
    let body = if matches!(sent, Sent::Broken) { &body[..body.len() - 1] } else { &body };
    Ask::new(who, method, path).header("content-type", kind).body(body)
}

fn item(case: &Case, id: Value, bare: bool) -> Value {
    let headers = case.ask.headers.iter().map(|(name, value)| json!({ "name": name, "value": value }));
    let mut item = json!({
        "id": id, "method": case.ask.method, "url": case.ask.target(), "headers": headers.collect::<Value>(),
        "exclude_response_headers": bare,
    });
    if !case.ask.body.is_empty() {
        item["body"] = json!(BASE64_STANDARD.encode(&case.ask.body));
    }
    item
}

async fn check(
    world: &mut World,
    who: Who,
    sent: &Sent,
    cases: &[(Case, bool)],
    answer: &Answer,
) -> Compared {
    if !who.is_known() {
        return unauthenticated(answer, false);
    }
    let (guess, status) = match sent {
        Sent::Items { .. } => return check_items(world, cases, answer).await,
        Sent::Broken => (Guess::UnreadableBody, 400),
        Sent::NotJson => (Guess::MediaTypeNotSupported, 415),
        Sent::WithoutVersion => (Guess::BatchWithoutVersion, 400),
        Sent::Get => (Guess::MethodNotSupported, 405),
    };
    answer.depends_on(&BTreeSet::from([guess]))?;
    same("status", answer.status, status)
}

async fn check_items(world: &mut World, cases: &[(Case, bool)], answer: &Answer) -> Compared {
    same("status", answer.status, 200)?;
    let body = answer.json()?;
    same("id", &body["batch_request_id"], &json!("7"))?;
    same("left undone", &body["unserviced_requests"], &json!([]))?;
    let serviced = body["serviced_requests"].as_array().cloned().unwrap_or_default();
    same("items", serviced.len(), cases.len())?;
    for (at, (item, (case, bare))) in serviced.iter().zip(cases).enumerate() {
        same("id", &item["id"], &json!(at.to_string()))?;
        let answer = answer_of(case, item, *bare)?;
        let compared = table_api::check(world, case, &answer).await;
        answer.in_context(compared)?;
    }
    Ok(())
}

/// The response to an item, as if it had come by itself. Its headers are fewer, and spelled otherwise.
fn answer_of(case: &Case, item: &Value, bare: bool) -> Compared<Answer> {
    let body = item["body"].as_str().unwrap_or_default();
    let body: Bytes = BASE64_STANDARD.decode(body).or_else(|error| fail(format!("{error}: {item}")))?.into();
    let Some(status) = item["status_code"].as_u64().and_then(|status| u16::try_from(status).ok()) else {
        return fail(format!("no status: {item}"));
    };
    if !item["execution_time"].is_u64() || item["status_text"].as_str().is_none_or(str::is_empty) {
        return fail(format!("no time, or no text of the status: {item}"));
    }
    let mut headers = HeaderMap::new();
    for header in item["headers"].as_array().into_iter().flatten() {
        let text = |part: &str| header[part].as_str().unwrap_or_default().to_owned();
        let name = HeaderName::try_from(text("name")).or_else(|error| fail(error.to_string()))?;
        headers.append(name, HeaderValue::try_from(text("value")).or_else(|error| fail(error.to_string()))?);
    }
    if bare {
        same("headers", headers.len(), 0)?;
    } else {
        same("cookies", headers.get("set-cookie"), None)?;
        if !body.is_empty() {
            let length = HeaderValue::from(body.len());
            same("length", headers.get("content-length"), Some(&length))?;
        }
    }
    let headers = (!bare).then_some(headers);
    let json_type = "application/json; charset=UTF-8";
    Ok(Answer { ask: case.ask.to_string(), status, headers, json_type, body })
}
