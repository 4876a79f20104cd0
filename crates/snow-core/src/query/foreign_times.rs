//! Dates and times of other crates as values of queries.

use super::value::Value;
use crate::{Date, DateTime};

#[cfg(feature = "chrono")]
impl<Z: ::chrono::TimeZone> From<::chrono::DateTime<Z>> for Value<'_> {
    fn from(time: ::chrono::DateTime<Z>) -> Self {
        DateTime::from(time).into()
    }
}

#[cfg(feature = "chrono")]
impl From<::chrono::NaiveDate> for Value<'_> {
    /// Converts the value. A day outside the years 1 to 9999 is refused when the query is used.
    fn from(date: ::chrono::NaiveDate) -> Self {
        Date::try_from(date)
            .map_or_else(|_| DateTime::from(date.and_time(::chrono::NaiveTime::MIN)).into(), Into::into)
    }
}

#[cfg(feature = "jiff")]
impl From<::jiff::Timestamp> for Value<'_> {
    fn from(time: ::jiff::Timestamp) -> Self {
        DateTime::from(time).into()
    }
}

#[cfg(feature = "jiff")]
impl From<&::jiff::ZonedDateTime> for Value<'_> {
    fn from(time: &::jiff::ZonedDateTime) -> Self {
        DateTime::from(time).into()
    }
}

#[cfg(feature = "jiff")]
impl From<::jiff::civil::Date> for Value<'_> {
    /// Converts the value. A day outside the years 1 to 9999 is refused when the query is used.
    fn from(date: ::jiff::civil::Date) -> Self {
        Date::try_from(date).map_or_else(|_| DateTime::from_unix(i64::MAX).into(), Into::into)
    }
}

#[cfg(feature = "time")]
impl From<::time::OffsetDateTime> for Value<'_> {
    fn from(time: ::time::OffsetDateTime) -> Self {
        DateTime::from(time).into()
    }
}

#[cfg(feature = "time")]
impl From<::time::UtcDateTime> for Value<'_> {
    fn from(time: ::time::UtcDateTime) -> Self {
        DateTime::from(time).into()
    }
}

#[cfg(feature = "time")]
impl From<::time::Date> for Value<'_> {
    /// Converts the value. A day outside the years 1 to 9999 is refused when the query is used.
    fn from(date: ::time::Date) -> Self {
        let midnight = || DateTime::from(date.with_time(::time::Time::MIDNIGHT).assume_utc());
        Date::try_from(date).map_or_else(|_| midnight().into(), Into::into)
    }
}
