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
use snow_client::{Error, ErrorKind};
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
    pub(crate) fn push(&mut self, field: Field<'_>) -> Result<(), Error> {
        match self {
            Self::Boolean(builder) => builder.append_value(field.boolean()?),
            Self::Integer(builder) => builder.append_value(field.integer()?),
            Self::Time(builder) => builder.append_value(microseconds(field.date_time()?.unix(), field)?),
            Self::Date(builder) => builder.append_value(field.date()?.days_since_1970()),
            Self::Duration(builder) => builder.append_value(microseconds(field.duration_seconds()?, field)?),
            Self::Decimal { builder, precision, scale } => {
                builder.append_value(read_decimal(field, *precision, *scale)?);
            }
            Self::Text(builder) => builder.append_value(field.stored_value()?),
            Self::Choice(builder) => {
                let text = field.stored_value()?;
                builder
                    .append(text)
                    .map_err(|error| unfit(field, "is one of too many choices").with_source(error))?;
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

    pub(crate) fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Boolean(builder) => ArrayBuilder::finish(builder),
            Self::Integer(builder) => ArrayBuilder::finish(builder),
            Self::Time(builder) => ArrayBuilder::finish(builder),
            Self::Date(builder) => ArrayBuilder::finish(builder),
            Self::Duration(builder) => ArrayBuilder::finish(builder),
            Self::Decimal { builder, .. } => ArrayBuilder::finish(builder),
            Self::Text(builder) => ArrayBuilder::finish(builder),
            Self::Choice(builder) => ArrayBuilder::finish(builder),
        }
    }
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

fn microseconds(seconds: i64, field: Field<'_>) -> Result<i64, Error> {
    seconds.checked_mul(MICROSECONDS).ok_or_else(|| unfit(field, "is too far from 1970"))
}

fn read_decimal(field: Field<'_>, precision: u8, scale: u8) -> Result<i128, Error> {
    let text = field.stored_value()?;
    decimal::parse(&text, precision, scale).ok_or_else(|| {
        let why = format!(
            "is not a decimal number of at most {precision} digits, of which at most {scale} are after the point"
        );
        unfit(field, &why)
    })
}

/// The error that a value does not fit, with the name of its field and without the value.
fn unfit(field: Field<'_>, why: &str) -> Error {
    let length = field.json().len();
    Error::new(ErrorKind::Decode, format!("the field {:?}: a value of {length} bytes {why}", field.name()))
}
