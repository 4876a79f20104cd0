//! A record given to any format of serde: a map of its fields.

use super::decimal::is_same_number;
use super::{Record, json_string, scan};
use serde::ser::{Error as _, SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};
use std::borrow::Cow;
use std::collections::HashMap;

impl Serialize for Record {
    /// Serializes the record as a map of its fields, in the order in which they came. Every value keeps its form: a string is a
    /// string, a reference with its link is a map, a number is a number, null is a unit. So a record can stand in a struct of
    /// your own, flattened too.
    ///
    /// Most values of a table are strings. Numbers come from other APIs: whole ones are given exactly, up to 128 bits, and others
    /// as an `f64`.
    ///
    /// Formats of plain rows, such as csv, have no maps and refuse a record. Write [`fields`](Record::fields) as the header, and
    /// the [`value`](super::Field::value) of each field as a cell.
    ///
    /// # Errors
    ///
    /// For what no serde type holds: half a surrogate pair, and a number that would have to be rounded. [`json`](Record::json) has
    /// these as they came. And for what the format cannot hold: some have no integers of 128 bits.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.iter().count()))?;
        for at in self.raw.shape.visible() {
            let half =
                || S::Error::custom("the record has a field whose name contains half of a surrogate pair");
            let name = self.raw.shape.name(at).ok_or_else(half)?;
            map.serialize_entry(name, &JsonValue { text: self.raw.value(at), field: name })?;
        }
        map.end()
    }
}

/// A value in JSON that has been checked, and the field that it is in.
#[derive(Clone, Copy)]
struct JsonValue<'a> {
    text: &'a str,
    field: &'a str,
}

impl<'a> JsonValue<'a> {
    fn inside(self, text: &'a str) -> Self {
        Self { text, ..self }
    }

    fn error<E: serde::ser::Error>(self, why: &str) -> E {
        E::custom(format_args!("the field {:?} {why}", self.field))
    }

    /// A string without its quotes.
    fn string<E: serde::ser::Error>(self, raw: &'a str) -> Result<Cow<'a, str>, E> {
        json_string::unescape(raw)
            .ok_or_else(|| self.error("contains half of a surrogate pair, which is not text"))
    }

    /// The members of an object. Of several with one name the last one counts, as in a record.
    fn members<E: serde::ser::Error>(self) -> Result<Vec<(Cow<'a, str>, &'a str)>, E> {
        let named = |(name, value)| Ok((self.string(name)?, value));
        let mut members = scan::members(self.text).map(named).collect::<Result<Vec<_>, E>>()?;
        let last: HashMap<Cow<'a, str>, usize> =
            members.iter().enumerate().map(|(at, (name, _))| (name.clone(), at)).collect();
        let mut places = 0..members.len();
        members.retain(|(name, _)| places.next().as_ref() == last.get(name));
        Ok(members)
    }

    fn object<S: Serializer>(self, serializer: S) -> Result<S::Ok, S::Error> {
        let members = self.members()?;
        let mut map = serializer.serialize_map(Some(members.len()))?;
        for (name, value) in members {
            map.serialize_entry(&*name, &self.inside(value))?;
        }
        map.end()
    }

    fn array<S: Serializer>(self, serializer: S) -> Result<S::Ok, S::Error> {
        let elements: Vec<&str> = scan::elements(self.text).collect();
        let mut list = serializer.serialize_seq(Some(elements.len()))?;
        for element in elements {
            list.serialize_element(&self.inside(element))?;
        }
        list.end()
    }

    fn number<S: Serializer>(self, serializer: S) -> Result<S::Ok, S::Error> {
        // There is no negative zero among integers, but a float has one.
        let is_minus_zero = self.text == "-0";
        if let Ok(number) = self.text.parse() {
            return serializer.serialize_u64(number);
        }
        if let Some(number) = self.text.parse().ok().filter(|_| !is_minus_zero) {
            return serializer.serialize_i64(number);
        }
        if let Ok(number) = self.text.parse() {
            return serializer.serialize_u128(number);
        }
        if let Some(number) = self.text.parse().ok().filter(|_| !is_minus_zero) {
            return serializer.serialize_i128(number);
        }
        match self.text.parse::<f64>() {
            Ok(number) if is_shortest(number, self.text) => serializer.serialize_f64(number),
            _ => {
                Err(self
                    .error("holds a number that would have to be rounded (Record::json has it as it came)"))
            }
        }
    }
}

impl Serialize for JsonValue<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.text.as_bytes().first() {
            Some(b'"') => {
                let raw = self.text.get(scan::unquoted(&(0..self.text.len()))).unwrap_or_default();
                serializer.serialize_str(&self.string(raw)?)
            }
            Some(b'{') => self.object(serializer),
            Some(b'[') => self.array(serializer),
            Some(b't') => serializer.serialize_bool(true),
            Some(b'f') => serializer.serialize_bool(false),
            Some(b'n') => serializer.serialize_unit(),
            _ => self.number(serializer),
        }
    }
}

/// Returns whether a text is a number in its shortest form. Of two forms that are equally short and near, such as
/// 1806691682308401.2 and .3, std writes one and serde_json the other.
fn is_shortest(number: f64, text: &str) -> bool {
    let digits = |text: &str| {
        let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
        let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
        digits.trim_start_matches('0').trim_end_matches('0').len()
    };
    let shortest = number.to_string();
    let count = digits(&shortest);
    is_same_number(&shortest, text)
        || digits(text) == count && is_same_number(&format!("{number:.*e}", count.saturating_sub(1)), text)
}

#[cfg(test)]
mod tests {
    use crate::Record;
    use serde_json::json;

    fn written(text: &str) -> Result<String, String> {
        let record: Record = serde_json::from_str(text).unwrap();
        serde_json::to_string(&record).map_err(|error| error.to_string())
    }

    #[test]
    fn every_value_keeps_its_form() {
        let text = r#"{"b":"1","a":{"value":"x","link":"l"},"n":1.5,"e":"\"é\n","t":true,"f":false,"z":null,"l":[1,[],{}],"":""}"#;
        assert_eq!(written(text).unwrap(), text);
        let record: Record = serde_json::from_str(text).unwrap();
        assert_eq!(
            serde_json::to_value(&record).unwrap(),
            serde_json::from_str::<serde_json::Value>(text).unwrap()
        );
        assert_eq!(
            written(r#" { "a" : "\u0041\/" , "o" : { "x" : [ 1 , 2 ] } } "#).unwrap(),
            r#"{"a":"A/","o":{"x":[1,2]}}"#
        );
        assert_eq!(written("{}").unwrap(), "{}");
    }

    #[test]
    fn of_two_values_with_one_name_the_last_one_is_written() {
        assert_eq!(written(r#"{"a":"1","b":"2","\u0061":"3"}"#).unwrap(), r#"{"b":"2","a":"3"}"#);
        assert_eq!(written(r#"{"o":{"a":1,"b":2,"\u0061":3}}"#).unwrap(), r#"{"o":{"b":2,"a":3}}"#);
    }

    #[test]
    fn numbers_are_exact_or_refused() {
        for (number, expected) in [
            ("0", "0"),
            ("-0", "-0.0"),
            ("-7", "-7"),
            ("18446744073709551615", "18446744073709551615"),
            ("18446744073709551616", "18446744073709551616"),
            ("-9223372036854775809", "-9223372036854775809"),
            ("340282366920938463463374607431768211455", "340282366920938463463374607431768211455"),
            ("45.50", "45.5"),
            ("0.1", "0.1"),
            ("1e3", "1000.0"),
        ] {
            assert_eq!(written(&format!(r#"{{"n":{number}}}"#)).unwrap(), format!(r#"{{"n":{expected}}}"#));
        }
        for number in ["1e999", "3.14159265358979323846", "340282366920938463463374607431768211457", "1e-999"]
        {
            let error = written(&format!(r#"{{"n":[{number}]}}"#)).unwrap_err();
            assert!(error.contains("the field \"n\" holds a number"), "{error}");
        }
        let large: Record = serde_json::from_str(r#"{"n":18446744073709551616}"#).unwrap();
        assert!(serde_json::to_value(&large).is_err(), "a serde_json value would round it");
    }

    #[test]
    fn half_a_surrogate_pair_is_refused() {
        assert!(
            written(r#"{"a":"\ud800"}"#)
                .unwrap_err()
                .contains("the field \"a\" contains half of a surrogate pair")
        );
        assert!(
            written(r#"{"a":{"\ud800":1}}"#)
                .unwrap_err()
                .contains("the field \"a\" contains half of a surrogate pair")
        );
        assert!(written(r#"{"\ud800":1}"#).unwrap_err().contains("name contains half of a surrogate pair"));
    }

    #[test]
    fn a_record_may_be_flattened_and_read_back() {
        #[derive(serde::Serialize, serde::Deserialize)]
        struct Row {
            source: String,
            #[serde(flatten)]
            record: Record,
        }
        let record: Record =
            serde_json::from_str(r#"{"number":"INC1","caller_id":{"link":"l","value":"v"}}"#).unwrap();
        let row = serde_json::to_value(Row { source: "dev".into(), record }).unwrap();
        let expected =
            json!({ "source": "dev", "number": "INC1", "caller_id": { "link": "l", "value": "v" } });
        assert_eq!(row, expected);
        let row: Row = serde_json::from_value(row).unwrap();
        assert_eq!(row.record.value("caller_id").unwrap(), "v");
        assert!(row.record.get("source").is_none());
    }
}
