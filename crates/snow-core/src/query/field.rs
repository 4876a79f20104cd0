//! A field, and what can be asked of it.

use super::condition::{Condition, Distance, Test};
use super::operator::{Comparison, Relation, Unary};
use super::range::{DateRange, Side, Unit, Weekday};
use super::value::{Value, ValueKind};
use super::{Expr, Query};
use crate::Date;
use std::borrow::Cow;

/// A field by its column name, `state`, or along references, `caller_id.department.name`. Not by its label: the service
/// drops a condition on a field that it does not know, and the query widens to the whole table (facts 2.5). Names are in lower
/// case, except those of catalog variables, whose case counts: `variables.Requested_For`.
///
/// ```
/// use snow_core::query::field;
///
/// assert_eq!(field("caller_id.department.name").starts_with("Fin").encode()?, "caller_id.department.nameSTARTSWITHFin");
/// assert_eq!(field("variables.common_ReqBy.email").ends_with(".com").encode()?, "variables.common_ReqBy.emailENDSWITH.com");
/// let error = field("Caller ID").eq("x").encode().unwrap_err();
/// assert!(error.to_string().contains("\"Caller ID\""), "{error}");
/// # Ok::<_, snow_core::Error>(())
/// ```
pub fn field<'a>(name: impl Into<Cow<'a, str>>) -> FieldPath<'a> {
    FieldPath(name.into())
}

/// A field to ask something of: see [`field`].
#[derive(Clone, Debug)]
pub struct FieldPath<'a>(Cow<'a, str>);

impl<'a> FieldPath<'a> {
    /// Equal. Empty text is refused, as it is by every other test: a key that was never filled in would select every record
    /// without one. [`is_empty`](Self::is_empty) asks for those. `false` also finds what is empty, see
    /// [rows without a value](super#rows-without-a-value).
    ///
    /// ```
    /// use snow_core::query::field;
    ///
    /// let error = field("correlation_id").eq("").encode().unwrap_err();
    /// assert!(error.to_string().contains("use is_empty() or is_not_empty()"), "{error}");
    /// assert_eq!(field("correlation_id").is_empty().encode()?, "correlation_idISEMPTY");
    /// # Ok::<_, snow_core::Error>(())
    /// ```
    pub fn eq(self, value: impl Into<Value<'a>>) -> Query<'a> {
        let value = value.into();
        match value.0 {
            ValueKind::Boolean(wanted) => self.boolean(wanted),
            _ => self.compare(Comparison::Eq, value),
        }
    }

    /// Not equal; rows without a value are found too. Empty text is refused: [`is_not_empty`](Self::is_not_empty) asks for
    /// records that have a value.
    pub fn ne(self, value: impl Into<Value<'a>>) -> Query<'a> {
        let value = value.into();
        match value.0 {
            ValueKind::Boolean(unwanted) => self.boolean(!unwanted),
            _ => self.compare(Comparison::Ne, value),
        }
    }

    /// Less.
    pub fn lt(self, value: impl Into<Value<'a>>) -> Query<'a> {
        self.compare(Comparison::Lt, value.into())
    }

    /// Less or equal.
    pub fn le(self, value: impl Into<Value<'a>>) -> Query<'a> {
        self.compare(Comparison::Le, value.into())
    }

    /// Greater.
    pub fn gt(self, value: impl Into<Value<'a>>) -> Query<'a> {
        self.compare(Comparison::Gt, value.into())
    }

    /// Greater or equal.
    pub fn ge(self, value: impl Into<Value<'a>>) -> Query<'a> {
        self.compare(Comparison::Ge, value.into())
    }

    /// The text is somewhere in it. Of a reference, in the display value of the record.
    pub fn contains(self, text: impl Into<Value<'a>>) -> Query<'a> {
        self.compare(Comparison::Contains, text.into())
    }

    /// The text is nowhere in it; rows without a value are found too.
    pub fn not_contains(self, text: impl Into<Value<'a>>) -> Query<'a> {
        self.compare(Comparison::NotContains, text.into())
    }

    /// It begins with the text.
    pub fn starts_with(self, text: impl Into<Value<'a>>) -> Query<'a> {
        self.compare(Comparison::StartsWith, text.into())
    }

    /// It ends with the text.
    pub fn ends_with(self, text: impl Into<Value<'a>>) -> Query<'a> {
        self.compare(Comparison::EndsWith, text.into())
    }

    /// Equal to one of these. A list that is too long for a URL can be [split](Query::split). Of none, no row is: that is
    /// refused.
    pub fn is_in<V: Into<Value<'a>>>(self, values: impl IntoIterator<Item = V>) -> Query<'a> {
        let values = values.into_iter().map(Into::into).collect();
        self.is(Test::In { not: false, values }, false)
    }

    /// Equal to none of these; rows without a value are found too.
    pub fn not_in<V: Into<Value<'a>>>(self, values: impl IntoIterator<Item = V>) -> Query<'a> {
        let values = values.into_iter().map(Into::into).collect();
        self.is(Test::In { not: true, values }, true)
    }

    /// Between these two, or equal to one of them.
    pub fn between(self, from: impl Into<Value<'a>>, to: impl Into<Value<'a>>) -> Query<'a> {
        self.is(Test::Between(Box::new([from.into(), to.into()])), false)
    }

    /// It has no value.
    pub fn is_empty(self) -> Query<'a> {
        self.is(Test::Unary(Unary::Empty), false)
    }

    /// It has a value.
    pub fn is_not_empty(self) -> Query<'a> {
        self.is(Test::Unary(Unary::NotEmpty), false)
    }

    /// It is the empty string.
    pub fn is_empty_string(self) -> Query<'a> {
        self.is(Test::Unary(Unary::EmptyString), false)
    }

    /// Always true: for a condition that is filled in later.
    pub fn is_anything(self) -> Query<'a> {
        self.is(Test::Unary(Unary::Anything), false)
    }

    /// Equal to another field.
    pub fn same_as(self, other: impl Into<Cow<'a, str>>) -> Query<'a> {
        self.relate(Relation::Same, other.into(), false)
    }

    /// Not equal to another field. How rows without a value in one of both are seen is the service's choice.
    pub fn not_same_as(self, other: impl Into<Cow<'a, str>>) -> Query<'a> {
        self.relate(Relation::NotSame, other.into(), false)
    }

    /// On the same day as another field.
    pub fn same_day_as(self, other: impl Into<Cow<'a, str>>) -> Query<'a> {
        self.relate(Relation::Same, other.into(), true)
    }

    /// Less than another field.
    pub fn lt_field(self, other: impl Into<Cow<'a, str>>) -> Query<'a> {
        self.relate(Relation::Lt, other.into(), false)
    }

    /// Less than another field, or equal to it.
    pub fn le_field(self, other: impl Into<Cow<'a, str>>) -> Query<'a> {
        self.relate(Relation::Le, other.into(), false)
    }

    /// Greater than another field.
    pub fn gt_field(self, other: impl Into<Cow<'a, str>>) -> Query<'a> {
        self.relate(Relation::Gt, other.into(), false)
    }

    /// Greater than another field, or equal to it.
    pub fn ge_field(self, other: impl Into<Cow<'a, str>>) -> Query<'a> {
        self.relate(Relation::Ge, other.into(), false)
    }

    /// More than so long before, or after, another field.
    ///
    /// ```
    /// use snow_core::query::{Side, Unit, field};
    ///
    /// let query = field("opened_at").more_than(3, Unit::Day, Side::Before, "closed_at");
    /// assert_eq!(query.encode()?, "opened_atMORETHANclosed_at@day@before@3");
    /// # Ok::<_, snow_core::Error>(())
    /// ```
    pub fn more_than(self, count: u32, unit: Unit, side: Side, other: impl Into<Cow<'a, str>>) -> Query<'a> {
        self.distance(true, count, unit, side, other.into())
    }

    /// Less than so long before, or after, another field.
    pub fn less_than(self, count: u32, unit: Unit, side: Side, other: impl Into<Cow<'a, str>>) -> Query<'a> {
        self.distance(false, count, unit, side, other.into())
    }

    /// Inside a named range, `DateRange::Today`, or on a day, a [`Date`]: both by the caller's time zone.
    ///
    /// ```
    /// use snow_core::{Date, query::{DateRange, field}};
    ///
    /// assert_eq!(
    ///     field("opened_at").on(DateRange::ThisMonth).encode()?,
    ///     "opened_atONThis month@javascript:gs.beginningOfThisMonth()@javascript:gs.endOfThisMonth()",
    /// );
    /// assert!(field("opened_at").on(Date::new(2026, 1, 31)?).encode()?.starts_with("opened_atON2026-01-31@javascript:"));
    /// # Ok::<_, snow_core::Error>(())
    /// ```
    pub fn on(self, when: impl Into<On>) -> Query<'a> {
        self.is(Test::On { not: false, text: when.into().0 }, false)
    }

    /// Outside a named range or a day; rows without a value are found too.
    pub fn not_on(self, when: impl Into<On>) -> Query<'a> {
        self.is(Test::On { not: true, text: when.into().0 }, true)
    }

    /// On any such day of the week, by the caller's time zone.
    pub fn on_weekday(self, day: Weekday) -> Query<'a> {
        self.is(Test::DatePart(Cow::Borrowed(day.text())), false)
    }

    /// Of a class: a table or one that extends it. For class fields such as `sys_class_name`.
    pub fn instance_of(self, class: impl Into<Cow<'a, str>>) -> Query<'a> {
        self.compare(Comparison::InstanceOf, Value(ValueKind::Text(class.into())))
    }

    /// What a dynamic filter says, by its sys_id.
    pub fn dynamic(self, filter: impl Into<Value<'a>>) -> Query<'a> {
        self.compare(Comparison::Dynamic, filter.into())
    }

    /// In the hierarchy below a record, by its sys_id.
    pub fn in_hierarchy(self, record: impl Into<Value<'a>>) -> Query<'a> {
        self.compare(Comparison::InHierarchy, record.into())
    }

    /// In the hierarchy that a dynamic filter says, by its sys_id.
    pub fn in_hierarchy_dynamic(self, filter: impl Into<Value<'a>>) -> Query<'a> {
        self.compare(Comparison::InHierarchyDynamic, filter.into())
    }

    /// Without a tag, by its sys_id.
    pub fn does_not_have(self, tag: impl Into<Value<'a>>) -> Query<'a> {
        self.compare(Comparison::DoesNotHave, tag.into())
    }

    /// Excluding a tag, by its sys_id.
    pub fn excluding(self, tag: impl Into<Value<'a>>) -> Query<'a> {
        self.compare(Comparison::Excluding, tag.into())
    }

    fn boolean(self, wanted: bool) -> Query<'a> {
        self.is(Test::Compare(Comparison::Eq, Value::from(wanted)), !wanted)
    }

    fn compare(self, comparison: Comparison, value: Value<'a>) -> Query<'a> {
        if let ValueKind::Relative(time) = value.0
            && let Some(when) = comparison.of_time()
        {
            return self.is(Test::Relative(when, time), false);
        }
        self.is(Test::Compare(comparison, value), comparison.is_negative())
    }

    fn relate(self, relation: Relation, other: Cow<'a, str>, by_day: bool) -> Query<'a> {
        self.is(Test::Relate { relation, other, by_day }, false)
    }

    fn distance(self, more: bool, count: u32, unit: Unit, side: Side, other: Cow<'a, str>) -> Query<'a> {
        self.is(Test::Distance(Box::new(Distance { more, count, unit, side, other })), false)
    }

    fn is(self, test: Test<'a>, or_empty: bool) -> Query<'a> {
        Query::of(Expr::Condition(Condition { field: self.0, test, or_empty }))
    }
}

/// What [`FieldPath::on`] takes: a [`DateRange`] or a [`Date`].
#[derive(Clone, Debug)]
pub struct On(Cow<'static, str>);

impl From<DateRange> for On {
    fn from(range: DateRange) -> Self {
        Self(Cow::Borrowed(range.text()))
    }
}

impl From<Date> for On {
    fn from(day: Date) -> Self {
        let edge = |time| format!("javascript:gs.dateGenerate('{day}','{time}')");
        Self(Cow::Owned(format!("{day}@{}@{}", edge("00:00:00"), edge("23:59:59"))))
    }
}
