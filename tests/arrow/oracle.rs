//! What a batch says, in the words of the service: by chrono and by Arrow's own text of decimals, not by code of snow-arrow.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, DurationMicrosecondType, Int32Type, Int64Type, TimestampMicrosecondType,
};
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, TimeUnit};
use serde_json::{Map, Value};

/// Compares each cell of the batches with the records that the service sent, and returns how many cells there were.
#[track_caller]
pub(crate) fn compare(batches: &[RecordBatch], records: &[Map<String, Value>]) -> usize {
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    assert_eq!(rows, records.len());
    let mut cells = 0;
    let places = batches.iter().flat_map(|batch| (0..batch.num_rows()).map(move |row| (batch, row)));
    for ((batch, row), record) in places.zip(records) {
        for (column, field) in batch.columns().iter().zip(batch.schema().fields()) {
            let sent = sent(record, field.name()).filter(|text| !text.is_empty());
            let sent = sent.map(|text| normal(field.data_type(), &text));
            assert_eq!(cell(column, row), sent, "{} of {record:?}", field.name());
            cells += 1;
        }
    }
    cells
}

/// The text that the service sent for a column: a stored value, or the name or link of a reference.
fn sent(record: &Map<String, Value>, column: &str) -> Option<String> {
    let (field, part) = match column.rsplit_once('.') {
        Some((field, part @ ("display_value" | "link"))) => (field, part),
        _ => (column, "value"),
    };
    let value = record.get(field).unwrap_or_else(|| panic!("{field} was not sent"));
    let text = match value {
        Value::Object(parts) => parts.get(part)?,
        plain if part == "value" => plain,
        _ => return None,
    };
    Some(text.as_str().unwrap().to_owned())
}

/// Decimals without the zeros that say nothing.
fn normal(kind: &DataType, text: &str) -> String {
    match kind {
        DataType::Decimal128(..) => {
            let text =
                if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text };
            if matches!(text, "-0" | "") { "0".to_owned() } else { text.to_owned() }
        }
        _ => text.to_owned(),
    }
}

/// A cell as the service would write it; `None` for null.
fn cell(column: &dyn Array, row: usize) -> Option<String> {
    let moment = |microseconds: i64| {
        let time = chrono::DateTime::from_timestamp_micros(microseconds).unwrap();
        time.format("%Y-%m-%d %H:%M:%S").to_string()
    };
    if column.is_null(row) {
        return None;
    }
    Some(match column.data_type() {
        DataType::Boolean => column.as_boolean().value(row).to_string(),
        DataType::Int64 => column.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::Timestamp(TimeUnit::Microsecond, Some(zone)) if &**zone == "UTC" => {
            moment(column.as_primitive::<TimestampMicrosecondType>().value(row))
        }
        DataType::Duration(TimeUnit::Microsecond) => {
            moment(column.as_primitive::<DurationMicrosecondType>().value(row))
        }
        DataType::Date32 => {
            let days = column.as_primitive::<Date32Type>().value(row);
            let date = chrono::NaiveDate::from_num_days_from_ce_opt(days + 719_163).unwrap();
            date.format("%Y-%m-%d").to_string()
        }
        kind @ DataType::Decimal128(..) => {
            normal(kind, &column.as_primitive::<Decimal128Type>().value_as_string(row))
        }
        DataType::Utf8 => column.as_string::<i32>().value(row).to_owned(),
        DataType::Dictionary(..) => {
            let keys = column.as_dictionary::<Int32Type>();
            let at = usize::try_from(keys.keys().value(row)).unwrap();
            keys.values().as_string::<i32>().value(at).to_owned()
        }
        other => panic!("{other} is not a type of a column"),
    })
}
