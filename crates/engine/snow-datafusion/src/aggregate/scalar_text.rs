//! Values of SQL from the text of the Aggregate API.

use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::scalar::ScalarValue;
use snow_client::{Date, DateTime};

/// Reads a value; `None` if the text is not one of this type. Empty text is null.
pub(super) fn read(text: &str, kind: &DataType) -> Option<ScalarValue> {
    if text.is_empty() {
        return ScalarValue::try_from(kind).ok();
    }
    match kind {
        DataType::Int64 => text.parse().ok().map(|number| ScalarValue::Int64(Some(number))),
        DataType::Boolean => text.parse().ok().map(|boolean| ScalarValue::Boolean(Some(boolean))),
        DataType::Utf8 => Some(ScalarValue::Utf8(Some(text.to_owned()))),
        DataType::Date32 => {
            let midnight = text.parse::<Date>().ok()?.at(0, 0, 0).ok()?;
            let days = i32::try_from(midnight.unix().div_euclid(86_400)).ok()?;
            Some(ScalarValue::Date32(Some(days)))
        }
        DataType::Timestamp(TimeUnit::Microsecond, zone) => {
            let microseconds = text.parse::<DateTime>().ok()?.unix().checked_mul(1_000_000)?;
            Some(ScalarValue::TimestampMicrosecond(Some(microseconds), zone.clone()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_becomes_a_value_of_the_type_or_is_refused() {
        let time = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        assert_eq!(read("-12", &DataType::Int64), Some(ScalarValue::Int64(Some(-12))));
        assert_eq!(read("12.0000", &DataType::Int64), None);
        assert_eq!(read("", &DataType::Int64), Some(ScalarValue::Int64(None)));
        assert_eq!(read("1970-01-03", &DataType::Date32), Some(ScalarValue::Date32(Some(2))));
        assert_eq!(read("1969-12-31", &DataType::Date32), Some(ScalarValue::Date32(Some(-1))));
        let second = ScalarValue::TimestampMicrosecond(Some(-1_000_000), Some("UTC".into()));
        assert_eq!(read("1969-12-31 23:59:59", &time), Some(second));
        assert_eq!(read("soon", &time), None);
        assert_eq!(read("true", &DataType::Boolean), Some(ScalarValue::Boolean(Some(true))));
        assert_eq!(read("1", &DataType::Boolean), None);
    }
}
