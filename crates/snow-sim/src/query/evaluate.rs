//! Which rows a query selects, and in which order.

use super::Query;
use super::condition::{Path, Test};
use super::operator::{Operator, Side};
use crate::data::{ColumnType, Database, Locale, Row, TableId, parse_stamp};
use std::cmp::Ordering;

impl Query {
    pub(crate) fn matches(&self, database: &Database, table: TableId, row: &Row, locale: &Locale) -> bool {
        let test = |test: &Test| test.matches(database, table, row, locale);
        self.groups
            .iter()
            .any(|group| group.iter().all(|any| any.iter().any(test) || any.iter().all(Test::is_dropped)))
    }

    /// The times by which rows are sorted first, if all of them sort as texts do: and whether the latest comes first.
    pub(crate) fn times<'r>(&self, database: &'r Database, rows: &[&'r Row]) -> Option<(Vec<&'r str>, bool)> {
        let key = self.order.first()?;
        if !matches!(database.kind_at(&key.path), Some(ColumnType::DateTime)) {
            return None;
        }
        let times = rows.iter().map(|row| Some(database.at(row, &key.path)).filter(|time| is_stamp(time)));
        Some((times.collect::<Option<_>>()?, key.descending))
    }

    /// Rows by the fields of `ORDERBY`, one after the other; equal ones stay in the order of their ids.
    pub(crate) fn compare(&self, database: &Database, a: &Row, b: &Row) -> Ordering {
        self.order.iter().fold(Ordering::Equal, |order, key| {
            order.then_with(|| {
                let order = compare_by(database, &key.path, a, b);
                if key.descending { order.reverse() } else { order }
            })
        })
    }
}

/// Compares two rows by what is at the end of a walk.
pub(crate) fn compare_by(database: &Database, path: &Path, a: &Row, b: &Row) -> Ordering {
    let (a, b) = (shown(database, path, a), shown(database, path, b));
    match database.kind_at(path) {
        Some(ColumnType::Reference(_)) => compare_text(a, b),
        _ => by_type(database, path, a, b),
    }
}

/// References sort by what is shown (facts 9, unsettled).
pub(super) fn shown<'a>(database: &'a Database, path: &Path, row: &'a Row) -> &'a str {
    let stored = database.at(row, path);
    match database.kind_at(path) {
        Some(ColumnType::Reference(target)) => database.display_name(target, stored).unwrap_or(stored),
        _ => stored,
    }
}

/// Numbers by their size, keys exactly, everything else as text.
pub(crate) fn by_type(database: &Database, path: &Path, a: &str, b: &str) -> Ordering {
    match database.kind_at(path) {
        Some(ColumnType::Integer | ColumnType::Decimal) => number(a).total_cmp(&number(b)),
        _ if database.are_keys_at(path) => a.cmp(b),
        _ => compare_text(a, b),
    }
}

/// An empty value is less than any number.
fn number(text: &str) -> f64 {
    text.parse().unwrap_or(f64::NEG_INFINITY)
}

fn compare_text(a: &str, b: &str) -> Ordering {
    if a.is_ascii() && b.is_ascii() {
        return a
            .bytes()
            .map(|byte| byte.to_ascii_lowercase())
            .cmp(b.bytes().map(|byte| byte.to_ascii_lowercase()));
    }
    a.chars().flat_map(char::to_lowercase).cmp(b.chars().flat_map(char::to_lowercase))
}

fn same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b) || (!(a.is_ascii() && b.is_ascii()) && compare_text(a, b) == Ordering::Equal)
}

impl Test {
    fn is_dropped(&self) -> bool {
        matches!(self, Self::Dropped)
    }

    fn matches(&self, database: &Database, table: TableId, row: &Row, locale: &Locale) -> bool {
        match self {
            Self::Never | Self::Dropped => false,
            Self::SysId(path, bound) => bound.matches(database.at(row, path)),
            Self::Compare { path, operator, value } => compare(database, path, row, *operator, value),
            Self::Fields { path, operator, other, by_day } => {
                let (mut a, mut b) = (database.at(row, path), database.at(row, other));
                if *by_day {
                    (a, b) = (a.get(..10).unwrap_or(a), b.get(..10).unwrap_or(b));
                }
                fields(*operator, by_type(database, path, a, b), a.is_empty() || b.is_empty())
            }
            Self::Apart { path, more, other, after, seconds } => {
                let (Some(a), Some(b)) = (database.time_at(row, path), database.time_at(row, other)) else {
                    return false;
                };
                let distance = if *after { a - b } else { b - a };
                if *more { distance > *seconds } else { (0..=*seconds).contains(&distance) }
            }
            Self::Within { path, from, to, not } => {
                let stored = database.at(row, path);
                let inside = ordered(database, path, stored, from).is_some_and(Ordering::is_ge)
                    && ordered(database, path, stored, to).is_some_and(Ordering::is_le);
                !stored.is_empty() && inside != *not
            }
            Self::Part { path, part, side, value } => {
                let Some(time) = parse_stamp(database.at(row, path)) else { return false };
                let time = locale.now(time);
                let found = match part.as_str() {
                    "dayofweek" => i64::from(time.date().weekday().to_monday_one_offset()),
                    "month" => i64::from(time.month()),
                    "year" => i64::from(time.year()),
                    _ => i64::from(time.hour()),
                };
                match side {
                    None => found == *value,
                    Some(Side::Greater) => found > *value,
                    Some(Side::GreaterOrEqual) => found >= *value,
                    Some(Side::Less) => found < *value,
                    Some(Side::LessOrEqual) => found <= *value,
                }
            }
            Self::Class { path, class } => {
                let of = database.dictionary.table(database.at(row, path));
                of.is_some_and(|of| database.dictionary.is_a(of, *class))
            }
            Self::OrEmpty(path, test) => {
                database.at(row, path).is_empty() || test.matches(database, table, row, locale)
            }
            Self::Words(words) => {
                let columns = &database.dictionary.def(table).columns;
                words.iter().all(|word| {
                    columns.iter().any(|column| database.value(row, *column).to_lowercase().contains(word))
                })
            }
            Self::Related(related) => related.matches(database, table, row, locale),
        }
    }
}

fn fields(operator: Operator, order: Ordering, missing: bool) -> bool {
    match operator {
        Operator::SameAs => order.is_eq(),
        Operator::NotSameAs => order.is_ne(),
        _ if missing => false,
        Operator::GreaterField => order.is_gt(),
        Operator::LessField => order.is_lt(),
        Operator::GreaterOrEqualField => order.is_ge(),
        _ => order.is_le(),
    }
}

/// Values are compared as they are stored, but text tests on a reference look at what is shown (facts 2.1).
fn compare(database: &Database, path: &Path, row: &Row, operator: Operator, value: &str) -> bool {
    let stored = database.at(row, path);
    // Whether they are keys is asked last: most values differ anyway.
    let same = |a: &str, b: &str| same(a, b) && (a == b || !database.are_keys_at(path));
    let listed = || value.split(',').any(|one| same(one.trim(), stored));
    let text = || shown(database, path, row).to_lowercase();
    let wanted = || value.to_lowercase();
    match operator {
        Operator::Is => same(stored, value),
        // Rows without a value do not match (facts 2.4).
        Operator::IsNot => !stored.is_empty() && !same(stored, value),
        Operator::In => listed(),
        Operator::NotIn => !stored.is_empty() && !listed(),
        Operator::Contains => text().contains(&wanted()),
        Operator::ContainsNot => !stored.is_empty() && !text().contains(&wanted()),
        Operator::StartsWith => text().starts_with(&wanted()),
        Operator::EndsWith => text().ends_with(&wanted()),
        Operator::Empty | Operator::EmptyString => stored.is_empty(),
        Operator::NotEmpty => !stored.is_empty(),
        Operator::Anything => true,
        _ if stored.is_empty() => false,
        Operator::Less => ordered(database, path, stored, value).is_some_and(Ordering::is_lt),
        Operator::LessOrEqual => ordered(database, path, stored, value).is_some_and(Ordering::is_le),
        Operator::Greater => ordered(database, path, stored, value).is_some_and(Ordering::is_gt),
        Operator::GreaterOrEqual => ordered(database, path, stored, value).is_some_and(Ordering::is_ge),
        _ => false,
    }
}

/// How a stored value compares with one of the query; `None` if the latter does not fit the column's type.
fn ordered(database: &Database, path: &Path, stored: &str, value: &str) -> Option<Ordering> {
    match database.kind_at(path)? {
        ColumnType::Integer | ColumnType::Decimal => {
            Some(stored.parse::<f64>().ok()?.total_cmp(&value.trim().parse::<f64>().ok()?))
        }
        ColumnType::DateTime | ColumnType::Date if is_stamp(stored) && is_stamp(value) => {
            Some(stored.cmp(value))
        }
        ColumnType::DateTime | ColumnType::Date => Some(parse_stamp(stored)?.cmp(&parse_stamp(value)?)),
        _ => Some(by_type(database, path, stored, value)),
    }
}

/// Whether a text is a time in the form in which times are stored: such ones sort as their texts do. A log of a large table compares
/// nearly all of its times with one. The 29th of February is not among them, which a calendar has to look at.
pub(super) fn is_stamp(text: &str) -> bool {
    const FORM: &[u8] = b"0000-00-00 00:00:00";
    let bytes = text.as_bytes();
    let is_form = |(byte, form): (&u8, &u8)| if *form == b'0' { byte.is_ascii_digit() } else { byte == form };
    if bytes.len() != FORM.len() || !bytes.iter().zip(FORM).all(is_form) {
        return false;
    }
    let number = |at: usize| (bytes[at] - b'0') * 10 + bytes[at + 1] - b'0';
    let days = match number(5) {
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&number(8)) && number(11) < 24 && number(14) < 60 && number(17) < 60
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sorts_as_text_is_a_time() {
        for text in
            ["2026-11-30 23:59:59", "0001-01-01 00:00:00", "2024-02-28 12:00:00", "2026-12-31 00:00:00"]
        {
            assert!(is_stamp(text) && parse_stamp(text).is_some(), "{text}");
        }
        for text in
            ["", "2026-11-31 00:00:00", "2026-13-01 00:00:00", "2026-01-00 00:00:00", "2026-01-01 24:00:00"]
        {
            assert!(!is_stamp(text) && parse_stamp(text).is_none(), "{text}");
        }
        assert!(!is_stamp("2024-02-29 00:00:00"), "that depends on the year");
    }
}
