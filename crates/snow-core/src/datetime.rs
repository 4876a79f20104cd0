//! Dates and times as the service stores them: UTC, to the second (facts 1.6, 2.6).

use crate::from_text::from_text;
use crate::{Error, ErrorKind};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::time::{Duration, SystemTime};
use std::{fmt, str::FromStr};

const DAY: i64 = 86_400;

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
        Ok(DateTime { unix: self.days_since_1970() * DAY + time })
    }

    /// Counts from 1 March of the year 0, so that a leap day is the last of its year.
    fn days_since_1970(self) -> i64 {
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

/// A moment in UTC, to the second, as the service stores it in a date-time field.
///
/// ```
/// use snow_core::{Date, DateTime};
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

#[cfg(feature = "jiff")]
impl From<jiff::Timestamp> for DateTime {
    /// Truncates fractions of a second.
    fn from(time: jiff::Timestamp) -> Self {
        Self { unix: time.as_second() - i64::from(time.subsec_nanosecond() < 0) }
    }
}

#[cfg(feature = "jiff")]
impl TryFrom<jiff::civil::Date> for Date {
    type Error = Error;

    /// # Errors
    /// [`ErrorKind::InvalidInput`] outside the years 1 to 9999.
    fn try_from(date: jiff::civil::Date) -> Result<Self, Error> {
        let whole = |part: i8| u8::try_from(part).unwrap_or_default();
        Self::new(u16::try_from(date.year()).unwrap_or_default(), whole(date.month()), whole(date.day()))
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
        let numbers = numbers(text, "0000-00-00 00:00:00");
        let refusal = || unreadable(text, "DateTime", "2026-06-26 09:30:00");
        let [year, rest @ ..] = &numbers[..] else { return Err(refusal()) };
        let rest: Vec<u8> = rest.iter().filter_map(|number| u8::try_from(*number).ok()).collect();
        let [month, day, hour, minute, second] = rest[..] else { return Err(refusal()) };
        Date::new(*year, month, day)?.at(hour, minute, second)
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

/// Creates the error of a text that is not a `name`. Fields that have no date are empty, so that this case has its own text.
fn unreadable(text: &str, name: &str, form: &str) -> Error {
    let why = match text {
        "" => format!("it is empty: use Option<{name}>"),
        _ => format!("{text:?} is not of the form {form:?}"),
    };
    Error::new(ErrorKind::InvalidInput, why)
}

/// Returns the numbers of a text that has the same shape as `shape`; no numbers if it has not.
fn numbers(text: &str, shape: &str) -> Vec<u16> {
    let fits =
        |(found, wanted): (u8, u8)| if wanted == b'0' { found.is_ascii_digit() } else { found == wanted };
    if text.len() != shape.len() || !text.bytes().zip(shape.bytes()).all(fits) {
        return Vec::new();
    }
    text.split(['-', ' ', ':']).filter_map(|number| number.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_no_date_is_refused() {
        for bad in [
            "2026-02-29",
            "2026-13-01",
            "2026-00-10",
            "0000-01-01",
            "2026-1-1",
            "26-01-01",
            "2026-01-01 ",
            "",
        ] {
            assert_eq!(bad.parse::<Date>().unwrap_err().kind(), ErrorKind::InvalidInput, "{bad}");
        }
        for bad in ["2026-01-01", "2026-01-01 24:00:00", "2026-01-01T00:00:00", "2026-01-01 00:00:60"] {
            assert!(bad.parse::<DateTime>().is_err(), "{bad}");
        }
        let empty =
            ["".parse::<Date>().unwrap_err(), "".parse::<DateTime>().unwrap_err()].map(|e| e.to_string());
        assert_eq!(empty, ["it is empty: use Option<Date>", "it is empty: use Option<DateTime>"]);
        assert!("2024-02-29".parse::<Date>().is_ok() && "1900-02-29".parse::<Date>().is_err());
    }

    #[test]
    fn a_fraction_before_1970_is_cut_off_downwards_too() {
        let before = SystemTime::UNIX_EPOCH - Duration::from_millis(500);
        assert_eq!(DateTime::from(before).to_string(), "1969-12-31 23:59:59");
    }

    proptest! {
        /// Against a calendar of other people's making.
        #[test]
        fn days_are_those_of_the_calendar(unix in -62_135_596_800_i64..253_402_207_200) {
            let theirs = jiff::Timestamp::from_second(unix).unwrap().strftime("%Y-%m-%d %H:%M:%S").to_string();
            prop_assert_eq!(DateTime::from_unix(unix).to_string(), theirs.clone());
            prop_assert_eq!(theirs.parse::<DateTime>().unwrap().unix(), unix);
        }
    }
}
