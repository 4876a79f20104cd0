//! The values of one column, while a batch is built.

use crate::decimal;
use crate::value_type::{UTC, ValueType};
use arrow_array::ArrayRef;
use arrow_array::builder::{
    ArrayBuilder, BooleanBuilder, Date32Builder, Decimal128Builder, DurationMicrosecondBuilder, Int64Builder,
    StringBuilder, StringDictionaryBuilder, TimestampMicrosecondBuilder,
};
use arrow_array::types::Int32Type;
use snow_client::record::Field;
use snow_client::{Date, DateTime, Error, ErrorKind};
use std::fmt;

const MICROSECONDS: i64 = 1_000_000;

pub(crate) enum ColumnBuilder {
    Boolean(BooleanBuilder),
    Integer(Int64Builder),
    Time(TimestampMicrosecondBuilder),
    Date(Date32Builder),
    Duration(DurationMicrosecondBuilder),
    Decimal { builder: Decimal128Builder, precision: u8, scale: u8 },
    Text(StringBuilder),
    Choice(StringDictionaryBuilder<Int32Type>),
}

impl ColumnBuilder {
    pub(crate) fn new(kind: ValueType) -> Self {
        match kind {
            ValueType::Boolean => Self::Boolean(BooleanBuilder::new()),
            ValueType::Integer => Self::Integer(Int64Builder::new()),
            ValueType::Time => Self::Time(TimestampMicrosecondBuilder::new().with_timezone(UTC)),
            ValueType::Date => Self::Date(Date32Builder::new()),
            ValueType::Duration => Self::Duration(DurationMicrosecondBuilder::new()),
            ValueType::Decimal { precision, scale } => {
                let builder = Decimal128Builder::new().with_data_type(kind.data_type());
                Self::Decimal { builder, precision, scale }
            }
            ValueType::Text => Self::Text(StringBuilder::new()),
            ValueType::Choice => Self::Choice(StringDictionaryBuilder::new()),
        }
    }

    /// Appends the value of a field, which is not empty. Nothing is appended after an error.
    #[inline]
    pub(crate) fn push(&mut self, field: Field<'_>, text: &str) -> Result<(), Error> {
        let no = |why| move || unfit(field, why);
        match self {
            Self::Boolean(builder) => {
                builder.append_value(boolean(text).ok_or_else(no("is neither true nor false"))?)
            }
            Self::Integer(builder) => {
                builder.append_value(text.parse().ok().ok_or_else(no("is not a whole number of 64 bits"))?);
            }
            Self::Time(builder) => {
                builder.append_value(microseconds(text).ok_or_else(no("is not a date and time in UTC"))?);
            }
            Self::Date(builder) => {
                let date = text.parse::<Date>().ok().ok_or_else(no("is not a date"))?;
                builder.append_value(date.days_since_1970());
            }
            Self::Duration(builder) => {
                builder.append_value(microseconds(text).ok_or_else(no("is not a duration"))?);
            }
            Self::Decimal { builder, precision, scale } => {
                let number = decimal::parse(text, *precision, *scale);
                builder.append_value(number.ok_or_else(|| no_decimal(field, *precision, *scale))?);
            }
            Self::Text(builder) => builder.append_value(text),
            Self::Choice(builder) => {
                let added = builder.append(text).map(drop);
                added.map_err(|error| unfit(field, "is one of too many choices").with_reason(error))?;
            }
        }
        Ok(())
    }

    pub(crate) fn push_null(&mut self) {
        match self {
            Self::Boolean(builder) => builder.append_null(),
            Self::Integer(builder) => builder.append_null(),
            Self::Time(builder) => builder.append_null(),
            Self::Date(builder) => builder.append_null(),
            Self::Duration(builder) => builder.append_null(),
            Self::Decimal { builder, .. } => builder.append_null(),
            Self::Text(builder) => builder.append_null(),
            Self::Choice(builder) => builder.append_null(),
        }
    }

    /// Returns the values, and begins again with room for as many.
    pub(crate) fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Boolean(builder) => renew(builder, BooleanBuilder::with_capacity),
            Self::Integer(builder) => renew(builder, Int64Builder::with_capacity),
            Self::Time(builder) => {
                renew(builder, |rows| TimestampMicrosecondBuilder::with_capacity(rows).with_timezone(UTC))
            }
            Self::Date(builder) => renew(builder, Date32Builder::with_capacity),
            Self::Duration(builder) => renew(builder, DurationMicrosecondBuilder::with_capacity),
            Self::Decimal { builder, precision, scale } => {
                let kind = ValueType::Decimal { precision: *precision, scale: *scale }.data_type();
                renew(builder, |rows| Decimal128Builder::with_capacity(rows).with_data_type(kind))
            }
            Self::Text(builder) => finish_text(builder),
            Self::Choice(builder) => ArrayBuilder::finish(builder),
        }
    }
}

fn renew<B: ArrayBuilder>(builder: &mut B, new: impl FnOnce(usize) -> B) -> ArrayRef {
    let next = new(builder.len());
    std::mem::replace(builder, next).finish()
}

/// Returns the texts, and begins again with room for as many.
pub(crate) fn finish_text(builder: &mut StringBuilder) -> ArrayRef {
    let bytes = builder.values_slice().len();
    renew(builder, |rows| StringBuilder::with_capacity(rows, bytes))
}

impl fmt::Debug for ColumnBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, length) = match self {
            Self::Boolean(builder) => ("Boolean", builder.len()),
            Self::Integer(builder) => ("Integer", builder.len()),
            Self::Time(builder) => ("Time", builder.len()),
            Self::Date(builder) => ("Date", builder.len()),
            Self::Duration(builder) => ("Duration", builder.len()),
            Self::Decimal { builder, .. } => ("Decimal", builder.len()),
            Self::Text(builder) => ("Text", builder.len()),
            Self::Choice(builder) => ("Choice", builder.len()),
        };
        write!(f, "{name}({length} values)")
    }
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// The microseconds since the start of 1970. A duration is stored as such a time, too.
fn microseconds(text: &str) -> Option<i64> {
    text.parse::<DateTime>().ok()?.unix().checked_mul(MICROSECONDS)
}

fn no_decimal(field: Field<'_>, precision: u8, scale: u8) -> Error {
    let why = format!(
        "is not a decimal number of at most {precision} digits, of which at most {scale} are after the point"
    );
    unfit(field, &why)
}

/// The error that a value does not fit, with the name of its field and without the value.
fn unfit(field: Field<'_>, why: &str) -> Error {
    let length = field.json().len();
    let why = format!("the field {:?}: a value of {length} bytes {why}", field.name());
    Error::new(ErrorKind::Decode, why)
        .with_advice("set Invalid::Null to make such values null and count them")
}
