//! Parquet as a format of exports.

use crate::batch_builder::BatchBuilder;
use crate::columns::{Columns, REFERENCE_KEY, TYPE_KEY};
use crate::parquet_writer::ParquetWriter;
use crate::policy::{Invalid, Missing};
use crate::scan_options::BATCH_ROWS;
use serde_json::{json, value::Value};
use snow_client::export::{ExportFormat, ExportQuestion, RecordEncoder};
use snow_client::{DisplayValue, Error, ErrorKind, Record};
use std::collections::BTreeMap;
use std::fmt;

/// Parquet files, as a format of [exports](snow_client::table::ListRecords::export): whole files with a manifest, which can be resumed.
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().without_demo_data().user("admin", "secret").incidents(500).build()?;
/// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
/// # let folder = std::env::temp_dir().join(format!("snow-parquet-example-{}", std::process::id()));
/// use snow_arrow::{Columns, Parquet, References};
/// use snow_client::export::ExportDirectory;
///
/// let incidents = client.table("incident").list().fields(["number", "opened_at", "caller_id"]);
/// let columns = Columns::for_list(&incidents, References::IdAndName).await?;
/// let incidents = columns.request(incidents);
/// let report = incidents.export(Parquet::new(columns), ExportDirectory::new(&folder)).await?;
/// assert!(report.files[0].name.ends_with(".parquet"));
/// # std::fs::remove_dir_all(folder)?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Parquet {
    columns: Columns,
    missing: Missing,
    invalid: Invalid,
}

impl Parquet {
    /// Creates the format of files with these columns. The list has to [request](Columns::request) what they need.
    pub fn new(columns: Columns) -> Self {
        Self { columns, missing: Missing::default(), invalid: Invalid::default() }
    }

    /// Sets what becomes of records that lack a field; refused by default.
    #[must_use]
    pub fn missing(self, missing: Missing) -> Self {
        Self { missing, ..self }
    }

    /// Sets what becomes of values that do not fit their column; refused by default.
    #[must_use]
    pub fn invalid(self, invalid: Invalid) -> Self {
        Self { invalid, ..self }
    }

    /// Returns everything that decides which bytes are written, as JSON.
    fn stored(&self) -> Result<BTreeMap<String, Value>, Error> {
        let settings = [
            ("columns", serde_json::to_value(&self.columns)),
            ("missing", serde_json::to_value(self.missing)),
            ("invalid", serde_json::to_value(self.invalid)),
        ];
        let unwritable = |_| Error::internal("the settings of Parquet files could not be written as JSON");
        let named = |(name, value): (&str, serde_json::Result<Value>)| {
            Ok::<_, Error>((name.to_owned(), value.map_err(unwritable)?))
        };
        settings.into_iter().map(named).collect()
    }

    /// Fails unless a list requests what the columns need.
    fn check(&self, question: &ExportQuestion) -> Result<(), Error> {
        let refused = |why: String| Err(Error::new(ErrorKind::InvalidInput, why));
        let (own, listed) = (&self.columns.table().name, &question.table);
        if own != listed {
            return refused(format!(
                "the columns are those of the table {own:?}, and the list reads {listed:?}: create the columns with Columns::for_list \
                 of this list"
            ));
        }
        // Without names, an instance returns the fields of the table, and none that are reached through references.
        let requested = |field: &&String| match &question.fields {
            Some(fields) => fields.contains(field),
            None => !field.contains('.'),
        };
        if let Some(field) = self.columns.fields().iter().find(|field| !requested(field)) {
            return refused(format!(
                "the list does not request the field {field:?} (Columns::request does it)"
            ));
        }
        match (question.display_value, self.columns.needs_names()) {
            (DisplayValue::All, _) | (DisplayValue::Stored, false) => Ok(()),
            (_, true) => {
                refused("names of references need DisplayValue::All (Columns::request sets it)".to_owned())
            }
            (_, false) => {
                refused("Parquet files have stored values (Columns::request asks for them)".to_owned())
            }
        }
    }
}

impl ExportFormat for Parquet {
    fn name(&self) -> &str {
        "parquet"
    }

    fn extension(&self) -> &str {
        "parquet"
    }

    fn settings(&self) -> BTreeMap<String, Value> {
        // An export begins an encoder before it does anything else, and that fails if these are not known.
        self.stored().unwrap_or_default()
    }

    fn schema(&self) -> Option<Value> {
        let schema = self.columns.schema();
        let column = |field: &arrow_schema::FieldRef| {
            let of = |key| field.metadata().get(key).map(String::as_str);
            json!({
                "name": field.name(),
                "type": field.data_type().to_string(),
                "servicenow_type": of(TYPE_KEY),
                "reference": of(REFERENCE_KEY),
            })
        };
        Some(schema.fields().iter().map(column).collect())
    }

    fn encoder(&self, question: &ExportQuestion, out: &mut Vec<u8>) -> Result<Box<dyn RecordEncoder>, Error> {
        self.stored()?;
        self.check(question)?;
        let builder = self.columns.builder().missing(self.missing).invalid(self.invalid);
        let writer = ParquetWriter::new(Vec::new(), self.columns.schema())?;
        let mut encoder = ParquetEncoder { builder, writer };
        encoder.writer.take_written(out)?;
        Ok(Box::new(encoder))
    }
}

/// Records of one file. They are written in batches, and these in row groups.
struct ParquetEncoder {
    builder: BatchBuilder,
    writer: ParquetWriter<Vec<u8>>,
}

impl ParquetEncoder {
    fn write_batch(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        let batch = self.builder.finish()?;
        self.writer.write(&batch)?;
        self.writer.take_written(out)
    }
}

impl RecordEncoder for ParquetEncoder {
    fn encode(&mut self, record: &Record, out: &mut Vec<u8>) -> Result<(), Error> {
        self.builder.push(record)?;
        match self.builder.is_full(BATCH_ROWS) {
            true => self.write_batch(out),
            false => Ok(()),
        }
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        self.write_batch(out)?;
        self.writer.end()?;
        self.writer.take_written(out)
    }

    fn counts(&self) -> BTreeMap<String, u64> {
        let report = self.builder.report();
        let named = |word: &'static str, counts: BTreeMap<String, u64>| {
            counts.into_iter().map(move |(field, count)| (format!("{word} {field}"), count))
        };
        named("missing", report.missing).chain(named("invalid", report.invalid)).collect()
    }
}

impl fmt::Debug for ParquetEncoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ParquetEncoder({:?})", self.writer)
    }
}
