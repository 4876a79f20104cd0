//! `…/attachment/{sys_id}/attributes[/{key}]`: notes on a file, rows of `sys_attachment_attribute` (facts 5).

use super::super::Call;
use super::super::table::fields;
use super::{find, may_change, no_attachment, upload};
use crate::Guess;
use crate::data::{Author, Fields, Row, TableId};
use crate::response::SimResponse;
use crate::state::State;
use http::{Method, StatusCode};
use serde_json::{Value, json};

pub(super) fn handle(
    state: &mut State,
    call: &Call<'_>,
    files: TableId,
    file: &str,
    key: Option<&str>,
) -> SimResponse {
    let Some(table) = state.database.dictionary.table("sys_attachment_attribute") else {
        return no_attachment();
    };
    let found = rows(state, table, file, key);
    match (&call.method, key) {
        (&Method::GET | &Method::HEAD, _) if find(state, call, files, file).is_none() => no_attachment(),
        (&Method::GET | &Method::HEAD, None) => {
            let all = found.iter().map(|(_, note)| note.clone()).collect();
            SimResponse::result(StatusCode::OK, &Value::Array(all))
        }
        (&Method::GET | &Method::HEAD, Some(_)) => match found.first() {
            Some((_, note)) => SimResponse::result(StatusCode::OK, note),
            None => no_attachment(),
        },
        (&Method::POST, None) | (&Method::PUT, Some(_)) => write(state, call, files, table, file, key),
        (&Method::DELETE, _) => remove(state, call, (files, table), file, key, &found),
        _ => SimResponse::method_not_supported(),
    }
}

/// Ids and contents of the notes on a file, or of the one with this key.
fn rows(state: &State, table: TableId, file: &str, key: Option<&str>) -> Vec<(String, Value)> {
    let database = &state.database;
    let field = |row: &Row, name: &str| database.field(table, row, name).to_owned();
    let own = database.rows(table).filter(|(_, row)| {
        field(row, "attachment") == file && key.is_none_or(|key| field(row, "key") == key)
    });
    own.map(|(id, row)| (id.to_string(), json!({ "key": field(row, "key"), "value": field(row, "value") })))
        .collect()
}

/// A new note by POST, another value for one that is there by PUT. A key that is there already is 400: that is chosen.
fn write(
    state: &mut State,
    call: &Call<'_>,
    files: TableId,
    table: TableId,
    file: &str,
    key: Option<&str>,
) -> SimResponse {
    if let Err(refusal) = may_change(state, call, files, file, "Update") {
        return *refusal;
    }
    let given = match fields(call) {
        Ok(given) => given,
        Err(refusal) => return *refusal,
    };
    let Some(value) = given.get("value") else { return upload::missing("value") };
    let stamp = state.clock.stamp();
    let author = Author::new(&call.user.name, &stamp);
    let Some(key) = key.or(given.get("key").map(String::as_str)).filter(|key| !key.is_empty()) else {
        return upload::missing("key");
    };
    let note = [("attachment", file), ("key", key), ("value", value)];
    let note: Fields = note.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let there = rows(state, table, file, Some(key)).first().map(|(id, _)| id.clone());
    let status = match (&call.method, there) {
        (&Method::PUT, Some(id)) => {
            state.database.update(table, &id, &note, author);
            StatusCode::OK
        }
        (&Method::PUT, None) => return no_attachment(),
        (_, Some(_)) => {
            let detail = format!("There is an attribute {key:?} already");
            return SimResponse::error(StatusCode::BAD_REQUEST, "Exception while reading request", &detail)
                .guess(Guess::FileNoteTaken);
        }
        (_, None) => {
            state.database.insert(table, &note, author);
            StatusCode::CREATED
        }
    };
    SimResponse::result(status, &json!({ "key": key, "value": value }))
}

fn remove(
    state: &mut State,
    call: &Call<'_>,
    (files, table): (TableId, TableId),
    file: &str,
    key: Option<&str>,
    found: &[(String, Value)],
) -> SimResponse {
    if let Err(refusal) = may_change(state, call, files, file, "Delete") {
        return *refusal;
    }
    if key.is_some() && found.is_empty() {
        return no_attachment();
    }
    let stamp = state.clock.stamp();
    for (id, _) in found {
        state.database.remove(table, id, Author::new(&call.user.name, &stamp));
    }
    SimResponse::empty(StatusCode::NO_CONTENT)
}
