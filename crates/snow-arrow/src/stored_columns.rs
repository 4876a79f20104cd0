//! Columns as they are stored.

use crate::columns::Columns;
use crate::policy::References;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use snow_client::schema::TableSchema;
use snow_client::{Error, ErrorKind};

/// The table has a version of its own.
#[derive(Serialize, Deserialize)]
struct StoredColumns {
    table: TableSchema,
    fields: Vec<String>,
    #[serde(default)]
    references: References,
    #[serde(default)]
    dictionary_choices: bool,
}

impl Serialize for Columns {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        StoredColumns::from(self.clone()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Columns {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        StoredColumns::deserialize(deserializer)?.check().map_err(de::Error::custom)
    }
}

impl From<Columns> for StoredColumns {
    fn from(columns: Columns) -> Self {
        let (references, dictionary_choices) = (columns.references, columns.dictionary_choices);
        Self { table: columns.table, fields: columns.fields, references, dictionary_choices }
    }
}

impl StoredColumns {
    /// Refuses fields that the stored table does not have.
    fn check(self) -> Result<Columns, Error> {
        let Self { table, fields, references, dictionary_choices } = self;
        if let Some(unknown) = fields.iter().find(|field| table.column(field).is_none()) {
            let why =
                format!("the stored columns name the field {unknown:.100?}, which their table does not have");
            return Err(Error::new(ErrorKind::InvalidInput, why));
        }
        Columns::assemble(table, fields, references, dictionary_choices)
    }
}
