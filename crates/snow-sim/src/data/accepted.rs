//! What a column of dates, booleans or numbers makes of what a client writes to it, garbage included (facts 1.7).

use super::ColumnType;
use crate::clock::stamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// Returns what is stored; `None` if the column keeps what it has.
pub(super) fn accepted(kind: &ColumnType, given: &str) -> Option<String> {
    let text = given.trim();
    match kind {
        _ if text.is_empty() => Some(given.to_owned()),
        ColumnType::Boolean => truth(text).map(str::to_owned),
        ColumnType::Integer => text.parse::<i64>().ok().map(|number| number.to_string()),
        ColumnType::Decimal => {
            let is_plain = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-'));
            (is_plain && text.parse::<f64>().is_ok()).then(|| text.to_owned())
        }
        // What is no date at all empties the column: see `Guess::WrongDate`.
        ColumnType::DateTime => Some(lenient(text).map(stamp).unwrap_or_default()),
        ColumnType::Date => {
            let date = lenient(text).map(|time| time.to_zoned_datetime(TimeZone::UTC).date());
            Some(date.map(|date| date.to_string()).unwrap_or_default())
        }
        _ => Some(given.to_owned()),
    }
}

/// For the numbers see `Guess::BooleanNumber`.
fn truth(text: &str) -> Option<&'static str> {
    match text {
        "1" => Some("true"),
        "0" => Some("false"),
        _ if text.eq_ignore_ascii_case("true") => Some("true"),
        _ if text.eq_ignore_ascii_case("false") => Some("false"),
        _ => None,
    }
}

/// A time as a lenient reader takes it, which is how a wrong one comes to be stored (`Guess::WrongDate`): a day that a month does not
/// have goes on into the next month, what follows the seconds is not read, and an incomplete time of day is midnight.
fn lenient(text: &str) -> Option<Timestamp> {
    let (date, rest) = text.split_at_checked(text.find(['T', ' ']).unwrap_or(text.len()))?;
    let mut parts = date.split('-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    if parts.next().is_some() || !(1..=9_999).contains(&year) {
        return None;
    }
    let start = Date::new(i16::try_from(year).ok()?, 1, 1).ok()?;
    let months = Span::new().try_months(month.checked_sub(1)?).ok()?;
    let days = Span::new().try_days(day.checked_sub(1)?).ok()?;
    let date: DateTime = start.checked_add(months).ok()?.checked_add(days).ok()?.into();
    let seconds = seconds_of_day(rest.get(1..).unwrap_or_default()).unwrap_or_default();
    let time = date.checked_add(Span::new().try_seconds(seconds).ok()?).ok()?;
    time.to_zoned_datetime(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

/// `12:30:05`, with anything behind it.
fn seconds_of_day(text: &str) -> Option<i64> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == ':')).unwrap_or(text.len());
    let mut parts = text[..end].split(':').map(|part| part.parse::<i64>().ok());
    let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
    hours.checked_mul(3_600)?.checked_add(minutes.checked_mul(60)?)?.checked_add(seconds)
}
