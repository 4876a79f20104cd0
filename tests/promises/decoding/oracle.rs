//! Reads a response with serde_json alone, for comparison. The fuzz target `decode` includes this file.

use bytes::Bytes;
use serde_json::Value;
use serde_json::value::RawValue;
use snow_core::decode::Records;
use snow_core::{Field, Record};
use std::fmt;

type Pairs = Vec<(Box<RawValue>, Box<RawValue>)>;

/// The members of an object in their order, as they stand.
fn members(json: &str) -> Option<Pairs> {
    struct Members;
    impl<'de> serde::de::Visitor<'de> for Members {
        type Value = Pairs;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
            let mut pairs = Vec::new();
            while let Some(pair) = map.next_entry()? {
                pairs.push(pair);
            }
            Ok(pairs)
        }
    }
    serde::Deserializer::deserialize_map(&mut serde_json::Deserializer::from_str(json), Members).ok()
}

fn text(raw: &RawValue) -> Option<String> {
    serde_json::from_str(raw.get()).ok()
}

/// The rows of a whole answer to a list, as they stand; `None` if it is no such answer.
pub(crate) fn rows(body: &[u8]) -> Option<Vec<Box<RawValue>>> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let whole: &RawValue = serde_json::from_slice(body).ok()?;
    let members = members(whole.get())?;
    let only = |name: &str| {
        let mut found = members.iter().filter(|(key, _)| text(key).as_deref() == Some(name));
        (found.next().map(|(_, value)| value), found.next().is_some())
    };
    let (result, error, status) = (only("result"), only("error"), only("status"));
    let failed = error.0.is_some_and(|error| !matches!(error.get(), "null" | "false"))
        || status.0.and_then(|status| text(status)).as_deref() == Some("failure");
    if failed || result.1 || error.1 || status.1 {
        return None;
    }
    let rows: Vec<Box<RawValue>> = serde_json::from_str(result.0?.get()).ok()?;
    rows.iter().all(|row| row.get().starts_with('{')).then_some(rows)
}

/// What the decoder makes of a body in chunks: the records, and whether it says that they are all.
pub(crate) fn decoded(
    body: &[u8],
    chunks: impl Fn(usize) -> usize,
) -> (Vec<Record>, Result<(), snow_core::Error>) {
    let (mut records, mut given, mut rest) = (Records::list(), Vec::new(), body);
    loop {
        loop {
            match records.next() {
                Ok(Some(record)) => given.push(record),
                Ok(None) => break,
                Err(error) => return (given, Err(error)),
            }
        }
        if rest.is_empty() {
            records.finish();
            loop {
                match records.next() {
                    Ok(Some(record)) => given.push(record),
                    Ok(None) => return (given, Ok(())),
                    Err(error) => return (given, Err(error)),
                }
            }
        }
        let (chunk, more) = rest.split_at(chunks(rest.len()).clamp(1, rest.len()));
        records.push(Bytes::copy_from_slice(chunk));
        rest = more;
    }
}

/// Decoder and serde_json say the same of a body, however it is cut; and of every field of every record.
pub(crate) fn compare(body: &[u8], chunks: impl Fn(usize) -> usize) {
    let shown = String::from_utf8_lossy(body);
    let (found, whole) = decoded(body, chunks);
    found.iter().for_each(compare_fields);
    match (whole, rows(body)) {
        (Ok(()), Some(rows)) => {
            let found: Vec<&str> = found.iter().map(Record::json).collect();
            assert_eq!(found, rows.iter().map(|row| row.get()).collect::<Vec<_>>(), "{shown}");
        }
        (Ok(()), None) => panic!("taken for a whole list: {shown}"),
        (Err(error), Some(_)) => assert!(error.to_string().contains("nested too deep"), "{error}: {shown}"),
        (Err(_), None) => {}
    }
}

fn compare_fields(record: &Record) {
    let value = serde_json::from_str::<Value>(record.json());
    match (record.to_value(), &value) {
        (Ok(ours), Ok(theirs)) => assert_eq!(&ours, theirs),
        (ours, theirs) => assert!(ours.is_err() && theirs.is_err(), "{}", record.json()),
    }
    let members = members(record.json()).expect("an object");
    for (key, _) in &members {
        let Some(name) = text(key) else { continue };
        let last = members.iter().rev().find(|(key, _)| text(key).as_ref() == Some(&name)).expect("itself");
        let field = record.get(&name).expect("a field of the record");
        assert_eq!((field.name(), field.json()), (name.as_str(), last.1.get()));
        compare_value(field, serde_json::from_str::<Value>(last.1.get()).ok());
    }
    if let Ok(Value::Object(map)) = value {
        let mut names: Vec<&str> = record.fields().collect();
        names.sort_unstable();
        assert_eq!(names, map.keys().map(String::as_str).collect::<Vec<_>>());
    }
}

fn compare_value(field: Field<'_>, value: Option<Value>) {
    assert_eq!(field.to_value().ok(), value);
    match value {
        None => assert!(field.value().is_err() || field.json().starts_with('{'), "{}", field.json()),
        Some(value) => {
            let ours = field.value().expect("what a value holds has a text");
            assert_eq!(same(&ours, &value), Some(()), "{ours} {value}");
            let part = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
            assert_eq!(field.display_value().unwrap().map(|text| text.into_owned()), part("display_value"));
            assert_eq!(field.link().unwrap().map(|text| text.into_owned()), part("link"));
        }
    }
}

/// Whether a text is that of a value.
fn same(text: &str, value: &Value) -> Option<()> {
    let good = match value {
        Value::String(string) => string == text,
        Value::Null => text.is_empty(),
        Value::Object(parts) => match parts.get("value").or_else(|| parts.get("display_value")) {
            Some(part) => return same(text, part),
            None => serde_json::from_str::<Value>(text).ok().as_ref() == Some(value),
        },
        other => serde_json::from_str::<Value>(text).ok().as_ref() == Some(other),
    };
    good.then_some(())
}
