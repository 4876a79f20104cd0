//! The names of parameters.

/// The documented parameters (facts 1.2), as each pair begins.
pub(super) const DOCUMENTED: [&str; 14] = [
    "&sysparm_query=",
    "&sysparm_fields=",
    "&sysparm_limit=",
    "&sysparm_offset=",
    "&sysparm_display_value=",
    "&sysparm_exclude_reference_link=",
    "&sysparm_suppress_pagination_header=",
    "&sysparm_no_count=",
    "&sysparm_view=",
    "&sysparm_query_category=",
    "&sysparm_query_no_domain=",
    "&sysparm_input_display_value=",
    "&sysparm_suppress_auto_sys_field=",
    "&sysparm_tiny=",
];

/// A parameter: a documented one by its place in the list, or any other by its encoded name.
#[derive(Clone, Copy)]
pub(super) enum ParamName<'n> {
    Documented(u8),
    Other(&'n str),
}

impl<'n> ParamName<'n> {
    pub(super) const QUERY: Self = Self::Documented(0);
    pub(super) const FIELDS: Self = Self::Documented(1);
    pub(super) const LIMIT: Self = Self::Documented(2);
    pub(super) const OFFSET: Self = Self::Documented(3);
    pub(super) const DISPLAY_VALUE: Self = Self::Documented(4);
    pub(super) const EXCLUDE_REFERENCE_LINK: Self = Self::Documented(5);
    pub(super) const SUPPRESS_PAGINATION_HEADER: Self = Self::Documented(6);
    pub(super) const NO_COUNT: Self = Self::Documented(7);
    pub(super) const VIEW: Self = Self::Documented(8);
    pub(super) const QUERY_CATEGORY: Self = Self::Documented(9);
    pub(super) const QUERY_NO_DOMAIN: Self = Self::Documented(10);
    pub(super) const INPUT_DISPLAY_VALUE: Self = Self::Documented(11);
    pub(super) const SUPPRESS_AUTO_SYS_FIELD: Self = Self::Documented(12);
    pub(super) const TINY: Self = Self::Documented(13);

    pub(super) fn of(encoded: &'n str) -> Self {
        let mut known = (0..).zip(DOCUMENTED).map(|(at, _)| Self::Documented(at));
        known.find(|name| name.as_str() == encoded).unwrap_or(Self::Other(encoded))
    }

    pub(super) fn as_str(self) -> &'n str {
        match self {
            Self::Documented(at) => DOCUMENTED[usize::from(at)].trim_matches(['&', '=']),
            Self::Other(name) => name,
        }
    }

    /// Returns its bit in the set of a [`Params`](super::Params).
    #[inline]
    pub(super) const fn bit(self) -> u32 {
        match self {
            Self::Documented(at) => 1 << at,
            Self::Other(_) => 1 << 31,
        }
    }
}
