//! Date-times as the service stores and shows them (facts 1.6).

use crate::clock::stamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};
use std::sync::Arc;

const STORED: &str = "%Y-%m-%d %H:%M:%S";

/// The zone and the date format of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Locale {
    pub(crate) zone: TimeZone,
    /// In strftime's words.
    pub(crate) date: Arc<str>,
}

impl Default for Locale {
    fn default() -> Self {
        Self { zone: TimeZone::UTC, date: "%Y-%m-%d".into() }
    }
}

impl Locale {
    /// A stored date-time as this user sees it.
    pub(crate) fn show(&self, stored: &str) -> String {
        match parse_stamp(stored) {
            Some(time) => time
                .to_zoned_datetime(self.zone.clone())
                .strftime(&format!("{} %H:%M:%S", self.date))
                .to_string(),
            None => stored.to_owned(),
        }
    }

    /// A date as this user sees it. A date has no zone.
    pub(crate) fn show_date(&self, stored: &str) -> String {
        match stored.parse::<jiff::civil::Date>() {
            Ok(date) => date.strftime(&*self.date).to_string(),
            Err(_) => stored.to_owned(),
        }
    }

    /// What this user writes as a date-time, as it is stored.
    pub(crate) fn read(&self, shown: &str) -> Option<String> {
        let civil = DateTime::strptime(format!("{} %H:%M:%S", self.date), shown)
            .or_else(|_| DateTime::strptime(STORED, shown));
        Some(stamp(civil.ok()?.to_zoned_datetime(self.zone.clone()).ok()?.timestamp()))
    }

    /// What this user writes as a date, as it is stored.
    pub(crate) fn read_date(&self, shown: &str) -> Option<String> {
        let date = jiff::civil::Date::strptime(&*self.date, shown).ok()?;
        Some(date.strftime("%Y-%m-%d").to_string())
    }

    pub(crate) fn now(&self, now: Timestamp) -> ZonedDateTime {
        now.to_zoned_datetime(self.zone.clone())
    }
}

/// A stored date-time; a date alone is its midnight (facts 2.6).
pub(crate) fn parse_stamp(text: &str) -> Option<Timestamp> {
    let text = if text.len() == 10 { format!("{text} 00:00:00") } else { text.to_owned() };
    DateTime::strptime(STORED, text)
        .ok()?
        .to_zoned_datetime(TimeZone::UTC)
        .ok()
        .map(|zoned| zoned.timestamp())
}

/// What is written to a date-time column, as it is kept: a date alone is its midnight, and a `T` between date and time a blank
/// (facts 13.1). What a test brings in another form stays as it came; what a client sends has been read before (`accepted`).
pub(crate) fn normal_form(given: &str) -> String {
    let (Some(date), Some(rest)) = (given.get(..10), given.get(10..)) else { return given.to_owned() };
    match date.parse::<jiff::civil::Date>() {
        Ok(_) if rest.is_empty() => format!("{date} 00:00:00"),
        Ok(_) if rest.starts_with('T') => format!("{date} {}", &rest[1..]),
        _ => given.to_owned(),
    }
}

/// `2 Days 3 Hours`: how a stored duration is shown.
pub(crate) fn duration_words(stored: &str) -> String {
    let Some(seconds) = parse_stamp(stored).map(|time| time.as_second()) else { return stored.to_owned() };
    let units = [
        ("Day", seconds / 86_400),
        ("Hour", seconds / 3_600 % 24),
        ("Minute", seconds / 60 % 60),
        ("Second", seconds % 60),
    ];
    let words: Vec<String> = units
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(unit, count)| format!("{count} {unit}{}", if count == 1 { "" } else { "s" }))
        .collect();
    if words.is_empty() { "0 Seconds".into() } else { words.join(" ") }
}
