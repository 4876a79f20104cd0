//! A record whose fields are known only when it arrives.

use crate::{Error, Kind, SysId};
use serde::de::{DeserializeOwned, Deserializer};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::{RawValue, Value};
use std::{borrow::Cow, fmt, sync::Arc};

/// A record of any table: owned, cheap to clone, complete.
///
/// The service sends every scalar as text and null as `""`; a reference is `""`, a text or an object, depending on the
/// parameters and on whether it is set (facts 1.6). [`Field`] reads all of these forms. A field that the caller may not
/// read is missing, not empty.
///
/// ```
/// let record: snow_core::Record = serde_json::from_str(
///     r#"{"number":"INC0000046","caller_id":{"link":"https://x/api/now/table/sys_user/46c6","value":"46c6"}}"#,
/// ).unwrap();
/// assert_eq!(record.value("number")?, "INC0000046");
/// assert_eq!(record.value("caller_id")?, "46c6");
/// assert!(record.value("nmber").is_err());
///
/// #[derive(serde::Deserialize)]
/// struct Incident { number: String }
/// assert_eq!(record.to::<Incident>()?.number, "INC0000046");
/// # Ok::<_, snow_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Record(Arc<Content>);

struct Content {
    json: Box<RawValue>,
    fields: serde_json::Map<String, Value>,
}

impl Record {
    /// A field, or `None` if the record has none of that name.
    pub fn get(&self, field: &str) -> Option<Field<'_>> {
        self.0.fields.get(field).map(Field)
    }

    /// The value of a field as text, `""` for null.
    ///
    /// # Errors
    /// [`Kind::Decode`] if the record has no such field.
    pub fn value(&self, field: &str) -> Result<Cow<'_, str>, Error> {
        self.get(field).map(|field| field.value()).ok_or_else(|| {
            let why = "it was not asked for, does not exist, or may not be read by this user";
            Error::new(Kind::Decode, format!("the record has no field {field:?}: {why}"))
        })
    }

    /// The record's `sys_id`.
    ///
    /// # Errors
    /// [`Kind::Decode`] if it was not asked for, [`Kind::InvalidInput`] if it is none.
    pub fn sys_id(&self) -> Result<SysId, Error> {
        self.value("sys_id")?.parse()
    }

    /// The names of the fields, in alphabetical order.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.0.fields.keys().map(String::as_str)
    }

    /// The record as a type of one's own.
    ///
    /// # Errors
    /// [`Kind::Decode`], naming what does not fit.
    pub fn to<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_str(self.0.json.get()).map_err(|e| {
            Error::new(Kind::Decode, "the record does not fit the type asked for").with_source(e)
        })
    }
}

impl<'de> Deserialize<'de> for Record {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Box::<RawValue>::deserialize(deserializer)?;
        let fields = serde_json::from_str(json.get()).map_err(serde::de::Error::custom)?;
        Ok(Self(Arc::new(Content { json, fields })))
    }
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.json.serialize(serializer)
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.fields.iter().map(|(name, value)| (name, Field(value).value()))).finish()
    }
}

/// One field of a [`Record`].
#[derive(Clone, Copy)]
pub struct Field<'a>(&'a Value);

impl<'a> Field<'a> {
    /// The value as text: the stored one where the service sent both, `""` for null.
    pub fn value(&self) -> Cow<'a, str> {
        match self.0 {
            Value::Object(parts) => match parts.get("value").or_else(|| parts.get("display_value")) {
                Some(part) => Field(part).value(),
                None => Cow::Owned(self.0.to_string()),
            },
            Value::String(text) => Cow::Borrowed(text),
            Value::Null => Cow::Borrowed(""),
            other => Cow::Owned(other.to_string()),
        }
    }

    /// What a person sees, if the request asked for it and the field is an object.
    pub fn display_value(&self) -> Option<&'a str> {
        self.0.get("display_value")?.as_str()
    }

    /// The link of a reference. Only its path is of use: its host may be another (facts 1.5).
    pub fn link(&self) -> Option<&'a str> {
        self.0.get("link")?.as_str()
    }
}

impl fmt::Debug for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_six_forms_of_a_reference_read_alike() {
        let read = |json: &str| {
            let record: Record = serde_json::from_str(&format!(r#"{{"r":{json}}}"#)).unwrap();
            let field = record.get("r").unwrap();
            (field.value().into_owned(), field.display_value().map(str::to_owned), field.link().is_some())
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
    fn serializes_as_it_came() {
        let text = r#"{"b":"1","a":{"value":"x","link":"l"},"n":1.50}"#;
        let record: Record = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&record).unwrap(), text);
    }
}
