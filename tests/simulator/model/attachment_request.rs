//! Requests of the Attachment API, and how random ones are made.

use super::condition::{Around, Condition, Join, Op, Order, Query};
use super::exchange::Ask;
use super::instance::{Record, Who};
use super::table_case::MISSING;
use super::table_request::Which;
use super::world::World;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};

const NAMES: &[&str] = &["a.txt", "screen shot.png", "b.pdf"];
const TYPES: &[&str] = &["text/plain", "image/png", "application/octet-stream"];
const CONTENTS: &[&[u8]] =
    &[b"", b"hello", b"\x00\xff\x80 binary \r\n", b"hello, a little longer than the others"];
const KEYS: &[&str] = &["alt", "alt text", "owner"];

#[derive(Clone, Debug)]
pub(crate) struct FileRequest {
    pub(crate) who: Who,
    pub(crate) version: &'static str,
    pub(crate) action: Action,
}

#[derive(Clone, Debug)]
pub(crate) enum Action {
    Upload { to: Target, file: File, as_form: bool, without: Option<&'static str> },
    List { filter: Selection, limit: Option<&'static str>, offset: Option<&'static str> },
    Get(Which),
    Download { which: Which, accept: &'static str, head: bool },
    Rename { which: Which, name: Option<&'static str> },
    Delete(Which),
    Note { which: Which, note: Note },
}

/// The record of a new file.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    Known(Index),
    MissingRecord,
    UnknownTable,
}

#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) name: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) bytes: &'static [u8],
}

#[derive(Clone, Debug)]
pub(crate) enum Selection {
    Query(Query),
    Pairs(Vec<(&'static str, &'static str)>),
}

#[derive(Clone, Debug)]
pub(crate) enum Note {
    Add(&'static str, &'static str),
    All,
    One(&'static str),
    Set(&'static str, &'static str),
    Drop(&'static str),
    DropAll,
}

pub(crate) fn requests() -> impl Strategy<Value = FileRequest> + Clone {
    let who = prop_oneof![8 => Just(Who::Admin), 5 => Just(Who::Reader), 1 => Just(Who::Nobody), 1 => Just(Who::WrongPassword)];
    let file = (select(NAMES), select(TYPES), select(CONTENTS)).prop_map(|(name, kind, bytes)| File {
        name,
        kind,
        bytes,
    });
    let to = prop_oneof![
        12 => any::<Index>().prop_map(Target::Known), 1 => Just(Target::MissingRecord), 1 => Just(Target::UnknownTable)
    ];
    let without = prop_oneof![8 => Just(None), 1 => select(vec!["table_name", "table_sys_id", "file_name"]).prop_map(Some)];
    let upload = (to, file, any::<bool>(), without).prop_map(|(to, file, as_form, without)| Action::Upload {
        to,
        file,
        as_form,
        without,
    });
    let limit = prop_oneof![2 => Just(None), 3 => select(vec!["1", "2", "0", "many"]).prop_map(Some)];
    let list = (selections(), limit, prop::option::of(select(vec!["0", "1", "3"])))
        .prop_map(|(filter, limit, offset)| Action::List { filter, limit, offset });
    let accept = select(vec!["*/*", "application/json", "image/*", "text/plain"]);
    let download = (which(), accept, any::<bool>()).prop_map(|(which, accept, head)| Action::Download {
        which,
        accept,
        head,
    });
    let rename = (which(), prop::option::weighted(0.8, select(NAMES)))
        .prop_map(|(which, name)| Action::Rename { which, name });
    let action = prop_oneof![
        6 => upload,
        3 => list,
        2 => which().prop_map(Action::Get),
        3 => download,
        2 => rename,
        1 => which().prop_map(Action::Delete),
        4 => (which(), notes()).prop_map(|(which, note)| Action::Note { which, note }),
    ];
    (who, select(&["", "v1/"][..]), action).prop_map(|(who, version, action)| FileRequest {
        who,
        version,
        action,
    })
}

fn which() -> impl Strategy<Value = Which> + Clone {
    prop_oneof![8 => any::<Index>().prop_map(Which::Known), 1 => Just(Which::Missing)]
}

fn notes() -> impl Strategy<Value = Note> + Clone {
    let (key, value) = (|| select(KEYS), || select(&["a cat", "é", ""][..2]));
    prop_oneof![
        4 => (key(), value()).prop_map(|(key, value)| Note::Add(key, value)),
        2 => Just(Note::All),
        2 => key().prop_map(Note::One),
        2 => (key(), value()).prop_map(|(key, value)| Note::Set(key, value)),
        1 => key().prop_map(Note::Drop),
        1 => Just(Note::DropAll),
    ]
}

fn selections() -> impl Strategy<Value = Selection> + Clone {
    let conditions = select(vec![
        ("table_name", Op::Is, "u_order"),
        ("table_name", Op::In, "u_vault"),
        ("file_name", Op::Starts, "a"),
        ("file_name", Op::Like, "s"),
        ("content_type", Op::Is, "text/plain"),
        ("size_bytes", Op::More, "5"),
        ("size_bytes", Op::Is, "0"),
        ("nothing", Op::Is, "x"),
    ]);
    let term = (select(vec![Join::And, Join::Or]), conditions)
        .prop_map(|(join, (field, op, value))| (join, Condition { field, op, values: vec![value] }));
    let order =
        select(vec!["file_name", "sys_id", "size_bytes"]).prop_map(|field| Order { field, descending: true });
    let query = (prop::collection::vec(term, 0..3), prop::option::of(order)).prop_map(|(terms, order)| {
        let order = order.into_iter().chain([Order { field: "sys_id", descending: false }]).collect();
        Selection::Query(Query { terms, order, around: Around::Nothing })
    });
    let pair = select(vec![
        ("table_name", "u_order"),
        ("table_sys_id", "e0000000000000000000000000000000"),
        ("file_name", "a.txt"),
    ]);
    prop_oneof![3 => query, 2 => prop::collection::vec(pair, 0..3).prop_map(Selection::Pairs)]
}

pub(crate) fn file_id(world: &World, which: &Which) -> String {
    let files = world.instance.records_of("sys_attachment");
    match which {
        Which::Known(at) if !files.is_empty() => at.get(&files).id().to_owned(),
        _ => MISSING.into(),
    }
}

/// Table and sys_id of the record of a new file.
pub(crate) fn parent_of(world: &World, request: &FileRequest) -> (&'static str, String) {
    let Action::Upload { to, .. } = &request.action else { return ("", String::new()) };
    let records: Vec<&Record> =
        ["u_order", "u_vault", "u_city"].iter().flat_map(|of| world.instance.records_of(of)).collect();
    match to {
        Target::Known(at) => {
            let record = at.get(&records);
            (record.table.name, record.id().to_owned())
        }
        Target::MissingRecord => ("u_order", MISSING.into()),
        Target::UnknownTable => ("no_such_table", MISSING.into()),
    }
}

pub(crate) fn ask(request: &FileRequest, id: &str, parent: &(&'static str, String)) -> Ask {
    let (who, base) = (request.who, format!("/api/now/{}attachment", request.version));
    let one = format!("{base}/{id}");
    match &request.action {
        Action::Upload { file, as_form, without, .. } => {
            let fields = [("table_name", parent.0), ("table_sys_id", &*parent.1), ("file_name", file.name)];
            let fields = fields.into_iter().filter(|(name, _)| Some(*name) != *without);
            if *as_form {
                let (kind, body) = form(fields.filter(|(name, _)| *name != "file_name"), file);
                return Ask::new(who, "POST", format!("{base}/upload"))
                    .header("content-type", kind)
                    .body(body);
            }
            let ask = Ask::new(who, "POST", format!("{base}/file"))
                .header("content-type", file.kind)
                .body(file.bytes);
            fields.fold(ask, |ask, (name, value)| ask.parameter(name, value))
        }
        Action::List { filter, limit, offset } => {
            let mut ask = Ask::new(who, "GET", base);
            match filter {
                Selection::Query(query) => ask = ask.parameter("sysparm_query", query.text()),
                Selection::Pairs(pairs) => {
                    ask = pairs.iter().fold(ask, |ask, (name, value)| ask.parameter(name, *value))
                }
            }
            let window = [("sysparm_limit", limit), ("sysparm_offset", offset)];
            window
                .into_iter()
                .filter_map(|(name, value)| Some((name, (*value)?)))
                .fold(ask, |ask, (name, value)| ask.parameter(name, value))
        }
        Action::Get(_) => Ask::new(who, "GET", one),
        Action::Download { accept, head, .. } => {
            Ask::new(who, if *head { "HEAD" } else { "GET" }, format!("{one}/file")).header("accept", *accept)
        }
        Action::Rename { name, .. } => {
            let body = name.map_or(json!({}), |name| json!({ "file_name": name })).to_string();
            Ask::new(who, "PATCH", one).header("content-type", "application/json").body(body)
        }
        Action::Delete(_) => Ask::new(who, "DELETE", one),
        Action::Note { note, .. } => note_ask(who, &format!("{one}/attributes"), note),
    }
}

/// A form with its file last.
fn form<'a>(fields: impl Iterator<Item = (&'static str, &'a str)>, file: &File) -> (String, Vec<u8>) {
    let mut body = Vec::new();
    for (name, value) in fields {
        let part = format!("--b0und\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    let head = format!(
        "--b0und\r\nContent-Disposition: form-data; name=\"uploadFile\"; filename=\"{}\"\r\nContent-Type: {}\r\n\r\n",
        file.name, file.kind
    );
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(file.bytes);
    body.extend_from_slice(b"\r\n--b0und--\r\n");
    ("multipart/form-data; boundary=b0und".into(), body)
}

fn note_ask(who: Who, path: &str, note: &Note) -> Ask {
    let one = |key: &str| format!("{path}/{}", key.replace(' ', "%20"));
    let write = |method, path: String, body: Value| {
        Ask::new(who, method, path).header("content-type", "application/json").body(body.to_string())
    };
    match note {
        Note::Add(key, value) => write("POST", path.to_owned(), json!({ "key": key, "value": value })),
        Note::All => Ask::new(who, "GET", path),
        Note::One(key) => Ask::new(who, "GET", one(key)),
        Note::Set(key, value) => write("PUT", one(key), json!({ "value": value })),
        Note::Drop(key) => Ask::new(who, "DELETE", one(key)),
        Note::DropAll => Ask::new(who, "DELETE", path),
    }
}
