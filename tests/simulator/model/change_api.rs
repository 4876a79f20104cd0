//! The Change API (facts 7.3 and 13.1): every field is a value and what is shown of it, and lists end with an element that is not
//! a record. The facts say less of it than of the others, and so does the model: of a record it knows some fields.

use super::condition::{Join, Query};
use super::dictionary::{Column, Kind, Table, table};
use super::exchange::{Answer, Ask, Compared, fail, same};
use super::forms::display_value;
use super::instance::{Place, Who};
use super::random;
use super::random_draft;
use super::random_query;
use super::table_api::{self, unauthenticated};
use super::table_case::MISSING;
use super::table_list::{Filter, sorted};
use super::table_request::{TableRequest, Which};
use super::world::World;
use super::writing::{Draft, Form};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};
use snow_sim::Guess;
use std::collections::BTreeSet;

#[derive(Clone, Debug)]
enum Action {
    List { kind: &'static str, query: Option<Query>, limit: Option<&'static str> },
    Get(Which),
    Create { kind: &'static str, draft: Draft },
    Change { which: Which, draft: Draft },
    Delete(Which),
    Misplaced,
}

#[derive(Clone, Debug)]
struct ChangeRequest {
    who: Who,
    version: &'static str,
    action: Action,
}

#[derive(Clone, Debug)]
enum Step {
    Write(TableRequest),
    Ask(ChangeRequest),
}

#[test]
fn random_requests_of_the_change_api() {
    let step = prop_oneof![1 => random::writes().prop_map(Step::Write), 9 => requests().prop_map(Step::Ask)];
    let seen = super::compare("Change", step, World::new, async |world, step| match step {
        Step::Write(request) => table_api::run(world, request).await,
        Step::Ask(request) => run(world, request).await,
    });
    for kind in [
        "List 200",
        "List 401",
        "Get 200",
        "Get 404",
        "Create 200",
        "Change 200",
        "Change 404",
        "Delete 200",
        "Misplaced 400",
    ] {
        assert!(seen.contains_key(&format!("Change {kind}")), "no {kind} in {seen:?}");
    }
}

fn changes() -> &'static Table {
    table("change_request").expect("a table of the model")
}

fn requests() -> impl Strategy<Value = ChangeRequest> + Clone {
    let kind = || select(vec!["", "/normal", "/emergency"]);
    let list = (
        kind(),
        prop::option::of(random_query::queries(changes())),
        prop::option::of(select(vec!["1", "2", "100"])),
    )
        .prop_map(|(kind, query, limit)| {
            // How the kind and a query of several groups are put together is not known (facts 2.2).
            let plain = |query: &Query| query.terms.iter().all(|(join, _)| *join != Join::NewQuery);
            let kind = if query.as_ref().is_none_or(plain) { kind } else { "" };
            Action::List { kind, query, limit }
        });
    let create = (kind(), drafts()).prop_map(|(kind, draft)| Action::Create { kind, draft });
    let which = || prop_oneof![8 => any::<Index>().prop_map(Which::Known), 1 => Just(Which::Missing)];
    let change = (which(), drafts()).prop_map(|(which, draft)| Action::Change { which, draft });
    let action = prop_oneof![
        6 => list,
        3 => which().prop_map(Action::Get),
        5 => create,
        3 => change,
        1 => which().prop_map(Action::Delete),
        1 => Just(Action::Misplaced),
    ];
    let who = prop_oneof![8 => Just(Who::Admin), 4 => Just(Who::Reader), 1 => Just(Who::Nobody)];
    (who, select(&["", "v1/"][..]), action).prop_map(|(who, version, action)| ChangeRequest {
        who,
        version,
        action,
    })
}

fn drafts() -> impl Strategy<Value = Draft> + Clone {
    random_draft::drafts(changes()).prop_map(|mut draft| {
        draft.form = Form::Object;
        // The kind of a change is in the path.
        draft.values.retain(|(name, _)| *name != "type");
        draft
    })
}

async fn run(world: &mut World, request: &ChangeRequest) -> Compared {
    let id = match &request.action {
        Action::Get(which) | Action::Delete(which) | Action::Change { which, .. } => id_of(world, which),
        _ => String::new(),
    };
    let answer = world.send(&ask(world, request, &id)).await;
    let kind = format!("{:?}", request.action).split(['(', ' ']).next().unwrap_or_default().to_owned();
    world.compared(format!("Change {kind} {}", answer.status));
    let compared = check(world, request, &id, &answer).await;
    answer.in_context(compared)
}

fn id_of(world: &World, which: &Which) -> String {
    let records = world.instance.records_of("change_request");
    match which {
        Which::Known(at) if !records.is_empty() => at.get(&records).id().to_owned(),
        _ => MISSING.into(),
    }
}

fn ask(world: &World, request: &ChangeRequest, id: &str) -> Ask {
    let (who, base) = (request.who, format!("/api/sn_chg_rest/{}change", request.version));
    let body = |draft: &Draft| draft.body(&world.instance, Some(changes()), false, who);
    match &request.action {
        Action::List { kind, query, limit } => {
            let mut ask = Ask::new(who, "GET", format!("{base}{kind}"));
            if let Some(query) = query {
                ask = ask.parameter("sysparm_query", query.text());
            }
            if let Some(limit) = limit {
                ask = ask.parameter("sysparm_limit", *limit);
            }
            // Fields are objects whatever is asked.
            ask.parameter("sysparm_display_value", "false")
        }
        Action::Get(_) => Ask::new(who, "GET", format!("{base}/{id}")),
        Action::Create { kind, draft } => Ask::new(who, "POST", format!("{base}{kind}"))
            .header("content-type", "application/json")
            .body(body(draft)),
        Action::Change { draft, .. } => Ask::new(who, "PATCH", format!("{base}/{id}"))
            .header("content-type", "application/json")
            .body(body(draft)),
        Action::Delete(_) => Ask::new(who, "DELETE", format!("{base}/{id}")),
        Action::Misplaced => {
            Ask::new(who, "GET", format!("/api/sn_chg_rest/{}no_such_thing", request.version))
        }
    }
}

async fn check(world: &mut World, request: &ChangeRequest, id: &str, answer: &Answer) -> Compared {
    let who = request.who;
    if !who.is_known() {
        return unauthenticated(answer, false);
    }
    match &request.action {
        Action::List { kind, query, limit } => {
            return list(world, request, kind, query.as_ref(), *limit, answer);
        }
        Action::Create { kind, draft } => {
            same("status", answer.status, 200)?;
            let mut new = world.instance.drafted(changes(), draft, who, false).record;
            let kind = kind.strip_prefix('/').unwrap_or("normal");
            new.values.insert("type", kind.to_owned());
            let id = world.new_id(changes()).await?;
            new.values.insert("sys_id", id.clone());
            world.instance.records.insert(id.clone(), new);
            return is_change(world, who, &id, &answer.json()?["result"]);
        }
        Action::Misplaced => return table_api::no_resource(answer),
        _ => {}
    }
    let Some(before) = world.instance.record("change_request", id).cloned() else {
        return same("status", answer.status, 404);
    };
    same("status", answer.status, 200)?;
    match &request.action {
        Action::Change { draft, .. } => {
            let changed = world.instance.changed(&before, draft, who).record;
            world.instance.records.insert(id.to_owned(), changed);
            is_change(world, who, id, &answer.json()?["result"])
        }
        Action::Delete(_) => {
            // With the record that is gone.
            is_change(world, who, id, &answer.json()?["result"])?;
            world.instance.delete(id);
            Ok(())
        }
        _ => is_change(world, who, id, &answer.json()?["result"]),
    }
}

/// Every field is `{"value", "display_value"}`, a date has `display_value_internal` as well.
fn is_change(world: &World, who: Who, id: &str, got: &Value) -> Compared {
    let Some(fields) = got.as_object() else { return fail("no record") };
    for (name, field) in fields {
        let keys: Vec<&str> = field.as_object().into_iter().flatten().map(|(key, _)| &**key).collect();
        if name != "__meta" && (!keys.contains(&"value") || !keys.contains(&"display_value")) {
            return fail(format!("{name} is {field}"));
        }
    }
    let record = &world.instance.records[id];
    for column in changes().columns() {
        let field = &got[column.name];
        let value = record.value(column.name);
        same(column.name, plain(&field["value"]), value.to_owned())?;
        let place = Place { column, record: Some(record) };
        if column.kind == Kind::DateTime && !value.is_empty() {
            same(column.name, &field["display_value"], &json!(display_value(&world.instance, place, who)))?;
            if field.get("display_value_internal").is_none() {
                return fail(format!("{} has no internal value: {field}", column.name));
            }
        }
        if let Some(label) = label(column, value) {
            same(column.name, &field["display_value"], &json!(label))?;
        }
    }
    Ok(())
}

/// The label of a choice, of those that the facts name.
fn label(column: &Column, value: &str) -> Option<&'static str> {
    super::forms::label(column, value).filter(|label| !label.is_empty() && column.name == "state")
}

/// A value as text: numbers are numbers here.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.as_f64().map(|number| number.to_string()).unwrap_or_default(),
        other => other.to_string(),
    }
}

fn list(
    world: &World,
    request: &ChangeRequest,
    kind: &str,
    query: Option<&Query>,
    limit: Option<&str>,
    answer: &Answer,
) -> Compared {
    answer.is(200)?;
    answer.depends_on(&BTreeSet::from([Guess::ChangeListMeta]))?;
    let mut got = answer.json()?["result"].as_array().cloned().unwrap_or_default();
    let Some(meta) = got.pop() else { return fail("no last element") };
    let keys: Vec<&str> = meta.as_object().into_iter().flatten().map(|(key, _)| &**key).collect();
    same("last element", keys, vec!["__meta"])?;
    check_meta(world, query, !kind.is_empty(), &meta["__meta"])?;

    let (mut rows, _) = sorted(&world.instance, changes(), Filter { query, pairs: &[] });
    rows.retain(|record| kind.is_empty() || kind[1..] == *record.value("type"));
    let limit = limit.and_then(|limit| limit.parse().ok()).unwrap_or(usize::MAX);
    same("number of changes", got.len(), rows.len().min(limit))?;
    let ids: BTreeSet<&str> = rows.iter().map(|record| record.id()).collect();
    let mut found = BTreeSet::new();
    for record in &got {
        let id = record["sys_id"]["value"].as_str().unwrap_or_default();
        if !ids.contains(id) || !found.insert(id) {
            return fail(format!("not one of those that match, or twice: {id}"));
        }
        is_change(world, request.who, id, record)?;
    }
    Ok(())
}

/// What was made of the query: without its order, which is discarded. The kind of the changes is a condition as well.
fn check_meta(world: &World, query: Option<&Query>, of_a_kind: bool, meta: &Value) -> Compared {
    let text = meta["encodedQuery"].as_str().unwrap_or("no text");
    if text.contains("ORDERBY") || text == "no text" {
        return fail(format!("an order in {text:?}"));
    }
    let names = |key: &str| -> BTreeSet<String> {
        let names = meta["fields"][key].as_array().cloned().unwrap_or_default();
        names.iter().map(|name| name.as_str().unwrap_or_default().to_owned()).collect()
    };
    let terms = query.map(|query| &query.terms[..]).unwrap_or_default();
    let (mut applied, mut ignored) = (BTreeSet::new(), BTreeSet::new());
    applied.extend(of_a_kind.then(|| "type".to_owned()));
    for (_, condition) in terms {
        let known = world.instance.walk(changes(), None, condition.field).is_some();
        if known {
            applied.insert(condition.field.to_owned())
        } else {
            ignored.insert(condition.field.to_owned())
        };
    }
    same("applied", names("applied"), applied)?;
    same("ignored", names("ignored"), ignored)
}
