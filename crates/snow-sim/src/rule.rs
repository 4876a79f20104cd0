//! What users who are not administrators may not see or do (facts 1.9, 3.3).

use crate::BuildError;
use crate::data::{Database, Locale};
use crate::query::{Context, Query, Unsupported, fields_of};
use jiff::Timestamp;

/// A rule of an instance. It holds for every user without the role `admin`, but for the last two, which hold for all.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "config",
    derive(serde::Deserialize),
    serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)
)]
#[non_exhaustive]
pub enum Rule {
    /// Rows of a table that match an encoded query are hidden: missing in lists, 404 by id, counted all the same.
    HideRows {
        /// The table.
        table: String,
        /// Which rows; empty means all.
        query: String,
    },
    /// A field that may not be read: its key is missing, and a query on it is refused (or widens, by the settings).
    HideField {
        /// The table.
        table: String,
        /// The field.
        field: String,
    },
    /// A field that may not be written: given, it is ignored.
    LockField {
        /// The table.
        table: String,
        /// The field.
        field: String,
    },
    /// Writing to the table is refused with 403.
    DenyWrite {
        /// The table.
        table: String,
    },
    /// Aggregates over the table are refused with 403 ([facts 1.9], 6); without this rule they count rows that lists hide.
    ///
    /// [facts 1.9]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#19-access-control
    DenyAggregates {
        /// The table.
        table: String,
    },
    /// A business rule of this name aborts every write to the table with 403.
    Abort {
        /// The table.
        table: String,
        /// The rule's name.
        rule: String,
    },
    /// A data policy wants this field to be set, in every record that is created or changed: 403 that names its label.
    Mandatory {
        /// The table.
        table: String,
        /// The field.
        field: String,
    },
}

impl Rule {
    /// Refuses what would never apply: a table, a field or a query that the instance does not have.
    pub(crate) fn check(&self, database: &Database, now: Timestamp) -> Result<(), BuildError> {
        let wrong = |what: String| BuildError::new(format!("a rule {what}"));
        let table = self.table();
        let id = database.dictionary.table(table);
        let id = id.ok_or_else(|| wrong(format!("names the table {table:?}, which does not exist")))?;
        let unknown = |field: &str| wrong(format!("names {field:?}, which is not a field of {table:?}"));
        match self {
            Self::HideRows { query, .. } => {
                let context = Context {
                    locale: &Locale::default(),
                    now,
                    user: "",
                    database,
                    inner: false,
                    invalid_returns_nothing: true,
                    negatives_match_empty: false,
                };
                let parsed = Query::parse(query, database, id, context);
                parsed.map_err(|Unsupported(what)| {
                    wrong(format!("has {what:?} in its query: not simulated"))
                })?;
                let fields = fields_of(query);
                let bad = fields.iter().find(|field| database.walk_path(id, field).is_none());
                bad.map_or(Ok(()), |field| Err(unknown(field)))
            }
            Self::HideField { field, .. } | Self::LockField { field, .. } | Self::Mandatory { field, .. } => {
                database.dictionary.find(id, field).map(drop).ok_or_else(|| unknown(field))
            }
            Self::DenyWrite { .. } | Self::DenyAggregates { .. } | Self::Abort { .. } => Ok(()),
        }
    }

    fn table(&self) -> &str {
        match self {
            Self::HideRows { table, .. }
            | Self::HideField { table, .. }
            | Self::LockField { table, .. }
            | Self::DenyWrite { table }
            | Self::DenyAggregates { table }
            | Self::Abort { table, .. }
            | Self::Mandatory { table, .. } => table,
        }
    }
}
