//! Tables, their columns, and what becomes of imported rows.

use crate::{BuildError, ColumnType, Table, TransformMap};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TableEntry {
    name: String,
    label: Option<String>,
    extends: Option<String>,
    number_prefix: Option<String>,
    display: Option<String>,
    #[serde(default)]
    columns: Vec<ColumnEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ColumnEntry {
    name: String,
    label: Option<String>,
    /// As `sys_dictionary` names it.
    #[serde(rename = "type")]
    kind: String,
    /// The table that a `reference` or a `glide_list` points to.
    reference: Option<String>,
    max_length: Option<usize>,
    #[serde(default)]
    default: String,
    /// Stored values and labels.
    #[serde(default)]
    choices: Vec<(String, String)>,
}

impl TableEntry {
    pub(super) fn into_table(self) -> Result<Table, BuildError> {
        let table = Table::new(&self.name, self.label.as_deref().unwrap_or(&self.name));
        let table = self.extends.iter().fold(table, |table, parent| table.extends(parent));
        let table = self.number_prefix.iter().fold(table, |table, prefix| table.number_prefix(prefix));
        let table = self.display.iter().fold(table, |table, column| table.display(column));
        self.columns.into_iter().try_fold(table, |table, column| {
            let kind = column.kind()?;
            let label = column.label.as_deref().unwrap_or(&column.name);
            Ok(table.add(&column.name, label, kind, &column.default, column.choices, column.max_length))
        })
    }
}

impl ColumnEntry {
    fn kind(&self) -> Result<ColumnType, BuildError> {
        let (name, kind) = (&self.name, self.kind.as_str());
        let wrong = |what: String| Err(BuildError::new(format!("the column {name:?} {what}")));
        if self.max_length.is_some() && kind != "string" {
            return wrong("has a max_length, which only the type \"string\" has".into());
        }
        match ColumnType::named(kind, self.reference.as_deref()) {
            Some(kind) => Ok(kind),
            None if !ColumnType::NAMES.contains(&kind) => {
                wrong(format!("has the type {kind:?}; the types are {}", ColumnType::NAMES.join(", ")))
            }
            None if self.reference.is_none() => {
                wrong("has no reference: name the table that it points to".into())
            }
            None => wrong(format!("has a reference, which the type {kind:?} cannot have")),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TransformMapEntry {
    name: String,
    source: String,
    target: String,
    /// Columns of the source, and those of the target that they go to.
    fields: BTreeMap<String, String>,
    #[serde(default)]
    coalesce: Vec<String>,
}

impl From<TransformMapEntry> for TransformMap {
    fn from(entry: TransformMapEntry) -> Self {
        let map = Self::new(&entry.name, &entry.source, &entry.target);
        let map = entry.fields.iter().fold(map, |map, (from, to)| map.field(from, to));
        entry.coalesce.iter().fold(map, |map, column| map.coalesce(column))
    }
}
