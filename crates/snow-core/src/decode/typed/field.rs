//! A field as a type: plain types read the stored value in every form in which it comes, or fail.

use super::super::Field;
use super::super::field_value::{float, parts};
use super::super::scan;
use super::text::TextDeserializer;
use super::wrappers::{BOTH, DISPLAYED, REFERENCE};
use super::{RAW_VALUE, as_json};
use crate::Error;
use serde::de::value::{CowStrDeserializer, MapDeserializer, SeqDeserializer};
use serde::de::{Deserialize, Deserializer, IntoDeserializer, Visitor};
use std::borrow::Cow;

impl<'a> Field<'a> {
    /// Reads the field as a type.
    ///
    /// | type | reads |
    /// |---|---|
    /// | strings, numbers, `bool`, enums without data | the stored value, which is text, whatever else the field contains |
    /// | [`SysId`](crate::SysId), [`Date`](crate::Date), [`DateTime`](crate::DateTime), [`Duration`](std::time::Duration) | the stored value, in the form in which it is stored |
    /// | `Option` | `None` if nothing is stored |
    /// | `Vec` | the entries of a list (`watch_list`), and of an array, each as a type |
    /// | [`WithDisplay`](super::super::WithDisplay), [`DisplayOnly`](super::super::DisplayOnly), [`Reference`](super::super::Reference) | more than the stored value |
    /// | structs, maps, enums with data, `serde_json::Value` | what came, as serde_json reads it |
    ///
    /// If only display values were sent, reading a plain type returns an error.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode), naming the field and what does not fit.
    pub fn read<T: Deserialize<'a>>(self) -> Result<T, Error> {
        T::deserialize(self).map_err(|error| self.annotate(error))
    }

    /// The stored text, if the stored value is one.
    #[inline]
    fn stored_text(self) -> Result<Option<Cow<'a, str>>, Error> {
        let stored = self.stored()?;
        if stored.json().starts_with('"') { stored.string().map(Some) } else { Ok(None) }
    }

    fn visit_text<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.stored_text()? {
            Some(Cow::Borrowed(text)) => visitor.visit_borrowed_str(text),
            Some(Cow::Owned(text)) => visitor.visit_string(text),
            None => as_json(self.json(), |json| json.deserialize_str(visitor)),
        }
    }
}

macro_rules! numbers {
    ($($deserialize:ident $visit:ident $type:ty,)*) => {$(
        fn $deserialize<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            visitor.$visit(self.parsed::<$type>(concat!("is not a valid ", stringify!($type)))?)
        }
    )*};
}

macro_rules! texts {
    ($($deserialize:ident)*) => {$(
        #[inline]
        fn $deserialize<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.visit_text(visitor)
        }
    )*};
}

macro_rules! as_it_came {
    ($($deserialize:ident($($argument:ident: $type:ty),*))*) => {$(
        fn $deserialize<V: Visitor<'de>>(self, $($argument: $type,)* visitor: V) -> Result<V::Value, Error> {
            as_json(self.json(), |json| json.$deserialize($($argument,)* visitor))
        }
    )*};
}

impl<'de> Deserializer<'de> for Field<'de> {
    type Error = Error;

    numbers! {
        deserialize_i8 visit_i8 i8,
        deserialize_i16 visit_i16 i16,
        deserialize_i32 visit_i32 i32,
        deserialize_i64 visit_i64 i64,
        deserialize_i128 visit_i128 i128,
        deserialize_u8 visit_u8 u8,
        deserialize_u16 visit_u16 u16,
        deserialize_u32 visit_u32 u32,
        deserialize_u64 visit_u64 u64,
        deserialize_u128 visit_u128 u128,
    }

    texts! { deserialize_str deserialize_string deserialize_char deserialize_identifier }

    as_it_came! {
        deserialize_any()
        deserialize_bytes()
        deserialize_byte_buf()
        deserialize_unit()
        deserialize_unit_struct(name: &'static str)
        deserialize_tuple(len: usize)
        deserialize_tuple_struct(name: &'static str, len: usize)
        deserialize_map()
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_bool(self.boolean()?)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let number = float(&self.text()?);
        visitor.visit_f32(number.ok_or_else(|| self.unfit("is not a valid f32"))?)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_f64(self.float()?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.is_empty() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        match name {
            RAW_VALUE => as_json(self.json(), |json| json.deserialize_newtype_struct(name, visitor)),
            DISPLAYED => visitor.visit_newtype_struct(TextDeserializer { field: self, text: self.seen()? }),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    /// Reads a list, whose entries are strings, or an array, whose entries are values as fields are.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.json().starts_with('[') {
            let elements = scan::elements(self.json()).map(|element| self.part(element));
            return visitor.visit_seq(SeqDeserializer::new(elements));
        }
        let text = |text| TextDeserializer { field: self, text };
        match self.stored_text()? {
            Some(Cow::Borrowed(list)) => {
                visitor.visit_seq(SeqDeserializer::new(parts(list).map(|part| text(part.into()))))
            }
            Some(Cow::Owned(list)) => {
                visitor.visit_seq(SeqDeserializer::new(parts(&list).map(|part| text(part.to_owned().into()))))
            }
            None => as_json(self.json(), |json| json.deserialize_seq(visitor)),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match (name, fields) {
            (BOTH, _) => {
                let parts = [("value", self.stored()?), ("display_value", self.seen_part()?)];
                visitor.visit_map(MapDeserializer::new(parts.into_iter()))
            }
            (REFERENCE, _) => {
                let parts = self.reference_parts()?.into_iter();
                let parts = parts.map(|(name, text)| (name, TextDeserializer { field: self, text }));
                visitor.visit_map(MapDeserializer::new(parts))
            }
            // What std calls its Duration's parts; the service sends a time after 1970.
            ("Duration", ["secs", "nanos"]) if self.is_scalar() => {
                let seconds = self.duration()?.as_secs();
                visitor.visit_seq(SeqDeserializer::new([seconds, 0].into_iter()))
            }
            _ => as_json(self.json(), |json| json.deserialize_struct(name, fields, visitor)),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.stored_text()? {
            Some(text) => CowStrDeserializer::new(text).deserialize_enum(name, variants, visitor),
            None => as_json(self.json(), |json| json.deserialize_enum(name, variants, visitor)),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }
}

impl<'de> IntoDeserializer<'de, Error> for Field<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}
