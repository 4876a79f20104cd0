//! Exports to Parquet, in a build without the feature `parquet`.

use crate::arguments::ExportOptions;
use crate::failure::Failure;
use snow_client::Client;
use snow_client::export::{Export, ExportDirectory};
use snow_client::table::ListRecords;

pub(crate) async fn export(
    _: &Client,
    _: &ExportOptions,
    _: ListRecords,
    _: ExportDirectory,
) -> Result<Export, Failure> {
    Err(Failure::Usage("this build writes no Parquet: install it with the feature parquet".into()))
}
