//! What users who are no administrators may not see or do (facts 1.9, 3.3).

/// A rule of an instance. It holds for every user without the role `admin`, but for the last two, which hold for all.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// Aggregates over the table are refused with 403 (facts 1.9, 6); without this rule they count rows that lists hide.
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
