//! Puts the conditions and orders of encoded text together.

use super::condition::{parse_condition, parse_name, parse_value};
use super::special::parse_join;
use super::{ParseError, fail};
use crate::query::condition::Condition;
use crate::query::related::SpecialCondition;
use crate::query::{Expr, Query};
use std::borrow::Cow;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Connective {
    And,
    Or,
    NewGroup,
}

/// Collects a query: groups joined by `^NQ`, in each of them clauses, in each clause alternatives; and the orders.
#[derive(Default)]
pub(super) struct QueryBuilder<'a> {
    /// The groups before the current one.
    earlier: Vec<Vec<Expr<'a>>>,
    group: Vec<Expr<'a>>,
    orders: Vec<Expr<'a>>,
    /// Whether the last condition can take an alternative.
    takes_alternative: bool,
    /// Whether `EQ` has ended the conditions of this group.
    has_ended: bool,
    /// Whether there is a `GROUPBY`.
    has_group_by: bool,
}

impl<'a> QueryBuilder<'a> {
    pub(super) fn begin_group(&mut self, here: &'a str) -> Result<(), ParseError<'a>> {
        self.end_group(here)?;
        self.earlier.push(std::mem::take(&mut self.group));
        (self.takes_alternative, self.has_ended) = (false, false);
        Ok(())
    }

    /// Checks that the current group has a condition. A query may consist of an order alone, but a group among others may not.
    pub(super) fn end_group(&self, here: &'a str) -> Result<(), ParseError<'a>> {
        let alone =
            here.is_empty() && self.earlier.is_empty() && (self.has_group_by || !self.orders.is_empty());
        if self.group.is_empty() && !alone {
            return fail(here, "a condition is missing in front of this");
        }
        Ok(())
    }

    pub(super) fn push_term(&mut self, body: &'a str, connective: Connective) -> Result<(), ParseError<'a>> {
        let rest = |word: &str| body.strip_prefix(word);
        if body.is_empty() {
            return fail(body, missing_condition(connective));
        }
        if body == "EQ" && connective == Connective::And {
            self.has_ended = true;
            return Ok(());
        }
        if let Some(field) = rest("ORDERBYDESC").or_else(|| rest("ORDERBY")) {
            self.takes_alternative = false;
            if connective == Connective::Or {
                return fail(body, "an order is not an alternative to a condition: leave ^OR out");
            }
            let field = Cow::Borrowed(parse_name(field)?);
            self.orders.push(Expr::Order { field, descending: body.starts_with("ORDERBYDESC") });
            return Ok(());
        }
        if let Some(field) = rest("GROUPBY") {
            if connective == Connective::Or {
                return fail(body, "GROUPBY is not an alternative to a condition: leave ^OR out");
            }
            // Grouping in a list view does not change which records match (facts 2.1).
            (self.takes_alternative, self.has_group_by) = (false, true);
            return parse_name(field).map(drop);
        }
        if self.has_ended {
            return fail(
                body,
                "this comes after ^EQ, which marks the end of the conditions: put it before ^EQ",
            );
        }
        if let Some(words) = rest("123TEXTQUERY321=") {
            return self.push_special(
                body,
                connective,
                SpecialCondition::Text(parse_value(words, "123TEXTQUERY321", "=", None)?),
            );
        }
        if let Some(group) = rest("123TEXTINDEXGROUP321=") {
            return self.push_special(
                body,
                connective,
                SpecialCondition::TextIndexGroup(parse_value(group, "123TEXTINDEXGROUP321", "=", None)?),
            );
        }
        if let Some(join) = rest("JOIN") {
            return self.push_special(body, connective, parse_join(join)?);
        }
        self.push_condition(body, connective, parse_condition(body)?)
    }

    fn push_condition(
        &mut self,
        body: &'a str,
        connective: Connective,
        condition: Condition<'a>,
    ) -> Result<(), ParseError<'a>> {
        let condition = Expr::Condition(condition);
        if connective != Connective::Or {
            self.group.push(condition);
            self.takes_alternative = true;
            return Ok(());
        }
        match self.group.pop() {
            None => return fail(body, "^OR needs a condition in front of it"),
            Some(_) if !self.takes_alternative => {
                return fail(body, "^OR needs a condition on a field right in front of it");
            }
            Some(Expr::Any(mut alternatives)) => {
                alternatives.push(condition);
                self.group.push(Expr::Any(alternatives));
            }
            Some(first) => self.group.push(Expr::Any(vec![first, condition])),
        }
        Ok(())
    }

    pub(super) fn push_special(
        &mut self,
        body: &'a str,
        connective: Connective,
        special: SpecialCondition<'a>,
    ) -> Result<(), ParseError<'a>> {
        if connective == Connective::Or {
            return fail(body, "this is not known to work after ^OR: write ^NQ groups");
        }
        self.group.push(Expr::Special(Box::new(special)));
        self.takes_alternative = false;
        Ok(())
    }

    pub(super) fn into_query(self) -> Query<'a> {
        let Self { earlier, group, mut orders, .. } = self;
        let mut terms = if earlier.is_empty() {
            group
        } else {
            let one =
                |mut group: Vec<Expr<'a>>| if group.len() == 1 { group.remove(0) } else { Expr::All(group) };
            vec![Expr::Any(earlier.into_iter().chain([group]).map(one).collect())]
        };
        terms.append(&mut orders);
        Query { terms, depth: 4 }
    }
}

/// Returns why a condition must not be empty here.
fn missing_condition(connective: Connective) -> &'static str {
    match connective {
        Connective::And => {
            "a condition is missing: leave out carets in front, and write one between two conditions"
        }
        Connective::Or => "a condition is missing after ^OR: leave ^OR out, or write its condition",
        Connective::NewGroup => {
            "a condition is missing after ^NQ: a group without one may select every record, so leave ^NQ out, or write its conditions"
        }
    }
}
