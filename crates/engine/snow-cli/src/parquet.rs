//! Exports to Parquet.

use crate::arguments::ExportOptions;
use crate::failure::Failure;
use crate::stored_schemas::StoredSchemas;
use snow_arrow::{Columns, Missing, Parquet, References};
use snow_client::Client;
use snow_client::export::{Export, ExportDirectory};
use snow_client::table::ListRecords;

/// Returns an export of the fields of a list, or of all columns that its table has.
pub(crate) async fn export(
    client: &Client,
    options: &ExportOptions,
    list: ListRecords,
    target: ExportDirectory,
) -> Result<Export, Failure> {
    let schemas = StoredSchemas::read(&options.schema)?;
    let fields = options.fields.as_deref().unwrap_or_default();
    let table = schemas.table_with(client, &options.table, fields).await.map_err(Failure::of_dictionary)?;
    let columns = match &options.fields {
        Some(fields) => Columns::new(&table, fields, References::Id)?,
        None => Columns::new(&table, table.columns().iter().map(|column| &column.name), References::Id)?,
    };
    let missing = if options.allow_missing { Missing::Null } else { Missing::Refuse };
    let list = columns.request(list);
    Ok(list.export(Parquet::new(columns).missing(missing), target))
}
