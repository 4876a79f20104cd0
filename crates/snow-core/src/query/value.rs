//! The values with which fields are compared.

use super::range::Relative;
use crate::{Date, DateTime, SysId};
use std::borrow::Cow;

/// A value in a condition: a string, a number, a boolean, a date or a `sys_id`. It is made by `Into` from all of these.
///
/// A string is sent as it is, and only if it cannot be mistaken for anything else: a caret, a line break, or text that the service
/// would run as a script is refused. So is an empty string, which the service would read as "has no value".
///
/// A number is written with the digits that are needed to parse the same number, without an exponent.
#[derive(Clone, Debug, PartialEq)]
pub struct Value<'a>(pub(super) ValueKind<'a>);

#[derive(Clone, PartialEq)]
pub(super) enum ValueKind<'a> {
    Text(Cow<'a, str>),
    /// Text whose carets are written twice.
    Escaped(Cow<'a, str>),
    /// The script after `javascript:`.
    Script(Cow<'a, str>),
    Integer(i64),
    Unsigned(u64),
    /// Not converted to `f64`, which would add digits.
    Single(f32),
    Decimal(f64),
    Boolean(bool),
    Date(Date),
    DateTime(DateTime),
    Relative(Relative),
}

impl<'a> Value<'a> {
    /// Creates a value that **the service evaluates as a script**, in its sandbox. Write the script without `javascript:`, and never put
    /// untrusted text into it.
    ///
    /// ```
    /// use snow_client::{field, query::Value};
    ///
    /// let mine = field("assigned_to").eq(Value::script("gs.getUserID()"));
    /// assert_eq!(mine.encode()?, "assigned_to=javascript:gs.getUserID()");
    /// # Ok::<_, snow_core::Error>(())
    /// ```
    pub fn script(code: impl Into<Cow<'a, str>>) -> Self {
        Self(ValueKind::Script(code.into()))
    }

    pub(super) fn escape_carets(&mut self) {
        if let ValueKind::Text(text) = &mut self.0 {
            self.0 = ValueKind::Escaped(std::mem::take(text));
        }
    }

    /// Converts the value into one that borrows nothing.
    pub fn into_owned(self) -> Value<'static> {
        Value(match self.0 {
            ValueKind::Text(text) => ValueKind::Text(owned(text)),
            ValueKind::Escaped(text) => ValueKind::Escaped(owned(text)),
            ValueKind::Script(code) => ValueKind::Script(owned(code)),
            ValueKind::Integer(number) => ValueKind::Integer(number),
            ValueKind::Unsigned(number) => ValueKind::Unsigned(number),
            ValueKind::Single(number) => ValueKind::Single(number),
            ValueKind::Decimal(number) => ValueKind::Decimal(number),
            ValueKind::Boolean(boolean) => ValueKind::Boolean(boolean),
            ValueKind::Date(date) => ValueKind::Date(date),
            ValueKind::DateTime(time) => ValueKind::DateTime(time),
            ValueKind::Relative(relative) => ValueKind::Relative(relative),
        })
    }
}

/// Writes the kind of the value, not the value, which may be data of a user.
impl std::fmt::Debug for ValueKind<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Text(_) | Self::Escaped(_) => "text",
            Self::Script(_) => "script",
            Self::Integer(_) | Self::Unsigned(_) => "integer",
            Self::Single(_) | Self::Decimal(_) => "decimal",
            Self::Boolean(_) => "boolean",
            Self::Date(_) => "date",
            Self::DateTime(_) => "date-time",
            Self::Relative(_) => "relative time",
        })
    }
}

/// `Value::from` for a list of types, each by the variant that holds it.
macro_rules! from {
    ($($type:ty => $make:expr;)*) => {
        $(impl<'a> From<$type> for Value<'a> {
            fn from(value: $type) -> Self {
                Self($make(value))
            }
        })*
    };
}

from! {
    &'a str => |text: &'a str| ValueKind::Text(Cow::Borrowed(text));
    &'a String => |text: &'a String| ValueKind::Text(Cow::Borrowed(text));
    String => |text| ValueKind::Text(Cow::Owned(text));
    Cow<'a, str> => ValueKind::Text;
    &'a SysId => |id: &'a SysId| ValueKind::Text(Cow::Borrowed(id.as_str()));
    SysId => |id: SysId| ValueKind::Text(Cow::Owned(id.to_string()));
    i8 => |number| ValueKind::Integer(i64::from(number));
    i16 => |number| ValueKind::Integer(i64::from(number));
    i32 => |number| ValueKind::Integer(i64::from(number));
    i64 => ValueKind::Integer;
    u8 => |number| ValueKind::Integer(i64::from(number));
    u16 => |number| ValueKind::Integer(i64::from(number));
    u32 => |number| ValueKind::Integer(i64::from(number));
    u64 => ValueKind::Unsigned;
    f32 => ValueKind::Single;
    f64 => ValueKind::Decimal;
    bool => ValueKind::Boolean;
    Date => ValueKind::Date;
    DateTime => ValueKind::DateTime;
    std::time::SystemTime => |time| ValueKind::DateTime(DateTime::from(time));
    Relative => ValueKind::Relative;
}

/// Returns a copy of a text that borrows nothing.
pub(super) fn owned(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
}
