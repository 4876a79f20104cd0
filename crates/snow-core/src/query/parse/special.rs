//! Reads related lists and joins.

use super::condition::{parse_condition, parse_count, parse_leading_name};
use super::{ParseError, fail};
use crate::query::operator::{self, Operator};
use crate::query::related::{Join, RelatedList, SpecialCondition};
use crate::query::{Expr, Query};
use std::borrow::Cow;

/// Parses `incident.problem_id,>=1`.
pub(super) fn parse_related_list<'a>(
    head: &'a str,
    matching: Query<'a>,
) -> Result<SpecialCondition<'a>, ParseError<'a>> {
    let (path, rest) = parse_leading_name(head)?;
    let Some((table, field)) = path.split_once('.') else {
        return fail(path, "expected a table, a dot and a field");
    };
    let sign =
        rest.strip_prefix(',').and_then(operator::split).and_then(|(_, meaning, count)| match meaning {
            Operator::Compare(sign) if sign.counts() => Some((sign, parse_count(count)?)),
            _ => None,
        });
    let Some((sign, count)) = sign else {
        return fail(rest, "expected a comma, a sign such as >=, and a number");
    };
    let list = RelatedList { table: Cow::Borrowed(table), field: Cow::Borrowed(field), matching };
    Ok(SpecialCondition::Related { list, sign, count })
}

/// Parses `t1.f=t2.f!condition`.
pub(super) fn parse_join(text: &str) -> Result<SpecialCondition<'_>, ParseError<'_>> {
    let (left, rest) = parse_leading_name(text)?;
    let Some(rest) = rest.strip_prefix('=') else { return fail(rest, "expected = and the other field") };
    let (right, rest) = parse_leading_name(rest)?;
    if !(left.contains('.') && right.contains('.')) {
        return fail(text, "expected a table, a dot and a field on both sides");
    }
    let mut matching = Query::new();
    if !rest.is_empty() {
        let Some(inner) = rest.strip_prefix('!') else {
            return fail(rest, "expected ! and a condition, or the end");
        };
        matching = Query::of(Expr::Condition(parse_condition(inner)?));
    }
    Ok(SpecialCondition::Join(Join { left: Cow::Borrowed(left), right: Cow::Borrowed(right), matching }))
}
