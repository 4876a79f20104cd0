//! Times relative to now, and named ranges.

/// A unit of time in a query ([facts 2.1]).
///
/// [facts 2.1]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#21-operators
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unit {
    /// Minutes.
    Minute,
    /// Hours.
    Hour,
    /// Days.
    Day,
    /// Weeks: only between two fields.
    Week,
    /// Months: only relative to now.
    Month,
    /// Quarters: only relative to now.
    Quarter,
    /// Years: only relative to now.
    Year,
}

impl Unit {
    const ALL: [Self; 7] =
        [Self::Minute, Self::Hour, Self::Day, Self::Week, Self::Month, Self::Quarter, Self::Year];

    /// Returns its word after `RELATIVE…@`.
    pub(super) const fn relative(self) -> Option<&'static str> {
        Some(match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "dayofweek",
            Self::Week => return None,
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        })
    }

    /// Returns its word between two fields.
    pub(super) const fn between_fields(self) -> Option<&'static str> {
        Some(match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            _ => return None,
        })
    }

    pub(super) fn of(text: &str, word: fn(Self) -> Option<&'static str>) -> Option<Self> {
        Self::ALL.into_iter().find(|unit| word(*unit) == Some(text))
    }
}

/// Before or after, see [`FieldPath::more_than`](super::FieldPath::more_than).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Side {
    Before,
    After,
}

/// A time relative to now, by the service's clock: a value for [`gt`](super::FieldPath::gt) and the other comparisons.
///
/// ```
/// use snow_client::{field, query::{Relative, Unit}};
///
/// let query = field("sys_updated_on").gt(Relative::ago(2, Unit::Hour)).and(field("due_date").le(Relative::ahead(3, Unit::Day)));
/// assert_eq!(query.encode()?, "sys_updated_onRELATIVEGT@hour@ago@2^due_dateRELATIVELE@dayofweek@ahead@3");
/// # Ok::<_, snow_core::Error>(())
/// ```
///
/// `RELATIVEGT` and `RELATIVELT` by the hour are documented; other units and words are inferred from what instances accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Relative {
    pub(super) count: u32,
    pub(super) unit: Unit,
    pub(super) ahead: bool,
}

impl Relative {
    /// Creates the time `count` units before now.
    pub const fn ago(count: u32, unit: Unit) -> Self {
        Self { count, unit, ahead: false }
    }

    /// Creates the time `count` units after now.
    pub const fn ahead(count: u32, unit: Unit) -> Self {
        Self { count, unit, ahead: true }
    }
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "everybody knows them")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// Returns the text after `DATEPART`.
macro_rules! weekday {
    ($day:literal, $word:literal) => {
        concat!($day, "@javascript:gs.datePart('dayofweek','", $word, "','EE')")
    };
}

impl Weekday {
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Monday => weekday!("Monday", "monday"),
            Self::Tuesday => weekday!("Tuesday", "tuesday"),
            Self::Wednesday => weekday!("Wednesday", "wednesday"),
            Self::Thursday => weekday!("Thursday", "thursday"),
            Self::Friday => weekday!("Friday", "friday"),
            Self::Saturday => weekday!("Saturday", "saturday"),
            Self::Sunday => weekday!("Sunday", "sunday"),
        }
    }
}

/// The named ranges: their names here, in the list view, and in the service's functions.
macro_rules! ranges {
    ($($(#[$doc:meta])* $name:ident, $label:literal, $suffix:literal;)*) => {
        /// A named range of the list view, for [`on`](super::FieldPath::on). It begins and ends in the user's time zone.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        #[expect(missing_docs, reason = "the names say it, in the words of the list view")]
        pub enum DateRange {
            $($(#[$doc])* $name,)*
        }

        impl DateRange {
            /// All ranges.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Returns the text after `ON`.
            pub(super) const fn text(self) -> &'static str {
                match self {
                    $(Self::$name => concat!(
                        $label, "@javascript:gs.beginningOf", $suffix, "()@javascript:gs.endOf", $suffix, "()"
                    ),)*
                }
            }
        }
    };
}

ranges! {
    Today, "Today", "Today";
    Yesterday, "Yesterday", "Yesterday";
    Tomorrow, "Tomorrow", "Tomorrow";
    ThisWeek, "This week", "ThisWeek";
    LastWeek, "Last week", "LastWeek";
    NextWeek, "Next week", "NextWeek";
    ThisMonth, "This month", "ThisMonth";
    LastMonth, "Last month", "LastMonth";
    NextMonth, "Next month", "NextMonth";
    Last3Months, "Last 3 months", "Last3Months";
    Last6Months, "Last 6 months", "Last6Months";
    Last9Months, "Last 9 months", "Last9Months";
    Last12Months, "Last 12 months", "Last12Months";
    ThisQuarter, "This quarter", "ThisQuarter";
    LastQuarter, "Last quarter", "LastQuarter";
    Last2Quarters, "Last 2 quarters", "Last2Quarters";
    NextQuarter, "Next quarter", "NextQuarter";
    Next2Quarters, "Next 2 quarters", "Next2Quarters";
    ThisYear, "This year", "ThisYear";
    LastYear, "Last year", "LastYear";
    NextYear, "Next year", "NextYear";
    Last2Years, "Last 2 years", "Last2Years";
    Last7Days, "Last 7 days", "Last7Days";
    Last30Days, "Last 30 days", "Last30Days";
    Last60Days, "Last 60 days", "Last60Days";
    Last90Days, "Last 90 days", "Last90Days";
    Last120Days, "Last 120 days", "Last120Days";
    CurrentHour, "Current hour", "CurrentHour";
    LastHour, "Last hour", "LastHour";
    Last2Hours, "Last 2 hours", "Last2Hours";
    CurrentMinute, "Current minute", "CurrentMinute";
    LastMinute, "Last minute", "LastMinute";
    Last15Minutes, "Last 15 minutes", "Last15Minutes";
    Last30Minutes, "Last 30 minutes", "Last30Minutes";
    Last45Minutes, "Last 45 minutes", "Last45Minutes";
    OneYearAgo, "One year ago", "OneYearAgo";
}
