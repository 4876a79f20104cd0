//! Dates and times of the crate chrono (feature `chrono`).
//!
//! ```
//! use serde::{Deserialize, Serialize};
//! use snow_client::{DateTime, field, datetime::chrono as snow_chrono};
//!
//! #[derive(Deserialize, Serialize)]
//! struct Incident {
//!     #[serde(with = "snow_chrono::date_time")]
//!     opened_at: chrono::DateTime<chrono::Utc>,
//!     #[serde(with = "snow_chrono::date_time::option")]
//!     closed_at: Option<chrono::DateTime<chrono::Utc>>,
//! }
//!
//! let stored = r#"{"opened_at":"2026-06-26 09:30:00","closed_at":null}"#;
//! let incident: Incident = serde_json::from_str(stored)?;
//! assert_eq!(incident.opened_at.to_rfc3339(), "2026-06-26T09:30:00+00:00");
//! assert_eq!(serde_json::to_string(&incident)?, stored);
//! assert_eq!(DateTime::from(incident.opened_at).to_string(), "2026-06-26 09:30:00");
//! assert_eq!(field("opened_at").gt(incident.opened_at).encode()?, "opened_at>2026-06-26 09:30:00");
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```

use super::serde_with::serde_with;
use super::{Date, DateTime};
use crate::{Error, ErrorKind};
use ::chrono::{Datelike, NaiveDate, NaiveDateTime, TimeZone, Utc};

serde_with! {
    /// Fields of the type [`chrono::DateTime<Utc>`].
    date_time: crate::DateTime, ::chrono::DateTime<::chrono::Utc>
}

serde_with! {
    /// Fields of the type [`NaiveDate`].
    date: crate::Date, ::chrono::NaiveDate
}

impl<Z: TimeZone> From<::chrono::DateTime<Z>> for DateTime {
    /// Truncates fractions of a second.
    fn from(time: ::chrono::DateTime<Z>) -> Self {
        Self::from_unix(time.timestamp())
    }
}

impl From<NaiveDateTime> for DateTime {
    /// Takes the time as UTC, and truncates fractions of a second.
    fn from(time: NaiveDateTime) -> Self {
        Self::from_unix(time.and_utc().timestamp())
    }
}

impl TryFrom<DateTime> for ::chrono::DateTime<Utc> {
    type Error = Error;

    /// Converts to the same time of chrono.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] beyond some 262,000 years.
    fn try_from(time: DateTime) -> Result<Self, Error> {
        Self::from_timestamp(time.unix(), 0).ok_or_else(|| time.out_of_range("chrono::DateTime"))
    }
}

impl TryFrom<NaiveDate> for Date {
    type Error = Error;

    /// Converts from the same day of chrono.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] outside the years 1 to 9999.
    fn try_from(date: NaiveDate) -> Result<Self, Error> {
        let whole = |part: u32| u8::try_from(part).unwrap_or_default();
        Self::new(u16::try_from(date.year()).unwrap_or_default(), whole(date.month()), whole(date.day()))
    }
}

impl TryFrom<Date> for NaiveDate {
    type Error = Error;

    /// Converts to the same day of chrono.
    ///
    /// # Errors
    ///
    /// None in practice: chrono knows every day of the years 1 to 9999.
    fn try_from(date: Date) -> Result<Self, Error> {
        let (year, month, day) = (date.year(), date.month(), date.day());
        Self::from_ymd_opt(year.into(), month.into(), day.into()).ok_or_else(|| {
            Error::new(ErrorKind::InvalidInput, format!("{date} is outside of the range of chrono's dates"))
        })
    }
}
