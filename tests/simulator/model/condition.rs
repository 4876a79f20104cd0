//! Encoded queries: how they are written, and which records they select (facts 2).

use super::calendar;
use super::dictionary::{Column, Kind, Table, table};
use super::forms::label;
use super::instance::{Instance, Place, Record, Who, may_read};
use std::cmp::Ordering;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Op {
    Is,
    IsNot,
    In,
    NotIn,
    NotInTight,
    Like,
    NotLike,
    Starts,
    Ends,
    Empty,
    NotEmpty,
    EmptyString,
    Anything,
    Less,
    AtMost,
    More,
    AtLeast,
    Between,
    Same,
    NotSame,
    MoreThanField,
    LessThanField,
    InstanceOf,
}

impl Op {
    fn text(self) -> &'static str {
        match self {
            Self::Is => "=",
            Self::IsNot => "!=",
            Self::In => "IN",
            Self::NotIn => "NOT IN",
            Self::NotInTight => "NOTIN",
            Self::Like => "LIKE",
            Self::NotLike => "NOT LIKE",
            Self::Starts => "STARTSWITH",
            Self::Ends => "ENDSWITH",
            Self::Empty => "ISEMPTY",
            Self::NotEmpty => "ISNOTEMPTY",
            Self::EmptyString => "EMPTYSTRING",
            Self::Anything => "ANYTHING",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::More => ">",
            Self::AtLeast => ">=",
            Self::Between => "BETWEEN",
            Self::Same => "SAMEAS",
            Self::NotSame => "NSAMEAS",
            Self::MoreThanField => "GT_FIELD",
            Self::LessThanField => "LT_FIELD",
            Self::InstanceOf => "INSTANCEOF",
        }
    }

    /// What stands between several values.
    fn separator(self) -> &'static str {
        if self == Self::Between { "@" } else { "," }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Condition {
    pub(crate) field: &'static str,
    pub(crate) op: Op,
    pub(crate) values: Vec<&'static str>,
}

/// How a condition is joined to the one before it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Join {
    And,
    Or,
    NewQuery,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Order {
    pub(crate) field: &'static str,
    pub(crate) descending: bool,
}

/// What may stand around a query and says nothing (facts 2.1 and 2.2).
#[derive(Clone, Copy, Debug)]
pub(crate) enum Around {
    Nothing,
    CaretInFront,
    CaretBehind,
    EndMarker,
    Grouping,
}

#[derive(Clone, Debug)]
pub(crate) struct Query {
    pub(crate) terms: Vec<(Join, Condition)>,
    pub(crate) order: Vec<Order>,
    pub(crate) around: Around,
}

impl Query {
    /// The text of `sysparm_query`.
    pub(crate) fn text(&self) -> String {
        let mut parts = Vec::new();
        for (at, (join, condition)) in self.terms.iter().enumerate() {
            let join = match join {
                _ if at == 0 => "",
                Join::And => "",
                Join::Or => "OR",
                Join::NewQuery => "NQ",
            };
            let values: Vec<String> = condition.values.iter().map(|value| value.replace('^', "^^")).collect();
            let values = values.join(condition.op.separator());
            parts.push(format!("{join}{}{}{values}", condition.field, condition.op.text()));
        }
        if let Around::Grouping = self.around {
            parts.push("GROUPBYsys_id".into());
        }
        for order in &self.order {
            parts.push(format!("ORDERBY{}{}", if order.descending { "DESC" } else { "" }, order.field));
        }
        let text = parts.join("^");
        match self.around {
            Around::CaretInFront => format!("^{text}"),
            Around::CaretBehind => format!("{text}^"),
            Around::EndMarker => format!("{text}^EQ"),
            Around::Nothing | Around::Grouping => text,
        }
    }

    /// Whether a field that the user may not read stands in it: then it is refused (facts 2.5).
    pub(crate) fn is_forbidden(&self, instance: &Instance, of: &Table, who: Who) -> bool {
        let fields = self.terms.iter().map(|(_, condition)| condition.field);
        fields
            .chain(self.order.iter().map(|order| order.field))
            .filter_map(|field| instance.walk(of, None, field))
            .any(|place| !may_read(who, place.column))
    }

    /// `^NQ` parts groups, of which one has to hold; `^OR` joins a condition to the one before it (facts 2.2). A condition on an
    /// unknown field is dropped (facts 2.5).
    pub(crate) fn selects(&self, instance: &Instance, of: &Table, record: &Record) -> bool {
        let mut groups: Vec<Vec<Vec<bool>>> = vec![Vec::new()];
        for (at, (join, condition)) in self.terms.iter().enumerate() {
            if *join == Join::NewQuery && at > 0 {
                groups.push(Vec::new());
            }
            let group = groups.last_mut().expect("the first");
            if *join != Join::Or || group.is_empty() {
                group.push(Vec::new());
            }
            let held = instance
                .walk(of, Some(record), condition.field)
                .map(|place| condition.holds(instance, of, place));
            group.last_mut().expect("the one before").extend(held);
        }
        let all = |group: &Vec<Vec<bool>>| {
            group
                .iter()
                .filter(|alternatives| !alternatives.is_empty())
                .all(|alternatives| alternatives.contains(&true))
        };
        groups.iter().any(all)
    }

    /// Whether one of several groups has nothing but conditions that were dropped: the facts do not say what it selects.
    pub(crate) fn has_an_empty_group(&self, instance: &Instance, of: &Table) -> bool {
        let mut groups = vec![0];
        for (at, (join, condition)) in self.terms.iter().enumerate() {
            if *join == Join::NewQuery && at > 0 {
                groups.push(0);
            }
            let known = instance.walk(of, None, condition.field).is_some();
            *groups.last_mut().expect("the first") += u32::from(known);
        }
        groups.len() > 1 && groups.contains(&0)
    }

    pub(crate) fn compare(&self, instance: &Instance, of: &Table, left: &Record, right: &Record) -> Ordering {
        for order in &self.order {
            let place = |record| instance.walk(of, Some(record), order.field);
            let (Some(left), Some(right)) = (place(left), place(right)) else { continue };
            let found = compare_places(instance, left, right);
            let found = if order.descending { found.reverse() } else { found };
            if found != Ordering::Equal {
                return found;
            }
        }
        Ordering::Equal
    }
}

fn compare_places(instance: &Instance, left: Place<'_>, right: Place<'_>) -> Ordering {
    let (column, left, right) = (left.column, left.value(), right.value());
    match (left.is_empty(), right.is_empty()) {
        (false, false) => {}
        (left, right) => return right.cmp(&left),
    }
    if let Kind::Reference(to) = column.kind {
        return lower(&instance.display_of(to, left)).cmp(&lower(&instance.display_of(to, right)));
    }
    compare(column, left, right).unwrap_or(Ordering::Equal)
}

fn lower(text: &str) -> String {
    text.to_lowercase()
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok()
}

/// Two values of a column, neither of them empty. A number is in no order with a text.
fn compare(column: &Column, left: &str, right: &str) -> Option<Ordering> {
    match column.kind {
        Kind::Integer | Kind::Decimal | Kind::Choice(true, _) => number(left)?.partial_cmp(&number(right)?),
        Kind::DateTime => Some(moment(left).cmp(&moment(right))),
        Kind::Id | Kind::Reference(_) => Some(left.cmp(right)),
        _ => Some(lower(left).cmp(&lower(right))),
    }
}

/// A date alone is its midnight (facts 2.6).
fn moment(text: &str) -> i64 {
    calendar::seconds(&if text.len() == 10 { format!("{text} 00:00:00") } else { text.to_owned() })
}

impl Condition {
    fn holds(&self, instance: &Instance, of: &Table, place: Place<'_>) -> bool {
        let (column, value) = (place.column, place.value());
        let given = self.values.first().copied().unwrap_or_default();
        let order = |given: &str| {
            if value.is_empty() || given.is_empty() { None } else { compare(column, value, given) }
        };
        let is = |given: &str| match column.kind {
            // Text is compared without regard to case, keys are compared exactly (facts 2.1).
            Kind::Id | Kind::Reference(_) => value == given,
            _ if value.is_empty() || given.is_empty() => value == given,
            _ => compare(column, value, given) == Some(Ordering::Equal),
        };
        // Records without a value match no negative test (facts 2.4).
        let is_not = |is: bool| !value.is_empty() && !is;
        // Words are looked for in what a reference shows.
        let shown = lower(&match column.kind {
            Kind::Reference(to) => instance.display_of(to, value),
            _ => value.to_owned(),
        });
        let word = lower(given);
        match self.op {
            Op::Is => is(given),
            Op::IsNot => is_not(is(given)),
            Op::In => self.values.iter().any(|given| is(given)),
            Op::NotIn | Op::NotInTight => is_not(self.values.iter().any(|given| is(given))),
            Op::Like => shown.contains(&word),
            Op::NotLike => is_not(shown.contains(&word)),
            Op::Starts => shown.starts_with(&word),
            Op::Ends => shown.ends_with(&word),
            Op::Empty | Op::EmptyString => value.is_empty(),
            Op::NotEmpty => !value.is_empty(),
            Op::Anything => true,
            Op::Less => order(given) == Some(Ordering::Less),
            Op::AtMost => order(given).is_some_and(Ordering::is_le),
            Op::More => order(given) == Some(Ordering::Greater),
            Op::AtLeast => order(given).is_some_and(Ordering::is_ge),
            Op::Between => {
                order(given).is_some_and(Ordering::is_ge)
                    && order(self.values[1]).is_some_and(Ordering::is_le)
            }
            Op::InstanceOf => table(value).is_some_and(|class| class.is_a(given)),
            Op::Same | Op::NotSame | Op::MoreThanField | Op::LessThanField => {
                let other = instance.walk(of, place.record, given);
                self.holds_of_two(column, value, other.map_or("", |other| other.value()))
            }
        }
    }

    fn holds_of_two(&self, column: &Column, value: &str, other: &str) -> bool {
        let both = !value.is_empty() && !other.is_empty();
        let order = if both { compare(column, value, other) } else { None };
        match self.op {
            Op::Same => order == Some(Ordering::Equal) || value == other,
            Op::NotSame => order != Some(Ordering::Equal) && value != other,
            Op::MoreThanField => order == Some(Ordering::Greater),
            _ => order == Some(Ordering::Less),
        }
    }

    /// A name with a value: equality, with display values of choices and references as well (facts 1.2).
    pub(crate) fn pair_holds(place: Place<'_>, instance: &Instance, given: &str) -> bool {
        let (column, value) = (place.column, place.value());
        let shown = match column.kind {
            Kind::Choice(..) => label(column, value).unwrap_or_default().to_owned(),
            Kind::Reference(to) => instance.display_of(to, value),
            _ => String::new(),
        };
        let stored = match column.kind {
            Kind::Id | Kind::Reference(_) => value == given,
            _ if value.is_empty() => false,
            _ => compare(column, value, given) == Some(Ordering::Equal),
        };
        stored || (!shown.is_empty() && lower(&shown) == lower(given))
    }
}
