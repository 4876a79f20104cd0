//! The expression tree of a query.

use super::condition::Condition;
use super::related::SpecialCondition;
use super::value::{Value, owned};
use crate::Error;
use std::borrow::Cow;
use std::fmt;

#[derive(Clone, PartialEq)]
pub(super) enum Expr<'a> {
    Condition(Condition<'a>),
    /// A condition without a field: a related list, a join, a text search.
    Special(Box<SpecialCondition<'a>>),
    /// An order, which is always true.
    Order {
        field: Cow<'a, str>,
        descending: bool,
    },
    All(Vec<Expr<'a>>),
    Any(Vec<Expr<'a>>),
    Not(Box<Expr<'a>>),
    /// Text to be sent as it is; only as the only term of a query. It is parsed before the query is combined.
    Raw(Cow<'a, str>),
    /// The error of a query that cannot be sent. Combining does not fail, encoding does.
    Refused(BuildError),
}

/// An error, compared by its text.
#[derive(Clone)]
pub(super) struct BuildError(pub(super) Error);

impl PartialEq for BuildError {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_string() == other.0.to_string()
    }
}

impl<'a> Expr<'a> {
    /// Orders apply to the whole query, wherever they were given.
    pub(super) fn orders<'q>(&'q self, found: &mut Vec<(&'q str, bool)>) {
        match self {
            Expr::Order { field, descending } => found.push((field, *descending)),
            Expr::All(inner) | Expr::Any(inner) => inner.iter().for_each(|term| term.orders(found)),
            Expr::Not(inner) => inner.orders(found),
            Expr::Condition(_) | Expr::Special(_) | Expr::Raw(_) | Expr::Refused(_) => {}
        }
    }

    pub(super) fn without_order(self) -> Option<Self> {
        let all = |inner: Vec<Self>| inner.into_iter().filter_map(Self::without_order).collect();
        match self {
            Expr::Order { .. } => None,
            Expr::All(inner) => Some(Expr::All(all(inner))),
            Expr::Any(inner) => Some(Expr::Any(all(inner))),
            Expr::Not(inner) => inner.without_order().map(|inner| Expr::Not(Box::new(inner))),
            Expr::Condition(_) | Expr::Special(_) | Expr::Raw(_) | Expr::Refused(_) => Some(self),
        }
    }

    pub(super) fn is_raw(&self) -> bool {
        matches!(self, Self::Raw(_))
    }

    pub(super) fn escape_carets(&mut self) {
        match self {
            Self::Condition(condition) => condition.values().for_each(Value::escape_carets),
            Self::Special(special) => special.escape_carets(),
            Self::All(inner) | Self::Any(inner) => inner.iter_mut().for_each(Self::escape_carets),
            Self::Not(inner) => inner.escape_carets(),
            Self::Order { .. } | Self::Raw(_) | Self::Refused(_) => {}
        }
    }

    pub(super) fn into_owned(self) -> Expr<'static> {
        let all = |inner: Vec<Expr<'a>>| inner.into_iter().map(Expr::into_owned).collect();
        match self {
            Self::Condition(condition) => Expr::Condition(condition.into_owned()),
            Self::Special(special) => Expr::Special(Box::new(special.into_owned())),
            Self::Order { field, descending } => Expr::Order { field: owned(field), descending },
            Self::All(inner) => Expr::All(all(inner)),
            Self::Any(inner) => Expr::Any(all(inner)),
            Self::Not(inner) => Expr::Not(Box::new(inner.into_owned())),
            Self::Raw(text) => Expr::Raw(owned(text)),
            Self::Refused(why) => Expr::Refused(why),
        }
    }
}

/// Writes a part of a query so that a person can find it: fields and operators, no values.
impl fmt::Display for Expr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Condition(condition) => write!(f, "{condition}"),
            Self::Special(special) => write!(f, "{special}"),
            Self::Order { field, descending: false } => write!(f, "order by {field}"),
            Self::Order { field, descending: true } => write!(f, "order by {field} descending"),
            Self::All(inner) => bracketed(f, inner, " and "),
            Self::Any(inner) => bracketed(f, inner, " or "),
            Self::Not(inner) => write!(f, "not {inner}"),
            Self::Raw(_) => f.write_str("raw text"),
            Self::Refused(_) => f.write_str("a part that is refused"),
        }
    }
}

fn bracketed(f: &mut fmt::Formatter<'_>, inner: &[Expr<'_>], word: &str) -> fmt::Result {
    f.write_str("(")?;
    outline(f, inner, word)?;
    f.write_str(")")
}

/// The first few are enough to find the place.
pub(super) fn outline(f: &mut fmt::Formatter<'_>, inner: &[Expr<'_>], word: &str) -> fmt::Result {
    for (at, expr) in inner.iter().enumerate() {
        match at {
            0 => {}
            6 => return write!(f, "{word}…"),
            _ => f.write_str(word)?,
        }
        write!(f, "{expr}")?;
    }
    Ok(())
}
