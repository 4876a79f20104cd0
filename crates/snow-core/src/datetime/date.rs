//! A day of the calendar.

use super::text::{numbers, unreadable};
use super::{DAY, DateTime};
use crate::from_text::from_text;
use crate::{Error, ErrorKind};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr};

/// A day of the calendar, `2026-06-26`.
///
/// ```
/// use snow_core::Date;
///
/// let day = Date::new(2026, 6, 26)?;
/// assert_eq!(day.to_string(), "2026-06-26");
/// assert_eq!("2026-06-26".parse::<Date>()?, day);
/// assert!(Date::new(2026, 2, 30).is_err());
/// # Ok::<_, snow_core::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// Creates a day of the years 1 to 9999.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for a day that does not exist.
    pub fn new(year: u16, month: u8, day: u8) -> Result<Self, Error> {
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            2 => 28 + u8::from(leap),
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => 0,
        };
        if !(1..=9999).contains(&year) || day == 0 || day > days {
            let why = format!("{year:04}-{month:02}-{day:02} is not a day of the years 1 to 9999");
            return Err(Error::new(ErrorKind::InvalidInput, why));
        }
        Ok(Self { year, month, day })
    }

    /// Creates a time of this day, in UTC.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] beyond 23:59:59.
    pub fn at(self, hour: u8, minute: u8, second: u8) -> Result<DateTime, Error> {
        if hour > 23 || minute > 59 || second > 59 {
            let why = format!("{hour:02}:{minute:02}:{second:02} is not a time of day");
            return Err(Error::new(ErrorKind::InvalidInput, why));
        }
        let time = i64::from(hour) * 3_600 + i64::from(minute) * 60 + i64::from(second);
        Ok(DateTime::from_unix(self.days_since_1970() * DAY + time))
    }

    /// Returns the year, from 1 to 9999.
    pub const fn year(self) -> u16 {
        self.year
    }

    /// Returns the month, from 1 to 12.
    pub const fn month(self) -> u8 {
        self.month
    }

    /// Returns the day of the month, from 1 to 31.
    pub const fn day(self) -> u8 {
        self.day
    }

    /// Counts from 1 March of the year 0, so that a leap day is the last of its year.
    pub(super) fn days_since_1970(self) -> i64 {
        let (year, month) = (i64::from(self.year), i64::from(self.month));
        let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
        let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
        year * 365 + leap_days + (month * 153 + 2) / 5 + i64::from(self.day) - 1 - 719_468
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Date({self})")
    }
}

impl FromStr for Date {
    type Err = Error;

    /// Reads `2026-06-26`.
    fn from_str(text: &str) -> Result<Self, Error> {
        let numbers = numbers(text, "0000-00-00");
        let [year, month, day] = numbers[..] else { return Err(unreadable(text, "Date", "2026-06-26")) };
        match (u8::try_from(month), u8::try_from(day)) {
            (Ok(month), Ok(day)) => Self::new(year, month, day),
            _ => Err(unreadable(text, "Date", "2026-06-26")),
        }
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer)
    }
}
