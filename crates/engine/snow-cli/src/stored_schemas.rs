//! Tables that `snow types --json` has printed, for users who may not read the dictionary.

use crate::failure::Failure;
use snow_client::Client;
use snow_client::Error;
#[cfg(feature = "parquet")]
use snow_client::ErrorKind;
#[cfg(feature = "parquet")]
use snow_client::schema::Column;
use snow_client::schema::TableSchema;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The largest file that is read, in bytes.
const LARGEST: u64 = 64 << 20;

/// Tables from files. For every other table, the dictionary is read.
pub(crate) struct StoredSchemas(Vec<Arc<TableSchema>>);

impl StoredSchemas {
    /// Reads the files, each with any number of tables.
    ///
    /// # Errors
    ///
    /// Fails if a file cannot be read, is too large, or contains something else.
    pub(crate) fn read(files: &[PathBuf]) -> Result<Self, Failure> {
        let mut tables = Vec::new();
        for file in files {
            let text = contents(file)?;
            for table in serde_json::Deserializer::from_slice(&text).into_iter() {
                let table = table.map_err(|why| Failure::Usage(format!("{}: {why}", file.display())))?;
                tables.push(Arc::new(table));
            }
        }
        Ok(Self(tables))
    }

    /// Returns a table: that of a file, or that of the dictionary.
    ///
    /// # Errors
    ///
    /// Those of reading the dictionary.
    pub(crate) async fn table(&self, client: &Client, name: &str) -> Result<Arc<TableSchema>, Error> {
        match self.0.iter().find(|table| table.name == name) {
            Some(table) => Ok(table.clone()),
            None => client.schema().table(name).await,
        }
    }

    /// Returns a table, with a column for each of these fields that is dot-walked, such as `caller_id.name`.
    ///
    /// # Errors
    ///
    /// Those of reading the dictionary, and one for a path that leads nowhere.
    #[cfg(feature = "parquet")]
    pub(crate) async fn table_with(
        &self,
        client: &Client,
        name: &str,
        fields: &[String],
    ) -> Result<TableSchema, Error> {
        let mut table = self.table(client, name).await?.as_ref().clone();
        for field in fields.iter().filter(|field| field.contains('.')) {
            // A file may have the walk as a column, and not the tables that it passes.
            if table.column(field).is_none() {
                table = table.with_column(self.dot_walked(client, name, field).await?)?;
            }
        }
        Ok(table)
    }

    /// Follows a path as [`Schema::column`](snow_client::schema::Schema::column) does, but by the tables of the files.
    #[cfg(feature = "parquet")]
    async fn dot_walked(&self, client: &Client, table: &str, path: &str) -> Result<Column, Error> {
        let wrong = |why: &str| Error::new(ErrorKind::InvalidInput, format!("the field {path:?} {why}"));
        let mut table = table.to_owned();
        let mut walk = path.split('.').peekable();
        while let Some(field) = walk.next() {
            if let (Some(extension), true) = (field.strip_prefix("ref_"), walk.peek().is_some()) {
                extension.clone_into(&mut table);
                continue;
            }
            if field == "variables" {
                return Err(wrong("is a variable of the service catalog, and these are in no dictionary"));
            }
            let schema = self.table(client, &table).await?;
            let column = schema.column(field).ok_or_else(|| wrong("does not exist"))?;
            match (walk.peek(), &column.reference) {
                (None, _) => {
                    let mut column = column.clone();
                    path.clone_into(&mut column.name);
                    return Ok(column);
                }
                (Some(_), Some(next)) => table.clone_from(next),
                (Some(_), None) => return Err(wrong("passes a field that is not a reference")),
            }
        }
        Err(wrong("does not exist"))
    }
}

fn contents(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut text = Vec::new();
    let file = File::open(path).map_err(|why| Failure::file(path, &why))?;
    file.take(LARGEST.saturating_add(1)).read_to_end(&mut text).map_err(|why| Failure::file(path, &why))?;
    match u64::try_from(text.len()) {
        Ok(bytes) if bytes <= LARGEST => Ok(text),
        _ => Err(Failure::file(path, &format!("is larger than {LARGEST} bytes"))),
    }
}
