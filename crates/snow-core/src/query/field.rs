//! A field, and the conditions on it.

use super::condition::{Condition, Distance, Test};
use super::operator::{Comparison, Relation, Unary};
use super::range::{DateRange, Side, Unit, Weekday};
use super::value::{Value, ValueKind};
use super::{Expr, Query};
use crate::Date;
use std::borrow::Cow;

/// Creates a field from its column name, `state`, or from a dot-walk, `caller_id.department.name`.
///
/// Labels are refused: the service ignores a condition on an unknown field, so the query would select the whole table. Names are in
/// lower case, except those of catalog variables, whose case counts: `variables.Requested_For`.
///
/// ```
/// use snow_client::field;
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

/// A field, from which conditions are made; see [`field`].
#[derive(Clone, Debug)]
pub struct FieldPath<'a>(Cow<'a, str>);

impl<'a> FieldPath<'a> {
    /// Matches records whose field equals the value.
    ///
    /// Empty text is refused, here and in every other condition: a variable that was never filled in would select every record without
    /// a value. Use [`is_empty`](Self::is_empty) for those. `eq(false)` also matches an empty field, see
    /// [records without a value](super#records-without-a-value).
    ///
    /// ```
    /// use snow_client::field;
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

    /// Matches records whose field differs from the value, or is empty. Empty text is refused: use
    /// [`is_not_empty`](Self::is_not_empty) for records that have a value.
    pub fn ne(self, value: impl Into<Value<'a>>) -> Query<'a> {
        let value = value.into();
        match value.0 {
            ValueKind::Boolean(unwanted) => self.boolean(!unwanted),
            _ => self.compare(Comparison::Ne, value),
        }
    }

    /// Matches records whose field is less than the value.
    pub fn lt(self, value: impl Into<Value<'a>>) -> Query<'a> {
        self.compare(Comparison::Lt, value.into())
    }

    /// Matches records whose field is less than the value or equal to it.
    pub fn le(self, value: impl Into<Value<'a>>) -> Query<'a> {
        self.compare(Comparison::Le, value.into())
    }

    /// Matches records whose field is greater than the value.
    pub fn gt(self, value: impl Into<Value<'a>>) -> Query<'a> {
        self.compare(Comparison::Gt, value.into())
    }

    /// Matches records whose field is greater than the value or equal to it.
    pub fn ge(self, value: impl Into<Value<'a>>) -> Query<'a> {
        self.compare(Comparison::Ge, value.into())
    }

    /// Matches records whose field contains the text. For a reference, the display value of the referenced record counts.
    pub fn contains(self, text: impl Into<Value<'a>>) -> Query<'a> {
        self.compare(Comparison::Contains, text.into())
    }

    /// Matches records whose field does not contain the text, or is empty.
    pub fn not_contains(self, text: impl Into<Value<'a>>) -> Query<'a> {
        self.compare(Comparison::NotContains, text.into())
    }

    /// Matches records whose field starts with the text.
    pub fn starts_with(self, text: impl Into<Value<'a>>) -> Query<'a> {
        self.compare(Comparison::StartsWith, text.into())
    }

    /// Matches records whose field ends with the text.
    pub fn ends_with(self, text: impl Into<Value<'a>>) -> Query<'a> {
        self.compare(Comparison::EndsWith, text.into())
    }

    /// Matches records whose field equals one of the values. An empty list is refused, because it would match no record. A list that is
    /// too long for a URL can be [split](Query::split).
    pub fn is_in<V: Into<Value<'a>>>(self, values: impl IntoIterator<Item = V>) -> Query<'a> {
        let values = values.into_iter().map(Into::into).collect();
        self.is(Test::In { not: false, values }, false)
    }

    /// Matches records whose field equals none of the values, or is empty.
    pub fn not_in<V: Into<Value<'a>>>(self, values: impl IntoIterator<Item = V>) -> Query<'a> {
        let values = values.into_iter().map(Into::into).collect();
        self.is(Test::In { not: true, values }, true)
    }

    /// Matches records whose field is between the two values or equals one of them.
    pub fn between(self, from: impl Into<Value<'a>>, to: impl Into<Value<'a>>) -> Query<'a> {
        self.is(Test::Between(Box::new([from.into(), to.into()])), false)
    }

    /// Matches records whose field is empty.
    pub fn is_empty(self) -> Query<'a> {
        self.is(Test::Unary(Unary::Empty), false)
    }

    /// Matches records whose field has a value.
    pub fn is_not_empty(self) -> Query<'a> {
        self.is(Test::Unary(Unary::NotEmpty), false)
    }

    /// Matches records whose field is the empty string.
    pub fn is_empty_string(self) -> Query<'a> {
        self.is(Test::Unary(Unary::EmptyString), false)
    }

    /// Matches every record: a placeholder for a condition that is filled in later.
    pub fn is_anything(self) -> Query<'a> {
        self.is(Test::Unary(Unary::Anything), false)
    }

    /// Matches records whose field equals another field.
    pub fn same_as(self, other: impl Into<Cow<'a, str>>) -> Query<'a> {
        self.relate(Relation::Same, other.into(), false)
    }

    /// Matches records whose field differs from another field. If one of them is empty, the result depends on the service.
    pub fn not_same_as(self, other: impl Into<Cow<'a, str>>) -> Query<'a> {
        self.relate(Relation::NotSame, other.into(), false)
    }

    /// Matches records whose field is on the same day as another field.
    pub fn same_day_as(self, other: impl Into<Cow<'a, str>>) -> Query<'a> {
        self.relate(Relation::Same, other.into(), true)
    }

    /// Matches records whose field is less than another field.
    pub fn lt_field(self, other: impl Into<Cow<'a, str>>) -> Query<'a> {
        self.relate(Relation::Lt, other.into(), false)
    }

    /// Matches records whose field is less than another field or equal to it.
    pub fn le_field(self, other: impl Into<Cow<'a, str>>) -> Query<'a> {
        self.relate(Relation::Le, other.into(), false)
    }

    /// Matches records whose field is greater than another field.
    pub fn gt_field(self, other: impl Into<Cow<'a, str>>) -> Query<'a> {
        self.relate(Relation::Gt, other.into(), false)
    }

    /// Matches records whose field is greater than another field or equal to it.
    pub fn ge_field(self, other: impl Into<Cow<'a, str>>) -> Query<'a> {
        self.relate(Relation::Ge, other.into(), false)
    }

    /// Matches records whose field is more than `count` units before or after another field.
    ///
    /// ```
    /// use snow_client::{field, query::{Side, Unit}};
    ///
    /// let query = field("opened_at").more_than(3, Unit::Day, Side::Before, "closed_at");
    /// assert_eq!(query.encode()?, "opened_atMORETHANclosed_at@day@before@3");
    /// # Ok::<_, snow_core::Error>(())
    /// ```
    pub fn more_than(self, count: u32, unit: Unit, side: Side, other: impl Into<Cow<'a, str>>) -> Query<'a> {
        self.distance(true, count, unit, side, other.into())
    }

    /// Matches records whose field is less than `count` units before or after another field.
    pub fn less_than(self, count: u32, unit: Unit, side: Side, other: impl Into<Cow<'a, str>>) -> Query<'a> {
        self.distance(false, count, unit, side, other.into())
    }

    /// Matches records whose field is in a named range, such as `DateRange::Today`, or on a [`Date`], in the user's time zone.
    ///
    /// ```
    /// use snow_client::{Date, field, query::DateRange};
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

    /// Matches records whose field is outside a named range or day, or is empty.
    pub fn not_on(self, when: impl Into<On>) -> Query<'a> {
        self.is(Test::On { not: true, text: when.into().0 }, true)
    }

    /// Matches records whose field is on this day of the week, in the user's time zone.
    pub fn on_weekday(self, day: Weekday) -> Query<'a> {
        self.is(Test::DatePart(Cow::Borrowed(day.text())), false)
    }

    /// Matches records of a class: a table or one that extends it. For class fields such as `sys_class_name`.
    pub fn instance_of(self, class: impl Into<Cow<'a, str>>) -> Query<'a> {
        self.compare(Comparison::InstanceOf, Value(ValueKind::Text(class.into())))
    }

    /// Matches records that a dynamic filter selects, given by its `sys_id`.
    pub fn dynamic(self, filter: impl Into<Value<'a>>) -> Query<'a> {
        self.compare(Comparison::Dynamic, filter.into())
    }

    /// Matches records in the hierarchy below a record, given by its `sys_id`.
    pub fn in_hierarchy(self, record: impl Into<Value<'a>>) -> Query<'a> {
        self.compare(Comparison::InHierarchy, record.into())
    }

    /// Matches records in the hierarchy that a dynamic filter selects, given by its `sys_id`.
    pub fn in_hierarchy_dynamic(self, filter: impl Into<Value<'a>>) -> Query<'a> {
        self.compare(Comparison::InHierarchyDynamic, filter.into())
    }

    /// Matches records without a tag, given by its `sys_id` (the operator `DOES NOT HAVE`).
    pub fn does_not_have(self, tag: impl Into<Value<'a>>) -> Query<'a> {
        self.compare(Comparison::DoesNotHave, tag.into())
    }

    /// Matches records except those with a tag, given by its `sys_id` (the operator `EXCLUDING`).
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

/// The argument of [`FieldPath::on`]: a [`DateRange`] or a [`Date`].
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
