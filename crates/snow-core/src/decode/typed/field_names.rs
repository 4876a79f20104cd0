//! Finds out which fields a type reads, by deserializing it from nothing.

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::forward_to_deserialize_any;
use std::fmt;

/// Returns the fields that a struct reads, renamed as serde renames them and with its aliases. Returns `None` for types that read
/// whatever comes: a map, a struct with `#[serde(flatten)]`, an enum, [`Record`](crate::Record).
///
/// ```
/// use snow_core::decode::fields_of;
///
/// #[derive(serde::Deserialize)]
/// struct Incident {
///     number: String,
///     #[serde(rename = "caller_id.name")]
///     caller: String,
/// }
///
/// assert_eq!(fields_of::<Incident>().unwrap(), ["number", "caller_id.name"]);
/// assert!(fields_of::<std::collections::HashMap<String, String>>().is_none());
/// ```
pub fn fields_of<'de, T: Deserialize<'de>>() -> Option<Vec<&'static str>> {
    let mut found = None;
    // The type never gets any data, so deserializing always ends in an error.
    drop(T::deserialize(FieldNames(&mut found)));
    found.map(<[_]>::to_vec)
}

/// A deserializer that returns no data, and records which fields were requested.
struct FieldNames<'a>(&'a mut Option<&'static [&'static str]>);

impl<'de> Deserializer<'de> for FieldNames<'_> {
    type Error = NothingToRead;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, NothingToRead> {
        Err(NothingToRead)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, NothingToRead> {
        *self.0 = Some(fields);
        Err(NothingToRead)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, NothingToRead> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NothingToRead> {
        visitor.visit_some(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map enum identifier ignored_any
    }
}

#[derive(Debug)]
struct NothingToRead;

impl Error for NothingToRead {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

impl std::error::Error for NothingToRead {}

impl fmt::Display for NothingToRead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there was nothing to read")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::collections::BTreeMap;

    #[derive(serde::Deserialize)]
    #[serde(rename_all = "snake_case")]
    #[expect(dead_code, reason = "only asked for its fields")]
    struct Plain {
        short_description: String,
        #[serde(rename = "sys_id", alias = "u_id")]
        id: String,
        #[serde(skip)]
        skipped: String,
        #[serde(default)]
        state: Option<u8>,
    }

    #[derive(serde::Deserialize)]
    #[expect(dead_code, reason = "only asked for its fields")]
    struct Flat {
        number: String,
        #[serde(flatten)]
        rest: BTreeMap<String, Value>,
    }

    #[derive(serde::Deserialize)]
    #[serde(transparent)]
    #[expect(dead_code, reason = "only asked for its fields")]
    struct Transparent(Plain);

    #[derive(serde::Deserialize)]
    #[expect(dead_code, reason = "only asked for its fields")]
    struct Newtype(Plain);

    #[derive(serde::Deserialize)]
    #[serde(tag = "sys_class_name")]
    #[expect(dead_code, reason = "only asked for its fields")]
    enum Tagged {
        Incident(Plain),
    }

    #[test]
    fn what_reads_its_fields_names_them() {
        let fields = ["short_description", "state", "sys_id", "u_id"];
        let sorted = |fields: Option<Vec<&'static str>>| {
            let mut fields = fields.unwrap();
            fields.sort_unstable();
            fields
        };
        assert_eq!(sorted(fields_of::<Plain>()), fields);
        assert_eq!(sorted(fields_of::<Newtype>()), fields);
        assert_eq!(sorted(fields_of::<Transparent>()), fields);
        assert_eq!(sorted(fields_of::<Option<Box<Plain>>>()), fields);
    }

    #[test]
    fn what_reads_anything_names_none() {
        assert!(fields_of::<Flat>().is_none());
        assert!(fields_of::<BTreeMap<String, String>>().is_none());
        assert!(fields_of::<Value>().is_none());
        assert!(fields_of::<crate::Record>().is_none());
        assert!(fields_of::<Tagged>().is_none());
        assert!(fields_of::<Vec<Plain>>().is_none());
        assert!(fields_of::<()>().is_none() && fields_of::<String>().is_none());
    }
}
