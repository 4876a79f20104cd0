//! `/api/now[/vN]/import/{staging}…`: rows for staging tables, and what transform maps make of them (facts 7.2).
//!
//! A row that fails is reported inside a 201. A map's script decides what is skipped.

mod multiple;
mod transform;

use super::Call;
use super::table::access::Access;
use super::table::{denied, invalid_table, no_record, object};
use crate::Guess;
use crate::data::{Author, Fields, TableId};
use crate::imports::RowOutcome;
use crate::response::SimResponse;
use crate::state::State;
use http::{Method, StatusCode};
pub(super) use multiple::run_pending;
use serde_json::{Map, Value, json};

pub(super) fn handle(state: &mut State, call: &Call<'_>) -> SimResponse {
    let (Some(name), second, None) = (call.segments.first(), call.segments.get(1), call.segments.get(2))
    else {
        return SimResponse::no_such_api();
    };
    let Some(staging) = state.database.dictionary.table(name) else { return invalid_table(name) };
    let above = state.database.dictionary.table("sys_import_set_row");
    if above.is_none_or(|above| !state.database.dictionary.is_a(staging, above)) {
        let detail = format!("{name} is not a staging table: it does not extend sys_import_set_row");
        return SimResponse::error(
            StatusCode::BAD_REQUEST,
            &format!("Invalid staging table {name}"),
            &detail,
        )
        .guess(Guess::NoStagingTable);
    }
    match (&call.method, second.map(String::as_str)) {
        (&Method::POST, None) => insert(state, call, staging),
        (&Method::POST, Some("insertMultiple")) => multiple::insert(state, call, staging),
        (&Method::GET | &Method::HEAD, Some(id)) => get(state, call, staging, id),
        _ => SimResponse::method_not_supported(),
    }
}

/// One row, transformed before anybody is answered.
fn insert(state: &mut State, call: &Call<'_>, staging: TableId) -> SimResponse {
    let given: Fields = match object(call.body) {
        Ok(given) => given.iter().map(|(name, value)| (name.clone(), field_text(value))).collect(),
        Err(refusal) => return *refusal,
    };
    if Access::of(state, &call.user, staging).denies_writing() {
        return denied("Insert");
    }
    let (set, _) = new_set(state, call, staging);
    let row = insert_staging_row(state, &call.user.name, staging, &set, &given, 0);
    let name = state.database.dictionary.def(staging).name.clone();
    if !state.imports.maps.iter().any(|map| map.staging == name) {
        let message = "null value in entry: transform_map=null";
        return SimResponse::error(StatusCode::INTERNAL_SERVER_ERROR, message, "");
    }
    transform::transform_row(state, &call.user, staging, &row);
    finish_set(state, &call.user.name, &set, "processed");
    let access = Access::of(state, &call.user, staging);
    if state.database.row(staging, &row).is_some_and(|row| !access.may_see(row)) {
        // The user may not read back what was imported (facts 7.2).
        return SimResponse::empty(StatusCode::CREATED);
    }
    row_response(state, call, staging, &row, StatusCode::CREATED)
}

fn get(state: &State, call: &Call<'_>, staging: TableId, id: &str) -> SimResponse {
    let access = Access::of(state, &call.user, staging);
    match state.database.row(staging, id).filter(|row| access.may_see(row)) {
        Some(_) => row_response(state, call, staging, id, StatusCode::OK),
        None => no_record(),
    }
}

/// Not wrapped in `result` alone: the set and the table are next to it (facts 7.2).
fn row_response(
    state: &State,
    call: &Call<'_>,
    staging: TableId,
    id: &str,
    status: StatusCode,
) -> SimResponse {
    let set = state.database.row(staging, id).map(|row| state.database.field(staging, row, "sys_import_set"));
    let number = set.and_then(|set| state.database.display_name("sys_import_set", set)).unwrap_or_default();
    let outcomes = state.imports.outcomes.get(id).map(Vec::as_slice).unwrap_or_default();
    call.guess_all(outcomes.iter().flat_map(|outcome| outcome.guesses.iter().copied()));
    let results: Vec<Value> = outcomes.iter().filter_map(|outcome| entry(state, call, outcome)).collect();
    let name = &state.database.dictionary.def(staging).name;
    let body = json!({ "import_set": number, "staging_table": name, "result": results });
    SimResponse::json(status, body.to_string())
}

/// What a map made of a row; nothing, if the user may not see the record.
fn entry(state: &State, call: &Call<'_>, outcome: &RowOutcome) -> Option<Value> {
    let mut entry = Map::new();
    let mut put = |name: &str, value: &str| entry.insert(name.into(), value.into());
    put("transform_map", &outcome.map);
    put("table", &outcome.table);
    put("status", outcome.status);
    if !outcome.error.is_empty() {
        put("error_message", &outcome.error);
    }
    let table = state.database.dictionary.table(&outcome.table)?;
    if let Some(row) = state.database.row(table, &outcome.sys_id) {
        if !Access::of(state, &call.user, table).may_see(row) {
            return None;
        }
        put("display_name", &state.database.dictionary.def(table).display);
        put(
            "display_value",
            state.database.display_name(&outcome.table, &outcome.sys_id).unwrap_or_default(),
        );
        put(
            "record_link",
            &format!("{}{}/table/{}/{}", call.origin, call.base, outcome.table, outcome.sys_id),
        );
        put("sys_id", &outcome.sys_id);
    }
    Some(entry.into())
}

/// The sys_ids of a new import set, and of the set of sets that it is in.
fn new_set(state: &mut State, call: &Call<'_>, staging: TableId) -> (String, String) {
    call.guess(Guess::ImportSetOfItsOwn);
    let stamp = state.clock.stamp();
    let author = Author::new(&call.user.name, &stamp);
    let name = state.database.dictionary.def(staging).name.clone();
    let mut add = |table: &str, fields: Fields| {
        let table = state.database.dictionary.table(table);
        table.map(|table| state.database.insert(table, &fields, author).to_string()).unwrap_or_default()
    };
    let named = call.param("multi_import_set_id").map(str::to_owned);
    let multi = named.unwrap_or_else(|| add("sys_multi_import_set", Fields::new()));
    let fields = [("table_name", name.as_str()), ("multi_import_set", &multi), ("state", "loaded")];
    let set = add("sys_import_set", fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
    (set, multi)
}

fn finish_set(state: &mut State, user: &str, set: &str, word: &str) {
    let stamp = state.clock.stamp();
    let change = Fields::from([("state".to_owned(), word.to_owned())]);
    if let Some(table) = state.database.dictionary.table("sys_import_set") {
        state.database.update(table, set, &change, Author::new(user, &stamp));
    }
}

/// Puts a row into its staging table; columns that do not exist are ignored.
fn insert_staging_row(
    state: &mut State,
    user: &str,
    staging: TableId,
    set: &str,
    given: &Fields,
    at: usize,
) -> String {
    let stamp = state.clock.stamp();
    let mut row = given.clone();
    row.insert("sys_import_set".into(), set.into());
    row.insert("sys_import_state".into(), "pending".into());
    row.insert("sys_import_row".into(), at.to_string());
    state.database.insert(staging, &row, Author::new(user, &stamp)).to_string()
}

/// A field of a row. Strings only: what is nested becomes text with `=` for `:`, as the service's language writes it:
/// `{a=1, b=[2, 3]}` (facts 7.2).
fn field_text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(list) => format!("[{}]", list.iter().map(field_text).collect::<Vec<_>>().join(", ")),
        Value::Object(object) => {
            let pairs = object.iter().map(|(name, value)| format!("{name}={}", field_text(value)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}
