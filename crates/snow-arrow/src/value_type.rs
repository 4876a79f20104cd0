//! What a column of the dictionary is in Arrow.

use arrow_schema::{DataType, TimeUnit};
use snow_client::schema::Column;
use std::sync::Arc;

/// The time zone of times: the service stores them in UTC.
pub(crate) const UTC: &str = "UTC";

/// The most digits of a `Decimal128`.
const MAX_PRECISION: u8 = 38;
/// The digits after the point where the dictionary does not say how many there are.
const DEFAULT_SCALE: u8 = 7;

/// How the values of a column are read, and what they become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ValueType {
    Boolean,
    Integer,
    /// To the microsecond: Parquet has no type for times to the second.
    Time,
    Date,
    Duration,
    /// Digits in all, and after the point.
    Decimal {
        precision: u8,
        scale: u8,
    },
    Text,
    /// Text with few different values.
    Choice,
}

impl ValueType {
    pub(crate) fn of(column: &Column, dictionary_choices: bool) -> Self {
        match column.kind.as_str() {
            "boolean" => Self::Boolean,
            "integer" | "longint" | "long" => Self::Integer,
            "glide_date_time" | "due_date" => Self::Time,
            "glide_date" => Self::Date,
            "glide_duration" | "timer" => Self::Duration,
            "decimal" | "float" | "percent_complete" => Self::decimal(column),
            _ if column.has_choices && dictionary_choices => Self::Choice,
            _ => Self::Text,
        }
    }

    /// A precision without a scale does not say how many digits are before the point, so it limits nothing.
    fn decimal(column: &Column) -> Self {
        let Some(scale) = column.scale else {
            return Self::Decimal { precision: MAX_PRECISION, scale: DEFAULT_SCALE };
        };
        let precision = column.precision.unwrap_or(MAX_PRECISION).clamp(1, MAX_PRECISION);
        Self::Decimal { precision, scale: scale.min(precision) }
    }

    pub(crate) fn data_type(self) -> DataType {
        match self {
            Self::Boolean => DataType::Boolean,
            Self::Integer => DataType::Int64,
            Self::Time => DataType::Timestamp(TimeUnit::Microsecond, Some(Arc::from(UTC))),
            Self::Date => DataType::Date32,
            Self::Duration => DataType::Duration(TimeUnit::Microsecond),
            Self::Decimal { precision, scale } => {
                DataType::Decimal128(precision, i8::try_from(scale).unwrap_or(i8::MAX))
            }
            Self::Text => DataType::Utf8,
            Self::Choice => DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_have_as_many_digits_as_the_dictionary_says_and_no_more_than_arrow_has() {
        let decimal = |precision, scale| {
            let mut column = Column::new("u_rate", "decimal");
            (column.precision, column.scale) = (precision, scale);
            ValueType::of(&column, false).data_type()
        };
        assert_eq!(decimal(None, None), DataType::Decimal128(38, 7));
        assert_eq!(decimal(Some(15), Some(2)), DataType::Decimal128(15, 2));
        assert_eq!(decimal(None, Some(4)), DataType::Decimal128(38, 4));
        assert_eq!(decimal(Some(5), None), DataType::Decimal128(38, 7));
        assert_eq!(decimal(Some(200), Some(100)), DataType::Decimal128(38, 38));
        assert_eq!(decimal(Some(0), None), DataType::Decimal128(38, 7));
        assert_eq!(decimal(Some(0), Some(0)), DataType::Decimal128(1, 0));
    }
}
