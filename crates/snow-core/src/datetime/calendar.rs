//! A day of the calendar, and a moment in UTC. Each leads to the other.

use super::text::{numbers, unreadable};
use crate::from_text::from_text;
use crate::{Clock, Error, ErrorKind};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::ops::{Add, Sub};
use std::time::{Duration, SystemTime};
use std::{fmt, str::FromStr};

/// Seconds of a day.
const DAY: i64 = 86_400;

/// A day of the calendar, `2026-06-26`.
///
/// ```
/// use snow_client::Date;
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
            let why = format!("{year:04}-{month:02}-{day:02} is not a date in the years 1 to 9999");
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
        Ok(DateTime::from_unix(i64::from(self.days_since_1970()) * DAY + time))
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

    /// Returns the number of days since 1 January 1970; it is negative for earlier days.
    ///
    /// ```
    /// use snow_client::Date;
    ///
    /// assert_eq!(Date::new(1970, 1, 2)?.days_since_1970(), 1);
    /// assert_eq!(Date::new(1, 1, 1)?.days_since_1970(), -719_162);
    /// assert_eq!(Date::new(9999, 12, 31)?.days_since_1970(), 2_932_896);
    /// # Ok::<_, snow_core::Error>(())
    /// ```
    pub const fn days_since_1970(self) -> i32 {
        // Counts from 1 March of the year 0, so that a leap day is the last of its year.
        let (year, month) = (self.year as i32, self.month as i32);
        let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
        let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
        year * 365 + leap_days + (month * 153 + 2) / 5 + self.day as i32 - 1 - 719_468
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
        let Some([year, month, day]) = numbers(text, "0000-00-00") else {
            return Err(unreadable(text, "Date", "2026-06-26"));
        };
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

/// A moment in UTC, to the second, as the service stores it in a date-time field.
///
/// As a value of a query it is a literal, which the service reads as UTC whatever the user's time zone ([facts 2.6]). A client proves that
/// before its first query with a time (`ClientBuilder::prove_times` of snow-client). What the service computes
/// (`javascript:gs.dateGenerate(..)`, "today", display values) is in the time zone of the user.
///
/// [facts 2.6]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#26-dates
///
/// ```
/// use snow_client::{Date, DateTime};
/// use std::time::{Duration, UNIX_EPOCH};
///
/// let moment = Date::new(2026, 6, 26)?.at(9, 30, 0)?;
/// assert_eq!(moment.to_string(), "2026-06-26 09:30:00");
/// assert_eq!("2026-06-26 09:30:00".parse::<DateTime>()?, moment);
/// assert_eq!(DateTime::from(UNIX_EPOCH + Duration::from_millis(1_999)).to_string(), "1970-01-01 00:00:01");
/// # Ok::<_, snow_core::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DateTime {
    unix: i64,
}

impl DateTime {
    /// Creates the moment this many seconds after the start of 1970, or before it if negative.
    pub const fn from_unix(seconds: i64) -> Self {
        Self { unix: seconds }
    }

    /// Returns the seconds since the start of 1970.
    pub const fn unix(self) -> i64 {
        self.unix
    }

    /// Creates the error of a time that another type cannot hold.
    pub(super) fn out_of_range(self, name: &str) -> Error {
        Error::new(ErrorKind::InvalidInput, format!("{self} is outside of the range of {name}"))
    }

    /// Returns the day in UTC; `None` outside the years 1 to 9999.
    pub fn date(self) -> Option<Date> {
        let days = self.unix.div_euclid(DAY) + 719_468;
        let era = days.div_euclid(146_097);
        let of_era = days.rem_euclid(146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let march_month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * march_month + 2) / 5 + 1;
        let (year, month) = if march_month < 10 { (0, march_month + 3) } else { (1, march_month - 9) };
        let year = u16::try_from(year + year_of_era + era * 400).ok()?;
        Date::new(year, u8::try_from(month).ok()?, u8::try_from(day).ok()?).ok()
    }
}

impl DateTime {
    /// Returns the current time of this machine's clock, without fractions of a second.
    pub fn now() -> Self {
        Clock::new().now().into()
    }
}

impl Add<Duration> for DateTime {
    type Output = Self;

    /// Adds whole seconds; a fraction of a second is dropped. The result is at most the largest time that there is.
    fn add(self, time: Duration) -> Self {
        Self { unix: self.unix.saturating_add_unsigned(time.as_secs()) }
    }
}

impl Sub<Duration> for DateTime {
    type Output = Self;

    /// Subtracts whole seconds; a fraction of a second is dropped. The result is at least the smallest time that there is.
    fn sub(self, time: Duration) -> Self {
        Self { unix: self.unix.saturating_sub_unsigned(time.as_secs()) }
    }
}

impl TryFrom<DateTime> for SystemTime {
    type Error = Error;

    /// Converts to the same time of the operating system's clock.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] for a time that the operating system's clock cannot represent.
    fn try_from(time: DateTime) -> Result<Self, Error> {
        let span = Duration::from_secs(time.unix.unsigned_abs());
        let found = match time.unix {
            0.. => Self::UNIX_EPOCH.checked_add(span),
            _ => Self::UNIX_EPOCH.checked_sub(span),
        };
        found.ok_or_else(|| time.out_of_range("SystemTime"))
    }
}

impl From<SystemTime> for DateTime {
    /// Truncates fractions of a second.
    fn from(time: SystemTime) -> Self {
        let seconds = |span: Duration| i64::try_from(span.as_secs()).unwrap_or(i64::MAX);
        let unix = match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => seconds(after),
            Err(before) => -seconds(before.duration()) - i64::from(before.duration().subsec_nanos() > 0),
        };
        Self { unix }
    }
}

impl fmt::Display for DateTime {
    /// Writes `yyyy-MM-dd HH:mm:ss`; outside the years 1 to 9999 the seconds since 1970.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(date) = self.date() else { return write!(f, "{} s", self.unix) };
        let time = self.unix.rem_euclid(DAY);
        write!(f, "{date} {:02}:{:02}:{:02}", time / 3_600, time / 60 % 60, time % 60)
    }
}

impl fmt::Debug for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DateTime({self})")
    }
}

impl FromStr for DateTime {
    type Err = Error;

    /// Reads `2026-06-26 09:30:00`, as UTC.
    fn from_str(text: &str) -> Result<Self, Error> {
        let Some([year, rest @ ..]) = numbers::<6>(text, "0000-00-00 00:00:00") else {
            return Err(unreadable(text, "DateTime", "2026-06-26 09:30:00"));
        };
        // Numbers of two digits.
        let [month, day, hour, minute, second] = rest.map(|number| u8::try_from(number).unwrap_or(u8::MAX));
        Date::new(year, month, day)?.at(hour, minute, second)
    }
}

impl Serialize for DateTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DateTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer)
    }
}
