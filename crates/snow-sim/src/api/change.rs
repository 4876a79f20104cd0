//! `/api/sn_chg_rest[/v1]/change…`: a product API with a form of its own (facts 7.3). Every field is an object, whatever the
//! parameters say, and its value has a type: numbers, booleans, text.
//!
//! Of the many calls of the real one there are those for change requests themselves: list, read, create (normal, emergency), change,
//! delete, and the next states; and the lists of models, templates and tasks. Which states follow which is a model of its own here; an instance's is data.

use super::Call;
use super::table::access::{Access, Write};
use super::table::before_save;
use super::table::{fields, list, locale, no_record};
use crate::Guess;
use crate::data::{
    Author, ColumnType, Display, Fields, Locale, Record, RenderOptions, Renderer, Row, TableId,
};
use crate::response::SimResponse;
use crate::state::State;
use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

/// How many rows come when no limit is given.
const DEFAULT_LIMIT: usize = 500;

/// From a state, on to those that may follow: the way of a change, and out of it.
const NEXT: [(&str, &[&str]); 7] = [
    ("-5", &["-4", "4"]),
    ("-4", &["-3", "4"]),
    ("-3", &["-2", "4"]),
    ("-2", &["-1", "4"]),
    ("-1", &["0", "4"]),
    ("0", &["3", "4"]),
    ("3", &[]),
];

pub(super) fn handle(state: &mut State, call: &Call<'_>) -> SimResponse {
    let Some(table) = state.database.dictionary.table("change_request") else {
        return SimResponse::no_such_api();
    };
    let segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
    match (&call.method, &segments[..]) {
        (&Method::GET | &Method::HEAD, []) => changes(state, call, table, ""),
        (&Method::GET | &Method::HEAD, [kind @ ("normal" | "emergency" | "standard")]) => {
            changes(state, call, table, &format!("type={kind}"))
        }
        (&Method::GET | &Method::HEAD, ["model"]) => others(state, call, "chg_model"),
        (&Method::GET | &Method::HEAD, ["standard", "template"]) => {
            others(state, call, "std_change_record_producer")
        }
        (&Method::GET | &Method::HEAD, [id, "task"]) => match find(state, call, table, id) {
            Some(_) => tasks(state, call, id),
            None => no_record(),
        },
        (&Method::GET | &Method::HEAD, [id]) => match find(state, call, table, id) {
            Some(row) => SimResponse::result(StatusCode::OK, &record(state, call, table, row)),
            None => no_record(),
        },
        (&Method::POST, []) => write(state, call, table, None, "normal"),
        (&Method::POST, [kind @ ("normal" | "emergency")]) => write(state, call, table, None, kind),
        (&Method::PATCH, [id]) => write(state, call, table, Some(id), ""),
        (&Method::DELETE, [id]) => delete(state, call, table, id),
        (&Method::GET | &Method::HEAD, [id, "nextstates"]) => match find(state, call, table, id) {
            Some(row) => {
                let next = SimResponse::result(StatusCode::OK, &next_states(state, table, row));
                next.guess(Guess::ChangeStates)
            }
            None => no_record(),
        },
        (_, [] | [_] | [_, "nextstates"]) => SimResponse::method_not_supported(),
        _ => SimResponse::not_simulated("this call of the Change Management API"),
    }
}

fn find<'a>(state: &'a State, call: &Call<'_>, table: TableId, id: &str) -> Option<&'a Row> {
    let access = Access::of(state, &call.user, table);
    state.database.row(table, id).filter(|row| access.may_see(row))
}

/// Models and templates.
fn others(state: &State, call: &Call<'_>, name: &str) -> SimResponse {
    match state.database.dictionary.table(name) {
        Some(table) => changes(state, call, table, ""),
        None => SimResponse::no_such_api(),
    }
}

/// The tasks of a change: the one list whose last element is a record.
fn tasks(state: &State, call: &Call<'_>, id: &str) -> SimResponse {
    let Some(table) = state.database.dictionary.table("change_task") else {
        return SimResponse::no_such_api();
    };
    let query = format!("change_request={id}^{}", list::query_text(state, call, table));
    match list::Page::of(state, call, table, &query, DEFAULT_LIMIT) {
        Ok(page) => page.response(state, call, records(state, call, table, &page).into_iter().collect()),
        Err(refusal) => *refusal,
    }
}

/// A list of changes, or of what belongs to them, that fit a condition.
fn changes(state: &State, call: &Call<'_>, table: TableId, condition: &str) -> SimResponse {
    // An order is discarded (facts 7.3).
    let mut query = crate::query::without_order(&list::query_text(state, call, table));
    if !condition.is_empty() {
        // A caret in front of a query says nothing, and two would be one inside of a value (facts 2.2, 2.3).
        let rest = query.trim_start_matches('^');
        query = if rest.is_empty() { condition.to_owned() } else { format!("{condition}^{rest}") };
    }
    let page = match list::Page::of(state, call, table, &query, DEFAULT_LIMIT) {
        Ok(page) => page,
        Err(refusal) => return *refusal,
    };
    let mut rows = records(state, call, table, &page);
    rows.push(meta(state, table, &query));
    page.response(state, call, rows.into_iter().collect()).guess(Guess::ChangeListMeta)
}

fn records(state: &State, call: &Call<'_>, table: TableId, page: &list::Page<'_>) -> Vec<Record> {
    let access = Access::of(state, &call.user, table);
    let visible = page.rows.iter().filter(|row| access.may_see(row));
    visible.map(|row| record(state, call, table, row)).collect()
}

/// The last element of every list, which is not a record (facts 7.3): what was made of the query. That `applied` and `ignored`
/// name the fields of its conditions is a guess ([`Guess::ChangeListMeta`]).
fn meta(state: &State, table: TableId, query: &str) -> Record {
    let fields = crate::query::fields_of(query);
    let known = |path: &String| state.database.walk_path(table, path).is_some();
    let (applied, ignored): (Vec<String>, Vec<String>) = fields.into_iter().partition(known);
    let fields = json!({ "applied": applied, "ignored": ignored });
    Record::of("__meta", json!({ "encodedQuery": query, "fields": fields }))
}

/// A record in this API's own form.
fn record(state: &State, call: &Call<'_>, table: TableId, row: &Row) -> Record {
    let (locale, access) = (locale(&call.user), Access::of(state, &call.user, table));
    let readable = |table, field: &str| access.may_read(table, field);
    let form =
        RenderOptions { display: Display::All, links: false, base: "", locale: &locale, readable: &readable };
    let plain = Locale { date: Locale::default().date, zone: locale.zone.clone() };
    let renderer = Renderer::new(&state.database, table, call.param("sysparm_fields"), form);
    let mut record = renderer.to_record(row);
    for (name, field) in record.iter_mut() {
        let Some(column) = state.database.dictionary.find(table, name) else { continue };
        let stored = field["value"].as_str().unwrap_or_default().to_owned();
        match &state.database.dictionary.column(column).kind {
            ColumnType::Integer | ColumnType::Decimal => {
                field["value"] = stored.parse::<f64>().map_or_else(|_| stored.into(), Value::from);
            }
            ColumnType::Boolean if !stored.is_empty() => field["value"] = (stored == "true").into(),
            ColumnType::DateTime => field["display_value_internal"] = plain.show(&stored).into(),
            ColumnType::Date => field["display_value_internal"] = stored.into(),
            _ => {}
        }
    }
    record
}

/// Creates or changes a change request. `__meta` names the fields for which there is no column.
fn write(state: &mut State, call: &Call<'_>, table: TableId, id: Option<&str>, kind: &str) -> SimResponse {
    let given = if call.body.is_empty() { Ok(Fields::new()) } else { fields(call) };
    let mut fields = match given {
        Ok(given) => given,
        Err(refusal) => return *refusal,
    };
    if id.is_some_and(|id| find(state, call, table, id).is_none()) {
        return no_record();
    }
    let known = |name: &String| state.database.dictionary.find(table, name).is_some();
    let ignored: Vec<String> = fields.keys().filter(|name| !known(name)).cloned().collect();
    if id.is_none() {
        fields.insert("type".into(), kind.into());
    }
    let write = if id.is_some() { Write::Update } else { Write::Insert };
    let fields = match Access::of(state, &call.user, table).write(fields, write) {
        Ok(fields) => fields,
        Err(refusal) => return *refusal,
    };
    let stamp = state.clock.stamp();
    let author = Author::new(&call.user.name, &stamp);
    match before_save::check(state, &call.user, table, id, &fields, author) {
        Ok(guesses) => call.guess_all(guesses),
        Err(refusal) => return *refusal,
    }
    call.guess_all(state.database.write_guesses(table, &fields, author));
    let id = match id {
        None => state.database.insert(table, &fields, author).to_string(),
        Some(id) => {
            state.database.update(table, id, &fields, author);
            id.to_owned()
        }
    };
    let Some(row) = state.database.row(table, &id) else { return no_record() };
    let mut body = record(state, call, table, row);
    body.push("__meta", json!({ "ignoredFields": ignored }));
    SimResponse::result(StatusCode::OK, &body)
}

/// Answers with the record that is gone, and with 200.
fn delete(state: &mut State, call: &Call<'_>, table: TableId, id: &str) -> SimResponse {
    let Some(row) = find(state, call, table, id) else { return no_record() };
    let body = record(state, call, table, row);
    let allowed = Access::of(state, &call.user, table).write(Fields::new(), Write::Delete);
    match allowed.and_then(|_| before_save::check_deletion(state, &call.user, table, id)) {
        Ok(guesses) => call.guess_all(guesses),
        Err(refusal) => return *refusal,
    }
    let stamp = state.clock.stamp();
    state.database.remove(table, id, Author::new(&call.user.name, &stamp));
    SimResponse::result(StatusCode::OK, &body)
}

fn next_states(state: &State, table: TableId, row: &Row) -> Value {
    let now = state.database.field(table, row, "state");
    let next = NEXT.iter().find(|(from, _)| *from == now).map_or(&[][..], |(_, next)| next);
    let choices = state.database.dictionary.find(table, "state");
    let choices = choices.map(|column| state.database.dictionary.choices(table, column)).unwrap_or_default();
    let label = |state: &str| choices.iter().find(|(value, _)| value == state).map_or("", |(_, label)| label);
    let transition = |to: &&str| {
        // An id that is the same each time.
        let id = crate::data::scramble(
            now.bytes().chain(to.bytes()).fold(0, |id, byte| id << 8 | u64::from(byte)),
        );
        json!([{
            "sys_id": format!("{id:016x}35ae3f52c1d3ae2e"),
            "display_value": format!("{} to {}", label(now), label(to)),
            "from_state": now,
            "to_state": to,
            "transition_available": true,
            "automatic_transition": false,
            "conditions": [],
        }])
    };
    let all = next.iter().copied().chain([now]);
    json!({
        "available_states": all.clone().collect::<Vec<_>>(),
        "state_transitions": next.iter().map(transition).collect::<Vec<_>>(),
        "state_label": all.map(|state| (state.to_owned(), label(state).into())).collect::<Map<_, _>>(),
    })
}
