//! How the service compares the values of a column.

use datafusion::arrow::datatypes::{DataType, Field, TimeUnit};

/// How the service compares the values of a column: by its type in Arrow and in the dictionary. A column of any other type is not
/// compared by the service, because it is not proven how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ColumnKind {
    Boolean,
    Integer,
    Decimal,
    /// Seconds in UTC.
    DateTime,
    Date,
    /// A `sys_id`, of the record itself or of another one.
    Key,
    Text,
}

impl ColumnKind {
    pub(crate) fn of(field: &Field) -> Option<Self> {
        let kind = field.metadata().get(snow_arrow::TYPE_KEY)?;
        match (field.data_type(), kind.as_str()) {
            (DataType::Boolean, "boolean") => Some(Self::Boolean),
            (DataType::Int64, "integer" | "longint" | "long") => Some(Self::Integer),
            (DataType::Decimal128(..), "decimal" | "float" | "percent_complete") => Some(Self::Decimal),
            (DataType::Timestamp(TimeUnit::Microsecond, Some(_)), "glide_date_time") => Some(Self::DateTime),
            (DataType::Date32, "glide_date") => Some(Self::Date),
            (DataType::Utf8, "GUID" | "reference") => Some(Self::Key),
            (DataType::Utf8, "string" | "email" | "url") => {
                Some(if field.name() == "sys_id" { Self::Key } else { Self::Text })
            }
            _ => None,
        }
    }

    /// Returns whether equal values are equal texts for the service too, so that it groups records as SQL does.
    pub(crate) fn groups_like_sql(self) -> bool {
        matches!(self, Self::Boolean | Self::Integer | Self::DateTime | Self::Date | Self::Key)
    }

    /// Returns whether the service finds the same smallest and greatest value as SQL.
    pub(crate) fn orders_like_sql(self) -> bool {
        matches!(self, Self::Integer | Self::DateTime | Self::Date)
    }
}
