//! One condition: field, operator, value.

use super::operator::{self, Operator, Side};
use super::sys_id_bound::SysIdBound;
use super::{Context, Unsupported, script};
use crate::data::{ColumnId, ColumnType, Database, Row, TableId, parse_stamp};

/// Columns to walk along.
#[derive(Clone, Debug)]
pub(crate) struct Path {
    pub(super) columns: Vec<ColumnId>,
}

#[derive(Debug)]
pub(super) enum Test {
    Never,
    /// A condition that was dropped: it keeps the place to which an `^OR` binds.
    Dropped,
    /// `sys_id>X` and its kind: told apart, because an index answers it.
    SysId(Path, SysIdBound),
    Compare {
        path: Path,
        operator: Operator,
        value: String,
    },
    /// Field to field, perhaps by the day.
    Fields {
        path: Path,
        operator: Operator,
        other: Path,
        by_day: bool,
    },
    /// More or less than a span before or after another field.
    Apart {
        path: Path,
        more: bool,
        other: Path,
        after: bool,
        seconds: i64,
    },
    /// Inside, or outside, of two times.
    Within {
        path: Path,
        from: String,
        to: String,
        not: bool,
    },
    Part {
        path: Path,
        part: String,
        side: Option<Side>,
        value: i64,
    },
    Class {
        path: Path,
        class: TableId,
    },
    /// The test, or no value.
    OrEmpty(Path, Box<Test>),
    /// Every word, somewhere in the record.
    Words(Vec<String>),
    Related(super::related::Related),
}

pub(super) enum Parsed {
    /// No condition at all.
    Nothing,
    /// A field, or a walk, that does not exist.
    Unknown,
    Test {
        fields: Vec<(TableId, String)>,
        test: Box<Test>,
    },
}

impl Parsed {
    /// A test with the fields that it looks at, or one of something that does not exist.
    pub(super) fn of(test: Option<(Test, Vec<(TableId, String)>)>) -> Self {
        test.map_or(Self::Unknown, |(test, fields)| Self::Test { fields, test: Box::new(test) })
    }
}

/// The dynamic filter "Me" (facts 2.1).
const ME: &str = "90d1921e5f510100a9ad2572f2b477fe";

pub(super) fn parse(
    text: &str,
    database: &Database,
    table: TableId,
    context: Context<'_>,
) -> Result<Parsed, Unsupported> {
    if let Some(words) = text.strip_prefix("123TEXTQUERY321=") {
        let words = words.split_whitespace().map(str::to_lowercase).collect();
        return Ok(Parsed::Test { fields: Vec::new(), test: Box::new(Test::Words(words)) });
    }
    for word in ["123TEXT", "SUBQUERY"] {
        if text.starts_with(word) {
            return Err(Unsupported(text.chars().take(40).collect()));
        }
    }
    if let Some(join) = text.strip_prefix("JOIN") {
        if context.inner {
            return Err(Unsupported("JOIN inside another query".into()));
        }
        let join = super::related::join(join, database, table, context)?;
        return Ok(Parsed::of(join));
    }
    let end = text
        .find(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '.'))
        .unwrap_or(text.len());
    let (field, rest) = text.split_at(end);
    // A label or anything else that is not a field's name is not a condition, and widens like an unknown field.
    let Some((operator, value)) = operator::split(rest).filter(|_| !field.is_empty()) else {
        return Ok(if text.is_empty() { Parsed::Nothing } else { Parsed::Unknown });
    };
    let Some(path) = database.walk_path(table, field) else { return Ok(Parsed::Unknown) };
    if database.kind_at(&path) == Some(&ColumnType::Journal) && operator != Operator::Anything {
        return Err(Unsupported(format!("a test of the journal {field:?}")));
    }
    let test = match test(path.clone(), field, operator, value, database, table, context)? {
        test if context.negatives_match_empty && operator.is_negative() => {
            Test::OrEmpty(path, Box::new(test))
        }
        test => test,
    };
    let mut fields = vec![(table, field.to_owned())];
    if let Test::Fields { .. } | Test::Apart { .. } = &test {
        fields.extend(value.split('@').next().map(|other| (table, other.to_owned())));
    }
    Ok(Parsed::Test { fields, test: Box::new(test) })
}

fn test(
    path: Path,
    field: &str,
    operator: Operator,
    value: &str,
    database: &Database,
    table: TableId,
    context: Context<'_>,
) -> Result<Test, Unsupported> {
    let unsupported = || Unsupported(format!("{field}{}", value.chars().take(40).collect::<String>()));
    Ok(match operator {
        Operator::Other => return Err(Unsupported(format!("the operator after {field:?}"))),
        Operator::Dynamic if value == ME => {
            Test::Compare { path, operator: Operator::Is, value: context.user_id() }
        }
        Operator::Dynamic => return Err(unsupported()),
        Operator::InstanceOf => match database.dictionary.table(value) {
            Some(class) => Test::Class { path, class },
            None => Test::Never,
        },
        Operator::SameAs
        | Operator::NotSameAs
        | Operator::GreaterField
        | Operator::LessField
        | Operator::GreaterOrEqualField
        | Operator::LessOrEqualField => {
            let (other, unit) =
                value.split_once('@').map_or((value, None), |(other, unit)| (other, Some(unit)));
            if unit.is_some_and(|unit| unit != "day") {
                return Err(unsupported());
            }
            match database.walk_path(table, other) {
                Some(other) => Test::Fields { path, operator, other, by_day: unit.is_some() },
                None => Test::Never,
            }
        }
        Operator::MoreThan | Operator::LessThan => {
            apart(path, operator, value, database, table).ok_or_else(unsupported)?
        }
        Operator::Between => {
            let (from, to) = halves(value).ok_or_else(unsupported)?;
            Test::Within {
                path,
                from: script::value(from, context)?,
                to: script::value(to, context)?,
                not: false,
            }
        }
        Operator::On | Operator::NotOn => {
            let mut parts = value.splitn(2, '@').skip(1);
            let (from, to) = parts.next().and_then(halves).ok_or_else(unsupported)?;
            let not = operator == Operator::NotOn;
            Test::Within { path, from: script::value(from, context)?, to: script::value(to, context)?, not }
        }
        Operator::Relative(side) => relative(path, side, value, context).ok_or_else(unsupported)?,
        Operator::DatePart => part(path, value).ok_or_else(unsupported)?,
        Operator::Greater | Operator::GreaterOrEqual | Operator::Less | Operator::LessOrEqual
            if field == "sys_id" =>
        {
            Test::SysId(path, SysIdBound { operator, value: script::value(value, context)? })
        }
        _ => Test::Compare { path, operator, value: script::value(value, context)? },
    })
}

/// Two values with `@` between; a script may have commas and quotes, but no `@`.
fn halves(text: &str) -> Option<(&str, &str)> {
    text.split_once('@')
}

/// `f2@day@before@3`
fn apart(path: Path, operator: Operator, value: &str, database: &Database, table: TableId) -> Option<Test> {
    let parts: Vec<&str> = value.split('@').collect();
    let [other, unit, side, count] = parts[..] else { return None };
    let other = database.walk_path(table, other)?;
    let seconds = unit_seconds(unit)?.checked_mul(count.parse().ok()?)?;
    let after = match side {
        "before" => false,
        "after" => true,
        _ => return None,
    };
    Some(Test::Apart { path, more: operator == Operator::MoreThan, other, after, seconds })
}

fn unit_seconds(unit: &str) -> Option<i64> {
    Some(match unit {
        "minute" => 60,
        "hour" => 3_600,
        "day" | "dayofweek" => 86_400,
        "week" => 604_800,
        _ => return None,
    })
}

/// `@hour@ago@1`: a time that long before or ahead of now.
fn relative(path: Path, side: Side, value: &str, context: Context<'_>) -> Option<Test> {
    let parts: Vec<&str> = value.strip_prefix('@')?.split('@').collect();
    let [unit, direction, count] = parts[..] else { return None };
    let unit = match unit {
        "minute" => "Minute",
        "hour" => "Hour",
        "day" | "dayofweek" => "Day",
        "week" => "Week",
        "month" => "Month",
        "quarter" => "Quarter",
        "year" => "Year",
        _ => return None,
    };
    let count: i64 = count.parse().ok()?;
    let count = match direction {
        "ago" => count.checked_neg()?,
        "ahead" => count,
        _ => return None,
    };
    let then = context.locale.now(context.now).checked_add(script::span(unit, count)?).ok()?;
    let operator = match side {
        Side::Greater => Operator::Greater,
        Side::GreaterOrEqual => Operator::GreaterOrEqual,
        Side::Less => Operator::Less,
        Side::LessOrEqual => Operator::LessOrEqual,
    };
    Some(Test::Compare { path, operator, value: crate::clock::stamp(then.timestamp()) })
}

/// `Monday@javascript:gs.datePart('dayofweek','monday','EE')`
fn part(path: Path, value: &str) -> Option<Test> {
    let call = value.split_once("gs.datePart(")?.1.strip_suffix(')')?;
    let arguments: Vec<&str> = call.split(',').map(|part| part.trim().trim_matches(['\'', '"'])).collect();
    let [part, wanted, side] = arguments[..] else { return None };
    const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let position = |names: &[&str]| {
        names.iter().position(|name| wanted.starts_with(name)).and_then(|at| i64::try_from(at + 1).ok())
    };
    let value = match part {
        "dayofweek" => position(&DAYS)?,
        "month" => position(&MONTHS)?,
        "year" | "hour" => wanted.parse().ok()?,
        _ => return None,
    };
    let side = match side {
        "EE" => None,
        "GT" => Some(Side::Greater),
        "GE" => Some(Side::GreaterOrEqual),
        "LT" => Some(Side::Less),
        "LE" => Some(Side::LessOrEqual),
        _ => return None,
    };
    Some(Test::Part { path, part: part.to_owned(), side, value })
}

impl Database {
    /// The columns of a field, perhaps of a record that this one points to.
    pub(crate) fn walk_path(&self, table: TableId, field: &str) -> Option<Path> {
        let mut columns = Vec::new();
        let mut table = table;
        let mut names = field.split('.').peekable();
        while let Some(name) = names.next() {
            let column = self.dictionary.find(table, name)?;
            columns.push(column);
            if names.peek().is_some() {
                let ColumnType::Reference(target) = &self.dictionary.column(column).kind else { return None };
                table = self.dictionary.table(target)?;
            }
        }
        Some(Path { columns })
    }

    /// The stored value at the end of a walk; empty where a reference is.
    pub(crate) fn at<'a>(&'a self, row: &'a Row, path: &Path) -> &'a str {
        let Some((last, before)) = path.columns.split_last() else { return "" };
        let mut row = row;
        for column in before {
            let ColumnType::Reference(target) = &self.dictionary.column(*column).kind else { return "" };
            let id = self.value(row, *column);
            match self.dictionary.table(target).and_then(|target| self.row(target, id)) {
                Some(next) => row = next,
                None => return "",
            }
        }
        self.value(row, *last)
    }

    /// The time at the end of a walk, in seconds since 1970.
    pub(crate) fn time_at(&self, row: &Row, path: &Path) -> Option<i64> {
        parse_stamp(self.at(row, path)).map(|time| time.as_second())
    }

    /// Whether the values at the end of a walk are sys_ids, which are compared exactly (facts 2.1).
    pub(super) fn are_keys_at(&self, path: &Path) -> bool {
        path.columns.last().is_some_and(|column| {
            let column = self.dictionary.column(*column);
            column.name == "sys_id" || matches!(column.kind, ColumnType::Reference(_))
        })
    }

    pub(crate) fn kind_at(&self, path: &Path) -> Option<&ColumnType> {
        path.columns.last().map(|column| &self.dictionary.column(*column).kind)
    }
}
