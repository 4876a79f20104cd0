//! The Aggregate API (facts 6): figures of the records that a query selects, of all of them or by groups.

use super::aggregation::{Aggregation, FIGURES, Having, Sort, aggregations};
use super::dictionary::{Column, Kind, Table, orders};
use super::exchange::{Answer, Compared, fail, same};
use super::forms::{Display, display_value};
use super::instance::{Instance, Place, Record};
use super::random;
use super::table_api::{self, unauthenticated};
use super::table_list::{Filter, NO_READ, NO_RIGHTS};
use super::table_request::TableRequest;
use super::world::World;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use snow_sim::Guess;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

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
    for kind in
        ["one 200", "groups 200", "one 400", "one 401", "one 403"].map(|kind| format!("Aggregate {kind}"))
    {
        assert!(seen.contains_key(&kind), "no {kind} in {seen:?}");
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
