//! A table as it is stored, with a version.

use super::table_schema::{Column, MAX_COLUMNS, TableSchema};
use crate::{Error, ErrorKind};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{map::Map, value::Value};

/// The version of the form.
const VERSION: u32 = 1;

/// Any version of the form. The rest is only read of a version that this release knows.
#[derive(Deserialize)]
struct AnyVersion {
    version: u32,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Serialize, Deserialize)]
struct StoredSchema {
    #[serde(skip_deserializing)]
    version: u32,
    name: String,
    #[serde(default)]
    label: String,
    #[serde(default)]
    parents: Vec<String>,
    columns: Vec<Column>,
}

impl Serialize for TableSchema {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        StoredSchema::from(self.clone()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for TableSchema {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let AnyVersion { version, rest } = AnyVersion::deserialize(deserializer)?;
        if version != VERSION {
            let why = format!(
                "the schema of a table has the version {version}, and this library reads version {VERSION}"
            );
            return Err(de::Error::custom(why));
        }
        let stored: StoredSchema = serde_json::from_value(rest.into()).map_err(de::Error::custom)?;
        stored.check().map_err(de::Error::custom)
    }
}

impl From<TableSchema> for StoredSchema {
    fn from(table: TableSchema) -> Self {
        let TableSchema { name, label, parents, columns } = table;
        Self { version: VERSION, name, label, parents, columns }
    }
}

impl StoredSchema {
    /// Sorts the columns, and refuses what cannot come from a dictionary.
    fn check(self) -> Result<TableSchema, Error> {
        let Self { version: _, name, label, parents, mut columns } = self;
        columns.sort_by(|a, b| a.name.cmp(&b.name));
        if let Some((twice, _)) = columns.iter().zip(columns.iter().skip(1)).find(|(a, b)| a.name == b.name) {
            let why =
                format!("the schema of the table {name:.100?} has the column {:.100?} twice", twice.name);
            return Err(Error::new(ErrorKind::InvalidInput, why));
        }
        if columns.len() > MAX_COLUMNS {
            let why = format!("the schema of the table {name:.100?} has more than {MAX_COLUMNS} columns");
            return Err(Error::new(ErrorKind::InvalidInput, why));
        }
        columns.iter().try_for_each(Column::check)?;
        Ok(TableSchema { name, label, parents, columns })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<TableSchema, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn a_stored_table_is_read_again_with_its_columns_sorted() {
        let table = read(
            r#"{"version":1,"name":"t","parents":["p"],"columns":[{"name":"b","kind":"integer"},{"name":"a.c","kind":"decimal","precision":9,"scale":2}]}"#,
        )
        .unwrap();
        let names: Vec<_> = table.columns().iter().map(|column| column.name.as_str()).collect();
        assert_eq!((names, table.parents()), (vec!["a.c", "b"], vec!["p"]));
        assert_eq!(table.column("a.c").unwrap().scale, Some(2));
        assert_eq!(read(&serde_json::to_string(&table).unwrap()).unwrap(), table);
    }

    #[test]
    fn what_no_dictionary_contains_is_refused_with_a_reason() {
        let with = |columns: &str| read(&format!(r#"{{"version":1,"name":"t","columns":[{columns}]}}"#));
        let many: Vec<_> =
            (0..=MAX_COLUMNS).map(|at| format!(r#"{{"name":"c{at}","kind":"string"}}"#)).collect();
        for (refused, why) in [
            (read(r#"{"version":2,"name":"t","columns":[]}"#), "version 2"),
            (read(r#"{"tables":{"t":"of a later release"},"version":3}"#), "version 3"),
            (read(r#"{"name":"t","columns":[]}"#), "missing field `version`"),
            (read(r#"{"version":1,"columns":[]}"#), "missing field `name`"),
            (with(r#"{"name":"n","type":"integer"}"#), "the column \"n\" has no kind"),
            (with(r#"{"name":"a","kind":"string"},{"name":"a","kind":"integer"}"#), "twice"),
            (with(r#"{"name":"a..b","kind":"string"}"#), "not the name"),
            (with(r#"{"name":"a^b","kind":"string"}"#), "not the name"),
            (with(r#"{"kind":"string"}"#), "not the name"),
            (with(&format!(r#"{{"name":"{}","kind":"string"}}"#, "a".repeat(1_001))), "not the name"),
            (with(r#"{"name":"a","kind":"decimal","precision":2,"scale":3}"#), "digits after the point"),
            (with(&many.join(",")), "more than 10000 columns"),
        ] {
            let told = refused.unwrap_err();
            assert!(told.contains(why), "{told}");
        }
    }
}
