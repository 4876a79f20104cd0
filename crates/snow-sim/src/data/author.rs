//! Who writes a record, when, and how.

use super::Locale;

/// The user that is not a record: the author of what comes with the product.
pub(super) const MAINTENANCE: &str = "glide.maint";

/// Who writes, when, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Author<'a> {
    pub(crate) user: &'a str,
    pub(crate) stamp: &'a str,
    /// Whether values are display values (`sysparm_input_display_value`).
    pub(crate) shown: Option<&'a Locale>,
    /// Whether the fields that the instance fills may be given (`sysparm_suppress_auto_sys_field`).
    pub(crate) sys_fields: bool,
    /// Whether the `sys_id` of a new record may be given (facts 13.1).
    pub(crate) names_id: bool,
    /// Whether a password is taken; one that comes over the Table API is ignored (facts 1.6).
    pub(crate) passwords: bool,
    /// Whether records come whole from elsewhere: no rule touches them.
    pub(crate) loaded: bool,
}

impl<'a> Author<'a> {
    pub(crate) fn new(user: &'a str, stamp: &'a str) -> Self {
        Self { user, stamp, shown: None, sys_fields: false, names_id: false, passwords: false, loaded: false }
    }

    /// Whether values are read as the columns' types want them; what a test brings is kept as it is.
    pub(super) fn is_client(&self) -> bool {
        self.user != MAINTENANCE
    }

    /// An author that is not a client, and may give every field.
    pub(crate) fn unrestricted(stamp: &'a str) -> Self {
        Self { sys_fields: true, passwords: true, ..Self::new(MAINTENANCE, stamp) }
    }
}
