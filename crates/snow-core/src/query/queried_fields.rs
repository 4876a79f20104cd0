//! The fields that a query uses.

use super::condition::Test;
use super::related::SpecialCondition;
use super::{Expr, Query};

impl Query<'_> {
    /// Returns the fields in conditions and order, including dot-walks, each once. Fields of another table, in a related list or a join,
    /// are left out, and so are those in [`raw`](Self::raw) text; [`parse`](Self::parse) it instead.
    ///
    /// ```
    /// use snow_client::Query;
    ///
    /// let query = Query::parse("active=true^caller_id.nameLIKEfred^NQopened_atSAMEASclosed_at@day^ORDERBYnumber")?;
    /// assert_eq!(query.fields(), ["active", "caller_id.name", "opened_at", "closed_at", "number"]);
    /// # Ok::<_, snow_core::Error>(())
    /// ```
    pub fn fields(&self) -> Vec<&str> {
        let mut found = Vec::new();
        self.terms.iter().for_each(|term| collect(term, &mut found));
        let mut once = Vec::with_capacity(found.len());
        for field in found {
            if !once.contains(&field) {
                once.push(field);
            }
        }
        once
    }
}

fn collect<'q>(expr: &'q Expr<'_>, found: &mut Vec<&'q str>) {
    match expr {
        Expr::Condition(condition) => {
            found.push(&condition.field);
            match &condition.test {
                Test::Relate { other, .. } => found.push(other),
                Test::Distance(distance) => found.push(&distance.other),
                Test::Compare(..)
                | Test::In { .. }
                | Test::Between(_)
                | Test::Unary(_)
                | Test::On { .. }
                | Test::Relative(..)
                | Test::DatePart(_) => {}
            }
        }
        Expr::Order { field, .. } => found.push(field),
        Expr::All(inner) | Expr::Any(inner) => inner.iter().for_each(|expr| collect(expr, found)),
        Expr::Not(inner) => collect(inner, found),
        Expr::Special(special) => match &**special {
            SpecialCondition::Related { .. }
            | SpecialCondition::Join(_)
            | SpecialCondition::Text(_)
            | SpecialCondition::TextIndexGroup(_) => {}
        },
        Expr::Raw(_) | Expr::Refused(_) => {}
    }
}
