//! Which fields a query speaks of.

use super::condition::{Condition, Test};
use super::{Expr, Query};
use std::collections::BTreeSet;

impl Query<'_> {
    /// The fields that it tests, in alphabetical order. Those that it only sorts by are none, nor are those of other tables in a
    /// related list or a join, nor any of raw text, which was not read.
    ///
    /// The service drops a condition on a field that it does not know, and so selects more rows than were asked for (facts
    /// 2.5): whoever asks for these fields in the answer sees whether they are there.
    ///
    /// ```
    /// use snow_core::query::field;
    ///
    /// let query = field("state").eq(1).and(field("caller_id.name").is_empty().or(field("active").eq(true)));
    /// assert_eq!(query.order_by("number").fields(), ["active", "caller_id.name", "state"]);
    /// ```
    pub fn fields(&self) -> Vec<&str> {
        let mut names = BTreeSet::new();
        self.terms.iter().for_each(|term| term.name(&mut names));
        names.into_iter().collect()
    }
}

impl Expr<'_> {
    fn name<'q>(&'q self, names: &mut BTreeSet<&'q str>) {
        match self {
            Self::Condition(condition) => condition.name(names),
            Self::All(terms) | Self::Any(terms) => terms.iter().for_each(|term| term.name(names)),
            Self::Not(term) => term.name(names),
            Self::Whole(_) | Self::Order { .. } | Self::Raw(_) | Self::Refused(_) => {}
        }
    }
}

impl Condition<'_> {
    fn name<'q>(&'q self, names: &mut BTreeSet<&'q str>) {
        names.insert(&self.field);
        match &self.test {
            Test::Relate { other, .. } => names.insert(other),
            Test::Apart(apart) => names.insert(&apart.other),
            _ => false,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::{field, related_list};

    #[test]
    fn every_field_once_however_deep() {
        let query = (field("b").eq(1) | field("a").is_empty()).not() & field("b").is_in(["x"]);
        assert_eq!(query.fields(), ["a", "b"]);
        let query = Query::parse("opened_atSAMEASclosed_at^NQactive=true^ORDERBYnumber").unwrap();
        assert_eq!(query.fields(), ["active", "closed_at", "opened_at"]);
        assert!(related_list("incident", "problem_id").matching(field("x").eq(1)).none().fields().is_empty());
        assert!(Query::raw("a=1").fields().is_empty() && Query::new().fields().is_empty());
        assert_eq!(Query::raw("a=1").and(Query::new()).fields(), ["a"]);
    }
}
