//! Which groups are returned, and in which order: `count^priority^>^3`, `AVG^state^DESC` (facts 6).

use super::aggregate::Function;
use crate::data::{Database, Row, TableId};
use crate::query::{Path, compare_by};
use crate::state::State;
use std::cmp::Ordering;

/// A test of one aggregate.
pub(super) struct Having {
    function: Function,
    pub(super) field: String,
    path: Path,
    operator: String,
    value: f64,
}

/// Tests, with commas between; all have to hold.
pub(super) fn parse(state: &State, table: TableId, text: &str) -> Vec<Having> {
    let one = |part: &str| {
        let mut words = part.split('^').map(str::trim);
        let (function, field) = (Function::parse(words.next()?)?, words.next()?.to_owned());
        let (operator, value) = (words.next()?.to_owned(), words.next()?.parse().ok()?);
        let path = state.database.walk_path(table, &field)?;
        Some(Having { function, field, path, operator, value })
    };
    text.split(',').filter_map(one).collect()
}

impl Having {
    /// Whether it asks how many values of a field there are.
    pub(super) fn counts_a_field(&self) -> bool {
        self.function == Function::Count
    }

    pub(super) fn holds(&self, database: &Database, rows: &[&Row]) -> bool {
        let Some(number) = self.function.number(database, &self.path, rows) else { return false };
        match self.operator.as_str() {
            "=" => number == self.value,
            "!=" => number != self.value,
            ">" => number > self.value,
            ">=" => number >= self.value,
            "<" => number < self.value,
            "<=" => number <= self.value,
            _ => true,
        }
    }
}

/// One way to order groups.
#[derive(Clone)]
pub(super) struct Order {
    by: OrderKey,
    field: String,
    descending: bool,
}

#[derive(Clone)]
enum OrderKey {
    Field,
    /// How many rows a group has.
    Rows,
    Function(Function, Path),
}

impl Order {
    pub(super) fn by_field(field: &str) -> Self {
        Self { by: OrderKey::Field, field: field.to_owned(), descending: false }
    }

    /// The field it looks at; empty if none.
    pub(super) fn field(&self) -> &str {
        &self.field
    }
}

/// `state`, `state^DESC`, `AVG^state`, `COUNT`, with commas between.
pub(super) fn order(state: &State, table: TableId, text: &str) -> Vec<Order> {
    let one = |part: &str| {
        let (part, descending) = match part.trim().strip_suffix("^DESC") {
            Some(rest) => (rest, true),
            None => (part.trim(), false),
        };
        let (first, rest) = part.split_once('^').unwrap_or((part, ""));
        let (by, field) = match (Function::parse(first), rest) {
            (Some(Function::Count), "") => (OrderKey::Rows, ""),
            (Some(function), field) => {
                (OrderKey::Function(function, state.database.walk_path(table, field)?), field)
            }
            (None, _) => state.database.walk_path(table, first).map(|_| (OrderKey::Field, first))?,
        };
        Some(Order { by, field: field.to_owned(), descending })
    };
    text.split(',').filter_map(one).collect()
}

/// Groups by one order after the other; of a field the first row of each stands for it.
pub(super) fn compare(
    order: &[Order],
    database: &Database,
    table: TableId,
    a: &[&Row],
    b: &[&Row],
) -> Ordering {
    order.iter().fold(Ordering::Equal, |found, order| {
        found.then_with(|| {
            let ascending = match (&order.by, a.first(), b.first()) {
                (OrderKey::Rows, ..) => a.len().cmp(&b.len()),
                (OrderKey::Function(function, path), ..) => {
                    let number = |rows| function.number(database, path, rows).unwrap_or(f64::NEG_INFINITY);
                    number(a).total_cmp(&number(b))
                }
                (OrderKey::Field, Some(a), Some(b)) => database
                    .walk_path(table, &order.field)
                    .map_or(Ordering::Equal, |path| compare_by(database, &path, a, b)),
                _ => Ordering::Equal,
            };
            if order.descending { ascending.reverse() } else { ascending }
        })
    })
}
