//! Rows in the form in which the Table API exports them.

use super::{Author, Column, ColumnType, Database, Fields, TableId};
use crate::BuildError;
use serde_json::Value;

/// Loads an array of records, or `{"result":[…]}`. Tables and columns that are not known are added.
pub(crate) fn load(
    database: &mut Database,
    table: &str,
    json: &[u8],
    stamp: &str,
) -> Result<usize, BuildError> {
    let wrong = |why: String| BuildError::new(format!("the rows of {table:?} cannot be loaded: {why}"));
    let parsed: Value = serde_json::from_slice(json).map_err(|e| wrong(e.to_string()))?;
    let rows = parsed
        .get("result")
        .unwrap_or(&parsed)
        .as_array()
        .ok_or_else(|| wrong("they are no array".into()))?;
    let id = match database.dictionary.table(table) {
        Some(id) => id,
        None => database.dictionary.add_table(table, table, None, "", "name")?,
    };
    for (at, row) in rows.iter().enumerate() {
        let record = row.as_object().ok_or_else(|| wrong(format!("number {at} is no object")))?;
        let mut fields = Fields::new();
        for (name, value) in record {
            let (stored, kind) = stored(value);
            if !name.contains('.') {
                add_missing(database, id, name, kind)?;
                fields.insert(name.clone(), stored);
            }
        }
        let class = fields.get("sys_class_name").and_then(|class| database.dictionary.table(class));
        let class = class.filter(|class| database.dictionary.is_a(*class, id)).unwrap_or(id);
        database.insert(class, &fields, Author { loaded: true, ..Author::unrestricted(stamp) });
    }
    Ok(rows.len())
}

/// The stored value, and what kind of column it tells of.
fn stored(value: &Value) -> (String, ColumnType) {
    match value {
        Value::Object(parts) => {
            let part = |name: &str| parts.get(name).and_then(Value::as_str).unwrap_or_default();
            let link = part("link").rsplit('/').nth(1).unwrap_or_default();
            let kind =
                if link.is_empty() { ColumnType::Text } else { ColumnType::Reference(link.to_owned()) };
            let id = if part("value").is_empty() {
                part("link").rsplit('/').next().unwrap_or_default()
            } else {
                part("value")
            };
            (id.to_owned(), kind)
        }
        Value::String(text) => (text.clone(), ColumnType::Text),
        Value::Null => (String::new(), ColumnType::Text),
        other => (other.to_string(), ColumnType::Text),
    }
}

fn add_missing(
    database: &mut Database,
    table: TableId,
    name: &str,
    kind: ColumnType,
) -> Result<(), BuildError> {
    if database.dictionary.find(table, name).is_some() {
        return Ok(());
    }
    let column = Column { name: name.to_owned(), label: name.to_owned(), kind, ..Column::default() };
    database.dictionary.add_column(table, column).map(drop)
}
