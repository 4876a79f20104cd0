//! JSON objects, and nothing else, as structs.

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;

/// A struct that is read from a JSON object. A struct that derives `Deserialize` also accepts an array of the values of its fields, so a
/// response in which an array stands for an object would be read as something that the service has not said.
#[derive(Clone, Debug, Default)]
pub struct JsonObject<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for JsonObject<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData)).map(Self)
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Pair<'a> {
        a: u8,
        #[serde(default)]
        b: Option<&'a str>,
    }

    #[test]
    fn an_array_is_not_an_object() {
        let read = serde_json::from_str::<JsonObject<Pair<'_>>>(r#"{"a":1,"b":"x","c":[]}"#).unwrap();
        assert_eq!(read.0, Pair { a: 1, b: Some("x") });
        let refused = serde_json::from_str::<JsonObject<Pair<'_>>>(r#"[1,"x"]"#).unwrap_err();
        assert_eq!(refused.to_string(), "invalid type: sequence, expected an object at line 1 column 0");
        // What serde does alone.
        assert!(serde_json::from_str::<Pair<'_>>(r#"[1,"x"]"#).is_ok());
    }
}
