//! Dates and times of the crate jiff (feature `jiff`).
//!
//! ```
//! use serde::{Deserialize, Serialize};
//! use snow_client::{DateTime, field, datetime::jiff as snow_jiff};
//!
//! #[derive(Deserialize, Serialize)]
//! struct Incident {
//!     #[serde(with = "snow_jiff::date_time")]
//!     opened_at: jiff::Timestamp,
//!     #[serde(with = "snow_jiff::date::option")]
//!     due: Option<jiff::civil::Date>,
//! }
//!
//! let stored = r#"{"opened_at":"2026-06-26 09:30:00","due":"2026-07-01"}"#;
//! let incident: Incident = serde_json::from_str(stored)?;
//! assert_eq!(incident.opened_at.to_string(), "2026-06-26T09:30:00Z");
//! assert_eq!(serde_json::to_string(&incident)?, stored);
//! assert_eq!(DateTime::from(incident.opened_at).to_string(), "2026-06-26 09:30:00");
//! assert_eq!(field("opened_at").gt(incident.opened_at).encode()?, "opened_at>2026-06-26 09:30:00");
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```

use super::serde_with::serde_with;
use super::{Date, DateTime};
use crate::{Error, ErrorKind};
use ::jiff::{Timestamp, ZonedDateTime, civil};

serde_with! {
    /// Fields of the type [`Timestamp`].
    date_time: crate::DateTime, ::jiff::Timestamp
}

serde_with! {
    /// Fields of the type [`civil::Date`].
    date: crate::Date, ::jiff::civil::Date
}

impl From<Timestamp> for DateTime {
    /// Truncates fractions of a second.
    fn from(time: Timestamp) -> Self {
        Self::from_unix(time.as_second() - i64::from(time.subsec_nanosecond() < 0))
    }
}

impl From<&ZonedDateTime> for DateTime {
    /// Truncates fractions of a second.
    fn from(time: &ZonedDateTime) -> Self {
        time.timestamp().into()
    }
}

impl TryFrom<DateTime> for Timestamp {
    type Error = Error;

    /// Converts to the same time of jiff.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] outside the years -9999 to 9999.
    fn try_from(time: DateTime) -> Result<Self, Error> {
        Self::from_second(time.unix()).map_err(|_| time.out_of_range("jiff::Timestamp"))
    }
}

impl TryFrom<civil::Date> for Date {
    type Error = Error;

    /// Converts from the same day of jiff.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] outside the years 1 to 9999.
    fn try_from(date: civil::Date) -> Result<Self, Error> {
        let whole = |part: i8| u8::try_from(part).unwrap_or_default();
        Self::new(u16::try_from(date.year()).unwrap_or_default(), whole(date.month()), whole(date.day()))
    }
}

impl TryFrom<Date> for civil::Date {
    type Error = Error;

    /// Converts to the same day of jiff.
    ///
    /// # Errors
    ///
    /// None in practice: jiff knows every day of the years 1 to 9999.
    fn try_from(date: Date) -> Result<Self, Error> {
        let unknown =
            || Error::new(ErrorKind::InvalidInput, format!("{date} is outside of the range of jiff's dates"));
        let year = i16::try_from(date.year()).map_err(|_| unknown())?;
        let whole = |part: u8| i8::try_from(part).unwrap_or_default();
        Self::new(year, whole(date.month()), whole(date.day())).map_err(|_| unknown())
    }
}
