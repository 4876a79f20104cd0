//! The normal form of a query, to which the language is limited: groups (`^NQ`) of clauses (`^`) of alternatives (`^OR`).

use super::condition::Condition;
use super::related::SpecialCondition;
use super::{Expr, Query};
use crate::{Error, ErrorKind};
use std::borrow::Cow;

/// The maximum number of conditions after distributing an `and` over an `or`, or the reverse. No URL has room for as many.
const MAX_CONDITIONS: usize = 4_096;

/// Any group, of it all clauses, of each any condition.
pub(super) type Group<'t, 'a> = Vec<Clause<'t, 'a>>;
pub(super) type Clause<'t, 'a> = Vec<Literal<'t, 'a>>;

#[derive(Clone)]
pub(super) enum Literal<'t, 'a> {
    Condition(Cow<'t, Condition<'a>>),
    Special(Cow<'t, Box<SpecialCondition<'a>>>),
}

/// Returns groups that match the same records as the query.
pub(super) fn to_groups<'t, 'a>(query: &'t Query<'a>) -> Result<Vec<Group<'t, 'a>>, Error> {
    conjunction(&query.terms, false)
}

fn normalize<'t, 'a>(expr: &'t Expr<'a>, negated: bool) -> Result<Vec<Group<'t, 'a>>, Error> {
    match (expr, negated) {
        (Expr::Condition(condition), false) => {
            Ok(single_clause(vec![Literal::Condition(Cow::Borrowed(condition))]))
        }
        (Expr::Condition(condition), true) => {
            let opposite = condition.opposite().ok_or_else(|| no_opposite(expr))?;
            Ok(single_clause(
                opposite.into_iter().map(|condition| Literal::Condition(Cow::Owned(condition))).collect(),
            ))
        }
        (Expr::Special(special), false) => Ok(single_clause(vec![Literal::Special(Cow::Borrowed(special))])),
        (Expr::Special(special), true) => {
            let opposite = special.opposite().ok_or_else(|| no_opposite(expr))?;
            Ok(single_clause(vec![Literal::Special(Cow::Owned(Box::new(opposite)))]))
        }
        (Expr::Not(inner), _) => normalize(inner, !negated),
        (Expr::All(inner), false) | (Expr::Any(inner), true) => conjunction(inner, negated),
        (Expr::Any(inner), false) | (Expr::All(inner), true) => disjunction(inner, negated),
        (Expr::Refused(why), _) => Err(why.0.clone()),
        (Expr::Order { .. }, _) => Err(Error::internal("an order was about to be written as a condition")),
        (Expr::Raw(_), _) => Err(Error::internal("raw text was combined with conditions without being read")),
    }
}

fn single_clause<'t, 'a>(clause: Clause<'t, 'a>) -> Vec<Group<'t, 'a>> {
    vec![vec![clause]]
}

fn no_opposite(expr: &Expr<'_>) -> Error {
    let why = format!(
        "the query negates {expr}, and the service has no operator for that: write a positive condition \
         (a negative operator that was parsed does not tell whether it selects records without a value: \
         build it with ne(), not_in() or not_contains())"
    );
    Error::new(ErrorKind::InvalidInput, why)
}

/// Joins alternatives of one condition each in one clause. Every other alternative becomes a group of its own.
fn disjunction<'t, 'a>(inner: &'t [Expr<'a>], negated: bool) -> Result<Vec<Group<'t, 'a>>, Error> {
    let mut groups: Vec<Group<'t, 'a>> = Vec::new();
    let mut clause_at = None;
    for expr in inner.iter().filter(|expr| !matches!(expr, Expr::Order { .. })) {
        for mut group in normalize(expr, negated)? {
            match clause_at {
                Some(at) if is_clause(&group) => {
                    let clause: &mut Group<'t, 'a> = &mut groups[at];
                    clause[0].append(&mut group[0]);
                }
                None if is_clause(&group) => {
                    clause_at = Some(groups.len());
                    groups.push(group);
                }
                _ => groups.push(group),
            }
        }
    }
    check_size(groups, inner, " or ")
}

/// Returns whether `^OR` can join it with others. Related lists, joins and text searches are documented without it.
fn is_clause(group: &Group<'_, '_>) -> bool {
    matches!(&group[..], [clause] if clause.iter().all(|one| matches!(one, Literal::Condition(_))))
}

fn conjunction<'t, 'a>(inner: &'t [Expr<'a>], negated: bool) -> Result<Vec<Group<'t, 'a>>, Error> {
    let mut groups: Vec<Group<'t, 'a>> = vec![Vec::new()];
    for expr in inner.iter().filter(|expr| !matches!(expr, Expr::Order { .. })) {
        groups = combine(groups, normalize(expr, negated)?)
            .ok_or_else(|| too_wide(std::slice::from_ref(expr), " and "))?;
    }
    check_size(groups, inner, " and ")
}

/// Combines every group with every group, or makes one group of the clauses of the right side: whichever is shorter.
fn combine<'t, 'a>(
    mut left: Vec<Group<'t, 'a>>,
    mut right: Vec<Group<'t, 'a>>,
) -> Option<Vec<Group<'t, 'a>>> {
    if let ([l], [r]) = (&mut left[..], &mut right[..]) {
        l.append(r);
        return Some(left);
    }
    let spread = conditions(&left) * right.len() + conditions(&right) * left.len();
    if right.len() > 1
        && let Some(clauses) = clauses(&right).map(|clauses| vec![clauses])
        && conditions(&left) + conditions(&clauses) * left.len() < spread
    {
        right = clauses;
    } else if spread > MAX_CONDITIONS {
        return None;
    }
    let mut groups = Vec::with_capacity(left.len() * right.len());
    for l in &left {
        groups.extend(right.iter().map(|r| l.iter().chain(r).cloned().collect::<Group<'t, 'a>>()));
    }
    Some(groups)
}

/// Converts groups of which one matches into clauses that all match: one for each way to take a clause from every group.
fn clauses<'t, 'a>(groups: &[Group<'t, 'a>]) -> Option<Group<'t, 'a>> {
    let mut all: Group<'t, 'a> = vec![Vec::new()];
    for group in groups {
        let can_join = group.iter().flatten().all(|one| matches!(one, Literal::Condition(_)));
        if !can_join || all.iter().map(Vec::len).sum::<usize>() * group.len() > MAX_CONDITIONS {
            return None;
        }
        all = all
            .iter()
            .flat_map(|left| group.iter().map(move |right| [&left[..], &right[..]].concat()))
            .collect();
    }
    Some(all)
}

fn conditions(groups: &[Group<'_, '_>]) -> usize {
    groups.iter().flatten().map(Vec::len).sum()
}

fn check_size<'t, 'a>(
    groups: Vec<Group<'t, 'a>>,
    inner: &[Expr<'a>],
    word: &str,
) -> Result<Vec<Group<'t, 'a>>, Error> {
    if conditions(&groups) > MAX_CONDITIONS { Err(too_wide(inner, word)) } else { Ok(groups) }
}

fn too_wide(inner: &[Expr<'_>], word: &str) -> Error {
    let mut parts: Vec<String> = inner.iter().take(6).map(ToString::to_string).collect();
    if inner.len() > 6 {
        parts.push("…".into());
    }
    let mut part = parts.join(word);
    if let Some((end, _)) = part.char_indices().nth(200) {
        part.truncate(end);
        part.push('…');
    }
    let why = format!(
        "written out as the service reads it, this part of the query has more than {MAX_CONDITIONS} conditions: {part}. \
         Send several requests, or use is_in() instead of many or()"
    );
    Error::new(ErrorKind::InvalidInput, why)
}
