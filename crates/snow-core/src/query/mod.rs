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

mod byte_classes;
mod combine;
mod condition;
mod expr;
mod field;
mod field_name;
mod normal_form;
mod operator;
mod parse;
mod queried_fields;
mod range;
mod related;
mod split;
mod url_text;
mod value;
mod value_check;
mod write;

pub use field::{FieldPath, On, field};
pub(crate) use field_name::{check_field, check_returned_field};
pub use range::{DateRange, Relative, Side, Unit, Weekday};
pub use related::{Join, RelatedList, join, related_list, text_index_group, text_search};
pub use value::Value;
pub(crate) use write::encode_value;

use crate::Error;
use expr::{Expr, outline};
use std::borrow::Cow;
use std::fmt;

/// Room for the text of most queries, allocated at once.
const USUAL: usize = 256;

/// Room for the terms of most queries, allocated at once.
const USUAL_TERMS: usize = 6;

/// Conditions and an order: what to select, and how to sort it.
///
/// Made from [`field`]s and combined with [`and`](Self::and), [`or`](Self::or), [`not`](Self::not), or with `&`, `|` and
/// `!`. Building never fails: what cannot be sent is refused by [`encode`](Self::encode) and by whatever sends a query,
/// with the reason and before anything goes out. See the [module](self) for examples.
#[derive(Clone, Default, PartialEq)]
pub struct Query<'a> {
    /// All of these have to hold.
    terms: Vec<Expr<'a>>,
    depth: u8,
}

impl<'a> Query<'a> {
    /// No condition: every row. Conditions can be added with [`and`](Self::and), an order with [`order_by`](Self::order_by).
    pub fn new() -> Self {
        Self::default()
    }

    /// Encoded text, sent exactly as it stands. **Nothing is checked**: an unknown field widens it to the whole table
    /// (facts 2.5), untrusted text spliced into it adds conditions. Only text that is no query at all, but a URL or a
    /// percent-encoded parameter of one, is refused.
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
    /// understood is an error that points at the byte. What says nothing about records is left out: a caret or `^EQ` at the end, and
    /// `GROUPBY`.
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
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput), with the position and what was expected there.
    pub fn parse(text: &'a str) -> Result<Self, Error> {
        parse::parse(text)
    }

    /// Sorted by this field, smallest first; by further ones where the earlier are equal.
    #[must_use]
    pub fn order_by(mut self, field: impl Into<Cow<'a, str>>) -> Self {
        self.read_raw();
        self.terms.push(Expr::Order { field: field.into(), descending: false });
        self
    }

    /// Sorted by this field, greatest first.
    #[must_use]
    pub fn order_by_desc(mut self, field: impl Into<Cow<'a, str>>) -> Self {
        self.read_raw();
        self.terms.push(Expr::Order { field: field.into(), descending: true });
        self
    }

    /// The same query, its text read where it is raw: so that it can be combined, or is refused by what sends it.
    #[must_use]
    pub fn parsed(mut self) -> Self {
        self.read_raw();
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
        let kept = read.terms.into_iter().filter_map(Expr::without_order);
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
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput), naming the field or the part of the query that cannot be sent, and what to do instead.
    /// Values are never repeated.
    pub fn encode(&self) -> Result<String, Error> {
        let mut out = String::with_capacity(USUAL);
        write::write_query(self, write::Writer::plain(&mut out))?;
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
        write::write_query(self, write::Writer::url(out))
    }

    /// The same query, borrowing nothing.
    pub fn into_owned(self) -> Query<'static> {
        Query { terms: self.terms.into_iter().map(Expr::into_owned).collect(), depth: self.depth }
    }

    fn of(expr: Expr<'a>) -> Self {
        Self::with_depth(expr, 0)
    }

    fn with_depth(expr: Expr<'a>, depth: u8) -> Self {
        let mut terms = Vec::with_capacity(USUAL_TERMS);
        terms.push(expr);
        Self { terms, depth }
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
