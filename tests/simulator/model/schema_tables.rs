//! The dictionary as tables, and the two endpoints that describe tables (facts 7.3, 7.5, 1.3 and 1.9): as much of them as the facts say.

use super::condition::{Around, Condition, Join, Op, Order, Query};
use super::dictionary::{Column, Kind, TABLES, Table, table};
use super::exchange::{Answer, Ask, Compared, HOST, fail, same};
use super::instance::{Instance, Record, Who, may_read};
use super::table_api::unauthenticated;
use super::table_list::{Filter, NO_READ, NO_RIGHTS, sorted};
use super::world::World;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value, json};
use snow_sim::Guess;
use std::collections::{BTreeMap, BTreeSet};

const fn text(name: &'static str) -> Column {
    Column { name, kind: Kind::Text, default: "" }
}

/// Tables and columns of the dictionary that the facts name.
const DICTIONARY: Table = of(
    "sys_dictionary",
    &[text("sys_id"), text("name"), text("element"), text("internal_type"), text("reference")],
);
const CHOICES: Table =
    of("sys_choice", &[text("sys_id"), text("name"), text("element"), text("value"), text("label")]);
const OBJECTS: Table = of("sys_db_object", &[text("sys_id"), text("name"), text("label")]);
static SCHEMA: [Table; 3] = [DICTIONARY, CHOICES, OBJECTS];

const fn of(name: &'static str, own: &'static [Column]) -> Table {
    Table { name, label: "", parent: None, display: "", own, stock: true }
}

#[derive(Clone, Debug)]
enum SchemaRequest {
    Rows { table: usize, terms: Vec<(Join, Condition)>, fields: Vec<&'static str>, links: bool },
    Meta(&'static str),
    Tables,
}

#[test]
fn random_requests_of_the_schema_tables() {
    let who = prop_oneof![8 => Just(Who::Admin), 4 => Just(Who::Reader), 1 => Just(Who::Nobody)];
    let seen = super::compare("Schema", (who, requests()), World::new, async |world, (who, request)| {
        run(world, *who, request).await
    });
    for kind in ["Rows 200", "Rows 401", "Rows 403", "Meta 200", "Meta 400", "Tables 200"] {
        assert!(seen.contains_key(&format!("Schema {kind}")), "no {kind} in {seen:?}");
    }
}

fn requests() -> impl Strategy<Value = SchemaRequest> + Clone {
    let rows = (0..SCHEMA.len(), any::<bool>()).prop_flat_map(|(at, links)| {
        let names: Vec<&str> =
            SCHEMA[at].own.iter().map(|column| column.name).filter(|name| *name != "sys_id").collect();
        let condition = (
            select(names.clone()),
            select(vec![Op::Is, Op::IsNot, Op::In, Op::Starts, Op::Like]),
            select(WORDS),
        )
            .prop_map(|(field, op, value)| Condition { field, op, values: vec![value] });
        let terms = prop::collection::vec((select(vec![Join::And, Join::Or]), condition), 0..3);
        (terms, subsequence(names.clone(), 1..=names.len()))
            .prop_map(move |(terms, fields)| SchemaRequest::Rows { table: at, terms, fields, links })
    });
    let tables: Vec<&str> = own_tables().map(|table| table.name).chain(["no_such_table"]).collect();
    prop_oneof![6 => rows, 3 => select(tables).prop_map(SchemaRequest::Meta), 1 => Just(SchemaRequest::Tables)]
}

const WORDS: &[&str] = &[
    "u_order",
    "u_dog",
    "u_name",
    "u_city",
    "reference",
    "string",
    "integer",
    "u_",
    "u_state",
    "2",
    "red",
    "Order",
];

fn own_tables() -> impl Iterator<Item = &'static Table> + Clone {
    TABLES.iter().filter(|table| !table.stock)
}

/// How the dictionary names a type.
fn type_of(column: &Column) -> &'static str {
    match column.kind {
        Kind::Id => "GUID",
        Kind::Text | Kind::Cut(_) | Kind::Choice(false, _) => "string",
        Kind::Integer | Kind::Choice(true, _) => "integer",
        Kind::Decimal => "decimal",
        Kind::Boolean => "boolean",
        Kind::DateTime => "glide_date_time",
        Kind::Date => "glide_date",
        Kind::Duration => "glide_duration",
        Kind::Journal => "journal_input",
        Kind::Reference(_) => "reference",
        Kind::List(_) => "glide_list",
        Kind::Class => "sys_class_name",
    }
}

fn target(column: &Column) -> &'static str {
    match column.kind {
        Kind::Reference(to) | Kind::List(to) => to,
        _ => "",
    }
}

/// The rows that tell of the model's tables.
fn dictionary() -> Instance {
    let mut records = BTreeMap::new();
    let mut add = |table: &'static Table, values: &[(&'static str, &str)]| {
        let id = format!("{:032}", records.len());
        let values =
            values.iter().copied().chain([("sys_id", &*id)]).map(|(name, value)| (name, value.to_owned()));
        records.insert(id.clone(), Record { table, values: values.collect(), notes: Vec::new() });
    };
    for of in own_tables() {
        add(&SCHEMA[2], &[("name", of.name), ("label", of.label)]);
        for column in of.own {
            let (kind, to) = (type_of(column), target(column));
            add(
                &SCHEMA[0],
                &[("name", of.name), ("element", column.name), ("internal_type", kind), ("reference", to)],
            );
            let Kind::Choice(_, choices) = column.kind else { continue };
            for (value, label) in choices {
                add(
                    &SCHEMA[1],
                    &[("name", of.name), ("element", column.name), ("value", value), ("label", label)],
                );
            }
        }
    }
    Instance { records, ..Instance::default() }
}

/// Rows of the model's own tables alone, without the columns of every record, in an order that leaves nothing open.
fn query(table: &Table, terms: &[(Join, Condition)]) -> Query {
    let names: Vec<&str> = own_tables().map(|table| table.name).collect();
    let mut all = vec![(Join::And, Condition { field: "name", op: Op::In, values: names })];
    let has = |name: &str| table.own.iter().any(|column| column.name == name);
    if has("element") {
        all.push((Join::And, Condition { field: "element", op: Op::NotLike, values: vec!["sys_"] }));
        all.push((Join::And, Condition { field: "element", op: Op::NotEmpty, values: Vec::new() }));
    }
    for (at, (join, condition)) in terms.iter().enumerate() {
        all.push((if at == 0 { Join::And } else { *join }, condition.clone()));
    }
    let order = ["name", "element", "value"].into_iter().filter(|field| has(field));
    let order = order.map(|field| Order { field, descending: false }).collect();
    Query { terms: all, order, around: Around::Nothing }
}

async fn run(world: &mut World, who: Who, request: &SchemaRequest) -> Compared {
    let ask = match request {
        SchemaRequest::Rows { table, terms, fields, links } => {
            let table = &SCHEMA[*table];
            Ask::new(who, "GET", format!("/api/now/table/{}", table.name))
                .parameter("sysparm_query", query(table, terms).text())
                .parameter("sysparm_fields", fields.join(","))
                .parameter("sysparm_exclude_reference_link", (!links).to_string())
        }
        SchemaRequest::Meta(name) => Ask::new(who, "GET", format!("/api/now/ui/meta/{name}")),
        SchemaRequest::Tables => Ask::new(who, "GET", "/api/now/doc/table/schema"),
    };
    let answer = world.send(&ask).await;
    let kind = format!("{request:?}").split(['(', ' ']).next().unwrap_or_default().to_owned();
    world.compared(format!("Schema {kind} {}", answer.status));
    answer.in_context(check(who, request, &answer))
}

fn check(who: Who, request: &SchemaRequest, answer: &Answer) -> Compared {
    if !who.is_known() {
        return unauthenticated(answer, false);
    }
    match request {
        SchemaRequest::Rows { table, terms, fields, links } => {
            rows(who, &SCHEMA[*table], terms, fields, *links, answer)
        }
        SchemaRequest::Meta("no_such_table") => {
            answer.depends_on(&BTreeSet::from([Guess::MetaOfUnknownTable]))?;
            answer.is_refusal(400, "Invalid table no_such_table", Some(Value::Null))
        }
        SchemaRequest::Meta(name) => meta(who, name, answer),
        SchemaRequest::Tables => tables(answer),
    }
}

fn rows(
    who: Who,
    table: &'static Table,
    terms: &[(Join, Condition)],
    fields: &[&'static str],
    links: bool,
    answer: &Answer,
) -> Compared {
    let (instance, query) = (dictionary(), query(table, terms));
    let (rows, _) = sorted(&instance, table, Filter { query: Some(&query), pairs: &[] });
    match (who, table.name) {
        (Who::Reader, "sys_db_object") => {
            answer.depends_on(&BTreeSet::from([Guess::ClosedTable]))?;
            return same("status", answer.status, 403);
        }
        // Of choices, labels alone may be read: and a query names other columns.
        (Who::Reader, "sys_choice") => return answer.is_refusal(403, NO_RIGHTS, Some(json!(NO_READ))),
        _ => {}
    }
    answer.is(200)?;
    let count = rows.len().to_string();
    answer.has_header("x-total-count", Some(&*count))?;
    let hidden = who == Who::Reader;
    let row = |record: &&Record| -> Value {
        let value = |name: &&'static str| ((*name).to_owned(), value(name, record.value(name), links));
        Value::Object(fields.iter().map(value).collect::<Map<_, _>>())
    };
    let expected: Vec<Value> = rows.iter().filter(|_| !hidden).map(row).collect();
    same("rows", &answer.json()?["result"], &Value::from(expected))
}

/// Types and tables are references, by name.
fn value(name: &str, value: &str, links: bool) -> Value {
    let to = match name {
        "internal_type" => "sys_glide_object",
        "reference" => "sys_db_object",
        _ => return json!(value),
    };
    if value.is_empty() || !links {
        return json!(value);
    }
    json!({ "link": format!("https://{HOST}/api/now/table/{to}?name={value}"), "value": value })
}

fn meta(who: Who, name: &str, answer: &Answer) -> Compared {
    answer.is(200)?;
    answer.depends_on(&BTreeSet::from([Guess::ReadOnlyColumns]))?;
    let columns = answer.json()?["result"]["columns"].clone();
    let of = table(name).expect("a table of the model");
    for column in of.columns().into_iter().filter(|column| column.name != "sys_tags") {
        let told = &columns[column.name];
        if !may_read(who, column) {
            same(column.name, told, &Value::Null)?;
            continue;
        }
        same(column.name, &told["type"], &json!(type_of(column)))?;
        if let Kind::Reference(to) = column.kind {
            same(column.name, &told["reference"], &json!(to))?;
        }
        if let Kind::Choice(_, choices) = column.kind {
            let choices: Vec<Value> =
                choices.iter().map(|(value, label)| json!({ "value": value, "label": label })).collect();
            same(column.name, &told["choices"], &Value::from(choices))?;
        }
    }
    Ok(())
}

fn tables(answer: &Answer) -> Compared {
    answer.is(200)?;
    let told = answer.json()?["result"].as_array().cloned().unwrap_or_default();
    for of in own_tables() {
        let columns = own_tables().flat_map(|table| table.own);
        let is_target = columns.map(target).any(|to| to == of.name);
        let expected = json!({ "label": of.label, "value": of.name, "reference": is_target });
        if !told.contains(&expected) {
            return fail(format!("not there: {expected}"));
        }
    }
    Ok(())
}
