//! What is made of many values: all of it is text, averages with four decimals (facts 6).

use crate::clock::stamp;
use crate::data::{ColumnType, Database, Row, parse_stamp};
use crate::query::{Path, by_type};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Count,
    Sum,
    Avg,
    Min,
    Max,
}

impl Function {
    pub(super) fn parse(word: &str) -> Option<Self> {
        let all = [Self::Count, Self::Sum, Self::Avg, Self::Min, Self::Max];
        all.into_iter().find(|function| function.name().eq_ignore_ascii_case(word))
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Sum => "sum",
            Self::Avg => "avg",
            Self::Min => "min",
            Self::Max => "max",
        }
    }

    /// As the service writes it; `None` where it makes no sense, "" where there is no value.
    pub(super) fn text(self, database: &Database, path: &Path, rows: &[&Row]) -> Option<String> {
        let kind = database.kind_at(path)?;
        if matches!(self, Self::Min | Self::Max) {
            return Some(self.extreme(database, path, rows).unwrap_or_default().to_owned());
        }
        if matches!(kind, ColumnType::Date | ColumnType::DateTime) && self != Self::Count {
            return None;
        }
        let Some(number) = self.number(database, path, rows) else { return Some(String::new()) };
        Some(match (self, kind) {
            (Self::Sum | Self::Avg, ColumnType::Duration) => duration(number),
            (Self::Avg, _) => format!("{number:.4}"),
            _ => number.to_string(),
        })
    }

    /// The same as a number, for comparing; a time counts in seconds.
    pub(super) fn number(self, database: &Database, path: &Path, rows: &[&Row]) -> Option<f64> {
        let kind = database.kind_at(path)?;
        if matches!(self, Self::Min | Self::Max) {
            return number(kind, self.extreme(database, path, rows)?);
        }
        if self == Self::Count {
            let filled = rows.iter().filter(|row| !database.at(row, path).is_empty()).count();
            return u32::try_from(filled).ok().map(f64::from);
        }
        let values: Vec<f64> = rows.iter().filter_map(|row| number(kind, database.at(row, path))).collect();
        let sum = (!values.is_empty()).then(|| values.iter().sum::<f64>())?;
        match self {
            Self::Avg => Some(sum / f64::from(u32::try_from(values.len()).ok()?)),
            _ => Some(sum),
        }
    }

    /// The least or the greatest value that is there.
    fn extreme<'a>(self, database: &'a Database, path: &Path, rows: &[&'a Row]) -> Option<&'a str> {
        let values = rows.iter().map(|row| database.at(row, path)).filter(|value| !value.is_empty());
        match self {
            Self::Min => values.min_by(|a, b| by_type(database, path, a, b)),
            _ => values.max_by(|a, b| by_type(database, path, a, b)),
        }
    }
}

fn number(kind: &ColumnType, stored: &str) -> Option<f64> {
    match kind {
        ColumnType::Duration | ColumnType::DateTime | ColumnType::Date => {
            i32::try_from(parse_stamp(stored)?.as_second()).ok().map(f64::from)
        }
        _ => stored.parse().ok(),
    }
}

/// Seconds as durations are stored: an offset from 1970 (facts 1.6).
#[expect(clippy::cast_possible_truncation, reason = "what is past the end of time is cut off at its end")]
fn duration(seconds: f64) -> String {
    stamp(jiff::Timestamp::from_second(seconds.round() as i64).unwrap_or(jiff::Timestamp::MAX))
}
