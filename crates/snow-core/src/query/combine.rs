//! Combines queries by and, or and not.

use super::expr::{BuildError, Expr};
use super::{Query, parse};
use crate::{Error, ErrorKind};
use std::borrow::Cow;
use std::{mem, ops};

/// How deep `and`, `or` and `not` may nest. Only a loop that goes wrong nests deeper.
const MAX_DEPTH: u8 = 100;

impl<'a> Query<'a> {
    /// Combines queries so that all of them have to match. No query at all matches every record.
    pub fn all(queries: impl IntoIterator<Item = Query<'a>>) -> Self {
        queries.into_iter().fold(Self::new(), Self::and)
    }

    /// Combines queries so that at least one of them has to match. No query at all is refused, because it would match no record.
    pub fn any(queries: impl IntoIterator<Item = Query<'a>>) -> Self {
        let why =
            "any() of no conditions matches no record, which no query can express: do not send the request";
        queries.into_iter().reduce(Self::or).unwrap_or_else(|| Self::refused(refusal(why)))
    }

    /// Combines two queries so that both have to match. The order of `other` follows the order of this one.
    #[must_use]
    pub fn and(mut self, mut other: Query<'a>) -> Self {
        self.read_raw();
        other.read_raw();
        self.depth = self.depth.max(other.depth);
        self.terms.append(&mut other.terms);
        self
    }

    /// Combines two queries so that at least one of them has to match. A query without conditions is refused, because it matches every
    /// record.
    #[must_use]
    pub fn or(self, other: Query<'a>) -> Self {
        let (mut left, mut right) = (self, other);
        left.read_raw();
        right.read_raw();
        if let Some(refused) = [&left, &right].into_iter().find_map(Self::refusal) {
            return Self::refused(refused);
        }
        if !(left.has_conditions() && right.has_conditions()) {
            let why = "an or() with a query that has no conditions selects every record: leave that side out, \
                       or use Query::any() for a list";
            return Self::refused(refusal(why));
        }
        let depth = left.depth_in_any().max(right.depth_in_any());
        let mut any = left.into_alternatives();
        any.extend(right.into_alternatives());
        Self::nested(Expr::Any(any), depth)
    }

    /// Negates the query: the result matches every record that this one does not, including records without a value. Conditions for
    /// which the service has no opposite are refused: `STARTSWITH`, `ENDSWITH`, `INSTANCEOF` and some more.
    ///
    /// ```
    /// use snow_client::field;
    ///
    /// let query = field("state").is_in([6, 7]).or(field("priority").lt(3)).not();
    /// assert_eq!(query.encode()?, "stateNOT IN6,7^ORstateISEMPTY^priority>=3^ORpriorityISEMPTY");
    /// let error = field("number").starts_with("INC").not().encode().unwrap_err();
    /// assert!(error.to_string().contains("no operator for that"), "{error}");
    /// # Ok::<_, snow_core::Error>(())
    /// ```
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "it does; the method reads better in a chain")]
    pub fn not(self) -> Self {
        let mut query = self;
        query.read_raw();
        if let Some(refused) = query.refusal() {
            return Self::refused(refused);
        }
        if !query.has_conditions() {
            return Self::refused(refusal(
                "not() of a query without conditions matches no record: do not send the request",
            ));
        }
        let depth = query.depth + 2;
        Self::nested(Expr::Not(Box::new(query.into_expr())), depth)
    }

    fn refused(error: Error) -> Self {
        Self::of(Expr::Refused(BuildError(error)))
    }

    fn nested(expr: Expr<'a>, depth: u8) -> Self {
        if depth > MAX_DEPTH {
            let why = format!(
                "the query nests deeper than {MAX_DEPTH}: combine lists with Query::all() and Query::any()"
            );
            return Self::refused(Error::new(ErrorKind::InvalidInput, why));
        }
        Self::with_depth(expr, depth)
    }

    /// Parses raw text, which has to be done before it is combined. It is always the first term, because whatever adds a term calls
    /// this first.
    pub(super) fn read_raw(&mut self) {
        if self.terms.first().is_some_and(Expr::is_raw) {
            self.parse_raw_terms();
        }
    }

    #[cold]
    fn parse_raw_terms(&mut self) {
        for term in mem::take(&mut self.terms) {
            let Expr::Raw(text) = term else {
                self.terms.push(term);
                continue;
            };
            let read = match text {
                Cow::Borrowed(text) => parse::parse(text),
                Cow::Owned(text) => parse::parse(&text).map(Query::into_owned),
            };
            let mut read = read.unwrap_or_else(|why| Self::refused(uncombinable(&why)));
            self.depth = self.depth.max(read.depth);
            self.terms.append(&mut read.terms);
        }
    }

    fn refusal(&self) -> Option<Error> {
        self.terms
            .iter()
            .find_map(|term| if let Expr::Refused(why) = term { Some(why.0.clone()) } else { None })
    }

    fn has_conditions(&self) -> bool {
        self.terms.iter().any(|term| !matches!(term, Expr::Order { .. }))
    }

    /// Returns how deep an `or` with this query nests. A chain of `or` is one level.
    fn depth_in_any(&self) -> u8 {
        match &self.terms[..] {
            [Expr::Any(_)] => self.depth,
            [_] => self.depth + 1,
            _ => self.depth + 2,
        }
    }

    fn into_expr(self) -> Expr<'a> {
        let mut terms = self.terms;
        if terms.len() == 1 { terms.remove(0) } else { Expr::All(terms) }
    }

    fn into_alternatives(self) -> Vec<Expr<'a>> {
        match self.into_expr() {
            Expr::Any(any) => any,
            one => vec![one],
        }
    }
}

fn refusal(why: &'static str) -> Error {
    Error::new(ErrorKind::InvalidInput, why)
}

fn uncombinable(why: &Error) -> Error {
    let text = format!("a raw query can be sent alone, but not combined: {why}");
    Error::new(ErrorKind::InvalidInput, text)
}

impl<'a> ops::BitAnd for Query<'a> {
    type Output = Query<'a>;

    fn bitand(self, other: Query<'a>) -> Query<'a> {
        self.and(other)
    }
}

impl<'a> ops::BitOr for Query<'a> {
    type Output = Query<'a>;

    fn bitor(self, other: Query<'a>) -> Query<'a> {
        self.or(other)
    }
}

impl<'a> ops::Not for Query<'a> {
    type Output = Query<'a>;

    fn not(self) -> Query<'a> {
        Query::not(self)
    }
}
