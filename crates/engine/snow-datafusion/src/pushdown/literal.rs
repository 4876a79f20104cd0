//! The constants of a condition.

use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::logical_expr::Expr;
use datafusion::scalar::ScalarValue;

/// A constant that a column is compared with. Null is not one: no comparison with null is true.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Literal {
    Boolean(bool),
    Integer(i64),
    Text(String),
    /// Nanoseconds since 1970, in UTC.
    Time(i128),
    /// Days since 1970.
    Day(i32),
    /// A number without its point, and how many of its digits are after the decimal point.
    Decimal(i128, u32),
}

impl Literal {
    pub(super) fn of(expr: &Expr) -> Option<Self> {
        let Expr::Literal(value, _) = expr else { return None };
        Some(match value {
            ScalarValue::Boolean(value) => Self::Boolean((*value)?),
            ScalarValue::Int64(value) => Self::Integer((*value)?),
            ScalarValue::Utf8(value) | ScalarValue::LargeUtf8(value) | ScalarValue::Utf8View(value) => {
                Self::Text(value.clone()?)
            }
            ScalarValue::TimestampSecond(value, zone) => time(*value, zone.as_deref(), 1_000_000_000)?,
            ScalarValue::TimestampMillisecond(value, zone) => time(*value, zone.as_deref(), 1_000_000)?,
            ScalarValue::TimestampMicrosecond(value, zone) => time(*value, zone.as_deref(), 1_000)?,
            ScalarValue::TimestampNanosecond(value, zone) => time(*value, zone.as_deref(), 1)?,
            ScalarValue::Date32(value) => Self::Day((*value)?),
            ScalarValue::Decimal128(value, _, scale) => Self::Decimal((*value)?, u32::try_from(*scale).ok()?),
            _ => return None,
        })
    }

    pub(super) fn is_nanoseconds(to: &DataType) -> bool {
        matches!(to, DataType::Timestamp(TimeUnit::Nanosecond, Some(_)))
    }
}

/// A time with a zone is a moment, whatever the zone. A time without a zone is not pushed down, because its meaning depends on the
/// session.
fn time(value: Option<i64>, zone: Option<&str>, nanoseconds: i128) -> Option<Literal> {
    zone?;
    i128::from(value?).checked_mul(nanoseconds).map(Literal::Time)
}
