//! `/api/now[/vN]/table/{table}[/{sys_id}]` (facts 1).

use super::{Call, no_such_api};
use crate::answer::Answer;
use crate::data::{Author, Form, Query, Row, Table};
use crate::simulator::State;
use http::{Method, StatusCode};
use serde_json::Value;
use std::fmt::Write;

pub(crate) fn answer(state: &mut State, call: &Call<'_>) -> Answer {
    let (Some(name), sys_id, None) = (call.segments.first(), call.segments.get(1), call.segments.get(2))
    else {
        return no_such_api();
    };
    let Some(table) = state.database.table(name) else {
        return Answer::fault(StatusCode::BAD_REQUEST, &format!("Invalid table {name}"), "");
    };
    match (call.method, sys_id) {
        (&Method::GET | &Method::HEAD, None) => list(state, call, table),
        (&Method::GET | &Method::HEAD, Some(sys_id)) => record(state, call, table, sys_id, StatusCode::OK),
        (&Method::POST, None) => create(state, call, table),
        (&Method::PUT | &Method::PATCH, Some(sys_id)) => update(state, call, table, sys_id),
        (&Method::DELETE, Some(sys_id)) => match state.database.remove(table, sys_id) {
            true => Answer::empty(StatusCode::NO_CONTENT),
            false => no_record(),
        },
        (&Method::POST, Some(_)) => no_such_api(),
        _ => Answer::fault(StatusCode::METHOD_NOT_ALLOWED, "Method not supported", ""),
    }
}

fn list(state: &State, call: &Call<'_>, table: Table) -> Answer {
    let query = match Query::parse(call.param("sysparm_query").unwrap_or_default(), table) {
        Ok(query) => query,
        Err(crate::data::Unsupported(what)) => {
            let detail = format!("the operator at {what:?} is not simulated");
            return Answer::fault(StatusCode::NOT_IMPLEMENTED, "Not simulated", &detail);
        }
    };
    let number =
        |name: &str, default| call.param(name).and_then(|text| text.parse::<usize>().ok()).unwrap_or(default);
    let (limit, offset) = (number("sysparm_limit", 10_000), number("sysparm_offset", 0));
    let rows = query.select(&state.database, table);
    let page: Vec<Value> =
        rows.iter().skip(offset).take(limit).map(|row| render(state, call, table, row)).collect();
    if page.is_empty() && call.base.ends_with("/v1") {
        let detail = "Records matching query not found. Check query parameter or offset parameter";
        return Answer::fault(StatusCode::NOT_FOUND, "No Record found", detail);
    }
    let answer = Answer::result(StatusCode::OK, &Value::Array(page));
    let answer = if call.flag("sysparm_no_count") {
        answer
    } else {
        answer.with("x-total-count", &rows.len().to_string())
    };
    match pages(call, rows.len(), limit, offset) {
        Some(link) if !call.flag("sysparm_suppress_pagination_header") => answer.with("link", &link),
        _ => answer,
    }
}

/// The `Link` header, with its bogus `prev` of limit 1 and offset 0 (facts 1.5).
fn pages(call: &Call<'_>, total: usize, limit: usize, offset: usize) -> Option<String> {
    if total <= limit || limit == 0 {
        return None;
    }
    let (path, query) = call.target.split_once('?').unwrap_or((call.target, ""));
    let kept = query.split('&').filter(|pair| !pair.is_empty());
    let kept =
        kept.filter(|pair| !pair.starts_with("sysparm_limit=") && !pair.starts_with("sysparm_offset="));
    let kept: String = kept.flat_map(|pair| [pair, "&"]).collect();
    let mut links = String::new();
    let mut link = |rel: &str, offset: &str| {
        let comma = if links.is_empty() { "" } else { "," };
        let query = format!("{kept}sysparm_limit={limit}&sysparm_offset={offset}");
        let _ = write!(links, "{comma}<{}{path}?{query}>;rel=\"{rel}\"", call.origin);
    };
    link("first", "0");
    match offset.checked_sub(limit) {
        Some(before) => link("prev", &before.to_string()),
        None if limit - offset == 1 => link("prev", "-1"),
        None => {}
    }
    if offset + limit < total {
        link("next", &(offset + limit).to_string());
    }
    link("last", &((total - 1) / limit * limit).to_string());
    Some(links)
}

fn record(state: &State, call: &Call<'_>, table: Table, sys_id: &str, status: StatusCode) -> Answer {
    match state.database.row(table, sys_id) {
        Some(row) => Answer::result(status, &render(state, call, table, row)),
        None => no_record(),
    }
}

fn create(state: &mut State, call: &Call<'_>, table: Table) -> Answer {
    let given = match fields(call.body) {
        Ok(given) => given,
        Err(refusal) => return refusal,
    };
    let stamp = state.clock.stamp();
    let sys_id = state.database.insert(table, &given, Author { user: &call.user, stamp: &stamp });
    let location = format!("{}{}/table/{}/{sys_id}", call.origin, call.base, table.name);
    record(state, call, table, &sys_id, StatusCode::CREATED).with("location", &location)
}

/// PUT and PATCH do the same: only the given fields change (facts 1.1).
fn update(state: &mut State, call: &Call<'_>, table: Table, sys_id: &str) -> Answer {
    let given = match fields(call.body) {
        Ok(given) => given,
        Err(refusal) => return refusal,
    };
    let stamp = state.clock.stamp();
    match state.database.update(table, sys_id, &given, Author { user: &call.user, stamp: &stamp }) {
        true => record(state, call, table, sys_id, StatusCode::OK),
        false => no_record(),
    }
}

/// The fields of a body; numbers and booleans become text.
fn fields(body: &[u8]) -> Result<Row, Answer> {
    let refuse =
        |detail: &str| Answer::fault(StatusCode::BAD_REQUEST, "Exception while reading request", detail);
    let object = match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => object,
        Ok(_) => return Err(refuse("the body is not an object")),
        Err(error) => return Err(refuse(&error.to_string())),
    };
    let text = |value| match value {
        Value::String(text) => text,
        Value::Null => String::new(),
        other => other.to_string(),
    };
    Ok(object.into_iter().map(|(name, value)| (name, text(value))).collect())
}

fn render(state: &State, call: &Call<'_>, table: Table, row: &Row) -> Value {
    let form = Form {
        display: crate::data::Display::parse(call.param("sysparm_display_value")),
        links: !call.flag("sysparm_exclude_reference_link"),
        base: &format!("{}{}", call.origin, call.base),
    };
    state.database.render(table, row, call.param("sysparm_fields"), form)
}

fn no_record() -> Answer {
    let detail = "Record doesn't exist or ACL restricts the record retrieval";
    Answer::fault(StatusCode::NOT_FOUND, "No Record found", detail)
}
