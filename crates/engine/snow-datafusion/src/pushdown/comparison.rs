//! Comparisons of a column with constants.

use super::literal::Literal;
use super::{Pushed, TestedColumn, both, either, text_match};
use crate::column_kind::ColumnKind;
use datafusion::logical_expr::Operator;
use snow_client::query::Value;
use snow_client::{DateTime, Query};

/// Integers up to here are told apart even by a service that compares them as floating-point numbers.
const LARGEST_EXACT: i64 = 1 << 53;

const NANOSECONDS: i128 = 1_000_000_000;

pub(super) fn compare(column: &TestedColumn, op: Operator, literal: &Literal) -> Option<Pushed> {
    match (column.kind, literal) {
        (ColumnKind::Boolean, Literal::Boolean(wanted)) if op == Operator::Eq => boolean(column, *wanted),
        (ColumnKind::Integer, Literal::Integer(number)) => {
            let number = exact_integer(*number)?;
            Some(column.exact(ordered(column, op, number)?))
        }
        (ColumnKind::DateTime, Literal::Time(nanoseconds)) => time(column, op, *nanoseconds),
        (ColumnKind::Date, Literal::Day(days)) => {
            let seconds = i64::from(*days).checked_mul(86_400)?;
            let day = DateTime::from_unix(seconds).date()?;
            Some(column.exact(ordered(column, op, day)?))
        }
        (ColumnKind::Decimal, Literal::Decimal(value, scale)) => decimal(column, op, *value, *scale),
        (ColumnKind::Text, Literal::Text(text)) if op == Operator::Eq => text_match::equal(column, text),
        (ColumnKind::Key, Literal::Text(text)) if op == Operator::Eq => text_match::same_key(column, text),
        _ => None,
    }
}

/// Membership in a list, as one condition where the service has one.
pub(super) fn in_list(column: &TestedColumn, literals: &[Literal]) -> Option<Pushed> {
    match column.kind {
        ColumnKind::Integer => {
            let number = |literal: &Literal| match literal {
                Literal::Integer(number) => exact_integer(*number),
                _ => None,
            };
            let numbers: Option<Vec<i64>> = literals.iter().map(number).collect();
            Some(column.exact(column.field().is_in(numbers?)))
        }
        ColumnKind::Key => text_match::keys(column, literals),
        _ => {
            let each = literals.iter().map(|literal| compare(column, Operator::Eq, literal));
            each.collect::<Option<Vec<_>>>()?.into_iter().map(Some).reduce(|all, next| either(all?, next?))?
        }
    }
}

/// `=false` also finds records without a value, which SQL drops.
fn boolean(column: &TestedColumn, wanted: bool) -> Option<Pushed> {
    let query = column.field().eq(wanted);
    Some(if wanted { column.exact(query) } else { Pushed::inexact(query) })
}

fn exact_integer(number: i64) -> Option<i64> {
    (-LARGEST_EXACT < number && number < LARGEST_EXACT).then_some(number)
}

fn ordered(column: &TestedColumn, op: Operator, value: impl Into<Value<'static>>) -> Option<Query<'static>> {
    let field = column.field();
    Some(match op {
        Operator::Eq => field.eq(value),
        Operator::Lt => field.lt(value),
        Operator::LtEq => field.le(value),
        Operator::Gt => field.gt(value),
        Operator::GtEq => field.ge(value),
        _ => return None,
    })
}

/// The service stores whole seconds. A literal between two of them is after the first and before the second.
fn time(column: &TestedColumn, op: Operator, nanoseconds: i128) -> Option<Pushed> {
    let seconds = i64::try_from(nanoseconds.div_euclid(NANOSECONDS)).ok()?;
    let is_whole = nanoseconds.rem_euclid(NANOSECONDS) == 0;
    let op = match op {
        op if is_whole => op,
        Operator::Gt | Operator::GtEq => Operator::Gt,
        Operator::Lt | Operator::LtEq => Operator::LtEq,
        _ => return None,
    };
    let time = DateTime::from_unix(seconds);
    // Years that the service cannot store.
    time.date()?;
    Some(column.exact(ordered(column, op, time)?))
}

/// It is not known how an instance compares decimals, perhaps as floating-point numbers. The integers around the literal are safe
/// bounds either way.
fn decimal(column: &TestedColumn, op: Operator, value: i128, scale: u32) -> Option<Pushed> {
    let unit = 10_i128.checked_pow(scale)?;
    let below = i64::try_from(value.div_euclid(unit)).ok().and_then(exact_integer)?;
    let above = if value.rem_euclid(unit) == 0 { below } else { exact_integer(below.checked_add(1)?)? };
    let (from, until) = (|| column.field().ge(below), || column.field().le(above));
    match op {
        Operator::Eq => both(Some(Pushed::inexact(from())), Some(Pushed::inexact(until()))),
        Operator::Gt | Operator::GtEq => Some(Pushed::inexact(from())),
        Operator::Lt | Operator::LtEq => Some(Pushed::inexact(until())),
        _ => None,
    }
}
