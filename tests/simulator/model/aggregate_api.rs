//! The Aggregate API (facts 6): figures of the records that a query selects, of all of them or by groups.

use super::condition::Query;
use super::dictionary::{Column, Kind, Table, orders};
use super::exchange::{Answer, Ask, Compared, fail, same};
use super::forms::{Display, display_value};
use super::instance::{Instance, Place, Record, Who};
use super::random;
use super::table_api::{self, unauthenticated};
use super::table_list::{Filter, NO_READ, NO_RIGHTS};
use super::table_request::TableRequest;
use super::world::World;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value, json};
use snow_sim::Guess;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// The figures that fields have, by the names of their parameters.
const FIGURES: [&str; 4] = ["sum", "avg", "min", "max"];

#[derive(Clone, Debug)]
struct Aggregation {
    who: Who,
    version: &'static str,
    table: Option<&'static Table>,
    query: Option<Query>,
    pairs: Vec<(&'static str, &'static str)>,
    count: Option<&'static str>,
    /// Fields of each of the figures.
    figures: [Vec<&'static str>; 4],
    groups: Vec<&'static str>,
    order: Option<(Sort, bool)>,
    having: Option<Having>,
    display: Option<&'static str>,
    head: bool,
}

#[derive(Clone, Debug)]
enum Sort {
    /// By the first group field.
    Group,
    Count,
    Average(&'static str),
}

#[derive(Clone, Debug)]
struct Having {
    /// One of the figures, or count.
    figure: &'static str,
    field: &'static str,
    operator: &'static str,
    value: i32,
}

#[derive(Clone, Debug)]
enum Step {
    Write(TableRequest),
    Ask(Box<Aggregation>),
}

#[test]
fn random_requests_of_the_aggregate_api() {
    let step = prop_oneof![1 => random::writes().prop_map(Step::Write), 4 => aggregations().prop_map(|asked| Step::Ask(Box::new(asked)))];
    let seen = super::compare("Aggregate", step, World::new, async |world, step| match step {
        Step::Write(request) => table_api::run(world, request).await,
        Step::Ask(asked) => run(world, asked).await,
    });
    for kind in ["Aggregate one 200", "Aggregate groups 200", "Aggregate one 400", "Aggregate one 401"] {
        assert!(seen.contains_key(kind), "no {kind} in {seen:?}");
    }
}

fn aggregations() -> impl Strategy<Value = Aggregation> + Clone {
    let table = prop_oneof![5 => Just(Some(orders())), 5 => random::tables().prop_map(Some), 1 => Just(None)];
    let who = prop_oneof![6 => Just(Who::Admin), 3 => Just(Who::Reader), 1 => Just(Who::Nobody)];
    (who, select(random::VERSIONS), table).prop_flat_map(|(who, version, table)| {
        let of = table.unwrap_or(orders());
        let query = prop::option::of(random::queries(of));
        let pairs = prop_oneof![4 => Just(Vec::new()), 1 => prop::collection::vec(random::pair(of), 1..3)];
        let (summed, ranged) = (fields_of(of, is_number), fields_of(of, is_ordered));
        let some = |fields: &Vec<&'static str>| subsequence(fields.clone(), 0..=fields.len());
        let figures = [some(&summed), some(&summed), some(&ranged), some(&ranged)];
        let groups = groups_of(of);
        let order = (
            prop_oneof![Just(Sort::Group), Just(Sort::Count), Just(Sort::Average("u_pieces"))],
            any::<bool>(),
        );
        let having =
            (select(vec!["sum", "avg", "max", "count"]), select(vec![">", ">=", "<", "<=", "=", "!="]), 0..4)
                .prop_map(|(figure, operator, value)| {
                    let field = if figure == "count" { "sys_id" } else { "u_pieces" };
                    Having { figure, field, operator, value }
                });
        (
            (query, pairs, prop::option::of(select(random::FLAGS)), figures),
            (
                subsequence(groups.clone(), 0..=groups.len().min(2)),
                prop::option::of(order),
                prop::option::of(having),
            ),
            prop::option::of(select(vec!["true", "all", "false", "True"])),
            prop::bool::weighted(0.1),
        )
            .prop_map(
                move |((query, pairs, count, figures), (groups, order, having), display, head)| {
                    // Orders alone have the fields that order and having name; the labels of other tables are not known.
                    let orders = of.name == "u_order" && !groups.is_empty();
                    let pairs = if query.as_ref().is_some_and(|query| query.text().is_empty()) {
                        Vec::new()
                    } else {
                        pairs
                    };
                    Aggregation {
                        who,
                        version,
                        table,
                        query,
                        pairs,
                        count,
                        figures,
                        groups,
                        order: order.filter(|_| orders),
                        having: having.filter(|_| orders),
                        display: display.filter(|_| !of.stock),
                        head,
                    }
                },
            )
    })
}

fn is_number(column: &Column) -> bool {
    matches!(column.kind, Kind::Integer | Kind::Decimal) && !column.name.starts_with("sys_")
}

fn is_ordered(column: &Column) -> bool {
    is_number(column) || matches!(column.kind, Kind::DateTime | Kind::Date)
}

fn fields_of(of: &Table, fits: fn(&Column) -> bool) -> Vec<&'static str> {
    of.columns().into_iter().filter(|column| fits(column)).map(|column| column.name).collect()
}

/// Fields whose values differ by more than their case.
fn groups_of(of: &Table) -> Vec<&'static str> {
    let walks = if of.name == "u_order" { &["u_city.u_name", "u_city.u_country"][..] } else { &[] };
    let plain = |column: &Column| {
        matches!(column.kind, Kind::Choice(..) | Kind::Reference(_) | Kind::Class)
            || column.name == "u_pieces"
    };
    fields_of(of, plain).into_iter().chain(walks.iter().copied()).collect()
}

impl Aggregation {
    fn ask(&self) -> Ask {
        let name = self.table.map_or("no_such_table", |table| table.name);
        let method = if self.head { "HEAD" } else { "GET" };
        let mut ask = Ask::new(self.who, method, format!("/api/now/{}stats/{name}", self.version));
        if let Some(query) = &self.query {
            ask = ask.parameter("sysparm_query", query.text());
        }
        for (name, value) in &self.pairs {
            ask = ask.parameter(name, *value);
        }
        for (name, value) in [("sysparm_count", self.count), ("sysparm_display_value", self.display)] {
            if let Some(value) = value {
                ask = ask.parameter(name, value);
            }
        }
        for (figure, fields) in FIGURES.iter().zip(&self.figures) {
            if !fields.is_empty() {
                ask = ask.parameter(&format!("sysparm_{figure}_fields"), fields.join(","));
            }
        }
        if !self.groups.is_empty() {
            ask = ask.parameter("sysparm_group_by", self.groups.join(","));
        }
        if let Some((sort, descending)) = &self.order {
            let sort = match sort {
                Sort::Group => self.groups[0].to_owned(),
                Sort::Count => "COUNT".into(),
                Sort::Average(field) => format!("AVG^{field}"),
            };
            ask = ask
                .parameter("sysparm_order_by", format!("{sort}{}", if *descending { "^DESC" } else { "" }));
        }
        if let Some(Having { figure, field, operator, value }) = &self.having {
            ask = ask.parameter("sysparm_having", format!("{figure}^{field}^{operator}^{value}"));
        }
        ask
    }
}

async fn run(world: &mut World, asked: &Aggregation) -> Compared {
    let answer = world.send(&asked.ask()).await;
    let what = if asked.groups.is_empty() { "one" } else { "groups" };
    world.compared(format!("Aggregate {what} {}", answer.status));
    answer.in_context(check(&world.instance, asked, &answer))
}

fn check(instance: &Instance, asked: &Aggregation, answer: &Answer) -> Compared {
    if !asked.who.is_known() {
        return unauthenticated(answer, asked.head);
    }
    let filter = Filter { query: asked.query.as_ref(), pairs: &asked.pairs };
    let refusal = match asked.table {
        None => Some((400, "Invalid table no_such_table", Value::Null)),
        Some(of) if filter.is_forbidden(instance, of, asked.who) => Some((403, NO_RIGHTS, json!(NO_READ))),
        Some(_) => None,
    };
    if let Some((status, message, detail)) = refusal {
        return if asked.head {
            answer.is_empty(status)
        } else {
            answer.is_refusal(status, message, Some(detail))
        };
    }
    let of = asked.table.unwrap_or(orders());
    let mut guesses = filter.guesses(instance, of);
    guesses.extend((!asked.groups.is_empty() && asked.order.is_none()).then_some(Guess::GroupOrder));
    guesses
        .extend(asked.having.iter().filter(|having| having.figure == "count").map(|_| Guess::CountOfField));
    answer.depends_on(&guesses)?;
    if asked.head {
        return answer.is_empty(200);
    }
    answer.is(200)?;
    let mut rows = instance.records_of(of.name);
    rows.retain(|record| filter.selects(instance, of, record));
    let got = answer.json()?["result"].clone();
    if asked.groups.is_empty() {
        let keys = got.as_object().map(|object| object.keys().cloned().collect());
        same("keys", keys, Some(vec!["stats".to_owned()]))?;
        return check_stats(asked, of, &rows, &got["stats"], answer);
    }
    check_groups(instance, asked, of, rows, &got, answer)
}

fn check_groups(
    instance: &Instance,
    asked: &Aggregation,
    of: &Table,
    rows: Vec<&Record>,
    got: &Value,
    answer: &Answer,
) -> Compared {
    let mut groups: BTreeMap<String, Vec<&Record>> = BTreeMap::new();
    for record in rows {
        groups.entry(group_fields(instance, asked, of, record).to_string()).or_default().push(record);
    }
    let all = groups.len();
    groups.retain(|_, rows| asked.having.as_ref().is_none_or(|having| having.holds(rows)));
    let Some(got) = got.as_array() else { return fail("no array of groups") };
    same("number of groups", (got.len(), all), (groups.len(), all))?;
    let mut in_order = Vec::new();
    for group in got {
        let fields = &group["groupby_fields"];
        let Some(rows) = groups.remove(&fields.to_string()) else {
            return fail(format!("no such group, or twice: {fields}\n  left: {:?}", groups.keys()));
        };
        let keys = group.as_object().map(|object| object.keys().cloned().collect());
        same("keys", keys, Some(vec!["groupby_fields".to_owned(), "stats".to_owned()]))?;
        check_stats(asked, of, &rows, &group["stats"], answer)?;
        in_order.push(rows);
    }
    let Some((sort, descending)) = &asked.order else { return Ok(()) };
    for pair in in_order.windows(2) {
        let order = compare(instance, asked, of, sort, pair[0][0], pair[1][0], &pair[0], &pair[1]);
        if order == Some(if *descending { Ordering::Less } else { Ordering::Greater }) {
            return fail("the groups are in another order");
        }
    }
    Ok(())
}

/// The order of two groups; `None` if the facts do not say: groups without a value, and names of references.
#[expect(clippy::too_many_arguments, reason = "two groups, each by its records and the first of them")]
fn compare(
    instance: &Instance,
    asked: &Aggregation,
    of: &Table,
    sort: &Sort,
    left: &Record,
    right: &Record,
    lefts: &[&Record],
    rights: &[&Record],
) -> Option<Ordering> {
    match sort {
        Sort::Count => Some(lefts.len().cmp(&rights.len())),
        Sort::Average(field) => figure("avg", field, lefts)?.partial_cmp(&figure("avg", field, rights)?),
        Sort::Group => {
            let place = |record| instance.walk(of, Some(record), asked.groups[0]);
            let (left, right) = (place(left)?, place(right)?);
            if left.value().is_empty() || right.value().is_empty() {
                return None;
            }
            match left.column.kind {
                Kind::Integer | Kind::Choice(true, _) => {
                    left.value().parse::<f64>().ok()?.partial_cmp(&right.value().parse().ok()?)
                }
                Kind::Text => Some(left.value().to_lowercase().cmp(&right.value().to_lowercase())),
                _ => None,
            }
        }
    }
}

fn group_fields(instance: &Instance, asked: &Aggregation, of: &Table, record: &Record) -> Value {
    let display = match asked.display {
        Some(word) if word.eq_ignore_ascii_case("true") => Display::Shown,
        Some("all") => Display::All,
        _ => Display::Stored,
    };
    let field = |name: &&str| {
        let place: Place<'_> = instance.walk(of, Some(record), name).expect("a field of the model");
        let mut field = Map::from_iter([("field".to_owned(), json!(name))]);
        if display != Display::Shown {
            field.insert("value".into(), json!(place.value()));
        }
        if display != Display::Stored {
            field.insert("display_value".into(), json!(display_value(instance, place, asked.who)));
        }
        Value::Object(field)
    };
    asked.groups.iter().map(field).collect()
}

impl Having {
    fn holds(&self, rows: &[&Record]) -> bool {
        let found =
            if self.figure == "count" { Some(count(rows)) } else { figure(self.figure, self.field, rows) };
        let Some(order) = found.and_then(|found| found.partial_cmp(&f64::from(self.value))) else {
            return false;
        };
        match self.operator {
            ">" => order.is_gt(),
            ">=" => order.is_ge(),
            "<" => order.is_lt(),
            "<=" => order.is_le(),
            "=" => order.is_eq(),
            _ => order.is_ne(),
        }
    }
}

fn count(rows: &[&Record]) -> f64 {
    f64::from(u32::try_from(rows.len()).unwrap_or(u32::MAX))
}

/// A figure of the records that have a value.
fn figure(figure: &str, field: &str, rows: &[&Record]) -> Option<f64> {
    let values: Vec<f64> = rows.iter().filter_map(|record| record.value(field).parse().ok()).collect();
    let sum: f64 = values.iter().sum();
    match figure {
        _ if values.is_empty() => None,
        "sum" => Some(sum),
        "avg" => Some(sum / f64::from(u32::try_from(values.len()).unwrap_or(u32::MAX))),
        "min" => values.into_iter().reduce(f64::min),
        _ => values.into_iter().reduce(f64::max),
    }
}

fn check_stats(asked: &Aggregation, of: &Table, rows: &[&Record], got: &Value, answer: &Answer) -> Compared {
    let counted = asked.count.is_some_and(|word| word.eq_ignore_ascii_case("true"));
    let mut keys: BTreeSet<&str> = counted.then_some("count").into_iter().collect();
    for (name, fields) in FIGURES.iter().zip(&asked.figures).filter(|(_, fields)| !fields.is_empty()) {
        keys.insert(name);
        let found: BTreeSet<&str> =
            got[name].as_object().into_iter().flatten().map(|(field, _)| &**field).collect();
        same(name, found, fields.iter().copied().collect())?;
        for field in fields {
            let column = of.column(field).expect("a column of the model");
            check_figure(name, column, rows, &got[name][field], answer)?;
        }
    }
    if counted {
        same("count", &got["count"], &json!(rows.len().to_string()))?;
    }
    same("figures", got.as_object().into_iter().flatten().map(|(name, _)| &**name).collect(), keys)
}

/// All figures are text; averages have four decimals. What there is of no values is a guess.
fn check_figure(name: &str, column: &Column, rows: &[&Record], got: &Value, answer: &Answer) -> Compared {
    let Some(text) = got.as_str() else { return fail(format!("{name} of {}: no text, {got}", column.name)) };
    if rows.iter().all(|record| record.value(column.name).is_empty()) {
        answer.depends_on(&BTreeSet::from([Guess::NothingToAggregate]))?;
        return same(name, text, "");
    }
    if matches!(column.kind, Kind::DateTime | Kind::Date) {
        let values = rows.iter().map(|record| record.value(column.name)).filter(|value| !value.is_empty());
        let expected = if name == "min" { values.min() } else { values.max() };
        return same(name, Some(text), expected);
    }
    let Some(expected) = figure(name, column.name, rows) else { return fail("a figure of no numbers") };
    if name == "avg" {
        let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        same("decimals", decimals, 4)?;
    }
    match text.parse::<f64>() {
        Ok(found) if (found - expected).abs() <= 0.000_051 => Ok(()),
        _ => fail(format!("{name} of {}: {text}, not {expected}", column.name)),
    }
}
