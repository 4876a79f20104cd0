//! Dates and times of the crate time (feature `time`).
//!
//! ```
//! use serde::{Deserialize, Serialize};
//! use snow_client::{DateTime, field, datetime::time as snow_time};
//!
//! #[derive(Deserialize, Serialize)]
//! struct Incident {
//!     #[serde(with = "snow_time::date_time")]
//!     opened_at: time::OffsetDateTime,
//!     #[serde(with = "snow_time::date::option")]
//!     due: Option<time::Date>,
//! }
//!
//! let stored = r#"{"opened_at":"2026-06-26 09:30:00","due":"2026-07-01"}"#;
//! let incident: Incident = serde_json::from_str(stored)?;
//! assert_eq!(incident.opened_at.unix_timestamp(), 1_782_466_200);
//! assert_eq!(serde_json::to_string(&incident)?, stored);
//! assert_eq!(DateTime::from(incident.opened_at).to_string(), "2026-06-26 09:30:00");
//! assert_eq!(field("opened_at").gt(incident.opened_at).encode()?, "opened_at>2026-06-26 09:30:00");
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```

use super::serde_with::serde_with;
use super::{Date, DateTime};
use crate::{Error, ErrorKind};
use ::time::{Month, OffsetDateTime, UtcDateTime};

serde_with! {
    /// Fields of the type [`OffsetDateTime`], in UTC.
    date_time: crate::DateTime, ::time::OffsetDateTime
}

serde_with! {
    /// Fields of the type [`UtcDateTime`].
    utc_date_time: crate::DateTime, ::time::UtcDateTime
}

serde_with! {
    /// Fields of the type [`time::Date`].
    date: crate::Date, ::time::Date
}

impl From<OffsetDateTime> for DateTime {
    /// Truncates fractions of a second.
    fn from(time: OffsetDateTime) -> Self {
        Self::from_unix(time.unix_timestamp())
    }
}

impl From<UtcDateTime> for DateTime {
    /// Truncates fractions of a second.
    fn from(time: UtcDateTime) -> Self {
        Self::from_unix(time.unix_timestamp())
    }
}

impl TryFrom<DateTime> for OffsetDateTime {
    type Error = Error;

    /// Converts to the same time in UTC.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] outside the years -9999 to 9999.
    fn try_from(time: DateTime) -> Result<Self, Error> {
        Self::from_unix_timestamp(time.unix()).map_err(|_| time.out_of_range("time::OffsetDateTime"))
    }
}

impl TryFrom<DateTime> for UtcDateTime {
    type Error = Error;

    /// Converts to the same time of the crate time.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] outside the years -9999 to 9999.
    fn try_from(time: DateTime) -> Result<Self, Error> {
        Self::from_unix_timestamp(time.unix()).map_err(|_| time.out_of_range("time::UtcDateTime"))
    }
}

impl TryFrom<::time::Date> for Date {
    type Error = Error;

    /// Converts from the same day of the crate time.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] outside the years 1 to 9999.
    fn try_from(date: ::time::Date) -> Result<Self, Error> {
        Self::new(u16::try_from(date.year()).unwrap_or_default(), date.month().into(), date.day())
    }
}

impl TryFrom<Date> for ::time::Date {
    type Error = Error;

    /// Converts to the same day of the crate time.
    ///
    /// # Errors
    ///
    /// None in practice: time knows every day of the years 1 to 9999.
    fn try_from(date: Date) -> Result<Self, Error> {
        let month = Month::try_from(date.month());
        let found = month.and_then(|month| Self::from_calendar_date(date.year().into(), month, date.day()));
        found.map_err(|_| {
            Error::new(ErrorKind::InvalidInput, format!("{date} is outside of the range of time's dates"))
        })
    }
}
