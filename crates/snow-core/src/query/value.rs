//! What a field is compared with.

use super::range::Relative;
use crate::{Date, DateTime, SysId};
use std::borrow::Cow;

/// A value in a condition: text, a number, a boolean, a date, a sys_id. Made by `Into` from all of these.
///
/// Text goes over the wire as it stands, and only if it stands for itself: a caret, a line break, or text that the
/// service would run as a script is refused (facts 2.3).
#[derive(Clone, Debug, PartialEq)]
pub struct Value<'a>(pub(super) Content<'a>);

#[derive(Clone, PartialEq)]
pub(super) enum Content<'a> {
    Text(Cow<'a, str>),
    /// Text whose carets are written twice.
    Escaped(Cow<'a, str>),
    /// What stands behind `javascript:`.
    Script(Cow<'a, str>),
    Integer(i64),
    Unsigned(u64),
    Decimal(f64),
    Boolean(bool),
    Date(Date),
    DateTime(DateTime),
    Relative(Relative),
}

impl<'a> Value<'a> {
    /// Text that **the service runs as a script**, in its sandbox, and compares with the result: write it without
    /// `javascript:`. Never with untrusted text in it (facts 2.3, 2.6).
    ///
    /// ```
    /// use snow_core::query::{Value, field};
    ///
    /// let mine = field("assigned_to").eq(Value::script("gs.getUserID()"));
    /// assert_eq!(mine.encode()?, "assigned_to=javascript:gs.getUserID()");
    /// # Ok::<_, snow_core::Error>(())
    /// ```
    pub fn script(code: impl Into<Cow<'a, str>>) -> Self {
        Self(Content::Script(code.into()))
    }

    pub(super) fn escape_carets(&mut self) {
        if let Content::Text(text) = &mut self.0 {
            self.0 = Content::Escaped(std::mem::take(text));
        }
    }

    pub(super) fn into_owned(self) -> Value<'static> {
        Value(match self.0 {
            Content::Text(text) => Content::Text(super::owned(text)),
            Content::Escaped(text) => Content::Escaped(super::owned(text)),
            Content::Script(code) => Content::Script(super::owned(code)),
            Content::Integer(number) => Content::Integer(number),
            Content::Unsigned(number) => Content::Unsigned(number),
            Content::Decimal(number) => Content::Decimal(number),
            Content::Boolean(boolean) => Content::Boolean(boolean),
            Content::Date(date) => Content::Date(date),
            Content::DateTime(time) => Content::DateTime(time),
            Content::Relative(relative) => Content::Relative(relative),
        })
    }

    /// Whether this is text of no length, which means "no value".
    pub(super) fn is_empty_text(&self) -> bool {
        matches!(&self.0, Content::Text(text) | Content::Escaped(text) if text.is_empty())
    }
}

/// What kind of value, not which: values may be anything that a user searches for.
impl std::fmt::Debug for Content<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Text(_) | Self::Escaped(_) => "text",
            Self::Script(_) => "script",
            Self::Integer(_) | Self::Unsigned(_) => "integer",
            Self::Decimal(_) => "decimal",
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
    &'a str => |text: &'a str| Content::Text(Cow::Borrowed(text));
    &'a String => |text: &'a String| Content::Text(Cow::Borrowed(text));
    String => |text| Content::Text(Cow::Owned(text));
    Cow<'a, str> => Content::Text;
    &'a SysId => |id: &'a SysId| Content::Text(Cow::Borrowed(id.as_str()));
    SysId => |id: SysId| Content::Text(Cow::Owned(id.to_string()));
    i8 => |number| Content::Integer(i64::from(number));
    i16 => |number| Content::Integer(i64::from(number));
    i32 => |number| Content::Integer(i64::from(number));
    i64 => Content::Integer;
    u8 => |number| Content::Integer(i64::from(number));
    u16 => |number| Content::Integer(i64::from(number));
    u32 => |number| Content::Integer(i64::from(number));
    u64 => Content::Unsigned;
    f32 => |number| Content::Decimal(f64::from(number));
    f64 => Content::Decimal;
    bool => Content::Boolean;
    Date => Content::Date;
    DateTime => Content::DateTime;
    std::time::SystemTime => |time| Content::DateTime(DateTime::from(time));
    Relative => Content::Relative;
}

#[cfg(feature = "jiff")]
impl From<jiff::Timestamp> for Value<'_> {
    fn from(time: jiff::Timestamp) -> Self {
        Self(Content::DateTime(time.into()))
    }
}
