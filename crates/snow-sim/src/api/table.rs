//! `/api/now[/vN]/table/{table}[/{sys_id}]`: one record at a time (facts 1). Lists are in `table/list.rs`.

pub(super) mod access;
pub(super) mod before_save;
pub(super) mod list;

use super::Call;
use crate::data::{Author, Display, Fields, Locale, RenderOptions, Renderer, Row, TableId};
use crate::fault::cancelled;
use crate::json_records::JsonRecords;
use crate::response::SimResponse;
use crate::state::State;
use crate::{Guess, User, WriteLie};
use access::{Access, Write};
use http::{Method, StatusCode};
use serde_json::{Map, Value};

pub(super) fn handle(state: &mut State, call: &Call<'_>) -> SimResponse {
    let (Some(name), sys_id, None) = (call.segments.first(), call.segments.get(1), call.segments.get(2))
    else {
        return SimResponse::no_such_api();
    };
    let Some(table) = state.database.dictionary.table(name) else {
        return invalid_table(name);
    };
    if Access::of(state, &call.user, table).is_closed() {
        let detail = "Failed API level ACL Validation";
        let refusal = SimResponse::error(StatusCode::FORBIDDEN, "User Not Authorized", detail);
        return refusal.guess(Guess::ClosedTable);
    }
    match (&call.method, sys_id) {
        (&Method::GET | &Method::HEAD, None) => list::handle(state, call, table),
        (&Method::GET | &Method::HEAD, Some(sys_id)) => record(state, call, table, sys_id, StatusCode::OK),
        (&Method::POST, None) => create(state, call, table),
        (&Method::PUT | &Method::PATCH, Some(sys_id)) => update(state, call, table, sys_id),
        (&Method::DELETE, Some(sys_id)) => delete(state, call, table, sys_id),
        (&Method::POST, Some(_)) => SimResponse::no_such_api().guess(Guess::PostToRecord),
        _ => SimResponse::method_not_supported(),
    }
}

fn record(state: &State, call: &Call<'_>, table: TableId, sys_id: &str, status: StatusCode) -> SimResponse {
    let access = Access::of(state, &call.user, table);
    match state.database.row(table, sys_id).filter(|row| access.may_see(row)) {
        Some(row) => {
            let json = render(state, call, table, [row], &access);
            SimResponse::rendered(status, json.first(1))
        }
        None => no_record(),
    }
}

fn create(state: &mut State, call: &Call<'_>, table: TableId) -> SimResponse {
    // Without a body it is a record of defaults (facts 13.1).
    let given = if call.body.is_empty() { Ok(Fields::new()) } else { fields(call) };
    let given = match given {
        Ok(given) => given,
        Err(refusal) => return *refusal,
    };
    let given = match Access::of(state, &call.user, table).write(given, Write::Insert) {
        Ok(given) => given,
        Err(refusal) => return *refusal,
    };
    let (stamp, locale) = (state.clock.stamp(), locale(&call.user));
    let taken = given.get("sys_id").is_some_and(|id| state.database.has_id(table, id));
    if let Some(refusal) = there_already(state, table, None, &given, taken, "insert") {
        return refusal;
    }
    let author = Author { names_id: true, ..author(call, &stamp, &locale) };
    match before_save::check(state, &call.user, table, None, &given, author) {
        Ok(guesses) => call.guess_all(guesses),
        Err(refusal) => return *refusal,
    }
    call.guess_all(state.database.write_guesses(table, &given, author));
    let sys_id = state.database.insert(table, &given, author);
    let name = &state.database.dictionary.def(table).name;
    let location = format!("{}{}/table/{name}/{sys_id}", call.origin, call.base);
    write_response(state, call, table, &sys_id, (StatusCode::CREATED, "Insert")).with("location", &location)
}

/// PUT and PATCH do the same: only the given fields change (facts 1.1).
fn update(state: &mut State, call: &Call<'_>, table: TableId, sys_id: &str) -> SimResponse {
    let given = match fields(call) {
        Ok(given) => given,
        Err(refusal) => return *refusal,
    };
    let access = Access::of(state, &call.user, table);
    let Some(old) = state.database.row(table, sys_id).filter(|row| access.may_see(row)).cloned() else {
        return no_record();
    };
    let given = match access.write(given, Write::Update) {
        Ok(given) => given,
        Err(refusal) => return *refusal,
    };
    if let Some(refusal) = there_already(state, table, Some(sys_id), &given, false, "update") {
        return refusal;
    }
    let (stamp, locale) = (state.clock.stamp(), locale(&call.user));
    let author = author(call, &stamp, &locale);
    match before_save::check(state, &call.user, table, Some(sys_id), &given, author) {
        Ok(guesses) => call.guess_all(guesses),
        Err(refusal) => return *refusal,
    }
    call.guess_all(state.database.write_guesses(table, &given, author));
    state.database.update(table, sys_id, &given, author);
    let new = state.database.row(table, sys_id);
    if new.is_some_and(|new| state.database.keeps_priority(table, &old, new, &given)) {
        call.guess(Guess::PriorityAlone);
    }
    write_response(state, call, table, sys_id, (StatusCode::OK, "Update"))
}

fn delete(state: &mut State, call: &Call<'_>, table: TableId, sys_id: &str) -> SimResponse {
    let access = Access::of(state, &call.user, table);
    if state.database.row(table, sys_id).is_none_or(|row| !access.may_see(row)) {
        return no_record();
    }
    let allowed = access.write(Fields::new(), Write::Delete);
    match allowed.and_then(|_| before_save::check_deletion(state, &call.user, table, sys_id)) {
        Ok(guesses) => call.guess_all(guesses),
        Err(refusal) => return *refusal,
    }
    let stamp = state.clock.stamp();
    state.database.remove(table, sys_id, Author::new(&call.user.name, &stamp));
    write_lie(state, "Delete").unwrap_or_else(|| SimResponse::empty(StatusCode::NO_CONTENT))
}

/// The refusal of a value that is there once, and is there.
fn there_already(
    state: &State,
    table: TableId,
    sys_id: Option<&str>,
    given: &Fields,
    id_is_taken: bool,
    verb: &str,
) -> Option<SimResponse> {
    let taken = state.database.taken(table, sys_id, given);
    if taken.is_none() && !id_is_taken {
        return None;
    }
    let name = &state.database.dictionary.def(table).name;
    let detail = format!("Error during {verb} of {name}");
    let refusal = SimResponse::error(StatusCode::FORBIDDEN, "Operation Failed", &detail);
    let other_case = taken.is_some_and(|taken| given.values().all(|value| value != taken));
    Some(refusal.guess(Guess::ValueTaken).with_guesses(other_case.then_some(Guess::UniqueValue)))
}

/// The response to a write: the record, nothing, or a false claim (facts 3.3).
fn write_response(
    state: &State,
    call: &Call<'_>,
    table: TableId,
    sys_id: &str,
    (status, verb): (StatusCode, &str),
) -> SimResponse {
    if let Some(lie) = write_lie(state, verb) {
        return lie;
    }
    // The status without a body is unsettled (facts 12): the same one.
    if call.head.headers.get("x-no-response-body").is_some_and(|word| word == "true") {
        return SimResponse::empty(status).guess(Guess::NoResponseBody);
    }
    // Committed, and yet refused: the user may not read the record back.
    if state.database.row(table, sys_id).is_some_and(|row| !Access::of(state, &call.user, table).may_see(row))
    {
        return denied(verb).with_guesses((verb == "Update").then_some(Guess::HiddenByChange));
    }
    record(state, call, table, sys_id, status)
}

pub(super) fn write_lie(state: &State, verb: &str) -> Option<SimResponse> {
    Some(match state.settings.write_lie? {
        WriteLie::Forbidden => denied(verb),
        WriteLie::Cancelled => SimResponse::json(StatusCode::INTERNAL_SERVER_ERROR, cancelled()),
    })
}

pub(super) fn denied(verb: &str) -> SimResponse {
    let detail = format!("ACL Exception {verb} Failed due to security constraints");
    SimResponse::error(StatusCode::FORBIDDEN, "Operation Failed", &detail)
}

fn author<'a>(call: &'a Call<'_>, stamp: &'a str, locale: &'a Locale) -> Author<'a> {
    Author {
        shown: call.flag("sysparm_input_display_value").then_some(locale),
        sys_fields: call.flag("sysparm_suppress_auto_sys_field"),
        ..Author::new(&call.user.name, stamp)
    }
}

/// The fields of a body; numbers and booleans become text.
pub(super) fn fields(call: &Call<'_>) -> Result<Fields, Box<SimResponse>> {
    let text = |value| match value {
        Value::String(text) => text,
        Value::Null => {
            call.guess(Guess::NullClears);
            String::new()
        }
        other => {
            if other.is_object() || other.is_array() {
                call.guess(Guess::NestedValue);
            }
            other.to_string()
        }
    };
    Ok(object(call.body)?.into_iter().map(|(name, value)| (name, text(value))).collect())
}

/// The object that a body is. The service's reader takes single quotes, too (facts 1.1).
pub(super) fn object(body: &[u8]) -> Result<Map<String, Value>, Box<SimResponse>> {
    let refuse = |detail: &str| {
        let refusal = SimResponse::error(StatusCode::BAD_REQUEST, "Exception while reading request", detail);
        Box::new(refusal.guess(Guess::UnreadableBody))
    };
    let parsed = serde_json::from_slice(body).or_else(|error| {
        let text = String::from_utf8_lossy(body);
        if text.contains('"') { Err(error) } else { serde_json::from_str(&text.replace('\'', "\"")) }
    });
    match parsed {
        Ok(Value::Object(object)) => Ok(object),
        // Of several records the first is taken (facts 1.1).
        Ok(Value::Array(list)) => match list.into_iter().next() {
            Some(Value::Object(object)) => Ok(object),
            _ => Err(refuse("the body is not an object")),
        },
        Ok(_) => Err(refuse("the body is not an object")),
        Err(error) => Err(refuse(&error.to_string())),
    }
}

/// Renders records in the form that the call asks for.
fn render<'a>(
    state: &State,
    call: &Call<'_>,
    table: TableId,
    rows: impl IntoIterator<Item = &'a Row>,
    access: &Access<'_>,
) -> JsonRecords {
    let locale = locale(&call.user);
    let form = RenderOptions {
        display: Display::parse(call.param("sysparm_display_value")),
        links: !call.flag("sysparm_exclude_reference_link"),
        base: &format!("{}{}", call.origin, call.base),
        locale: &locale,
        readable: &|table, field| access.may_read(table, field),
    };
    if call.param("sysparm_display_value") != Some("all") {
        call.flag("sysparm_display_value");
    }
    let renderer = Renderer::new(&state.database, table, call.param("sysparm_fields"), form);
    let mut records = JsonRecords::default();
    for row in rows {
        if form.display != Display::Shown && state.database.shows_password(renderer.columns(), row) {
            call.guess(Guess::StoredPassword);
        }
        records.push(|json| renderer.write_json(row, json));
    }
    records
}

pub(super) fn locale(user: &User) -> Locale {
    user.locale.clone()
}

pub(super) fn no_record() -> SimResponse {
    let detail = "Record doesn't exist or ACL restricts the record retrieval";
    SimResponse::error(StatusCode::NOT_FOUND, "No Record found", detail)
}

pub(super) fn invalid_table(name: &str) -> SimResponse {
    SimResponse::error(StatusCode::BAD_REQUEST, &format!("Invalid table {name}"), "")
}
