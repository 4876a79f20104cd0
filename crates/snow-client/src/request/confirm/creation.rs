//! Finds out what became of a creation whose response was lost, by a field whose value no other record has (facts 3.3).

use crate::request::api_request::ApiRequest;
use crate::request::checked_request::CheckedRequest;
use crate::request::client_inner::ClientInner;
use crate::request::confirm::lookup::{CallTime, LookupResult, RecordFinder, ValueLookup};
use crate::request::exchange::{BorrowingReader, exchange};
use http::{Method, StatusCode};
use serde_json::{Map, Value};
use snow_core::decode::ApiResponse;
use snow_core::{Error, ErrorKind, SysId, field, timer};
use std::time::Duration;

/// How long the service may work on a request, by default (facts 3.4). A record that does not exist by then will not be created
/// any more.
const QUOTA: Duration = Duration::from_secs(60);
/// The pauses between lookups, so that the last one is after the quota.
const PAUSES: [u64; 7] = [1, 2, 4, 8, 16, 32, 8];

/// The value that is sent in a field, if records can be looked up by it.
pub(crate) fn value_of(sent: &Map<String, Value>, name: &str) -> Result<String, Error> {
    let unfit = |why| Error::new(ErrorKind::InvalidInput, format!("the correlation field {name:?} {why}"));
    let value = match sent.get(name) {
        Some(Value::String(text)) if !text.is_empty() => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        Some(_) => return Err(unfit("is sent without a value of its own")),
        None => return Err(unfit("is not among the fields that are sent")),
    };
    field(name).eq(value.as_str()).encode()?;
    Ok(value)
}

/// Executes a creation. If its response does not show whether it was executed, the record is looked up by the value that was sent
/// in `name`.
pub(crate) async fn execute<T>(
    client: &ClientInner,
    request: &CheckedRequest,
    name: &str,
    read: &BorrowingReader<'_, T>,
) -> Result<T, Error> {
    let time = CallTime::of(client, request);
    let sent = request.body.as_ref().and_then(|body| serde_json::from_slice(body).ok()).unwrap_or_default();
    let value = value_of(&sent, name);
    let read_and_remember = |response: &ApiResponse, request: &ApiRequest| {
        if let Ok(value) = &value {
            remember(client, response, request, (name, value));
        }
        read(response, request)
    };
    let error = match exchange(client, request, &read_and_remember, None).await {
        Err(error) if error.may_have_executed() && error.kind() != ErrorKind::FieldsNotApplied => error,
        known => return known,
    };
    let Ok(value) = &value else { return Err(error) };
    let finder = RecordFinder::new(client, &request.path, request, &time);
    let lookup = ValueLookup { finder, field: name, value };
    match look_until_settled(&lookup, &time, is_settled(&error)).await {
        Settled::Created(sys_id) => read_created(client, request, read, &time, (error, sys_id)).await,
        Settled::Absent => Err(absent(client, request, &lookup, error).await),
        Settled::Open(why) => Err(open(error, &why)),
    }
}

/// What became of a creation.
enum Settled {
    Created(SysId),
    /// There is no such record, and none will be created any more.
    Absent,
    /// The outcome is unknown, for this reason.
    Open(String),
}

/// Looks for the record until it is there, or until it cannot come any more. `is_settled`: the service is done with the request.
async fn look_until_settled(lookup: &ValueLookup<'_>, time: &CallTime, is_settled: bool) -> Settled {
    let (name, value) = (lookup.field, lookup.value);
    for pause in PAUSES.map(Duration::from_secs) {
        let is_late = time.elapsed() >= QUOTA;
        match lookup.find().await {
            Ok(LookupResult::One(sys_id)) => return Settled::Created(sys_id),
            Ok(LookupResult::Nothing) if is_settled || is_late => return Settled::Absent,
            Ok(LookupResult::Nothing) => {}
            Ok(unclear) => return Settled::Open(in_words(&unclear, name, value)),
            Err(why) if why.is_retryable() => {}
            Err(why) => return Settled::Open(format!("it could not be looked up: {why}")),
        }
        if time.left().is_some_and(|left| left <= pause) {
            break;
        }
        if let Err(why) = timer::sleep(pause).await {
            return Settled::Open(format!("it could not be looked up: {why}"));
        }
    }
    Settled::Open(format!("no record with its {name} was seen, and the service may still be at work on it"))
}

/// Remembers that the table stores this field as it is sent, if the response shows it.
fn remember(client: &ClientInner, response: &ApiResponse, request: &ApiRequest, (name, value): (&str, &str)) {
    let is_stored = response.record().is_ok_and(|record| {
        record.get(name).is_some_and(|field| field.value().is_ok_and(|now| now == value))
    });
    if is_stored {
        client.stored.remember(&request.path, name, value);
    }
}

/// Reads the record that was created.
async fn read_created<T>(
    client: &ClientInner,
    request: &ApiRequest,
    read: &BorrowingReader<'_, T>,
    time: &CallTime,
    (error, sys_id): (Error, SysId),
) -> Result<T, Error> {
    let options = time.within(request.options.clone());
    let again = ApiRequest::new(Method::GET, request.path.clone().record(sys_id));
    let again = ApiRequest {
        params: request.params.clone(),
        options,
        headers: request.shared_headers(),
        required_applied: request.required_applied.clone(),
        ..again
    };
    let again = again.check(client).await;
    let record = match &again {
        Ok(again) => exchange(client, again, read, None).await,
        Err(why) => Err(why.clone()),
    };
    record.map_err(|why| match why.kind() {
        // The record is there, and was read: what it lacks is the result.
        ErrorKind::FieldsNotApplied => why.about_item(&request.method).carried_out(),
        _ => open(error, &format!("it was executed, and its record {sys_id} could not be read: {why}")),
    })
}

/// Whether the service is done with the request: it said so itself, with a transaction of its own. The edge in front of it and
/// the gateways on the way may not know.
fn is_settled(error: &Error) -> bool {
    let edge = [StatusCode::BAD_GATEWAY, StatusCode::SERVICE_UNAVAILABLE, StatusCode::GATEWAY_TIMEOUT];
    error.transaction_id().is_some() && error.status().is_some_and(|status| !edge.contains(&status))
}

/// There is no such record. Whether the creation was executed nevertheless depends on whether a record with this value would be
/// found.
async fn absent(client: &ClientInner, request: &ApiRequest, lookup: &ValueLookup<'_>, error: Error) -> Error {
    let settled = error.clone().not_carried_out();
    if settled.may_have_executed() {
        return open(error, "its response says so, and no record with its value was found");
    }
    if is_stored_as_sent(client, request, lookup) {
        return settled.with_context("it was looked up, and was not executed");
    }
    let name = lookup.field;
    match lookup.is_field().await {
        Ok(true) => open(
            error,
            &format!(
                "no record with its {name} was found, and this client has not seen yet that the table stores such a value as it \
                 is sent"
            ),
        ),
        Ok(false) => open(error, &no_such_field(name)),
        Err(why) => open(error, &format!("it could not be looked up: {why}")),
    }
}

/// Whether there is evidence that a creation would have stored the value as it was sent: one of this client's did with a value as
/// long, or with a shorter one, and the dictionary says that this one fits.
fn is_stored_as_sent(client: &ClientInner, request: &ApiRequest, lookup: &ValueLookup<'_>) -> bool {
    let characters = lookup.value.chars().count();
    let Some(longest) = client.stored.longest(&request.path, lookup.field) else { return false };
    let table = request.path.as_str().rsplit('/').next().unwrap_or_default();
    let fits = || client.dictionary.max_length(table, lookup.field).is_some_and(|most| characters <= most);
    lookup.value.trim() == lookup.value && (characters <= longest || fits())
}

fn open(error: Error, why: &str) -> Error {
    error.with_context(&format!("it is unknown whether it was executed ({why})"))
}

/// Describes the result of a lookup that decides nothing.
fn in_words(found: &LookupResult, name: &str, value: &str) -> String {
    match found {
        LookupResult::NoSuchField => no_such_field(name),
        LookupResult::Several => format!("several records have its {name}"),
        LookupResult::Hidden => format!("a record with its {name} is hidden from this user"),
        LookupResult::InOtherCase(sys_id) => {
            format!("the record {sys_id} has its {name} in different case, and may be a different record")
        }
        LookupResult::Other(other) => other_value(name, value, other),
        LookupResult::One(sys_id) => format!("the record {sys_id} has its {name}"),
        LookupResult::Nothing => format!("no record has its {name}"),
    }
}

pub(crate) fn other_value(name: &str, value: &str, other: &str) -> String {
    format!("the lookup of the {name} {} found a record with {}", shown(value), shown(other))
}

/// Returns a value on one line, shortened if it is long.
fn shown(value: &str) -> String {
    const MOST: usize = 80;
    match value.char_indices().nth(MOST) {
        Some((end, _)) => format!("{:?}…", value.get(..end).unwrap_or_default()),
        None => format!("{value:?}"),
    }
}

pub(crate) fn no_such_field(name: &str) -> String {
    format!(
        "records cannot be looked up by {name}: the table has no such field, or this user may not read it"
    )
}
