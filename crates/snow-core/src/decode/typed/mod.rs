//! Records as types of the user's own, by serde. Typed reads and dynamic ones share one core: this reads a [`Record`].

mod field;
mod field_names;
mod text;
mod wrappers;

use super::{Field, Record, redact};
use crate::{Error, ErrorKind};
use serde::de::value::BorrowedStrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};
use serde::forward_to_deserialize_any;
use std::fmt::Display;

pub use field_names::fields_of;
pub use wrappers::{DisplayOnly, Reference, WithDisplay};

/// serde_json's own name for a value that is kept as it stands.
pub(super) const RAW_VALUE: &str = "$serde_json::private::RawValue";

impl serde::de::Error for Error {
    fn custom<T: Display>(message: T) -> Self {
        Self::new(ErrorKind::Decode, redact::without_value(&message.to_string()))
    }

    /// Adds to the error of a missing dot-walked field why it may be missing although it exists.
    fn missing_field(field: &'static str) -> Self {
        let why = match field.contains('.') {
            true => {
                "; it is dot-walked: its reference may be empty, this user may not read it, or a name in it may be misspelled; make it \
                 an Option, or, in a type with #[serde(flatten)], ask for it by fields()"
            }
            false => "",
        };
        Self::custom(format_args!("missing field `{field}`{why}"))
    }
}

/// A record as serde reads it: its fields by name, each with the rules of [`Field`].
impl<'de> Deserializer<'de> for &'de Record {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(RecordAccess { record: self, at: 0 })
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        match name {
            RAW_VALUE => as_json(self.json(), |json| json.deserialize_newtype_struct(name, visitor)),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        as_json(self.json(), |json| json.deserialize_enum(name, variants, visitor))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier
    }
}

struct RecordAccess<'de> {
    record: &'de Record,
    at: usize,
}

impl<'de> MapAccess<'de> for RecordAccess<'de> {
    type Error = Error;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        if self.at == self.record.raw.shape.len() {
            return Ok(None);
        }
        let no_text = || Error::custom("the record has a field whose name contains half of a surrogate pair");
        let name = self.record.raw.shape.name(self.at).ok_or_else(no_text)?;
        seed.deserialize(BorrowedStrDeserializer::new(name)).map(Some)
    }

    #[inline]
    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Error> {
        let field = Field::new(&self.record.raw, self.at);
        self.at = self.at.saturating_add(1);
        seed.deserialize(field).map_err(|error| field.annotate(error))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.record.raw.shape.len().saturating_sub(self.at))
    }
}

/// Reads JSON as serde_json does.
fn as_json<'de, T>(
    json: &'de str,
    read: impl FnOnce(&mut serde_json::Deserializer<serde_json::de::StrRead<'de>>) -> Result<T, serde_json::Error>,
) -> Result<T, Error> {
    let decode_error = |error: serde_json::Error| Error::custom(redact::redacted(&error.to_string(), json));
    read(&mut serde_json::Deserializer::from_str(json)).map_err(decode_error)
}

impl Field<'_> {
    /// Returns an error that names this field, unless it does so already, and does not repeat its value.
    fn annotate(self, error: Error) -> Error {
        let message = error.to_string();
        if message.starts_with("the field ") {
            return error;
        }
        let why = redact::redacted(&message, self.json());
        Error::new(error.kind(), format!("the field {:?}: {why}", self.name()))
    }
}
