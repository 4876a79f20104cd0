//! Builds batches from records.

use crate::column_builder::ColumnBuilder;
use crate::columns::{Columns, is_reference};
use crate::conversion_report::ConversionReport;
use crate::field_builder::FieldBuilder;
use crate::policy::{Invalid, Missing};
use crate::value_type::ValueType;
use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::SchemaRef;
use snow_client::{Error, ErrorKind, Record};

/// The most bytes of JSON in a batch: the offsets of a text column have 31 bits, and no text is longer than its JSON.
const MAX_BYTES: usize = 1 << 30;

/// How many bytes of JSON make a batch full, whatever the number of its records.
const FULL_BYTES: usize = 8 << 20;

/// Builds batches from records, one record after the other. Create it with [`Columns::builder`].
///
/// After [`finish`](Self::finish) it begins the next batch.
#[derive(Debug)]
pub struct BatchBuilder {
    schema: SchemaRef,
    fields: Vec<FieldBuilder>,
    missing: Missing,
    invalid: Invalid,
    rows: usize,
    bytes: usize,
    /// Whether a record was refused after a part of it was appended.
    is_broken: bool,
}

impl Columns {
    /// Creates a builder of batches.
    pub fn builder(&self) -> BatchBuilder {
        BatchBuilder::new(self)
    }
}

impl BatchBuilder {
    fn new(columns: &Columns) -> Self {
        let references = columns.references();
        let field = |column| {
            let value = ColumnBuilder::new(ValueType::of(column, columns.dictionary_choices));
            let (has_name, has_link) = match is_reference(column) {
                true => (references.has_name(), references.has_link()),
                false => (false, false),
            };
            FieldBuilder::new(&column.name, value, has_name, has_link)
        };
        Self {
            schema: columns.schema(),
            fields: columns.columns().map(field).collect(),
            missing: Missing::default(),
            invalid: Invalid::default(),
            rows: 0,
            bytes: 0,
            is_broken: false,
        }
    }

    /// Sets what becomes of records that lack a field; refused by default.
    #[must_use]
    pub fn missing(self, missing: Missing) -> Self {
        Self { missing, ..self }
    }

    /// Sets what becomes of values that do not fit; refused by default.
    #[must_use]
    pub fn invalid(self, invalid: Invalid) -> Self {
        Self { invalid, ..self }
    }

    /// Appends a record.
    ///
    /// # Errors
    ///
    /// - [`ErrorKind::Decode`] for a record that lacks a field or has a value that does not fit, if that is refused. The builder cannot
    ///   be used any more, because a part of the record was appended.
    /// - [`ErrorKind::InvalidInput`] if the batch would become larger than 1 GiB; finish it, and append the record to the next one.
    pub fn push(&mut self, record: &Record) -> Result<(), Error> {
        self.check()?;
        let bytes = self.bytes.saturating_add(record.json().len());
        if bytes > MAX_BYTES {
            let why = format!("a batch has more than {MAX_BYTES} bytes: finish it before the next record");
            return Err(Error::new(ErrorKind::InvalidInput, why));
        }
        self.is_broken = true;
        for field in &mut self.fields {
            field.push(record, self.missing, self.invalid).map_err(|error| named(error, record))?;
        }
        self.is_broken = false;
        self.bytes = bytes;
        self.rows = self.rows.saturating_add(1);
        Ok(())
    }

    /// Returns the number of records in the batch so far.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Returns how many bytes of JSON the records in the batch have.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Returns whether the batch should be finished before the next record: it has this many records, or its records have 8 MiB of
    /// JSON. `0` is treated as `1`.
    pub fn is_full(&self, rows: usize) -> bool {
        self.rows >= rows.max(1) || self.bytes >= FULL_BYTES
    }

    /// Returns the batch, and begins the next one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] after a record was refused.
    pub fn finish(&mut self) -> Result<RecordBatch, Error> {
        self.check()?;
        let mut columns = Vec::with_capacity(self.schema.fields().len());
        self.fields.iter_mut().for_each(|field| field.finish(&mut columns));
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows));
        (self.rows, self.bytes) = (0, 0);
        RecordBatch::try_new_with_options(self.schema.clone(), columns, &options).map_err(|error| {
            Error::new(ErrorKind::Decode, "the columns of a batch do not fit its schema").with_source(error)
        })
    }

    /// Returns how many values became null in all batches so far, although the service stores something.
    pub fn report(&self) -> ConversionReport {
        let mut report = ConversionReport::default();
        for field in &self.fields {
            for (counts, count) in
                [(&mut report.missing, field.missing), (&mut report.invalid, field.invalid)]
            {
                if count > 0 {
                    counts.insert(field.name.clone(), count);
                }
            }
        }
        report
    }

    fn check(&self) -> Result<(), Error> {
        if self.is_broken {
            let why = "a record was refused, and the batch contains a part of it: begin another one with Columns::builder()";
            return Err(Error::new(ErrorKind::InvalidInput, why));
        }
        Ok(())
    }
}

/// An error of a record, with its id if it shows one.
fn named(error: Error, record: &Record) -> Error {
    match record.get("sys_id").and_then(|field| field.sys_id().ok()) {
        Some(sys_id) => error.with_context(&format!("the record {sys_id} does not fit its columns")),
        None => error.with_context("a record does not fit its columns"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::References;
    use snow_client::schema::{Column, TableSchema};

    fn columns() -> Columns {
        let mut caller = Column::new("caller_id", "reference");
        caller.reference = Some("sys_user".into());
        let table = [Column::new("priority", "integer"), caller, Column::new("caller_id.name", "string")]
            .into_iter()
            .try_fold(TableSchema::new("incident", "Incident"), TableSchema::with_column);
        Columns::new(&table.unwrap(), ["priority", "caller_id", "caller_id.name"], References::IdAndName)
            .unwrap()
    }

    fn record(json: &str) -> Record {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_refused_record_says_which_one_and_ends_the_builder() {
        let mut builder = columns().builder();
        builder.push(&record(r#"{"priority":"1","caller_id":"","caller_id.name":""}"#)).unwrap();
        let bad = record(r#"{"sys_id":"46c6","priority":"1","caller_id.name":"x"}"#);
        let error = builder.push(&bad).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        for part in ["46c6", "\"caller_id\"", "Missing::Null"] {
            assert!(error.to_string().contains(part), "{error}");
        }
        assert!(builder.push(&record("{}")).is_err());
        assert_eq!(builder.finish().unwrap_err().kind(), ErrorKind::InvalidInput);

        let mut builder = columns().builder().missing(Missing::Null);
        let error = builder.push(&record(r#"{"priority":"secret"}"#)).unwrap_err();
        assert!(
            error.to_string().contains("\"priority\"") && !error.to_string().contains("secret"),
            "{error}"
        );
    }

    #[test]
    fn what_becomes_null_is_counted_and_empty_values_are_not() {
        let mut builder = columns().builder().missing(Missing::Null).invalid(Invalid::Null);
        for json in [
            r#"{"priority":"1","caller_id":{"display_value":"A","value":"a"},"caller_id.name":"A"}"#,
            r#"{"priority":"","caller_id":{"display_value":"","value":""}}"#,
            r#"{"priority":"many","caller_id":{"display_value":"B","value":"b"}}"#,
            r#"{"caller_id.name":null}"#,
        ] {
            builder.push(&record(json)).unwrap();
        }
        let batch = builder.finish().unwrap();
        let nulls: Vec<_> = batch.columns().iter().map(|column| column.null_count()).collect();
        assert_eq!((batch.num_rows(), nulls), (4, vec![3, 2, 2, 3]));
        let report = builder.report();
        let counted = |counts: &std::collections::BTreeMap<String, u64>| format!("{counts:?}");
        assert_eq!(counted(&report.missing), r#"{"caller_id": 1, "caller_id.name": 1, "priority": 1}"#);
        assert_eq!(counted(&report.invalid), r#"{"priority": 1}"#);
        assert_eq!((builder.rows(), builder.finish().unwrap().num_rows()), (0, 0), "the next batch begins");
    }

    #[test]
    fn a_display_value_is_never_read_as_an_id() {
        let mut builder = columns().builder();
        let shown =
            record(r#"{"priority":"1","caller_id":{"display_value":"A","link":"l"},"caller_id.name":"A"}"#);
        assert_eq!(builder.push(&shown).unwrap_err().kind(), ErrorKind::Decode);
    }

    #[test]
    fn a_name_that_is_no_text_is_refused_or_counted_like_a_value() {
        let json =
            r#"{"priority":"1","caller_id":{"display_value":"\ud800","value":"a"},"caller_id.name":"A"}"#;
        assert_eq!(columns().builder().push(&record(json)).unwrap_err().kind(), ErrorKind::Decode);
        let mut builder = columns().builder().invalid(Invalid::Null);
        builder.push(&record(json)).unwrap();
        assert_eq!(builder.report().invalid["caller_id"], 1);
        let batch = builder.finish().unwrap();
        assert_eq!((batch.column(1).null_count(), batch.column(2).null_count()), (0, 1));
    }

    #[test]
    fn a_batch_is_full_by_its_records_or_by_their_bytes() {
        let table = TableSchema::new("incident", "Incident").with_column(Column::new("text", "string"));
        let mut builder = Columns::new(&table.unwrap(), ["text"], References::Id).unwrap().builder();
        assert!(!builder.is_full(1) && !builder.is_full(0));
        let long = record(&format!(r#"{{"text":"{}"}}"#, "x".repeat(FULL_BYTES / 2)));
        builder.push(&long).unwrap();
        assert!(builder.is_full(1) && builder.is_full(0) && !builder.is_full(2));
        builder.push(&long).unwrap();
        assert!(builder.is_full(usize::MAX));
        builder.finish().unwrap();
        assert!(!builder.is_full(1), "the next batch begins");
    }

    #[test]
    fn no_columns_are_as_many_records_all_the_same() {
        let table = TableSchema::new("incident", "Incident");
        let mut builder = Columns::new(&table, [""; 0], References::Id).unwrap().builder();
        builder.push(&record(r#"{"sys_id":"1"}"#)).unwrap();
        let batch = builder.finish().unwrap();
        assert_eq!((batch.num_rows(), batch.num_columns()), (1, 0));
    }
}
