//! In which form values are read.

/// What a record's values are: stored values, what a person sees, or both (`sysparm_display_value`, facts 1.6).
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
