//! The Attachment API (facts 5): files of records, their metadata, and the notes on them.

use super::attachment_request::{
    Action, File, FileRequest, Note, Selection, ask, file_id, parent_of, requests,
};
use super::dictionary::{ATTACHMENTS, table};
use super::exchange::{Answer, Compared, HOST, fail, same};
use super::instance::{Record, Who, may_write_table};
use super::random;
use super::table_api::{self, no_record, unauthenticated};
use super::table_list::{Filter, some_of, sorted, window};
use super::table_request::TableRequest;
use super::world::World;
use crate::attachments::sha256;
use proptest::prelude::*;
use serde_json::{Value, json};
use snow_sim::Guess;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug)]
enum Step {
    Write(TableRequest),
    Ask(FileRequest),
}

#[test]
fn random_requests_of_the_attachment_api() {
    let step = prop_oneof![1 => random::writes().prop_map(Step::Write), 9 => requests().prop_map(Step::Ask)];
    let notes = std::cell::RefCell::new(Notes::new());
    let world = || {
        notes.borrow_mut().clear();
        World::new()
    };
    let seen = super::compare("File", step, world, async |world, step| match step {
        Step::Write(request) => table_api::run(world, request).await,
        Step::Ask(request) => run(world, request, &mut notes.borrow_mut()).await,
    });
    for kind in [
        "Upload 201",
        "Upload 400",
        "Upload 403",
        "Upload 404",
        "List 200",
        "Get 200",
        "Get 404",
        "Download 200",
        "Download 404",
        "Rename 204",
        "Rename 400",
        "Rename 404",
        "Delete 204",
        "Note 200",
        "Note 404",
        "Note 204",
    ] {
        assert!(seen.contains_key(&format!("File {kind}")), "no {kind} in {seen:?}");
    }
}

/// Notes on files, by the file's sys_id.
type Notes = BTreeMap<String, BTreeMap<String, String>>;

async fn run(world: &mut World, request: &FileRequest, notes: &mut Notes) -> Compared {
    let id = match &request.action {
        Action::Get(which) | Action::Delete(which) => file_id(world, which),
        Action::Download { which, .. } | Action::Rename { which, .. } | Action::Note { which, .. } => {
            file_id(world, which)
        }
        Action::Upload { .. } | Action::List { .. } => String::new(),
    };
    let parent = parent_of(world, request);
    let answer = world.send(&ask(request, &id, &parent)).await;
    let kind = format!("{:?}", request.action).split(['(', ' ']).next().unwrap_or_default().to_owned();
    world.compared(format!("File {kind} {}", answer.status));
    notes.retain(|file, _| world.instance.records.contains_key(file));
    let compared = check(world, request, &id, &parent, &answer, notes).await;
    answer.in_context(compared)
}

async fn check(
    world: &mut World,
    request: &FileRequest,
    id: &str,
    parent: &(&'static str, String),
    answer: &Answer,
    notes: &mut Notes,
) -> Compared {
    let who = request.who;
    match who {
        // Credentials that come only after a challenge are refused at once (facts 3.2).
        Who::Nobody => {
            return if answer.body.is_empty() {
                same("status", answer.status, 403)
            } else {
                answer.is_refusal(403, "User Not Authorized", Some(json!("Failed API level ACL Validation")))
            };
        }
        Who::WrongPassword => return unauthenticated(answer, answer.body.is_empty()),
        Who::Admin | Who::Reader => {}
    }
    match &request.action {
        Action::Upload { file, as_form, without, .. } => {
            let lacks = without.is_some_and(|name| name != "file_name" || !as_form);
            return upload(world, request, parent, file, lacks, answer).await;
        }
        Action::List { filter, limit, offset } => {
            return list(world, request, filter, *limit, *offset, answer);
        }
        _ => {}
    }
    let there =
        world.instance.record("sys_attachment", id).filter(|file| world.instance.may_see(who, file)).cloned();
    let Some(file) = there else {
        // What is wrong with a body may be told of first.
        if matches!(request.action, Action::Rename { name: None, .. }) && answer.status == 400 {
            return Ok(());
        }
        return if answer.body.is_empty() { answer.is_empty(404) } else { no_record(answer) };
    };
    let writes = match &request.action {
        Action::Get(_) | Action::Download { .. } => false,
        Action::Note { note, .. } => !matches!(note, Note::All | Note::One(_)),
        _ => true,
    };
    let of = table(file.value("table_name"));
    if writes && !of.is_some_and(|of| may_write_table(who, of)) {
        if matches!(request.action, Action::Rename { name: None, .. }) && answer.status == 400 {
            return Ok(());
        }
        return same("status", answer.status, 403);
    }
    match &request.action {
        Action::Get(_) => {
            answer.is(200)?;
            check_file(request, &file, answer.json()?["result"].clone())
        }
        Action::Download { head, .. } => download(world, &file, *head, answer),
        Action::Rename { name: None, .. } => same("status", answer.status, 400),
        Action::Rename { name: Some(name), .. } => {
            answer.is_empty(204)?;
            rename(world, who, id, name);
            Ok(())
        }
        Action::Delete(_) => {
            world.instance.records.remove(id);
            answer.is_empty(204)
        }
        Action::Note { note, .. } => check_note(notes.entry(id.to_owned()).or_default(), note, answer),
        Action::Upload { .. } | Action::List { .. } => Ok(()),
    }
}

async fn upload(
    world: &mut World,
    request: &FileRequest,
    parent: &(&'static str, String),
    file: &File,
    lacks: bool,
    answer: &Answer,
) -> Compared {
    let who = request.who;
    if lacks {
        return same("status", answer.status, 400);
    }
    if parent.0 == "no_such_table" {
        return answer.is_refusal(400, "Invalid table no_such_table", Some(Value::Null));
    }
    let record = world.instance.record(parent.0, &parent.1);
    let Some(record) = record.filter(|record| world.instance.may_see(who, record)) else {
        return no_record(answer);
    };
    if !may_write_table(who, record.table) {
        return same("status", answer.status, 403);
    }
    let id = world.new_id(&ATTACHMENTS).await?;
    let (stamp, size, hash) = (world.instance.stamp(), file.bytes.len().to_string(), sha256(file.bytes));
    let values = [
        ("sys_id", &*id),
        ("table_name", parent.0),
        ("table_sys_id", &*parent.1),
        ("file_name", file.name),
        ("content_type", file.kind),
        ("size_bytes", &*size),
        ("hash", &*hash),
        ("state", "available"),
        ("sys_created_on", &*stamp),
        ("sys_updated_on", &*stamp),
        ("sys_created_by", who.name()),
        ("sys_updated_by", who.name()),
        ("sys_mod_count", "0"),
        ("sys_tags", ""),
    ];
    let values = values.into_iter().map(|(name, value)| (name, value.to_owned())).collect();
    let of = table(ATTACHMENTS.name).expect("files");
    let new = Record { table: of, values, notes: Vec::new() };
    world.instance.records.insert(id.clone(), new.clone());
    world.instance.files.insert(id.clone(), file.bytes);
    answer.is(201)?;
    let metadata = format!("https://{HOST}/api/now/{}attachment/{id}", request.version);
    let location = answer.header("location").unwrap_or_default();
    // The metadata in the documentation, the content in a recording (facts 5).
    if location != metadata && location != format!("{metadata}/file") {
        return fail(format!("location {location:?}"));
    }
    check_file(request, &new, answer.json()?["result"].clone())
}

fn rename(world: &mut World, who: Who, id: &str, name: &str) {
    let stamp = world.instance.stamp();
    let Some(file) = world.instance.records.get_mut(id) else { return };
    if file.value("file_name") == name {
        return;
    }
    let count: u32 = file.value("sys_mod_count").parse().unwrap_or_default();
    file.values.insert("file_name", name.to_owned());
    file.values.insert("sys_mod_count", (count + 1).to_string());
    file.values.insert("sys_updated_on", stamp);
    file.values.insert("sys_updated_by", who.name().to_owned());
}

/// Every field is text, and there are no references. How well a file is compressed is the instance's business.
fn check_file(request: &FileRequest, file: &Record, mut got: Value) -> Compared {
    let Some(fields) = got.as_object_mut() else { return fail("no metadata") };
    let number =
        |text: Option<Value>| text.and_then(|text| text.as_str().and_then(|text| text.parse::<u32>().ok()));
    if number(fields.remove("size_compressed")).is_none() {
        return fail("no compressed size");
    }
    for name in ["compressed", "created_by_name", "updated_by_name"] {
        if !fields.remove(name).is_some_and(|value| value.is_string()) {
            return fail(format!("no {name}"));
        }
    }
    let mut expected: BTreeMap<String, Value> =
        file.values.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    for name in ["image_height", "image_width", "average_image_color"] {
        expected.insert(name.into(), json!(""));
    }
    expected.insert("chunk_size_bytes".into(), json!("700000"));
    let link = format!("https://{HOST}/api/now/{}attachment/{}/file", request.version, file.id());
    expected.insert("download_link".into(), json!(link));
    same("file", &got, &json!(expected))
}

fn list(
    world: &World,
    request: &FileRequest,
    filter: &Selection,
    limit: Option<&str>,
    offset: Option<&str>,
    answer: &Answer,
) -> Compared {
    let filter = match filter {
        Selection::Query(query) => Filter { query: Some(query), pairs: &[] },
        Selection::Pairs(pairs) => Filter { query: None, pairs },
    };
    let (limit, of_limit) = window(limit, Some(Guess::LimitZero));
    let (offset, _) = window(offset, None);
    answer.depends_on(&of_limit.into_iter().collect::<BTreeSet<_>>())?;
    answer.is(200)?;
    let (rows, unordered) = sorted(&world.instance, &ATTACHMENTS, filter);
    let count = rows.len().to_string();
    answer.has_header("x-total-count", Some(&*count))?;
    let offset = offset.unwrap_or(0).min(rows.len());
    let end = offset.saturating_add(limit.unwrap_or(1_000)).min(rows.len());
    let visible = |rows: &[&Record]| -> Vec<Value> {
        rows.iter()
            .filter(|file| world.instance.may_see(request.who, file))
            .map(|file| json!(file.id()))
            .collect()
    };
    let got = answer.json()?["result"].as_array().cloned().unwrap_or_default();
    let ids: Vec<Value> = got.iter().map(|file| file["sys_id"].clone()).collect();
    let page = &rows[offset..end];
    if unordered {
        some_of(&ids, &visible(&rows), &visible(page), page.len() == rows.len())?;
    } else {
        same("files", ids, visible(page))?;
    }
    got.into_iter().try_for_each(|file| {
        let id = file["sys_id"].as_str().unwrap_or_default().to_owned();
        check_file(request, &world.instance.records[&id], file)
    })
}

fn download(world: &World, file: &Record, head: bool, answer: &Answer) -> Compared {
    same("status", answer.status, 200)?;
    answer.has_header("content-type", Some(file.value("content_type")))?;
    let (name, encoded) = (file.value("file_name"), file.value("file_name").replace(' ', "%20"));
    let disposition = format!("attachment;filename=\"{name}\";filename*=UTF-8''{encoded}");
    answer.has_header("content-disposition", Some(&*disposition))?;
    let metadata: Value = serde_json::from_str(answer.header("x-attachment-metadata").unwrap_or_default())
        .map_err(|error| TestCaseError::fail(error.to_string()))?;
    for name in
        ["sys_id", "file_name", "table_name", "table_sys_id", "content_type", "size_bytes", "hash", "state"]
    {
        same(name, &metadata[name], &json!(file.value(name)))?;
    }
    same("chunks", &metadata["chunk_size_bytes"], &json!("700000"))?;
    if head {
        return answer.is_empty(200);
    }
    same("bytes", &answer.body[..], world.instance.files[file.id()])
}

fn check_note(notes: &mut BTreeMap<String, String>, note: &Note, answer: &Answer) -> Compared {
    let json = |key: &str, value: &str| json!({ "result": { "key": key, "value": value } });
    let missing = |key: &str| !notes.contains_key(key);
    match note {
        Note::Add(key, _) if !missing(key) => {
            answer.depends_on(&BTreeSet::from([Guess::FileNoteTaken]))?;
            same("status", answer.status, 400)
        }
        Note::Add(key, value) => {
            notes.insert((*key).to_owned(), (*value).to_owned());
            // The documentation has both 200 and 201 (facts 5).
            answer.is_json(if answer.status == 201 { 201 } else { 200 }, &json(key, value))
        }
        Note::All => {
            answer.is(200)?;
            let mut got = answer.json()?["result"].as_array().cloned().unwrap_or_default();
            got.sort_by_key(|note| note["key"].as_str().unwrap_or_default().to_owned());
            let all: Vec<Value> =
                notes.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect();
            same("notes", got, all)
        }
        Note::One(key) | Note::Set(key, _) | Note::Drop(key) if missing(key) => {
            same("status", answer.status, 404)
        }
        Note::One(key) => answer.is_json(200, &json(key, &notes[*key])),
        Note::Set(key, value) => {
            notes.insert((*key).to_owned(), (*value).to_owned());
            answer.is_json(200, &json(key, value))
        }
        Note::Drop(key) => {
            notes.remove(*key);
            answer.is_empty(204)
        }
        Note::DropAll => {
            notes.clear();
            answer.is_empty(204)
        }
    }
}
