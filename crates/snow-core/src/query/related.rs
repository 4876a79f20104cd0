//! Conditions without a field: related lists, joins and text searches (facts 2.1).

use super::operator::Comparison;
use super::value::{Value, ValueKind, owned};
use super::{Expr, Query};
use std::borrow::Cow;
use std::fmt;

#[derive(Clone, PartialEq)]
pub(super) enum SpecialCondition<'a> {
    Related { list: RelatedList<'a>, sign: Comparison, count: u32 },
    Join(Join<'a>),
    Text(Value<'a>),
    TextIndexGroup(Value<'a>),
}

/// The records of another table that reference a record; see [`related_list`].
#[derive(Clone, Debug, PartialEq)]
pub struct RelatedList<'a> {
    pub(super) table: Cow<'a, str>,
    pub(super) field: Cow<'a, str>,
    pub(super) matching: Query<'a>,
}

/// Creates a condition on the number of records of another table that reference a record by this field: for example, problems that
/// are referenced by incidents.
///
/// ```
/// use snow_client::{field, query::related_list};
///
/// let open = related_list("incident", "problem_id").matching(field("active").eq(true)).at_least(1);
/// assert_eq!(open.encode()?, "RLQUERYincident.problem_id,>=1^active=true^ENDRLQUERY");
/// let alone = related_list("incident", "problem_id").none();
/// assert_eq!(alone.encode()?, "RLQUERYincident.problem_id,=0^ENDRLQUERY");
/// # Ok::<_, snow_core::Error>(())
/// ```
pub fn related_list<'a>(table: impl Into<Cow<'a, str>>, field: impl Into<Cow<'a, str>>) -> RelatedList<'a> {
    RelatedList { table: table.into(), field: field.into(), matching: Query::new() }
}

impl<'a> RelatedList<'a> {
    /// Counts only the records that this query matches. It may have no order and no related list.
    #[must_use]
    pub fn matching(mut self, query: Query<'a>) -> Self {
        self.matching = self.matching.and(query);
        self
    }

    /// Matches records with at least this many.
    pub fn at_least(self, count: u32) -> Query<'a> {
        self.count(Comparison::Ge, count)
    }

    /// Matches records with at most this many.
    pub fn at_most(self, count: u32) -> Query<'a> {
        self.count(Comparison::Le, count)
    }

    /// Matches records with exactly this many.
    pub fn exactly(self, count: u32) -> Query<'a> {
        self.count(Comparison::Eq, count)
    }

    /// Matches records with none.
    pub fn none(self) -> Query<'a> {
        self.exactly(0)
    }

    fn count(self, sign: Comparison, count: u32) -> Query<'a> {
        Query::of(Expr::Special(Box::new(SpecialCondition::Related { list: self, sign, count })))
    }
}

/// A join with another table; see [`join`].
#[derive(Clone, Debug, PartialEq)]
pub struct Join<'a> {
    /// `table.field`
    pub(super) left: Cow<'a, str>,
    pub(super) right: Cow<'a, str>,
    pub(super) matching: Query<'a>,
}

/// Creates a condition that at least one record of another table has the same value in a field. Both fields are written
/// `table.field`. The operator is in use, but not documented.
///
/// ```
/// use snow_client::{field, query::join};
///
/// let query = join("incident.caller_id", "sys_user.sys_id").matching(field("active").eq(true));
/// assert_eq!(query.encode()?, "JOINincident.caller_id=sys_user.sys_id!active=true");
/// # Ok::<_, snow_core::Error>(())
/// ```
pub fn join<'a>(left: impl Into<Cow<'a, str>>, right: impl Into<Cow<'a, str>>) -> Join<'a> {
    Join { left: left.into(), right: right.into(), matching: Query::new() }
}

impl<'a> Join<'a> {
    /// Matches if a record of the other table also matches this one condition.
    pub fn matching(mut self, condition: Query<'a>) -> Query<'a> {
        self.matching = self.matching.and(condition);
        Query::of(Expr::Special(Box::new(SpecialCondition::Join(self))))
    }

    /// Matches any record of the other table.
    pub fn any(self) -> Query<'a> {
        self.matching(Query::new())
    }
}

/// Creates a condition that the text index of a record contains these words.
///
/// ```
/// use snow_client::{field, query::text_search};
///
/// let query = text_search("vpn broken").and(field("active").eq(true));
/// assert_eq!(query.encode()?, "123TEXTQUERY321=vpn broken^active=true");
/// # Ok::<_, snow_core::Error>(())
/// ```
pub fn text_search<'a>(words: impl Into<Cow<'a, str>>) -> Query<'a> {
    let words = Value(ValueKind::Text(words.into()));
    Query::of(Expr::Special(Box::new(SpecialCondition::Text(words))))
}

/// Creates a condition that selects the text index group for a [`text_search`] in the same query.
pub fn text_index_group<'a>(group: impl Into<Cow<'a, str>>) -> Query<'a> {
    let group = Value(ValueKind::Text(group.into()));
    Query::of(Expr::Special(Box::new(SpecialCondition::TextIndexGroup(group))))
}

impl<'a> SpecialCondition<'a> {
    /// Returns the opposite condition; `None` if the language has none.
    pub(super) fn opposite(&self) -> Option<Self> {
        match self {
            Self::Related { list, sign, count } => {
                Some(Self::Related { list: list.clone(), sign: sign.opposite()?, count: *count })
            }
            Self::Join(_) | Self::Text(_) | Self::TextIndexGroup(_) => None,
        }
    }

    pub(super) fn escape_carets(&mut self) {
        match self {
            Self::Related { list: RelatedList { matching, .. }, .. } | Self::Join(Join { matching, .. }) => {
                matching.terms.iter_mut().for_each(Expr::escape_carets);
            }
            Self::Text(text) | Self::TextIndexGroup(text) => text.escape_carets(),
        }
    }

    pub(super) fn into_owned(self) -> SpecialCondition<'static> {
        match self {
            Self::Related { list, sign, count } => {
                let RelatedList { table, field, matching } = list;
                let list =
                    RelatedList { table: owned(table), field: owned(field), matching: matching.into_owned() };
                SpecialCondition::Related { list, sign, count }
            }
            Self::Join(Join { left, right, matching }) => SpecialCondition::Join(Join {
                left: owned(left),
                right: owned(right),
                matching: matching.into_owned(),
            }),
            Self::Text(text) => SpecialCondition::Text(text.into_owned()),
            Self::TextIndexGroup(group) => SpecialCondition::TextIndexGroup(group.into_owned()),
        }
    }
}

impl fmt::Display for SpecialCondition<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Related { list, .. } => write!(f, "the related list {}.{}", list.table, list.field),
            Self::Join(join) => write!(f, "the join of {} and {}", join.left, join.right),
            Self::Text(_) => f.write_str("the text search"),
            Self::TextIndexGroup(_) => f.write_str("the text index group"),
        }
    }
}
