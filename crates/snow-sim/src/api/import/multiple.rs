//! `POST …/import/{staging}/insertMultiple`: many rows, transformed after the response (facts 7.2).

use super::super::Call;
use super::super::table::access::Access;
use super::super::table::denied;
use super::{field_text, finish_set, insert_staging_row, new_set, transform};
use crate::Guess;
use crate::data::{Author, Fields, TableId};
use crate::imports::PendingImportSet;
use crate::response::SimResponse;
use crate::state::State;
use http::StatusCode;
use serde_json::{Value, json};

pub(super) fn insert(state: &mut State, call: &Call<'_>, staging: TableId) -> SimResponse {
    let refuse =
        |why: &str| SimResponse::error(StatusCode::BAD_REQUEST, "Exception while reading request", why);
    let body: Value = match serde_json::from_slice(call.body) {
        Ok(body) => body,
        Err(error) => return refuse(&error.to_string()).guess(Guess::UnreadableBody),
    };
    let Some(records) = body["records"].as_array() else { return refuse("records is not an array") };
    if Access::of(state, &call.user, staging).denies_writing() {
        return denied("Insert");
    }
    for (name, table) in [("run_after", "sys_import_set"), ("multi_import_set_id", "sys_multi_import_set")] {
        let unknown = call.param(name).filter(|id| !is_there(state, table, id));
        if let Some(id) = unknown {
            return refuse(&format!("{name}: there is no {id:?} in {table}"));
        }
    }
    let (set, multi) = new_set(state, call, staging);
    let rows: Vec<Fields> = records.iter().map(|record| columns(state, staging, record)).collect();
    let rows = rows
        .iter()
        .enumerate()
        .map(|(at, row)| insert_staging_row(state, &call.user.name, staging, &set, row, at));
    let rows = rows.collect();
    state.imports.waiting.push(PendingImportSet {
        set: set.clone(),
        multi: multi.clone(),
        staging: state.database.dictionary.def(staging).name.clone(),
        rows,
        user: call.user.name.clone(),
        from: state.clock.now().saturating_add(state.settings.import_delay),
        after: call.param("run_after").unwrap_or_default().to_owned(),
    });
    SimResponse::json(
        StatusCode::CREATED,
        json!({ "import_set_id": set, "multi_import_set_id": multi }).to_string(),
    )
}

fn is_there(state: &State, table: &str, id: &str) -> bool {
    state.database.dictionary.table(table).is_some_and(|table| state.database.row(table, id).is_some())
}

/// Keys are labels of columns, or their names if the settings say so; others are ignored.
fn columns(state: &State, staging: TableId, record: &Value) -> Fields {
    let dictionary = &state.database.dictionary;
    let by_key = |key: &str| {
        let mut columns = dictionary.def(staging).columns.iter().map(|id| dictionary.column(*id));
        let is_it = |column: &&crate::data::Column| match state.settings.import_by_column_name {
            true => column.name == key,
            false => column.label == key,
        };
        columns.find(is_it).map(|column| column.name.clone())
    };
    let given = record.as_object().into_iter().flatten();
    given.filter_map(|(key, value)| Some((by_key(key)?, field_text(value)))).collect()
}

/// Transforms the sets whose time has come, each after the one that it waits for.
pub(in crate::api) fn run_pending(state: &mut State) {
    loop {
        let now = state.clock.now();
        let waiting = &state.imports.waiting;
        let ready =
            |one: &PendingImportSet| one.from <= now && waiting.iter().all(|other| other.set != one.after);
        let Some(at) = waiting.iter().position(ready) else { return };
        let job = state.imports.waiting.remove(at);
        let (Some(staging), Some(user)) =
            (state.database.dictionary.table(&job.staging), state.users.get(&job.user).cloned())
        else {
            continue;
        };
        for row in &job.rows {
            transform::transform_row(state, &user, staging, row);
        }
        finish_set(state, &user.name, &job.set, "processed");
        finish_multi(state, &user.name, &job.multi);
    }
}

/// A set of sets is done when none of its sets waits.
fn finish_multi(state: &mut State, user: &str, multi: &str) {
    let stamp = state.clock.stamp();
    let done = state.imports.waiting.iter().all(|other| other.multi != multi);
    if let Some(table) = state.database.dictionary.table("sys_multi_import_set").filter(|_| done) {
        let change = Fields::from([("state".to_owned(), "processed".to_owned())]);
        state.database.update(table, multi, &change, Author::new(user, &stamp));
    }
}
