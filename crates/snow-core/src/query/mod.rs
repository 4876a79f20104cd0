//! Encoded queries: what a user writes is what the service evaluates, or it is refused (facts 2).
//!
//! ```
//! use snow_core::query::{DateRange, Query, Relative, Unit, field};
//!
//! let mine = field("assigned_to").eq("681ccaf9c0a8016400b98a06818d57c7");
//! let urgent = field("priority").le(2).or(field("escalation").gt(0));
//! let query = field("active").eq(true).and(mine).and(urgent).order_by_desc("sys_created_on");
//! assert_eq!(
//!     query.encode()?,
//!     "active=true^assigned_to=681ccaf9c0a8016400b98a06818d57c7^priority<=2^ORescalation>0^ORDERBYDESCsys_created_on",
//! );
//!
//! // Grouping is kept, whatever it takes.
//! let (a, b, c) = (field("a").eq(1), field("b").eq(2), field("c").eq(3));
//! assert_eq!(a.clone().and(b.clone()).or(c.clone()).encode()?, "a=1^b=2^NQc=3");
//! assert_eq!(a.and(b.or(c)).encode()?, "a=1^b=2^ORc=3");
//!
//! // Dates and times are typed.
//! let recent = field("sys_updated_on").gt(Relative::ago(2, Unit::Hour)).or(field("opened_at").on(DateRange::Today));
//! assert!(recent.encode()?.starts_with("sys_updated_onRELATIVEGT@hour@ago@2^ORopened_atONToday@javascript:"));
//!
//! // No value can change what the query asks for.
//! let error = field("number").eq("x^ORactive=true").encode().unwrap_err();
//! assert!(error.to_string().contains("'^'"), "{error}");
//! # Ok::<_, snow_core::Error>(())
//! ```
//!
//! # Rows without a value
//!
//! Whether the service's own `!=` and `NOT LIKE` match a row that has no value in the field is unsettled (facts 2.4). So
//! every negative test here says it: [`ne`](FieldPath::ne), [`not_in`](FieldPath::not_in),
//! [`not_contains`](FieldPath::not_contains) and [`not_on`](FieldPath::not_on) match rows without a value, by an
//! `^OR…ISEMPTY` of their own; add `.and(field("x").is_not_empty())` to leave those out. A boolean that is empty is shown as
//! `false` and was seen to match neither `=false` nor `!=true`, so `eq(false)` matches it, and `eq(true)` does not. The
//! service's own words, exactly as they are, come from [`Query::parse`].

mod check;
mod condition;
mod expr;
mod field;
mod fields;
mod lower;
mod operator;
mod parse;
mod range;
mod related;
mod split;
mod terms;
mod value;
mod write;

pub(crate) use check::{check_field, is_field};
pub use field::{FieldPath, On, Side, field};
pub use range::{DateRange, Relative, Unit, Weekday};
pub use related::{Join, RelatedList, join, related_list, text_index_group, text_search};
pub use value::Value;
pub(crate) use write::encode_value;

use crate::{Error, Kind};
use expr::{Expr, Refusal, outline, owned};
use std::borrow::Cow;
use std::{fmt, ops};
use terms::Terms;

/// Room for most queries, taken at once.
const USUAL: usize = 256;

/// How deep `and`, `or` and `not` may nest. Nobody writes that by hand; a loop that goes wrong does.
const MAX_DEPTH: u8 = 100;

/// Conditions and an order: what to select, and how to sort it.
///
/// Made from [`field`]s and combined with [`and`](Self::and), [`or`](Self::or), [`not`](Self::not), or with `&`, `|` and
/// `!`. Building never fails: what cannot be sent is refused by [`encode`](Self::encode) and by whatever sends a query,
/// with the reason and before anything goes out. See the [module](self) for examples.
#[derive(Clone, Default, PartialEq)]
pub struct Query<'a> {
    /// All of these have to hold.
    terms: Terms<'a>,
    depth: u8,
}

impl<'a> Query<'a> {
    /// No condition: every row. Conditions can be added with [`and`](Self::and), an order with [`order_by`](Self::order_by).
    pub fn new() -> Self {
        Self::default()
    }

    /// All of these have to hold. Of none, every row does.
    pub fn all(queries: impl IntoIterator<Item = Query<'a>>) -> Self {
        queries.into_iter().fold(Self::new(), Self::and)
    }

    /// At least one of these has to hold. Of none, no row does: that cannot be asked for, and is refused.
    pub fn any(queries: impl IntoIterator<Item = Query<'a>>) -> Self {
        let why = "any() of no conditions matches no row, which no query can say: leave the request out";
        queries.into_iter().reduce(Self::or).unwrap_or_else(|| Self::refused(refusal(why)))
    }

    /// Encoded text, sent exactly as it stands. **Nothing is checked**: an unknown field widens it to the whole table
    /// (facts 2.5), untrusted text spliced into it adds conditions.
    ///
    /// Combined with another query or an order, it is first read by [`Query::parse`], so that every one of its `^NQ` groups
    /// keeps its meaning; text that cannot be read can be sent alone, but not combined.
    ///
    /// ```
    /// use snow_core::query::{Query, field};
    ///
    /// let copied = Query::raw("priority=1^NQpriority=2^impact=1^ORDERBYnumber");
    /// assert_eq!(
    ///     copied.and(field("active").eq(true)).encode()?,
    ///     "priority=1^active=true^NQpriority=2^impact=1^active=true^ORDERBYnumber",
    /// );
    /// assert!(Query::raw("!?").encode().is_ok());
    /// assert!(Query::raw("!?").and(field("active").eq(true)).encode().is_err());
    /// # Ok::<_, snow_core::Error>(())
    /// ```
    pub fn raw(text: impl Into<Cow<'a, str>>) -> Self {
        Self::of(Expr::Raw(text.into()))
    }

    /// Reads encoded text, such as a list view copies, to the same tree that code would build. Strict: what is not
    /// understood is an error that points at the byte.
    ///
    /// Tests read the service's way, without the rule for [rows without a value](self#rows-without-a-value).
    ///
    /// ```
    /// use snow_core::query::Query;
    ///
    /// let query = Query::parse("active=true^priority<3^ORescalation>0^ORDERBYDESCsys_created_on^EQ")?;
    /// assert_eq!(query.encode()?, "active=true^priority<3^ORescalation>0^ORDERBYDESCsys_created_on");
    /// let error = Query::parse("active=true^Priority<3").unwrap_err();
    /// assert!(error.to_string().contains("at byte 12"), "{error}");
    /// # Ok::<_, snow_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Kind::InvalidInput`], with the position and what was expected there.
    pub fn parse(text: &'a str) -> Result<Self, Error> {
        parse::parse(text)
    }

    /// Both have to hold. Orders go one after the other.
    #[must_use]
    #[inline(always)]
    pub fn and(mut self, other: Query<'a>) -> Self {
        let depth = self.depth.max(other.depth);
        // A query is large. One more condition is added here, in the caller, where most of its moves are none.
        match other.terms {
            Terms::One(second) if !second.is_raw() => match self.terms {
                Terms::Few(ref mut few) if !few.is_full() => {
                    few.push(second);
                    self.depth = depth;
                    self
                }
                Terms::One(first) if !first.is_raw() => Self { terms: Terms::pair(first, second), depth },
                _ => self.and_all(Self { terms: Terms::One(second), depth }),
            },
            terms => self.and_all(Self { terms, depth }),
        }
    }

    #[inline(never)]
    fn and_all(mut self, mut other: Query<'a>) -> Self {
        self.read();
        other.read();
        self.depth = self.depth.max(other.depth);
        // Taken apart here and not in a method of Terms: their room is large, and would be moved once more.
        match other.terms {
            Terms::One(one) => self.terms.push(one),
            Terms::Few(few) => few.into_iter().for_each(|term| self.terms.push(term)),
            Terms::Many(many) => many.into_iter().for_each(|term| self.terms.push(term)),
        }
        self
    }

    /// One of both has to hold. A query without conditions selects every row, so an `or` with one is refused.
    #[must_use]
    pub fn or(self, other: Query<'a>) -> Self {
        let (mut left, mut right) = (self, other);
        left.read();
        right.read();
        if let Some(refused) = [&left, &right].into_iter().find_map(Self::refusal) {
            return Self::refused(refused);
        }
        if !(left.has_conditions() && right.has_conditions()) {
            let why = "an or() with a query that has no conditions selects every row: leave that side out, \
                       or use Query::any() for a list";
            return Self::refused(refusal(why));
        }
        let depth = left.depth_in_any().max(right.depth_in_any());
        let mut any = left.into_alternatives();
        any.extend(right.into_alternatives());
        Self::nested(Expr::Any(any), depth)
    }

    /// Every row that this one does not select, rows without a value included. Refused where the service has no word for
    /// the opposite: `STARTSWITH`, `ENDSWITH`, `INSTANCEOF` and some more.
    ///
    /// ```
    /// use snow_core::query::field;
    ///
    /// let query = field("state").is_in([6, 7]).or(field("priority").lt(3)).not();
    /// assert_eq!(query.encode()?, "stateNOT IN6,7^ORstateISEMPTY^priority>=3^ORpriorityISEMPTY");
    /// let error = field("number").starts_with("INC").not().encode().unwrap_err();
    /// assert!(error.to_string().contains("no word for the opposite"), "{error}");
    /// # Ok::<_, snow_core::Error>(())
    /// ```
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "it does; the method reads better in a chain")]
    pub fn not(self) -> Self {
        let mut query = self;
        query.read();
        if let Some(refused) = query.refusal() {
            return Self::refused(refused);
        }
        if !query.has_conditions() {
            return Self::refused(refusal(
                "not() of a query without conditions matches no row: leave the request out",
            ));
        }
        let depth = query.depth + 2;
        Self::nested(Expr::Not(Box::new(query.into_expr())), depth)
    }

    /// Sorted by this field, smallest first; by further ones where the earlier are equal.
    #[must_use]
    #[inline(never)] // Inlined, it would move the query once more.
    pub fn order_by(mut self, field: impl Into<Cow<'a, str>>) -> Self {
        self.read();
        self.terms.push(Expr::Order { field: field.into(), descending: false });
        self
    }

    /// Sorted by this field, greatest first.
    #[must_use]
    #[inline(never)] // As above.
    pub fn order_by_desc(mut self, field: impl Into<Cow<'a, str>>) -> Self {
        self.read();
        self.terms.push(Expr::Order { field: field.into(), descending: true });
        self
    }

    /// The same query, its text read where it is raw: so that it can be combined, or is refused by what sends it.
    #[must_use]
    pub fn parsed(mut self) -> Self {
        self.read();
        self
    }

    /// The fields that it sorts by, in order, each with whether the greatest comes first. None of raw text, which is not
    /// [`parsed`](Self::parsed).
    pub fn order(&self) -> Vec<(&str, bool)> {
        let mut found = Vec::new();
        self.terms.iter().for_each(|term| term.orders(&mut found));
        found
    }

    /// The same conditions without an order.
    #[must_use]
    pub fn without_order(self) -> Self {
        let read = self.parsed();
        let kept = read.terms.into_vec().into_iter().filter_map(Expr::without_order);
        Self { terms: kept.collect(), depth: read.depth }
    }

    /// Writes carets in the values of this query as `^^`, as documented; without it, they are refused. Nobody has seen the
    /// service read that over REST (facts 2.3): try it on your instance first.
    ///
    /// ```
    /// use snow_core::query::field;
    ///
    /// assert_eq!(field("u_code").eq("a^b").escape_carets().encode()?, "u_code=a^^b");
    /// # Ok::<_, snow_core::Error>(())
    /// ```
    #[must_use]
    pub fn escape_carets(mut self) -> Self {
        self.terms.iter_mut().for_each(Expr::escape_carets);
        self
    }

    /// Whether there is neither condition nor order.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// The encoded query, as `sysparm_query` takes it, before it is percent-encoded for a URL.
    ///
    /// # Errors
    /// [`Kind::InvalidInput`], naming the field or the part of the query that cannot be sent, and what to do instead.
    /// Values are never repeated.
    pub fn encode(&self) -> Result<String, Error> {
        let mut out = String::with_capacity(USUAL);
        write::query(self, write::Writer::plain(&mut out))?;
        Ok(out)
    }

    /// How many bytes the query takes in a URL. [`Instance::MAX_URI`](crate::Instance::MAX_URI) is the limit of the whole;
    /// [`split`](Self::split) makes several of one that is longer.
    ///
    /// # Errors
    /// As [`encode`](Self::encode).
    pub fn url_len(&self) -> Result<usize, Error> {
        let mut out = String::with_capacity(USUAL);
        self.encode_url(&mut out)?;
        Ok(out.len())
    }

    /// Appends the percent-encoded query.
    pub(crate) fn encode_url(&self, out: &mut String) -> Result<(), Error> {
        write::query(self, write::Writer::url(out))
    }

    /// The same query, borrowing nothing.
    pub fn into_owned(self) -> Query<'static> {
        Query { terms: self.terms.into_vec().into_iter().map(Expr::into_owned).collect(), depth: self.depth }
    }

    #[inline]
    fn of(expr: Expr<'a>) -> Self {
        Self { terms: Terms::One(expr), depth: 0 }
    }

    fn refused(error: Error) -> Self {
        Self::of(Expr::Refused(Refusal(error)))
    }

    fn nested(expr: Expr<'a>, depth: u8) -> Self {
        if depth > MAX_DEPTH {
            let why = format!(
                "the query nests deeper than {MAX_DEPTH}: combine lists with Query::all() and Query::any()"
            );
            return Self::refused(Error::new(Kind::InvalidInput, why));
        }
        Self { terms: Terms::One(expr), depth }
    }

    /// Raw text as the tree that it stands for: to combine it is to understand it.
    fn read(&mut self) {
        let [Expr::Raw(text)] = &self.terms[..] else { return };
        let read = match text {
            Cow::Borrowed(text) => parse::parse(text),
            Cow::Owned(text) => parse::parse(text).map(Query::into_owned),
        };
        *self = read.unwrap_or_else(|why| Self::refused(uncombinable(&why)));
    }

    fn refusal(&self) -> Option<Error> {
        self.terms
            .iter()
            .find_map(|term| if let Expr::Refused(why) = term { Some(why.0.clone()) } else { None })
    }

    fn has_conditions(&self) -> bool {
        self.terms.iter().any(|term| !matches!(term, Expr::Order { .. }))
    }

    /// How deep an `or` with this as a side nests: one `or` after another is still one.
    fn depth_in_any(&self) -> u8 {
        match &self.terms[..] {
            [Expr::Any(_)] => self.depth,
            [_] => self.depth + 1,
            _ => self.depth + 2,
        }
    }

    fn into_expr(self) -> Expr<'a> {
        let mut terms = self.terms.into_vec();
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
    Error::new(Kind::InvalidInput, why)
}

fn uncombinable(why: &Error) -> Error {
    let text = format!("a raw query can be sent alone, but not combined: {why}");
    Error::new(Kind::InvalidInput, text)
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

impl fmt::Debug for Query<'_> {
    /// Fields and operators. Values may be anything that a user searches for.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Query(")?;
        outline(f, &self.terms, " and ")?;
        f.write_str(")")
    }
}
