//! The Import Set API (facts 7.2): rows of a staging table, and the records that they become.

use super::dictionary::table;
use super::exchange::{Answer, Ask, Compared, HOST, fail, same};
use super::instance::Who;
use super::random::VERSIONS;
use super::table_api::{no_record, unauthenticated};
use super::table_case::MISSING;
use super::world::{World, builder};
use super::writing::{Draft, Form, Input};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Map, Value, json};
use snow_sim::{ColumnType, Guess, Rule, Table, TransformMap};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const NAMES: &[&str] = &["Oslo", "Rome", "é & 100%", "a=1"];
const TOWNS: &[&str] = &["Bergen", "Roma", "North"];

/// A row as it is sent.
#[derive(Clone, Debug)]
struct Row {
    name: &'static str,
    town: Town,
    unknown: bool,
}

#[derive(Clone, Debug)]
enum Town {
    Text(&'static str),
    Number(i64),
    /// An object, which is kept as text.
    Nested(&'static str),
    /// Nothing: refused by a data policy.
    Missing,
}

#[derive(Clone, Debug)]
enum Action {
    Insert(Row),
    /// With the sys_id of a staging row; `None` is one that is not there.
    Outcome(Option<Index>),
    InsertMultiple(Vec<Row>),
    UnknownTable,
    NoStagingTable,
    WithoutMap,
    Broken,
    PutRow,
}

#[derive(Clone, Debug)]
struct ImportRequest {
    who: Who,
    version: &'static str,
    action: Action,
}

/// Staging rows that were imported: the sys_id of each, and the response to it if it came by itself.
type Staged = Vec<(String, Option<Value>)>;

fn world() -> World {
    let staging = |name: &str| Table::new(name, "Import").extends("sys_import_set_row");
    let rows = staging("u_imp_site").column("u_name", ColumnType::Text).column("u_town", ColumnType::Text);
    let map = TransformMap::new("Site", "u_imp_site", "u_site")
        .field("u_name", "u_name")
        .field("u_town", "u_town")
        .coalesce("u_name");
    let mandatory = Rule::Mandatory { table: "u_site".into(), field: "u_town".into() };
    let builder = builder().table(rows).table(staging("u_imp_none")).transform_map(map).rule(mandatory);
    World::of(builder.settings(|settings| settings.import_delay = Duration::ZERO))
}

#[test]
fn random_requests_of_the_import_set_api() {
    let staged = RefCell::new(Staged::new());
    let fresh = || {
        staged.borrow_mut().clear();
        world()
    };
    let seen = super::compare("Import", requests(), fresh, async |world, request| {
        run(world, request, &mut staged.borrow_mut()).await
    });
    for kind in [
        "Insert 201",
        "Insert 401",
        "Outcome 200",
        "Outcome 404",
        "InsertMultiple 201",
        "UnknownTable 400",
        "NoStagingTable 400",
        "WithoutMap 500",
        "Broken 400",
        "PutRow 405",
    ] {
        assert!(seen.contains_key(&format!("Import {kind}")), "no {kind} in {seen:?}");
    }
}

fn requests() -> impl Strategy<Value = ImportRequest> + Clone {
    let town = prop_oneof![
        8 => select(TOWNS).prop_map(Town::Text),
        1 => (0..99_i64).prop_map(Town::Number),
        1 => select(TOWNS).prop_map(Town::Nested),
        1 => Just(Town::Missing),
    ];
    let row =
        (select(NAMES), town, any::<bool>()).prop_map(|(name, town, unknown)| Row { name, town, unknown });
    let odd = vec![
        Action::UnknownTable,
        Action::NoStagingTable,
        Action::WithoutMap,
        Action::Broken,
        Action::PutRow,
    ];
    let action = prop_oneof![
        8 => row.clone().prop_map(Action::Insert),
        4 => prop::option::weighted(0.8, any::<Index>()).prop_map(Action::Outcome),
        2 => prop::collection::vec(row, 0..4).prop_map(Action::InsertMultiple),
        3 => select(odd),
    ];
    let who = prop_oneof![8 => Just(Who::Admin), 4 => Just(Who::Reader), 1 => Just(Who::Nobody)];
    (who, select(VERSIONS), action).prop_map(|(who, version, action)| ImportRequest { who, version, action })
}

impl Row {
    fn body(&self) -> Value {
        let mut body = Map::from_iter([("u_name".to_owned(), json!(self.name))]);
        match &self.town {
            Town::Text(town) => body.insert("u_town".into(), json!(town)),
            Town::Number(number) => body.insert("u_town".into(), json!(number)),
            Town::Nested(town) => body.insert("u_town".into(), json!({ "town": town })),
            Town::Missing => None,
        };
        if self.unknown {
            body.insert("nothing".into(), json!("x"));
        }
        Value::Object(body)
    }

    /// The town as text: `:` is turned into `=` in what is nested.
    fn town(&self) -> Option<String> {
        match &self.town {
            Town::Text(town) => Some((*town).to_owned()),
            Town::Number(number) => Some(number.to_string()),
            Town::Nested(town) => Some(format!("{{town={town}}}")),
            Town::Missing => None,
        }
    }
}

/// What becomes of a row: its status, and the record it has become.
enum Outcome {
    Inserted(String),
    Updated(String),
    Ignored(String),
    Failed,
    /// A row without a town for a record that has one: that it is kept is a guess.
    WithoutTown(String),
}

async fn run(world: &mut World, request: &ImportRequest, staged: &mut Staged) -> Compared {
    let told: Vec<(&String, &Value)> =
        staged.iter().filter_map(|(id, told)| Some((id, told.as_ref()?))).collect();
    let row = match &request.action {
        Action::Outcome(Some(at)) if !told.is_empty() => Some(at.get(&told)),
        _ => None,
    };
    let row = row.map(|(id, told)| ((*id).clone(), (*told).clone()));
    let labels = labels(world).await?;
    let id = row.as_ref().map_or(MISSING, |(id, _)| id);
    let answer = world.send(&ask(request, id, &labels)).await;
    let kind = format!("{:?}", request.action).split(['(', ' ']).next().unwrap_or_default().to_owned();
    world.compared(format!("Import {kind} {}", answer.status));
    let compared = check(world, request, row.map(|(_, told)| told), &answer, staged).await;
    answer.in_context(compared)
}

/// Labels of the columns of the staging table, by their names.
async fn labels(world: &mut World) -> Compared<BTreeMap<String, String>> {
    let ask = Ask::new(Who::Admin, "GET", "/api/now/table/sys_dictionary")
        .parameter("sysparm_query", "name=u_imp_site^elementISNOTEMPTY")
        .parameter("sysparm_fields", "element,column_label");
    let rows = world.send(&ask).await.json()?["result"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Ok(rows.iter().map(|row| (text(&row["element"]), text(&row["column_label"]))).collect())
}

fn ask(request: &ImportRequest, row: &str, labels: &BTreeMap<String, String>) -> Ask {
    let path = |rest: &str| format!("/api/now/{}import/{rest}", request.version);
    let send = |method, path: String, body: String| {
        Ask::new(request.who, method, path).header("content-type", "application/json").body(body)
    };
    match &request.action {
        Action::Insert(row) => send("POST", path("u_imp_site"), row.body().to_string()),
        Action::Outcome(_) => Ask::new(request.who, "GET", path(&format!("u_imp_site/{row}"))),
        Action::InsertMultiple(rows) => {
            let label = |name: &String| labels.get(name).unwrap_or(name).clone();
            let by_label = |row: &Row| -> Map<String, Value> {
                row.body()
                    .as_object()
                    .into_iter()
                    .flatten()
                    .map(|(name, value)| (label(name), value.clone()))
                    .collect()
            };
            let rows: Vec<Value> = rows.iter().map(|row| Value::Object(by_label(row))).collect();
            send("POST", path("u_imp_site/insertMultiple"), json!({ "records": rows }).to_string())
        }
        Action::UnknownTable => send("POST", path("no_such_table"), "{}".into()),
        Action::NoStagingTable => send("POST", path("u_order"), "{}".into()),
        Action::WithoutMap => send("POST", path("u_imp_none"), "{}".into()),
        Action::Broken => send("POST", path("u_imp_site"), "{\"u_name\":".into()),
        Action::PutRow => send("PUT", path("u_imp_site/x"), "{}".into()),
    }
}

async fn check(
    world: &mut World,
    request: &ImportRequest,
    told: Option<Value>,
    answer: &Answer,
    staged: &mut Staged,
) -> Compared {
    if !request.who.is_known() {
        return unauthenticated(answer, false);
    }
    let guess = |guess: Guess| answer.depends_on(&BTreeSet::from([guess]));
    match &request.action {
        Action::Insert(row) => insert(world, request, row, answer, staged).await,
        // The same again, as it was told of; its links repeat the version that is asked for now.
        Action::Outcome(_) if told.is_some() => {
            let version = |version: &str| format!("/api/now/{version}table/");
            let mut text = told.unwrap_or_default().to_string();
            for other in ["v1/", "v2/"] {
                text = text.replace(&version(other), &version(""));
            }
            let text = text.replace(&version(""), &version(request.version));
            answer.is_json(200, &serde_json::from_str(&text).unwrap_or_default())
        }
        Action::Outcome(_) => no_record(answer),
        Action::InsertMultiple(rows) => insert_multiple(world, request, rows, answer, staged).await,
        Action::UnknownTable => answer.is_refusal(400, "Invalid table no_such_table", Some(Value::Null)),
        Action::NoStagingTable => {
            guess(Guess::NoStagingTable)?;
            same("status", answer.status, 400)
        }
        Action::WithoutMap => answer.is_refusal(500, "null value in entry: transform_map=null", None),
        Action::Broken => {
            guess(Guess::UnreadableBody)?;
            answer.is_refusal(400, "Exception while reading request", None)
        }
        Action::PutRow => {
            guess(Guess::MethodNotSupported)?;
            same("status", answer.status, 405)
        }
    }
}

async fn insert(
    world: &mut World,
    request: &ImportRequest,
    row: &Row,
    answer: &Answer,
    staged: &mut Staged,
) -> Compared {
    answer.is(201)?;
    answer.depends_on(&BTreeSet::from([Guess::ImportSetOfItsOwn]))?;
    let body = answer.json()?;
    same("keys", keys_of(&body), vec!["import_set", "result", "staging_table"])?;
    same("staging table", &body["staging_table"], &json!("u_imp_site"))?;
    if !body["import_set"].as_str().is_some_and(|set| set.starts_with("ISET")) {
        return fail("no import set");
    }
    let outcome = transform(world, request.who, row).await?;
    let entry = |status: &str, id: &str| {
        let link = format!("https://{HOST}/api/now/{}table/u_site/{id}", request.version);
        json!([{
            "transform_map": "Site", "table": "u_site", "display_name": "u_name", "display_value": row.name,
            "record_link": link, "status": status, "sys_id": id,
        }])
    };
    let expected = match outcome {
        Outcome::Inserted(id) => entry("inserted", &id),
        Outcome::Updated(id) => entry("updated", &id),
        Outcome::Ignored(id) => {
            answer.depends_on(&BTreeSet::from([Guess::ImportIgnored]))?;
            entry("ignored", &id)
        }
        Outcome::Failed => {
            let result = &body["result"][0];
            same("status of the row", &result["status"], &json!("error"))?;
            let message = result["error_message"].as_str().unwrap_or_default();
            if !message.starts_with("Data Policy Exception: The following fields are mandatory") {
                return fail(format!("no reason: {message:?}"));
            }
            body["result"].clone()
        }
        Outcome::WithoutTown(id) => {
            answer.depends_on(&BTreeSet::from([Guess::ImportOfNothing]))?;
            entry("ignored", &id)
        }
    };
    same("result", &body["result"], &expected)?;
    stage(world, staged, &[Some(body)]).await
}

fn keys_of(body: &Value) -> Vec<&str> {
    body.as_object().into_iter().flatten().map(|(key, _)| &**key).collect()
}

/// There are as many staging rows more as there should be.
async fn stage(world: &mut World, staged: &mut Staged, told: &[Option<Value>]) -> Compared {
    let there = world.ids("u_imp_site").await?;
    let new: Vec<String> =
        there.into_iter().filter(|id| staged.iter().all(|(known, _)| known != id)).collect();
    same("new staging rows", new.len(), told.len())?;
    staged.extend(new.into_iter().zip(told.iter().cloned()));
    Ok(())
}

/// The sys_id of the site of that name.
async fn site_id(world: &mut World, name: &str) -> Compared<String> {
    let ask = Ask::new(Who::Admin, "GET", "/api/now/table/u_site")
        .parameter("sysparm_query", format!("u_name={name}"))
        .parameter("sysparm_fields", "sys_id");
    let rows = world.send(&ask).await.json()?["result"].as_array().cloned().unwrap_or_default();
    match &rows[..] {
        [row] => Ok(row["sys_id"].as_str().unwrap_or_default().to_owned()),
        _ => fail(format!("one site {name}, not {}", Value::from(rows))),
    }
}

/// What the map makes of a row.
async fn transform(world: &mut World, who: Who, row: &Row) -> Compared<Outcome> {
    let sites = table("u_site").expect("a table of the model");
    let there = world
        .instance
        .records_of("u_site")
        .into_iter()
        .find(|site| site.value("u_name") == row.name)
        .cloned();
    let Some(town) = row.town() else {
        return Ok(there.map_or(Outcome::Failed, |site| Outcome::WithoutTown(site.id().to_owned())));
    };
    let values = vec![("u_name", Input::Text(row.name)), ("u_town", Input::Own(town))];
    let draft = Draft { values, form: Form::Object };
    let Some(site) = there else {
        let mut new = world.instance.drafted(sites, &draft, who, false).record;
        let id = site_id(world, row.name).await?;
        new.values.insert("sys_id", id.clone());
        world.instance.records.insert(id.clone(), new);
        return Ok(Outcome::Inserted(id));
    };
    let id = site.id().to_owned();
    let changed = world.instance.changed(&site, &draft, who).record;
    let same = changed.values == site.values;
    world.instance.records.insert(id.clone(), changed);
    Ok(if same { Outcome::Ignored(id) } else { Outcome::Updated(id) })
}

/// Rows of one request are transformed later, one after the other. Their keys are labels of columns.
async fn insert_multiple(
    world: &mut World,
    request: &ImportRequest,
    rows: &[Row],
    answer: &Answer,
    staged: &mut Staged,
) -> Compared {
    answer.is(201)?;
    let body = answer.json()?;
    same("keys", keys_of(&body), vec!["import_set_id", "multi_import_set_id"])?;
    for row in rows {
        transform(world, request.who, row).await?;
    }
    stage(world, staged, &vec![None; rows.len()]).await
}
