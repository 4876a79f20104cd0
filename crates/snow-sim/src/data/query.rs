//! Encoded queries: the everyday operators (facts 2.1, 2.2). Lenient, as the service is: a condition on an unknown field
//! is dropped, and the query widens (facts 2.5).

use super::{Database, Row, Table};
use std::cmp::Ordering;

/// An operator that is not simulated.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unsupported(pub(crate) String);

/// Groups of alternatives: `any(groups, all(alternatives, any(conditions)))`.
#[derive(Debug, Default)]
pub(crate) struct Query {
    groups: Vec<Vec<Vec<Condition>>>,
    /// Field and whether it descends.
    order: Vec<(String, bool)>,
}

#[derive(Debug)]
struct Condition {
    field: String,
    operator: Operator,
    value: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Is,
    IsNot,
    In,
    NotIn,
    Contains,
    ContainsNot,
    StartsWith,
    EndsWith,
    Empty,
    NotEmpty,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// The first that fits at the first place where any fits; longer ones before those they begin with.
const OPERATORS: &[(&str, Operator)] = &[
    ("ISNOTEMPTY", Operator::NotEmpty),
    ("ISEMPTY", Operator::Empty),
    ("STARTSWITH", Operator::StartsWith),
    ("ENDSWITH", Operator::EndsWith),
    ("NOT LIKE", Operator::ContainsNot),
    ("NOTLIKE", Operator::ContainsNot),
    ("NOT IN", Operator::NotIn),
    ("LIKE", Operator::Contains),
    ("IN", Operator::In),
    ("!=", Operator::IsNot),
    ("<=", Operator::LessOrEqual),
    (">=", Operator::GreaterOrEqual),
    ("=", Operator::Is),
    ("<", Operator::Less),
    (">", Operator::Greater),
];

impl Query {
    pub(crate) fn parse(text: &str, table: Table) -> Result<Self, Unsupported> {
        let mut query = Self { groups: vec![Vec::new()], order: Vec::new() };
        for part in text.split('^').filter(|part| !part.is_empty() && *part != "EQ") {
            if let Some(field) = part.strip_prefix("ORDERBYDESC") {
                query.order.push((field.to_owned(), true));
            } else if let Some(field) = part.strip_prefix("ORDERBY") {
                query.order.push((field.to_owned(), false));
            } else if let Some(rest) = part.strip_prefix("NQ") {
                query.groups.push(Vec::new());
                query.add(rest, false, table)?;
            } else if let Some(rest) = part.strip_prefix("OR") {
                query.add(rest, true, table)?;
            } else {
                query.add(part, false, table)?;
            }
        }
        Ok(query)
    }

    fn add(&mut self, text: &str, alternative: bool, table: Table) -> Result<(), Unsupported> {
        let Some(condition) = condition(text)? else { return Ok(()) };
        if table.column(&condition.field).is_none() {
            return Ok(());
        }
        let Some(group) = self.groups.last_mut() else { return Ok(()) };
        match group.last_mut().filter(|_| alternative) {
            Some(alternatives) => alternatives.push(condition),
            None => group.push(vec![condition]),
        }
        Ok(())
    }

    pub(crate) fn select<'a>(&self, database: &'a Database, table: Table) -> Vec<&'a Row> {
        let mut rows: Vec<_> = database.rows(table).filter(|row| self.matches(row)).collect();
        rows.sort_by(|a, b| self.compare(a, b));
        rows
    }

    fn matches(&self, row: &Row) -> bool {
        self.groups
            .iter()
            .any(|group| group.iter().all(|any| any.iter().any(|condition| condition.matches(row))))
    }

    fn compare(&self, a: &Row, b: &Row) -> Ordering {
        let value = |row: &Row, field: &str| row.get(field).cloned().unwrap_or_default();
        self.order.iter().fold(Ordering::Equal, |order, (field, descending)| {
            order.then_with(|| {
                let order = compare(&value(a, field), &value(b, field));
                if *descending { order.reverse() } else { order }
            })
        })
    }
}

/// `field operator value`; `None` for text without an operator.
fn condition(text: &str) -> Result<Option<Condition>, Unsupported> {
    let end = text.find(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '.'));
    let Some(end) = end else { return Ok(None) };
    let (field, rest) = text.split_at(end);
    let Some((word, operator)) = OPERATORS.iter().find(|(word, _)| rest.starts_with(word)) else {
        return Err(Unsupported(rest.chars().take(40).collect()));
    };
    let value = rest[word.len()..].to_owned();
    if value.to_ascii_lowercase().contains("javascript:") {
        return Err(Unsupported("javascript:".into()));
    }
    Ok(Some(Condition { field: field.to_owned(), operator: *operator, value }))
}

impl Condition {
    fn matches(&self, row: &Row) -> bool {
        let stored = row.get(&self.field).map(|value| value.to_lowercase()).unwrap_or_default();
        let wanted = self.value.to_lowercase();
        let listed = || wanted.split(',').any(|one| one == stored);
        match self.operator {
            Operator::Is => stored == wanted,
            // Rows without a value do not match (facts 2.4).
            Operator::IsNot => !stored.is_empty() && stored != wanted,
            Operator::In => listed(),
            Operator::NotIn => !stored.is_empty() && !listed(),
            Operator::Contains => stored.contains(&wanted),
            Operator::ContainsNot => !stored.is_empty() && !stored.contains(&wanted),
            Operator::StartsWith => stored.starts_with(&wanted),
            Operator::EndsWith => stored.ends_with(&wanted),
            Operator::Empty => stored.is_empty(),
            Operator::NotEmpty => !stored.is_empty(),
            _ if stored.is_empty() => false,
            Operator::Less => compare(&stored, &wanted) == Ordering::Less,
            Operator::LessOrEqual => compare(&stored, &wanted) != Ordering::Greater,
            Operator::Greater => compare(&stored, &wanted) == Ordering::Greater,
            Operator::GreaterOrEqual => compare(&stored, &wanted) != Ordering::Less,
        }
    }
}

/// Numbers as numbers, everything else as text.
fn compare(a: &str, b: &str) -> Ordering {
    match (a.parse::<i64>(), b.parse::<i64>()) {
        (Ok(a), Ok(b)) => a.cmp(&b),
        _ => a.to_lowercase().cmp(&b.to_lowercase()),
    }
}
