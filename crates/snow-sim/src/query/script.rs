//! The functions that a value may call: `javascript:gs.daysAgoStart(0)` and its kind (facts 2.6). All count in the
//! caller's zone and give a time in UTC.

use super::{Context, Unsupported};
use crate::clock::stamp;
use crate::data::parse_stamp;
use jiff::civil::Weekday;
use jiff::{Span, Timestamp, Unit, ZonedDateTime, ZonedDateTimeRound};

/// A value as it stands, or what its script gives.
pub(super) fn value(text: &str, context: Context<'_>) -> Result<String, Unsupported> {
    let Some(script) = script(text) else { return Ok(text.to_owned()) };
    call(script, context).ok_or_else(|| Unsupported(format!("javascript:{script}")))
}

fn script(text: &str) -> Option<&str> {
    let (word, script) = text.trim_start().split_once(':')?;
    word.trim_end().eq_ignore_ascii_case("javascript").then(|| script.trim().trim_end_matches(';'))
}

fn call(script: &str, context: Context<'_>) -> Option<String> {
    let (name, arguments) = script.strip_prefix("gs.")?.strip_suffix(')')?.split_once('(')?;
    let arguments: Vec<&str> =
        arguments.split(',').map(|part| part.trim().trim_matches(['\'', '"'])).collect();
    let now = context.locale.now(context.now);
    match name {
        "getUserID" => return Some(context.user_id()),
        "getUserName" => return Some(context.user.to_owned()),
        "nowDateTime" | "now" => return Some(stamp(context.now)),
        "dateGenerate" => return generate(&arguments, context),
        _ => {}
    }
    let time = match name.split_once("Of") {
        Some((edge, which)) => period(&now, which, edge)?,
        None => ago(&now, name, arguments.first()?.parse().ok()?)?,
    };
    Some(stamp(time))
}

/// `gs.dateGenerate('2026-06-26','00:00:00')`, or both in one text, with `start` and `end` for the edges of the day.
fn generate(arguments: &[&str], context: Context<'_>) -> Option<String> {
    let (date, time) = match arguments {
        [both] => both.split_once(' ')?,
        [date, time] => (*date, *time),
        _ => return None,
    };
    let time = match time {
        "start" => "00:00:00",
        "end" => "23:59:59",
        time => time,
    };
    let civil = parse_stamp(&format!("{date} {time}"))?.to_zoned_datetime(jiff::tz::TimeZone::UTC).datetime();
    Some(stamp(civil.to_zoned_datetime(context.locale.zone.clone()).ok()?.timestamp()))
}

/// `beginningOfLastWeek`, `endOfToday`.
fn period(now: &ZonedDateTime, which: &str, edge: &str) -> Option<Timestamp> {
    let (shift, unit) = match which {
        "Today" => (0, "Day"),
        "Yesterday" => (-1, "Day"),
        "Tomorrow" => (1, "Day"),
        _ => {
            let shifts = [("Last", -1), ("This", 0), ("Next", 1), ("Current", 0)];
            shifts.into_iter().find_map(|(word, shift)| Some((shift, which.strip_prefix(word)?)))?
        }
    };
    let start = start_of(&now.checked_add(span(unit, shift)?).ok()?, unit)?;
    match edge {
        "beginning" => Some(start.timestamp()),
        "end" => Some(end_of(&start, unit)?),
        _ => None,
    }
}

/// `daysAgo(n)`, `daysAgoStart(n)`, `daysAgoEnd(n)`, and the same of other units.
fn ago(now: &ZonedDateTime, name: &str, count: i64) -> Option<Timestamp> {
    let (unit, edge) = name.split_once("Ago")?;
    let unit = match unit {
        "minutes" => "Minute",
        "hours" => "Hour",
        "days" => "Day",
        "weeks" => "Week",
        "months" => "Month",
        "quarters" => "Quarter",
        "years" => "Year",
        _ => return None,
    };
    let then = now.checked_add(span(unit, count.checked_neg()?)?).ok()?;
    match edge {
        "" => Some(then.timestamp()),
        "Start" => Some(start_of(&then, unit)?.timestamp()),
        "End" => end_of(&start_of(&then, unit)?, unit),
        _ => None,
    }
}

pub(super) fn span(unit: &str, count: i64) -> Option<Span> {
    let span = Span::new();
    match unit {
        "Minute" => span.try_minutes(count),
        "Hour" => span.try_hours(count),
        "Day" => span.try_days(count),
        "Week" => span.try_weeks(count),
        "Month" => span.try_months(count),
        "Quarter" => span.try_months(count.checked_mul(3)?),
        "Year" => span.try_years(count),
        _ => return None,
    }
    .ok()
}

fn start_of(time: &ZonedDateTime, unit: &str) -> Option<ZonedDateTime> {
    let floor = |unit| time.round(ZonedDateTimeRound::new().smallest(unit).mode(jiff::RoundMode::Trunc)).ok();
    let date = time.date();
    let day = match unit {
        "Minute" => return floor(Unit::Minute),
        "Hour" => return floor(Unit::Hour),
        "Day" => date,
        "Week" => date.checked_sub(Span::new().days(date.weekday().since(Weekday::Monday))).ok()?,
        "Month" => date.first_of_month(),
        "Quarter" => jiff::civil::Date::new(date.year(), (date.month() - 1) / 3 * 3 + 1, 1).ok()?,
        "Year" => date.first_of_year(),
        _ => return None,
    };
    day.to_zoned_datetime(time.time_zone().clone()).ok()
}

/// The last second of a period.
fn end_of(start: &ZonedDateTime, unit: &str) -> Option<Timestamp> {
    let next = start.checked_add(span(unit, 1)?).ok()?;
    next.timestamp().checked_sub(Span::new().seconds(1)).ok()
}
