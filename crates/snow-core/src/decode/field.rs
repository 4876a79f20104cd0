//! One field of a record, and the forms in which it may have come (facts 1.6).

use super::cell::Cell;
use super::json_string;
use super::raw_record::RawRecord;
use super::redact::Described;
use crate::{Error, ErrorKind};
use serde_json::value::Value;
use std::{borrow::Cow, fmt};

/// One field of a [`Record`](crate::Record).
///
/// ```
/// use std::time::Duration;
///
/// let record: snow_client::Record = serde_json::from_str(
///     r#"{"priority":{"display_value":"1 - Critical","value":"1"},"calendar_duration":"1970-01-02 03:00:00"}"#,
/// ).unwrap();
/// let priority = record.field("priority")?;
/// assert_eq!(priority.display_value()?.as_deref(), Some("1 - Critical"));
/// assert_eq!(priority.integer()?, 1);
/// assert_eq!(record.field("calendar_duration")?.duration()?, Duration::from_secs(27 * 3600));
/// # Ok::<_, snow_core::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct Field<'a> {
    record: &'a RawRecord,
    at: usize,
    /// A part of the field in place of all of it.
    part: Option<&'a str>,
}

impl<'a> Field<'a> {
    #[inline]
    pub(super) fn new(record: &'a RawRecord, at: usize) -> Self {
        Self { record, at, part: None }
    }

    /// Returns a part of this field as a field of its own.
    pub(super) fn part(self, raw: &'a str) -> Self {
        Self { part: Some(raw), ..self }
    }

    /// Returns the name of the field.
    pub fn name(self) -> &'a str {
        self.record.shape.shown(self.at)
    }

    /// Returns the field as it came, in JSON.
    #[inline]
    pub fn json(self) -> &'a str {
        self.part.unwrap_or_else(|| self.record.value(self.at))
    }

    /// Returns the value as text: the stored value if the service sent both values, and `""` for null.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`] for JSON that no text or number can hold: half of a surrogate pair, or `1e999`.
    pub fn value(self) -> Result<Cow<'a, str>, Error> {
        match self.json().as_bytes().first() {
            Some(b'"') => self.string(),
            Some(b'n') => Ok(Cow::Borrowed("")),
            Some(b'{') => match Cell::of(self.json()).and_then(|cell| cell.value.or(cell.display_value)) {
                Some(part) => self.part(part).value(),
                None => self.checked(),
            },
            _ => self.checked(),
        }
    }

    /// Returns the display value, if the request asked for it.
    ///
    /// # Errors
    ///
    /// As [`value`](Self::value).
    pub fn display_value(self) -> Result<Option<Cow<'a, str>>, Error> {
        let part = match Cell::of(self.json()) {
            Some(cell) => cell.display_value,
            None => Some(self.json()).filter(|_| self.is_displayed()),
        };
        self.text_of(part)
    }

    /// Returns the link of a reference. Use only its path: its host may be a different one ([facts 1.5]).
    ///
    /// # Errors
    ///
    /// As [`value`](Self::value).
    ///
    /// [facts 1.5]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#15-the-link-header
    pub fn link(self) -> Result<Option<Cow<'a, str>>, Error> {
        self.text_of(Cell::of(self.json()).and_then(|cell| cell.link))
    }

    /// Returns whether no value is stored in the field.
    pub fn is_empty(self) -> bool {
        let part =
            Cell::of(self.json()).filter(Cell::is_plain).and_then(|cell| cell.value.or(cell.display_value));
        matches!(part.unwrap_or(self.json()), "\"\"" | "null")
    }

    /// Whether it is one value, whatever else the field contains.
    pub(super) fn is_scalar(self) -> bool {
        !self.json().starts_with(['{', '[']) || Cell::of(self.json()).is_some_and(|cell| cell.is_plain())
    }

    /// Returns the field as a `serde_json::Value`, in the form in which it came.
    ///
    /// # Errors
    ///
    /// As [`value`](Self::value).
    pub fn to_value(self) -> Result<Value, Error> {
        serde_json::from_str(self.json()).map_err(|e| self.unfit("fits no serde_json value").with_reason(e))
    }

    /// Whether it is a display value, whatever its form, because the request asked for display values only.
    #[inline]
    pub(super) fn is_displayed(self) -> bool {
        self.record.shape.displayed && self.part.is_none()
    }

    /// The text between its quotes; empty if it is no string.
    #[inline]
    pub(super) fn string(self) -> Result<Cow<'a, str>, Error> {
        let raw = self.json();
        let inside = raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default();
        if self.part.is_none() && !self.record.is_escaped(self.at) {
            return Ok(Cow::Borrowed(inside));
        }
        json_string::unescape(inside)
            .ok_or_else(|| self.unfit("contains half of a surrogate pair, which is not text"))
    }

    fn text_of(self, part: Option<&'a str>) -> Result<Option<Cow<'a, str>>, Error> {
        let part = part.filter(|part| part.starts_with('"'));
        part.map(|part| self.part(part).string()).transpose()
    }

    /// A number, an object or an array as it came, if a value could hold it.
    fn checked(self) -> Result<Cow<'a, str>, Error> {
        self.to_value().map(|_| Cow::Borrowed(self.json()))
    }

    /// The error that this field does not fit: with its name, its type and its length, and without its value.
    pub(super) fn unfit(self, why: impl fmt::Display) -> Error {
        Error::new(
            ErrorKind::Decode,
            format!("the field {:?}: {} {why}", self.name(), Described(self.json())),
        )
    }
}

impl fmt::Debug for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.json())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Record;

    #[test]
    fn all_six_forms_of_a_reference_read_alike() {
        let read = |json: &str| {
            let record: Record = serde_json::from_str(&format!(r#"{{"r":{json}}}"#)).unwrap();
            let field = record.get("r").unwrap();
            let display = field.display_value().unwrap().map(Cow::into_owned);
            (field.value().unwrap().into_owned(), display, field.link().unwrap().is_some())
        };
        assert_eq!(read(r#""""#), (String::new(), None, false));
        assert_eq!(read(r#""46c6""#), ("46c6".into(), None, false));
        assert_eq!(read(r#"{"link":"l","value":"46c6"}"#), ("46c6".into(), None, true));
        assert_eq!(
            read(r#"{"display_value":"Fred","link":"l"}"#),
            ("Fred".into(), Some("Fred".into()), true)
        );
        assert_eq!(
            read(r#"{"display_value":"Fred","value":"46c6"}"#),
            ("46c6".into(), Some("Fred".into()), false)
        );
        assert_eq!(read(r#"{"display_value":"","value":""}"#), (String::new(), Some(String::new()), false));
    }

    #[test]
    fn what_no_value_holds_is_an_error_that_names_field_and_text() {
        for text in [r#""\ud800""#, "1e999", r#"{"value":"\ud800x"}"#, r#"["\udc00"]"#] {
            let record: Record = serde_json::from_str(&format!(r#"{{"f":{text}}}"#)).unwrap();
            let error = record.value("f").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Decode);
            assert!(error.to_string().contains("\"f\""), "{error}");
            assert!(record.to_value().is_err() && record.get("f").unwrap().to_value().is_err());
        }
    }
}
