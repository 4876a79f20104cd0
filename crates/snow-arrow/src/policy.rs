//! What becomes of fields that are missing, and of values that do not fit; which parts of a reference become columns.

use serde::{Deserialize, Serialize};

/// Which columns a reference becomes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum References {
    /// The id alone.
    #[default]
    Id,
    /// The id, and the name that users see, in a column `<field>.display_value`. The service takes longer for it.
    IdAndName,
    /// The id, the name, and the link to the record, in a column `<field>.link`.
    IdNameAndLink,
}

impl References {
    pub(crate) fn has_name(self) -> bool {
        !matches!(self, Self::Id)
    }

    pub(crate) fn has_link(self) -> bool {
        matches!(self, Self::IdNameAndLink)
    }
}

/// What becomes of a record without one of the fields: this user may not read the field, or it does not exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Missing {
    /// The conversion fails.
    #[default]
    Refuse,
    /// The value is null, and is counted: see [`ConversionReport`](crate::ConversionReport).
    Null,
}

/// What becomes of a value that does not fit the type of its column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Invalid {
    /// The conversion fails.
    #[default]
    Refuse,
    /// The value is null, and is counted: see [`ConversionReport`](crate::ConversionReport).
    Null,
}
