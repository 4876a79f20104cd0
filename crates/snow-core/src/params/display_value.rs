//! The form of values in responses.

/// The form of a record's values: stored values, display values, or both (`sysparm_display_value`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DisplayValue {
    /// Stored values: choice values, sys_ids, UTC times.
    #[default]
    Stored,
    /// Labels and names; times in the caller's zone and format, which cannot be read back in general.
    Display,
    /// Both.
    All,
}
