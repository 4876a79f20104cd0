//! ServiceNow tables as [Arrow](https://arrow.apache.org) record batches and Parquet files, typed by the instance's dictionary.
//!
//! | to | use |
//! |---|---|
//! | read the records of a list as batches | [`Scan`], which returns [`Batches`] |
//! | export a table as Parquet files, with a manifest, to be resumed after a kill | `Parquet`, a format of [`ListRecords::export`](snow_client::table::ListRecords::export), with the feature `parquet` |
//! | write batches to a Parquet file | `ParquetWriter`, with the feature `parquet` |
//! | convert records without a network, in an engine of your own | [`Columns`] and [`BatchBuilder`] |
//!
//! Values go straight from a record's JSON to the columns of a batch. [`Columns`] says which type becomes which.
//!
//! The types of Arrow in this API are those of version 59 of [`arrow_array`] and [`arrow_schema`], which DataFusion 55 uses as well.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod batch_builder;
mod batches;
mod column_builder;
mod columns;
mod conversion_report;
mod decimal;
mod field_builder;
mod list_columns;
#[cfg(feature = "parquet")]
mod parquet_format;
#[cfg(feature = "parquet")]
mod parquet_writer;
mod policy;
mod scan;
mod scan_options;
mod stored_columns;
mod value_type;

pub use arrow_array;
pub use arrow_schema;
pub use batch_builder::BatchBuilder;
pub use batches::{Batches, ScanReport};
pub use columns::{Columns, REFERENCE_KEY, TABLE_KEY, TYPE_KEY};
pub use conversion_report::ConversionReport;
#[cfg(feature = "parquet")]
pub use parquet_format::Parquet;
#[cfg(feature = "parquet")]
pub use parquet_writer::ParquetWriter;
pub use policy::{Invalid, Missing, References};
pub use scan::Scan;
