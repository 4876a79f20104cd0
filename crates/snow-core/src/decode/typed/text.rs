//! A stored text that is not a JSON value by itself: an entry of a list, or the id in a link.

use super::super::Field;
use super::super::field_value::float;
use super::super::redact::characters;
use crate::Error;
use serde::de::{Deserializer, IntoDeserializer, Visitor, value::CowStrDeserializer};
use serde::forward_to_deserialize_any;
use std::borrow::Cow;
use std::str::FromStr;

pub(super) struct TextDeserializer<'de> {
    /// The field that it comes from.
    pub(super) field: Field<'de>,
    pub(super) text: Cow<'de, str>,
}

impl TextDeserializer<'_> {
    fn parsed<T: FromStr>(&self, what: &str) -> Result<T, Error> {
        self.text.parse().map_err(|_| self.unfit(what))
    }

    fn float<T: FromStr + Into<f64> + Copy>(&self) -> Result<T, Error> {
        float(&self.text).ok_or_else(|| self.unfit("not a valid floating-point number"))
    }

    fn unfit(&self, what: &str) -> Error {
        let length = characters(self.text.chars().count());
        self.field.unfit(format_args!("contains a text of {length}, which is {what}"))
    }
}

macro_rules! parsed {
    ($($deserialize:ident $visit:ident $what:literal)*) => {$(
        fn $deserialize<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            visitor.$visit(self.parsed($what)?)
        }
    )*};
}

impl<'de> Deserializer<'de> for TextDeserializer<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.text {
            Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
            Cow::Owned(text) => visitor.visit_string(text),
        }
    }

    parsed! {
        deserialize_bool visit_bool "neither true nor false"
        deserialize_i8 visit_i8 "not a valid i8"
        deserialize_i16 visit_i16 "not a valid i16"
        deserialize_i32 visit_i32 "not a valid i32"
        deserialize_i64 visit_i64 "not a valid i64"
        deserialize_i128 visit_i128 "not a valid i128"
        deserialize_u8 visit_u8 "not a valid u8"
        deserialize_u16 visit_u16 "not a valid u16"
        deserialize_u32 visit_u32 "not a valid u32"
        deserialize_u64 visit_u64 "not a valid u64"
        deserialize_u128 visit_u128 "not a valid u128"
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_f32(self.float()?)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_f64(self.float()?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        CowStrDeserializer::new(self.text).deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Error> for TextDeserializer<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}
