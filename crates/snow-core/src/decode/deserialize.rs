//! A record read from any format of serde that says what its values are.

use super::Record;
use super::typed::RAW_VALUE;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::fmt;

impl<'de> Deserialize<'de> for Record {
    /// Reads a map of fields: strings, numbers, booleans, null, and lists and maps of them. JSON is taken as it stands, so that no
    /// number is rounded. In a struct with `#[serde(flatten)]`, and from other formats, numbers are what serde makes of them.
    ///
    /// Cells of csv are read as the text that they are.
    ///
    /// # Errors
    ///
    /// For anything else than a map, for values that JSON does not have, such as bytes and NaN, and for formats that do not say what
    /// a value is, such as bincode and postcard: store [`json`](Record::json) in these. In RON a record has to be read with the
    /// extension `unwrap_newtypes`.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // serde_json reads this name as the text of the whole value, and every other format by the value.
        deserializer.deserialize_newtype_struct(RAW_VALUE, RecordVisitor)
    }
}

struct RecordVisitor;

impl<'de> Visitor<'de> for RecordVisitor {
    type Value = Record;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record: a map of fields and values")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Record, D::Error> {
        deserializer.deserialize_map(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Record, A::Error> {
        let first = map.next_key_seed(NameSeed)?;
        if first.as_ref().is_some_and(|name| name.text == RAW_VALUE) {
            return map.next_value_seed(RawJsonSeed);
        }
        let mut json = String::new();
        members(map, first, &mut json)?;
        Record::parse(&json).map_err(A::Error::custom)
    }
}

/// A record whose JSON comes as a string.
struct RawJsonSeed;

impl<'de> DeserializeSeed<'de> for RawJsonSeed {
    type Value = Record;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Record, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for RawJsonSeed {
    type Value = Record;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record in JSON")
    }

    fn visit_str<E: Error>(self, json: &str) -> Result<Record, E> {
        Record::parse(json).map_err(E::custom)
    }
}

/// The name of a member.
struct NameSeed;

struct FieldName {
    text: String,
    /// Its value is a text. csv gives the names of its columns as bytes, and guesses what a cell is unless it is asked for a text:
    /// `007` would be a number.
    is_cell: bool,
}

impl<'de> DeserializeSeed<'de> for NameSeed {
    type Value = FieldName;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<FieldName, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for NameSeed {
    type Value = FieldName;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<FieldName, E> {
        Ok(FieldName { text: text.to_owned(), is_cell: false })
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<FieldName, E> {
        let text = str::from_utf8(bytes).map_err(|_| E::custom("the name of a field is not UTF-8"))?;
        Ok(FieldName { text: text.to_owned(), is_cell: true })
    }
}

/// Writes a value as JSON.
struct JsonWriter<'a> {
    out: &'a mut String,
    is_cell: bool,
}

impl JsonWriter<'_> {
    fn push(self, text: impl fmt::Display) {
        use fmt::Write;
        // Writing to a String cannot fail.
        let _ = write!(self.out, "{text}");
    }
}

impl<'de> DeserializeSeed<'de> for JsonWriter<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.is_cell { deserializer.deserialize_str(self) } else { deserializer.deserialize_any(self) }
    }
}

macro_rules! whole_numbers {
    ($($visit:ident $type:ty,)*) => {$(
        fn $visit<E: Error>(self, number: $type) -> Result<(), E> {
            self.push(number);
            Ok(())
        }
    )*};
}

impl<'de> Visitor<'de> for JsonWriter<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value that JSON has")
    }

    whole_numbers! {
        visit_i64 i64,
        visit_i128 i128,
        visit_u64 u64,
        visit_u128 u128,
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.push(value);
        Ok(())
    }

    fn visit_f32<E: Error>(self, number: f32) -> Result<(), E> {
        if !number.is_finite() {
            return Err(E::custom("NaN and infinity are not values of a record"));
        }
        self.push(format_args!("{number:?}"));
        Ok(())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        if !number.is_finite() {
            return Err(E::custom("NaN and infinity are not values of a record"));
        }
        self.push(format_args!("{number:?}"));
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        quote(text, self.out)
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.push("null");
        Ok(())
    }

    fn visit_none<E: Error>(self) -> Result<(), E> {
        self.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        self.out.push('[');
        let start = self.out.len();
        loop {
            let before = self.out.len();
            if before > start {
                self.out.push(',');
            }
            if list.next_element_seed(JsonWriter { out: &mut *self.out, is_cell: false })?.is_none() {
                self.out.truncate(before);
                break;
            }
        }
        self.out.push(']');
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let first = map.next_key_seed(NameSeed)?;
        members(map, first, self.out)
    }
}

/// Writes an object, of which the first name has been read.
fn members<'de, A: MapAccess<'de>>(
    mut map: A,
    first: Option<FieldName>,
    out: &mut String,
) -> Result<(), A::Error> {
    out.push('{');
    let mut next = first;
    while let Some(name) = next {
        quote(&name.text, out)?;
        out.push(':');
        map.next_value_seed(JsonWriter { out: &mut *out, is_cell: name.is_cell })?;
        next = map.next_key_seed(NameSeed)?;
        if next.is_some() {
            out.push(',');
        }
    }
    out.push('}');
    Ok(())
}

fn quote<E: Error>(text: &str, out: &mut String) -> Result<(), E> {
    out.push_str(&serde_json::to_string(text).map_err(E::custom)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::Record;
    use serde::Deserialize;
    use serde::de::IntoDeserializer;
    use serde::de::value::{Error, MapDeserializer};

    type Plain<'a, T> = MapDeserializer<'a, std::vec::IntoIter<(&'a str, T)>, Error>;

    fn read<'a, T: IntoDeserializer<'a, Error>>(fields: Vec<(&'a str, T)>) -> Result<String, String> {
        let map: Plain<'a, T> = MapDeserializer::new(fields.into_iter());
        Record::deserialize(map).map(|record| record.json().to_owned()).map_err(|error| error.to_string())
    }

    #[test]
    fn json_is_taken_as_it_stands() {
        let text = r#"{"n":123456789012345678901234567890.123456789, "e" : "\u0041"}"#;
        assert_eq!(serde_json::from_str::<Record>(text).unwrap().json(), text);
        assert_eq!(serde_json::from_slice::<Record>(text.as_bytes()).unwrap().json(), text);
        assert_eq!(serde_json::from_reader::<_, Record>(text.as_bytes()).unwrap().json(), text);
        let value = serde_json::json!({ "a": { "b": [1, null] } });
        assert_eq!(serde_json::from_value::<Record>(value).unwrap().json(), r#"{"a":{"b":[1,null]}}"#);
    }

    #[test]
    fn other_formats_give_their_values() {
        assert_eq!(read(vec![("a\n", "\"b\u{1}"), ("c", "")]).unwrap(), r#"{"a\n":"\"b\u0001","c":""}"#);
        assert_eq!(read(vec![("n", -1_i64)]).unwrap(), r#"{"n":-1}"#);
        assert_eq!(read(vec![("n", u128::MAX)]).unwrap(), format!(r#"{{"n":{}}}"#, u128::MAX));
        assert_eq!(read(vec![("n", 0.1_f32)]).unwrap(), r#"{"n":0.1}"#);
        assert_eq!(read(vec![("n", 1e300)]).unwrap(), r#"{"n":1e300}"#);
        assert_eq!(read(vec![("n", true)]).unwrap(), r#"{"n":true}"#);
        assert_eq!(read(vec![("n", ())]).unwrap(), r#"{"n":null}"#);
        assert_eq!(read(vec![("l", vec![1_u8, 2]), ("m", vec![])]).unwrap(), r#"{"l":[1,2],"m":[]}"#);
        assert_eq!(read(Vec::<(&str, u8)>::new()).unwrap(), "{}");
    }

    #[test]
    fn what_json_does_not_have_is_refused() {
        assert!(read(vec![("n", f64::NAN)]).unwrap_err().contains("NaN"));
        assert!(read(vec![("n", f32::INFINITY)]).unwrap_err().contains("infinity"));
        assert!(read(vec![("b", serde::de::value::BytesDeserializer::new(b"x"))]).is_err());
        let text: serde::de::value::StrDeserializer<'_, Error> = "x".into_deserializer();
        assert!(Record::deserialize(text).is_err());
    }
}
