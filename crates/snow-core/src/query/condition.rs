//! One condition: a field and a test.

use super::operator::{Comparison, Relation, TimeComparison, Unary};
use super::range::{Relative, Side, Unit};
use super::value::{Value, ValueKind, owned};
use std::borrow::Cow;
use std::fmt;

#[derive(Clone, PartialEq)]
pub(super) struct Condition<'a> {
    pub(super) field: Cow<'a, str>,
    pub(super) test: Test<'a>,
    /// Whether records without a value in the field match as well.
    pub(super) or_empty: bool,
}

#[derive(Clone, PartialEq)]
pub(super) enum Test<'a> {
    Compare(Comparison, Value<'a>),
    In {
        not: bool,
        values: Vec<Value<'a>>,
    },
    Between(Box<[Value<'a>; 2]>),
    Unary(Unary),
    Relate {
        relation: Relation,
        other: Cow<'a, str>,
        by_day: bool,
    },
    Distance(Box<Distance<'a>>),
    /// Label, beginning, end.
    On {
        not: bool,
        text: Cow<'a, str>,
    },
    Relative(TimeComparison, Relative),
    /// Label and script.
    DatePart(Cow<'a, str>),
}

/// More or less than a span before or after another field.
#[derive(Clone, PartialEq)]
pub(super) struct Distance<'a> {
    pub(super) more: bool,
    pub(super) count: u32,
    pub(super) unit: Unit,
    pub(super) side: Side,
    pub(super) other: Cow<'a, str>,
}

impl<'a> Condition<'a> {
    pub(super) fn values(&mut self) -> impl Iterator<Item = &mut Value<'a>> {
        match &mut self.test {
            Test::Compare(_, value) => std::slice::from_mut(value),
            Test::In { values, .. } => &mut values[..],
            Test::Between(edges) => &mut edges[..],
            _ => &mut [],
        }
        .iter_mut()
    }

    /// Returns the opposite: conditions of which one matches exactly the records that this one does not; `None` if the language has
    /// none.
    pub(super) fn opposite(&self) -> Option<Vec<Condition<'a>>> {
        // Without "or empty" it is not known whether a negative condition matches records without a value, nor does its opposite.
        let tests = match &self.test {
            // A boolean has two values, and an empty one counts as false.
            Test::Compare(Comparison::Eq, Value(ValueKind::Boolean(wanted))) => {
                let test = Test::Compare(Comparison::Eq, Value::from(!wanted));
                return Some(vec![Condition { field: self.field.clone(), test, or_empty: *wanted }]);
            }
            Test::Compare(comparison, value) if self.or_empty || !comparison.is_negative() => {
                vec![Test::Compare(comparison.opposite()?, value.clone())]
            }
            Test::In { not, values } if self.or_empty == *not => {
                vec![Test::In { not: !not, values: values.clone() }]
            }
            Test::On { not, text } if self.or_empty == *not => {
                vec![Test::On { not: !not, text: text.clone() }]
            }
            Test::Between(edges) => {
                let [from, to] = &**edges;
                vec![Test::Compare(Comparison::Lt, from.clone()), Test::Compare(Comparison::Gt, to.clone())]
            }
            Test::Relative(when, time) => vec![Test::Relative(when.opposite()?, *time)],
            Test::Unary(Unary::Empty) => return Some(vec![self.other(Test::Unary(Unary::NotEmpty))]),
            Test::Unary(Unary::NotEmpty) => return Some(vec![self.other(Test::Unary(Unary::Empty))]),
            Test::Relate { relation, other, by_day } => {
                return Some(self.unrelated(*relation, other, *by_day));
            }
            _ => return None,
        };
        let last = tests.len() - 1;
        let or_empty = |at| at == last && !self.or_empty;
        Some(
            tests
                .into_iter()
                .enumerate()
                .map(|(at, test)| Self { or_empty: or_empty(at), ..self.other(test) })
                .collect(),
        )
    }

    /// Returns the opposite of `SAMEAS`. The others have none, because they match no record in which one of the fields is empty.
    fn unrelated(&self, relation: Relation, other: &Cow<'a, str>, by_day: bool) -> Vec<Self> {
        let opposite =
            self.other(Test::Relate { relation: relation.opposite(), other: other.clone(), by_day });
        if matches!(relation, Relation::Same | Relation::NotSame) {
            return vec![opposite];
        }
        let theirs = Self { field: other.clone(), test: Test::Unary(Unary::Empty), or_empty: false };
        vec![Self { or_empty: true, ..opposite }, theirs]
    }

    fn other(&self, test: Test<'a>) -> Self {
        Self { field: self.field.clone(), test, or_empty: false }
    }

    pub(super) fn into_owned(self) -> Condition<'static> {
        let test = match self.test {
            Test::Compare(comparison, value) => Test::Compare(comparison, value.into_owned()),
            Test::In { not, values } => {
                Test::In { not, values: values.into_iter().map(Value::into_owned).collect() }
            }
            Test::Between(edges) => Test::Between(Box::new(edges.map(Value::into_owned))),
            Test::Unary(unary) => Test::Unary(unary),
            Test::Relate { relation, other, by_day } => {
                Test::Relate { relation, other: owned(other), by_day }
            }
            Test::Distance(distance) => {
                Test::Distance(Box::new(Distance { other: owned(distance.other), ..*distance }))
            }
            Test::On { not, text } => Test::On { not, text: owned(text) },
            Test::Relative(when, time) => Test::Relative(when, time),
            Test::DatePart(text) => Test::DatePart(owned(text)),
        };
        Condition { field: owned(self.field), test, or_empty: self.or_empty }
    }
}

impl Test<'_> {
    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::Compare(comparison, _) => comparison.word(),
            Self::In { not: false, .. } => "IN",
            Self::In { not: true, .. } => "NOT IN",
            Self::Between(_) => "BETWEEN",
            Self::Unary(unary) => unary.word(),
            Self::Relate { relation, .. } => relation.word(),
            Self::Distance(distance) if distance.more => "MORETHAN",
            Self::Distance(_) => "LESSTHAN",
            Self::On { not: false, .. } => "ON",
            Self::On { not: true, .. } => "NOTON",
            Self::Relative(when, _) => when.word(),
            Self::DatePart(_) => "DATEPART",
        }
    }
}

/// Writes field and operator, no value.
impl fmt::Display for Condition<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.field, self.test.word())
    }
}
