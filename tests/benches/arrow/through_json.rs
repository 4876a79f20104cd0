//! What a program without snow-arrow does: each record as a `serde_json::Value`, cleaned, and read by arrow-json.

use crate::page::FIELDS;
use arrow_array::RecordBatch;
use arrow_json::reader::{Decoder, ReaderBuilder};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use serde_json::Value;
use snow_client::{DateTime, Record};
use std::sync::Arc;

/// Records of a batch.
const ROWS: usize = 8_192;

pub(crate) struct ThroughJson {
    decoder: Decoder,
    values: Vec<Value>,
}

impl ThroughJson {
    pub(crate) fn new() -> Self {
        let fields = FIELDS.map(|(name, kind)| Field::new(name, data_type(kind), true));
        let schema = Arc::new(Schema::new(fields.to_vec()));
        let decoder = ReaderBuilder::new(schema).with_batch_size(ROWS).build_decoder().expect("good types");
        Self { decoder, values: Vec::with_capacity(ROWS) }
    }

    /// Returns a batch when there are enough records for one.
    pub(crate) fn push(&mut self, record: &Record) -> Option<RecordBatch> {
        self.values.push(cleaned(record.to_value().expect("JSON")));
        if self.values.len() == ROWS { self.finish() } else { None }
    }

    pub(crate) fn finish(&mut self) -> Option<RecordBatch> {
        self.decoder.serialize(&self.values).expect("values of these types");
        self.values.clear();
        self.decoder.flush().expect("values of these types")
    }
}

/// arrow-json knows no other time zone without a further crate.
fn data_type(kind: &str) -> DataType {
    match kind {
        "integer" => DataType::Int64,
        "boolean" => DataType::Boolean,
        "glide_date_time" => DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into())),
        "glide_duration" => DataType::Duration(TimeUnit::Microsecond),
        _ => DataType::Utf8,
    }
}

/// Empty texts as null, booleans and durations as such.
fn cleaned(mut record: Value) -> Value {
    for (name, kind) in FIELDS {
        let value = &mut record[name];
        let text = value.as_str().unwrap_or_default();
        *value = match kind {
            _ if text.is_empty() => Value::Null,
            "boolean" => Value::Bool(text == "true"),
            "glide_duration" => (text.parse::<DateTime>().expect("a duration").unix() * 1_000_000).into(),
            _ => continue,
        };
    }
    record
}
