//! `/api/now[/vN]/attachment…`: files of records (facts 5). What may be done with a file is decided by its record.
//!
//! Chosen where the facts are silent: a file that is too large is 400, as other large bodies are; a name that is not on the list
//! of extensions is 403; a scan that runs keeps nobody from downloading.

mod attributes;
mod metadata;
mod parent_access;
mod upload;

use super::Call;
use super::table::{denied, fields, list, write_lie};
use crate::Guess;
use crate::data::{Author, Database, Fields, File, Row, TableId};
use crate::response::SimResponse;
use crate::state::State;
use http::{Method, StatusCode};
use parent_access::ParentAccess;

/// How many rows come when no limit is given.
const DEFAULT_LIMIT: usize = 1_000;

pub(super) fn handle(state: &mut State, call: &Call<'_>) -> SimResponse {
    let Some(table) = state.database.dictionary.table("sys_attachment") else {
        return SimResponse::no_such_api();
    };
    let segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
    match (&call.method, &segments[..]) {
        (&Method::GET | &Method::HEAD, []) => list(state, call, table),
        (&Method::POST, ["file"]) => upload::file(state, call),
        (&Method::POST, ["upload"]) => upload::form(state, call),
        (&Method::GET | &Method::HEAD, [id]) => match find(state, call, table, id) {
            Some(row) => SimResponse::result(StatusCode::OK, &metadata::of(state, call, table, row)),
            None => no_attachment(),
        },
        (&Method::GET | &Method::HEAD, [id, "file"]) => download(state, call, table, id),
        (&Method::PATCH, [id]) => rename(state, call, table, id),
        (&Method::DELETE, [id]) => delete(state, call, table, id),
        (_, [id, "attributes", rest @ ..]) if rest.len() < 2 => {
            attributes::handle(state, call, table, id, rest.first().copied())
        }
        (_, [] | [_] | [_, "file"]) => SimResponse::method_not_supported(),
        _ => SimResponse::no_such_api(),
    }
}

/// An attachment that the user may see.
fn find<'a>(state: &'a State, call: &'a Call<'_>, table: TableId, id: &str) -> Option<&'a Row> {
    state.database.row(table, id).filter(|row| ParentAccess::of(state, call, table).may_see(row))
}

fn list(state: &State, call: &Call<'_>, table: TableId) -> SimResponse {
    let query = list::query_text(state, call, table);
    let page = match list::Page::of(state, call, table, &query, DEFAULT_LIMIT) {
        Ok(page) => page,
        Err(refusal) => return *refusal,
    };
    // The limit was applied before access rules (facts 9).
    let mut parents = ParentAccess::of(state, call, table);
    let visible = page.rows.iter().filter(|row| parents.may_see(row));
    let rows = visible.map(|row| metadata::of(state, call, table, row)).collect();
    page.response(state, call, rows)
}

/// The bytes, whatever `Accept` says (facts 13.1).
fn download(state: &State, call: &Call<'_>, table: TableId, id: &str) -> SimResponse {
    let Some(row) = find(state, call, table, id) else { return no_attachment() };
    let content_type = state.database.field(table, row, "content_type");
    let response = match state.database.file(id) {
        Some(File::Kept(bytes)) => SimResponse::new(StatusCode::OK, bytes.clone(), true),
        Some(File::Generated(size)) => SimResponse::generated(*size),
        _ => return SimResponse::not_simulated("a file whose bytes were not kept"),
    };
    if state.database.field(table, row, "state") == "pending" {
        call.guess(Guess::FileStillScanned);
    }
    let name = state.database.field(table, row, "file_name");
    response
        .with("content-type", content_type)
        .with("content-disposition", &metadata::disposition(name))
        .with("x-attachment-metadata", &metadata::header(state, table, row))
}

fn rename(state: &mut State, call: &Call<'_>, table: TableId, id: &str) -> SimResponse {
    let given = match fields(call) {
        Ok(given) => given,
        Err(refusal) => return *refusal,
    };
    let Some(name) = given.get("file_name").filter(|name| !name.is_empty()) else {
        return upload::missing("file_name");
    };
    if let Err(refusal) = may_change(state, call, table, id, "Update") {
        return *refusal;
    }
    if !upload::extension_is_allowed(state, name) {
        return upload::extension_refused(name);
    }
    let (stamp, change) = (state.clock.stamp(), Fields::from([("file_name".to_owned(), name.clone())]));
    state.database.update(table, id, &change, Author::new(&call.user.name, &stamp));
    write_lie(state, "Update").unwrap_or_else(|| SimResponse::empty(StatusCode::NO_CONTENT))
}

fn delete(state: &mut State, call: &Call<'_>, table: TableId, id: &str) -> SimResponse {
    if let Err(refusal) = may_change(state, call, table, id, "Delete") {
        return *refusal;
    }
    let stamp = state.clock.stamp();
    state.database.remove(table, id, Author::new(&call.user.name, &stamp));
    write_lie(state, "Delete").unwrap_or_else(|| SimResponse::empty(StatusCode::NO_CONTENT))
}

/// Users who may write the record may change its files; users who may not see it find none.
fn may_change(
    state: &State,
    call: &Call<'_>,
    table: TableId,
    id: &str,
    verb: &str,
) -> Result<(), Box<SimResponse>> {
    let Some(row) = find(state, call, table, id) else { return Err(Box::new(no_attachment())) };
    match ParentAccess::of(state, call, table).may_write(row) {
        true => Ok(()),
        false => Err(Box::new(denied(verb))),
    }
}

fn no_attachment() -> SimResponse {
    super::table::no_record()
}

/// The table of a file's record: fields with a file of their own have `ZZ_YY` before its name (facts 5).
fn parent_table(database: &Database, name: &str) -> Option<TableId> {
    database.dictionary.table(name.strip_prefix("ZZ_YY").unwrap_or(name))
}
