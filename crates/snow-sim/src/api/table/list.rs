//! Lists: query, order, limit, count and the `Link` header (facts 1.2, 1.5, 9).

use super::super::Call;
use super::access::Access;
use super::{locale, render};
use crate::data::{Database, Row, TableId};
use crate::fault::cancelled;
use crate::json_records::JsonRecords;
use crate::query::{Context, Query, Unsupported};
use crate::response::SimResponse;
use crate::state::State;
use crate::{Cut, Guess};
use http::StatusCode;
use std::fmt::Write;

/// How many rows come when no limit is given.
const DEFAULT_LIMIT: usize = 10_000;

pub(super) fn handle(state: &State, call: &Call<'_>, table: TableId) -> SimResponse {
    let text = query_text(state, call, table);
    let page = match Page::of(state, call, table, &text, DEFAULT_LIMIT) {
        Ok(page) => page,
        Err(refusal) => return *refusal,
    };
    let access = Access::of(state, &call.user, table);
    // The limit was applied before access rules, so a page may be short with more to come (facts 9).
    let visible = page.rows.iter().copied().filter(|row| access.may_see(row));
    let records = render(state, call, table, visible, &access);
    if records.len() == 0 && call.base.ends_with("/v1") {
        let detail = "Records matching query not found. Check query parameter or offset parameter";
        let refusal = SimResponse::error(StatusCode::NOT_FOUND, "No Record found", detail);
        return refusal.with_guesses((!page.rows.is_empty()).then_some(Guess::HiddenPage));
    }
    page.response(state, call, records)
}

/// Rows that a query selects, before anybody looks at access rules.
pub(in crate::api) struct Page<'a> {
    pub(in crate::api) rows: Vec<&'a Row>,
    total: Option<usize>,
    limit: usize,
    offset: usize,
}

impl<'a> Page<'a> {
    pub(in crate::api) fn of(
        state: &'a State,
        call: &Call<'_>,
        table: TableId,
        text: &str,
        default_limit: usize,
    ) -> Result<Self, Box<SimResponse>> {
        let query = parsed(state, call, table, text)?;
        let (limit, offset) =
            (number(call, "sysparm_limit", default_limit), number(call, "sysparm_offset", 0));
        let counted = !call.flag("sysparm_no_count");
        if limit == 0 {
            call.guess(Guess::LimitZero);
        }
        if !counted {
            call.guess(Guess::NoCountHeaders);
        }
        let selected = select(state, table, &query, &locale(&call.user), limit, offset, counted);
        call.guess_all(query.guesses(&state.database, table, &selected.rows));
        call.guess_all(selected.order_of_empty.then_some(Guess::OrderOfEmpty));
        Ok(Self { rows: selected.rows, total: selected.total, limit, offset })
    }

    /// The response with what is left of the rows, and its headers.
    pub(in crate::api) fn response(
        &self,
        state: &State,
        call: &Call<'_>,
        records: JsonRecords,
    ) -> SimResponse {
        let response = within_quota(state, records);
        let Some(total) = self.total.filter(|_| response.status == StatusCode::OK) else { return response };
        let response = response.with("x-total-count", &total.to_string());
        match link_header(call, total, self.limit, self.offset) {
            Some(link) if !call.flag("sysparm_suppress_pagination_header") => response.with("link", &link),
            _ => response,
        }
    }
}

/// A limit or an offset that is not a number is unsettled (facts 12): as if it were not given.
fn number(call: &Call<'_>, name: &str, default: usize) -> usize {
    let Some(text) = call.param(name) else { return default };
    text.parse().unwrap_or_else(|_| {
        call.guess(Guess::LimitNotANumber);
        default
    })
}

/// A query that is simulated and that the user may ask, or the refusal.
pub(in crate::api) fn parsed(
    state: &State,
    call: &Call<'_>,
    table: TableId,
    text: &str,
) -> Result<Query, Box<SimResponse>> {
    let locale = locale(&call.user);
    let context = Context {
        locale: &locale,
        now: state.clock.timestamp(),
        user: &call.user.name,
        database: &state.database,
        inner: false,
        invalid_returns_nothing: state.settings.invalid_query_returns_no_rows,
        negatives_match_empty: state.settings.negatives_match_empty,
    };
    let query = Query::parse(text, &state.database, table, context);
    let query =
        query.map_err(|Unsupported(what)| SimResponse::not_simulated(&format!("{what:?} in a query")))?;
    let access = Access::of(state, &call.user, table);
    if state.settings.query_acls && !query.fields.iter().all(|(table, field)| access.may_query(*table, field))
    {
        let detail = "Field(s) present in the query do not have permission to be read";
        let message = "Insufficient rights to query records";
        return Err(Box::new(SimResponse::error(StatusCode::FORBIDDEN, message, detail)));
    }
    Ok(query)
}

/// The encoded query, and names of fields with values next to it. Together with a query those are left out; what an instance does
/// is unsettled (facts 12).
pub(in crate::api) fn query_text(state: &State, call: &Call<'_>, table: TableId) -> String {
    let dictionary = &state.database.dictionary;
    let pairs = call.params.iter().filter(|(name, _)| !name.starts_with("sysparm_"));
    let mut pairs = pairs.filter_map(|(name, value)| Some((name, value, dictionary.find(table, name)?)));
    if let Some(query) = call.param("sysparm_query") {
        if pairs.next().is_some() {
            call.guess(Guess::QueryAndPairs);
        }
        return query.to_owned();
    }
    let mut text = String::new();
    for (name, value, id) in pairs {
        let column = dictionary.column(id);
        // Here display values are taken, too (facts 1.2).
        let value = match &column.kind {
            crate::data::ColumnType::Reference(target) => {
                state.database.by_name(target, value).unwrap_or(value)
            }
            _ => dictionary
                .choices(table, id)
                .iter()
                .find(|(_, label)| label.eq_ignore_ascii_case(value))
                .map_or(value.as_str(), |(v, _)| v),
        };
        let _ = write!(text, "^{name}={}", value.replace('^', "^^"));
    }
    text
}

/// Rows that a query selects.
struct Selected<'a> {
    rows: Vec<&'a Row>,
    total: Option<usize>,
    /// Whether rows without a value were put before others.
    order_of_empty: bool,
}

/// A page of rows, and how many match if that is counted. A walk along sys_ids begins where the last page ended and stops
/// where this one is full.
fn select<'a>(
    state: &'a State,
    table: TableId,
    query: &Query,
    locale: &crate::data::Locale,
    limit: usize,
    offset: usize,
    counted: bool,
) -> Selected<'a> {
    let database = &state.database;
    let rows = database.rows_in(table, query.sys_id_range()).map(|(_, row)| row);
    let matching = rows.filter(|row| query.matches(database, table, row, locale));
    if query.is_by_sys_id() && !counted {
        let rows = matching.skip(offset).take(limit).collect();
        return Selected { rows, total: None, order_of_empty: false };
    }
    let rows: Vec<&Row> = matching.collect();
    let total = counted.then_some(rows.len());
    let order_of_empty = query.orders_empty_values(database, &rows);
    let end = offset.saturating_add(limit);
    let rows = if query.is_by_sys_id() { rows } else { first(rows, end, query, database) };
    Selected { rows: rows.into_iter().skip(offset).take(limit).collect(), total, order_of_empty }
}

/// How many rows are sorted whole, which is cheaper for few.
const SORTED_WHOLE: usize = 4_096;

/// The first rows in the order of a query, as many as are asked for; equal ones stay in the order in which they came. Of many rows, no more
/// than those are sorted: a page of a large table is a small part of it. Apart from the loop over all rows, which is quicker without it.
#[inline(never)]
fn first<'a>(mut rows: Vec<&'a Row>, count: usize, query: &Query, database: &'a Database) -> Vec<&'a Row> {
    if rows.len() <= SORTED_WHOLE {
        rows.sort_by(|a, b| query.compare(database, a, b));
        return rows;
    }
    // A log is sorted by times, which are looked up once for each row, and not for each comparison.
    let (times, descending) = match query.times(database, &rows) {
        Some((times, descending)) => (times, descending),
        None => (vec![""; rows.len()], false),
    };
    let mut rows: Vec<(usize, &str, &Row)> =
        rows.into_iter().zip(times).enumerate().map(|(at, (row, time))| (at, time, row)).collect();
    let in_order = |a: &(usize, &str, &Row), b: &(usize, &str, &Row)| {
        let by_time = if descending { b.1.cmp(a.1) } else { a.1.cmp(b.1) };
        by_time.then_with(|| query.compare(database, a.2, b.2)).then(a.0.cmp(&b.0))
    };
    if (1..rows.len()).contains(&count) {
        rows.select_nth_unstable_by(count - 1, in_order);
        rows.truncate(count);
    }
    rows.sort_unstable_by(in_order);
    rows.into_iter().map(|(_, _, row)| row).collect()
}

/// The whole list, or what a cancelled transaction leaves of it (facts 3.4).
fn within_quota(state: &State, records: JsonRecords) -> SimResponse {
    let Some(quota) = state.settings.quota.filter(|quota| records.len() > quota.rows) else {
        return SimResponse::rendered(StatusCode::OK, &records.into_array());
    };
    let error = cancelled();
    let some = String::from_utf8_lossy(records.first(quota.rows));
    let comma = if some.is_empty() { "" } else { "," };
    let body = match quota.shape {
        Cut::Before => return SimResponse::json(StatusCode::INTERNAL_SERVER_ERROR, error),
        Cut::ErrorAfterRows => format!("{{\"result\":[{some}],{}", &error[1..]),
        Cut::EmptyRow => format!("{{\"result\":[{some}{comma}\"\"],{}", &error[1..]),
        Cut::Malformed => format!("{{\"result\":[{some}{comma}\"\"\"\"]{}", &error[1..]),
        Cut::Truncated => {
            let mut response =
                SimResponse::json(StatusCode::OK, format!("{{\"result\":[{some}{comma}{{\"num"));
            response.truncated = true;
            return response;
        }
    };
    SimResponse::json(StatusCode::OK, body)
}

/// The `Link` header, with its bogus `prev` of limit 1 and offset 0 (facts 1.5).
fn link_header(call: &Call<'_>, total: usize, limit: usize, offset: usize) -> Option<String> {
    if total <= limit || limit == 0 {
        return None;
    }
    let target = call.head.uri.path_and_query().map_or("/", |target| target.as_str());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
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
    if offset.saturating_add(limit) < total {
        link("next", &(offset + limit).to_string());
    }
    link("last", &((total - 1) / limit * limit).to_string());
    Some(links)
}
