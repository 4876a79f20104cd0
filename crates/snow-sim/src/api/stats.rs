//! `GET /api/now[/vN]/stats/{table}`: aggregates (facts 6), over the rows that the same queries select as in the Table API.
//!
//! What is chosen where the facts are silent is said in the response, see [`Guess`].

mod aggregate;
mod having;

use super::Call;
use super::table::access::Access;
use super::table::{invalid_table, list, locale};
use crate::Guess;
use crate::data::{ColumnType, Display, RenderOptions, Renderer, Row, TableId};
use crate::fault::cancelled;
use crate::query::{Path, Query};
use crate::response::SimResponse;
use crate::state::State;
use aggregate::Function;
use having::{Having, Order};
use http::{Method, StatusCode};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

pub(super) fn handle(state: &mut State, call: &Call<'_>) -> SimResponse {
    let [name] = &call.segments[..] else { return SimResponse::no_such_api() };
    if !matches!(call.method, Method::GET | Method::HEAD) {
        return SimResponse::method_not_supported();
    }
    let Some(table) = state.database.dictionary.table(name) else { return invalid_table(name) };
    match Stats::of(state, call, table).and_then(|stats| stats.result()) {
        Ok(result) => SimResponse::result(StatusCode::OK, &result),
        Err(refusal) => *refusal,
    }
}

/// What is requested.
struct Stats<'a> {
    state: &'a State,
    call: &'a Call<'a>,
    table: TableId,
    query: Query,
    count: bool,
    /// Functions and the fields that they are asked of.
    wanted: Vec<(Function, Vec<(String, Path)>)>,
    groups: Vec<(String, Path)>,
    having: Vec<Having>,
    order: Vec<Order>,
}

impl<'a> Stats<'a> {
    fn of(state: &'a State, call: &'a Call<'_>, table: TableId) -> Result<Self, Box<SimResponse>> {
        let access = Access::of(state, &call.user, table);
        let grouped = call.param("sysparm_group_by").is_some_and(|list| !list.is_empty());
        if access.is_closed() || access.denies_aggregates() || (grouped && access.denies_groups()) {
            let detail =
                format!("No permission to read table '{}'", state.database.dictionary.def(table).name);
            return Err(refused(&detail));
        }
        let query = list::parsed(state, call, table, &list::query_text(state, call, table))?;
        let list = |name: &str| fields(state, table, call.param(name).unwrap_or_default());
        let wanted = [
            (Function::Avg, "sysparm_avg_fields"),
            (Function::Max, "sysparm_max_fields"),
            (Function::Min, "sysparm_min_fields"),
            (Function::Sum, "sysparm_sum_fields"),
        ]
        .map(|(function, name)| (function, list(name)));
        let (having, order) = (
            having::parse(state, table, call.param("sysparm_having").unwrap_or_default()),
            having::order(state, table, call.param("sysparm_order_by").unwrap_or_default()),
        );
        let groups = list("sysparm_group_by");
        let named =
            wanted.iter().flat_map(|(_, fields)| fields).chain(&groups).map(|(name, _)| name.as_str());
        let named = named.chain(having.iter().map(|having| having.field.as_str()));
        if !named.chain(order.iter().map(Order::field)).all(|name| access.may_query(table, name)) {
            return Err(refused("Field(s) present in the query do not have permission to be read"));
        }
        let count = call.flag("sysparm_count");
        Ok(Self { state, call, table, query, count, wanted: wanted.into(), groups, having, order })
    }

    /// An object without groups, an array with them.
    fn result(&self) -> Result<Value, Box<SimResponse>> {
        let (database, locale) = (&self.state.database, locale(&self.call.user));
        // Rows that a list would hide are counted (facts 6).
        let rows = database.rows_in(self.table, self.query.sys_id_range()).map(|(_, row)| row);
        let rows: Vec<&Row> =
            rows.filter(|row| self.query.matches(database, self.table, row, &locale)).collect();
        if self.state.settings.quota.is_some_and(|quota| rows.len() > quota.rows) {
            return Err(Box::new(SimResponse::json(StatusCode::INTERNAL_SERVER_ERROR, cancelled())));
        }
        self.call.guess_all(self.query.guesses(database, self.table, &rows));
        self.call.guess_all(self.guesses());
        if self.groups.is_empty() {
            let stats = if self.holds(&rows) { self.stats(&rows) } else { json!({}) };
            return Ok(json!({ "stats": stats }));
        }
        let mut groups: Vec<Vec<&Row>> =
            self.grouped(rows).into_iter().filter(|rows| self.holds(rows)).collect();
        let by_field = self.groups.iter().map(|(name, _)| Order::by_field(name));
        let order: Vec<Order> = self.order.iter().cloned().chain(by_field).collect();
        groups.sort_by(|a, b| having::compare(&order, database, self.table, a, b));
        let entries = groups.iter().map(|rows| {
            let first = rows.first().map(|row| self.group_fields(row)).unwrap_or_default();
            json!({ "stats": self.stats(rows), "groupby_fields": first })
        });
        Ok(entries.collect())
    }

    /// What the response depends on that no source settles.
    fn guesses(&self) -> impl Iterator<Item = Guess> {
        let database = &self.state.database;
        let totals =
            self.wanted.iter().filter(|(function, _)| matches!(function, Function::Sum | Function::Avg));
        let kinds: Vec<_> =
            totals.flat_map(|(_, fields)| fields).filter_map(|(_, path)| database.kind_at(path)).collect();
        let is_date = |kind: &&ColumnType| matches!(kind, ColumnType::Date | ColumnType::DateTime);
        let is_duration = |kind: &&ColumnType| matches!(kind, ColumnType::Duration);
        let asked = self.call.param("sysparm_having").unwrap_or_default();
        let parts = asked.split(',').filter(|part| !part.is_empty()).count();
        let names = |name: &str| {
            let list = self.call.param(name).unwrap_or_default();
            list.split(',').filter(|name| !name.trim().is_empty()).count()
        };
        let lists = ["sysparm_avg_fields", "sysparm_max_fields", "sysparm_min_fields", "sysparm_sum_fields"];
        let named: usize = lists.into_iter().chain(["sysparm_group_by"]).map(names).sum();
        let known = self.wanted.iter().map(|(_, fields)| fields.len()).sum::<usize>() + self.groups.len();
        let found = [
            (named > known, Guess::UnknownAggregateField),
            (self.having.iter().any(Having::counts_a_field), Guess::CountOfField),
            (kinds.iter().any(is_date), Guess::SumOfDates),
            (kinds.iter().any(is_duration), Guess::SumOfDurations),
            (parts > self.having.len(), Guess::UnreadableHaving),
            (!self.groups.is_empty() && self.order.is_empty(), Guess::GroupOrder),
        ];
        found.into_iter().filter(|(is_so, _)| *is_so).map(|(_, guess)| guess)
    }

    fn grouped<'r>(&self, rows: Vec<&'r Row>) -> Vec<Vec<&'r Row>> {
        let mut groups: BTreeMap<Vec<String>, Vec<&Row>> = BTreeMap::new();
        for row in rows {
            let key = self.groups.iter().map(|(_, path)| self.state.database.at(row, path).to_owned());
            groups.entry(key.collect()).or_default().push(row);
        }
        groups.into_values().collect()
    }

    fn holds(&self, rows: &[&Row]) -> bool {
        self.having.iter().all(|having| having.holds(&self.state.database, rows))
    }

    fn stats(&self, rows: &[&Row]) -> Value {
        let mut stats = Map::new();
        if self.count {
            stats.insert("count".into(), rows.len().to_string().into());
        }
        for (function, fields) in &self.wanted {
            let values = fields.iter().filter_map(|(name, path)| {
                let text = function.text(&self.state.database, path, rows)?;
                self.call.guess_all(text.is_empty().then_some(Guess::NothingToAggregate));
                Some((name.clone(), text.into()))
            });
            let values: Map<String, Value> = values.collect();
            if !values.is_empty() {
                stats.insert(function.name().into(), values.into());
            }
        }
        stats.into()
    }

    /// The values that a group has in common, in the form that was asked for.
    fn group_fields(&self, row: &Row) -> Vec<Value> {
        let locale = locale(&self.call.user);
        let form = RenderOptions {
            display: Display::All,
            links: false,
            base: "",
            locale: &locale,
            readable: &|_, _| true,
        };
        let display = Display::parse(self.call.param("sysparm_display_value"));
        let entries = self.groups.iter().map(|(name, _)| {
            let record = Renderer::new(&self.state.database, self.table, Some(name), form).to_record(row);
            let both = record.get(name).cloned().unwrap_or_default();
            let mut entry = json!({ "field": name });
            if display != Display::Stored {
                entry["display_value"] = both["display_value"].clone();
            }
            if display != Display::Shown {
                entry["value"] = both["value"].clone();
            }
            entry
        });
        entries.collect()
    }
}

/// The fields of a list that there are.
fn fields(state: &State, table: TableId, list: &str) -> Vec<(String, Path)> {
    let names = list.split(',').map(str::trim).filter(|name| !name.is_empty());
    names.filter_map(|name| Some((name.to_owned(), state.database.walk_path(table, name)?))).collect()
}

fn refused(detail: &str) -> Box<SimResponse> {
    Box::new(SimResponse::error(StatusCode::FORBIDDEN, "Insufficient rights to query records", detail))
}
