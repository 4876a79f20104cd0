//! Encoded queries. A query is sent as the service will evaluate it, or it is refused.
//!
//! ```
//! use snow_client::{Query, field, query::{DateRange, Relative, Unit}};
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
//! // No value can change the meaning of a query.
//! let error = field("number").eq("x^ORactive=true").encode().unwrap_err();
//! assert!(error.to_string().contains("'^'"), "{error}");
//! # Ok::<_, snow_core::Error>(())
//! ```
//!
//! # Records without a value
//!
//! It is not documented whether the service's own `!=` and `NOT LIKE` match a record that has no value in the field. So the negative
//! conditions [`ne`](FieldPath::ne), [`not_in`](FieldPath::not_in), [`not_contains`](FieldPath::not_contains) and
//! [`not_on`](FieldPath::not_on) match records without a value explicitly, by an additional `^OR…ISEMPTY`. Add
//! `.and(field("x").is_not_empty())` to leave those out. An empty boolean is displayed as `false`, but was seen to match neither
//! `=false` nor `!=true`, so `eq(false)` matches it, and `eq(true)` does not. [`Query::parse`] keeps the service's own operators
//! exactly as they are.

mod byte_classes;
mod combine;
mod condition;
mod expr;
mod field;
mod field_name;
#[cfg(any(feature = "chrono", feature = "jiff", feature = "time"))]
mod foreign_times;
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

/// The capacity for the text of most queries.
const USUAL: usize = 256;

/// The capacity for the terms of most queries.
const USUAL_TERMS: usize = 6;

/// A query: the conditions that records have to match, and their order.
///
/// Queries are made from [`field`]s and combined with [`and`](Self::and), [`or`](Self::or) and [`not`](Self::not), or with `&`, `|` and
/// `!`. Building never fails. A query that cannot be sent is refused by [`encode`](Self::encode), and by the request that uses it
/// before anything is sent. See the [module](self) for examples.
#[derive(Clone, Default, PartialEq)]
pub struct Query<'a> {
    /// The conditions, all of which have to match, and the orders.
    terms: Vec<Expr<'a>>,
    depth: u8,
}

impl<'a> Query<'a> {
    /// Creates a query without conditions, which matches every record.
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a query from encoded text, which is sent exactly as it is. **Nothing is checked**: a condition on an unknown field is
    /// ignored by the service, so the query matches more records, and untrusted text can add conditions. Only a URL or a percent-encoded
    /// parameter is refused.
    ///
    /// When it is combined with another query or an order, the text is first parsed like [`Query::parse`], so that each of its `^NQ`
    /// groups keeps its meaning. Text that cannot be parsed can be sent alone, but not combined.
    ///
    /// ```
    /// use snow_client::{Query, field};
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

    /// Parses encoded text, such as a copied filter of a list view, into the tree that code would build. Anything that is not understood
    /// is an error with its position. Parts that do not select records are dropped: a caret or `^EQ` at the end, and `GROUPBY`.
    ///
    /// Conditions keep the service's meaning, without the rule for [records without a value](self#records-without-a-value).
    ///
    /// ```
    /// use snow_client::Query;
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

    /// Sorts by this field, ascending. Further calls sort records that are equal so far.
    #[must_use]
    #[doc(alias("sort", "sort_by"))]
    pub fn order_by(mut self, field: impl Into<Cow<'a, str>>) -> Self {
        self.read_raw();
        self.terms.push(Expr::Order { field: field.into(), descending: false });
        self
    }

    /// Sorts by this field, descending. Further calls sort records that are equal so far.
    #[must_use]
    #[doc(alias("sort", "sort_by"))]
    pub fn order_by_desc(mut self, field: impl Into<Cow<'a, str>>) -> Self {
        self.read_raw();
        self.terms.push(Expr::Order { field: field.into(), descending: true });
        self
    }

    /// Parses [`raw`](Self::raw) text in the query. Text that cannot be parsed is refused when the query is encoded.
    #[must_use]
    pub fn parsed(mut self) -> Self {
        self.read_raw();
        self
    }

    /// Returns the fields by which the query sorts, each with whether it is descending. [`raw`](Self::raw) text has none unless it is
    /// [`parsed`](Self::parsed).
    pub fn order(&self) -> Vec<(&str, bool)> {
        let mut found = Vec::new();
        self.terms.iter().for_each(|term| term.orders(&mut found));
        found
    }

    /// Removes the order.
    #[must_use]
    pub fn without_order(self) -> Self {
        let read = self.parsed();
        let kept = read.terms.into_iter().filter_map(Expr::without_order);
        Self { terms: kept.collect(), depth: read.depth }
    }

    /// Encodes carets in the values of this query as `^^`, as documented; without this call they are refused. Try it on your instance
    /// first: it is not known whether the service decodes them over REST.
    ///
    /// ```
    /// use snow_client::field;
    ///
    /// assert_eq!(field("u_code").eq("a^b").escape_carets().encode()?, "u_code=a^^b");
    /// # Ok::<_, snow_core::Error>(())
    /// ```
    #[must_use]
    pub fn escape_carets(mut self) -> Self {
        self.terms.iter_mut().for_each(Expr::escape_carets);
        self
    }

    /// Returns whether there is neither a condition nor an order.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Encodes the query as the value of `sysparm_query`, before percent-encoding.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput), naming the field or the part of the query that cannot be sent, and what to do instead.
    /// Values are never repeated.
    pub fn encode(&self) -> Result<String, Error> {
        let mut out = String::with_capacity(USUAL);
        write::write_query(self, write::Writer::plain(&mut out))?;
        Ok(out)
    }

    /// Returns how many bytes the query takes in a URL. [`Instance::MAX_URI`](crate::Instance::MAX_URI) is the limit of the whole URI;
    /// [`split`](Self::split) splits a query that is longer.
    ///
    /// # Errors
    /// Fails like [`encode`](Self::encode).
    pub fn url_len(&self) -> Result<usize, Error> {
        let mut out = String::with_capacity(USUAL);
        self.encode_url(&mut out)?;
        Ok(out.len())
    }

    /// Appends the percent-encoded query.
    pub(crate) fn encode_url(&self, out: &mut String) -> Result<(), Error> {
        write::write_query(self, write::Writer::url(out))
    }

    /// Converts the query into one that borrows nothing.
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
    /// Writes fields and operators, no values, which may be data of a user.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Query(")?;
        outline(f, &self.terms, " and ")?;
        f.write_str(")")
    }
}
