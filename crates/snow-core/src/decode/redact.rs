//! Says why a value does not fit a type, without the value itself, which may be confidential.

use serde_json::Value;
use std::fmt;

/// A value in JSON, by its type and length.
pub(super) struct Described<'a>(pub(super) &'a str);

impl fmt::Display for Described<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_bytes().first() {
            Some(b'"') => match self.0.chars().count().saturating_sub(2) {
                0 => f.write_str("an empty string"),
                length => write!(f, "a string of {}", characters(length)),
            },
            Some(b'n') => f.write_str("null"),
            Some(b't' | b'f') => f.write_str("a boolean"),
            Some(b'{') => f.write_str("an object"),
            Some(b'[') => f.write_str("an array"),
            _ => f.write_str("a number"),
        }
    }
}

pub(super) fn characters(count: usize) -> String {
    format!("{count} character{}", if count == 1 { "" } else { "s" })
}

/// The words that serde uses for values of different types.
const TYPES: [&str; 20] = [
    "array",
    "boolean",
    "byte array",
    "character",
    "enum",
    "floating point",
    "integer",
    "map",
    "newtype struct",
    "newtype variant",
    "null",
    "number",
    "Option value",
    "sequence",
    "string",
    "struct variant",
    "tuple variant",
    "unit",
    "unit value",
    "unit variant",
];

/// A message in serde's own words without the value that it repeats; any other message as it is.
pub(super) fn without_value(message: &str) -> String {
    for start in ["invalid type", "invalid value", "unknown variant"] {
        let Some(rest) = message.strip_prefix(start) else { continue };
        // What is expected is text of the program, which comes last.
        let end =
            [", expected ", ", there are no variants"].into_iter().filter_map(|end| rest.rfind(end)).max();
        let Some((found, expected)) = end.and_then(|end| rest.split_at_checked(end)) else { continue };
        let found =
            found.trim_start_matches([':', ' ']).split(['"', '`']).next().unwrap_or_default().trim_end();
        return match found {
            "" => format!("{start}{expected}"),
            found if TYPES.contains(&found) => format!("{start}: {found}{expected}"),
            _ => format!("{start}: another value{expected}"),
        };
    }
    message.to_owned()
}

/// A message of somebody's own code about this JSON, without the texts and numbers of it that it repeats.
pub(super) fn redacted(message: &str, json: &str) -> String {
    let mut message = without_value(message);
    match serde_json::from_str::<Value>(json) {
        Ok(value) => remove(&mut message, &value),
        // A value that serde_json cannot hold cannot be searched for.
        Err(error) => message = without_value(&error.to_string()),
    }
    message
}

fn remove(message: &mut String, value: &Value) {
    match value {
        Value::String(text) => {
            remove_text(message, text);
            text.split([',', '/', '?', '&', '=']).for_each(|part| remove_text(message, part.trim()));
        }
        Value::Number(number) => remove_text(message, &number.to_string()),
        Value::Array(values) => values.iter().for_each(|value| remove(message, value)),
        Value::Object(fields) => fields.values().for_each(|value| remove(message, value)),
        Value::Null | Value::Bool(_) => {}
    }
}

/// Shorter texts occur in any sentence, unless they are in quotes.
const SHORTEST: usize = 4;

fn remove_text(message: &mut String, text: &str) {
    if text.is_empty() || text.len() > message.len() {
        return;
    }
    let written = format!("{text:?}");
    if message.contains(&written) {
        *message = message.replace(&written, "\"…\"");
    }
    for form in [text, written.trim_matches('"')] {
        if form.len() >= SHORTEST && message.contains(form) {
            *message = message.replace(form, "…");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[allow(dead_code, reason = "read by serde")]
    enum State {
        New,
        Closed,
    }

    fn refused<T: for<'de> Deserialize<'de> + fmt::Debug>(json: &str) -> String {
        without_value(&serde_json::from_str::<T>(json).unwrap_err().to_string())
    }

    #[test]
    fn serdes_own_words_keep_what_was_expected() {
        assert_eq!(
            refused::<u8>("\"canary, expected u9\""),
            "invalid type: string, expected u8 at line 1 column 21"
        );
        assert_eq!(refused::<u8>("77777"), "invalid value: integer, expected u8 at line 1 column 5");
        assert_eq!(
            refused::<State>("\"canary\""),
            "unknown variant, expected `New` or `Closed` at line 1 column 8"
        );
        assert_eq!(
            refused::<(u8, u8)>("[1]"),
            "invalid length 1, expected a tuple of size 2 at line 1 column 3"
        );
        assert_eq!(
            without_value("invalid type: canary, expected x"),
            "invalid type: another value, expected x"
        );
    }

    proptest! {
        #[test]
        fn no_value_is_repeated(value in "[a-zé\"`, \\\\\n]{4,30}") {
            let canary = format!("canary{value}");
            let json = serde_json::to_string(&[&canary]).unwrap();
            prop_assert!(!refused::<Vec<u8>>(&json).contains("canary"));
            prop_assert!(!refused::<Vec<State>>(&json).contains("canary"));
            for message in [format!("cannot read {canary}"), format!("cannot read {canary:?}")] {
                prop_assert!(!redacted(&message, &json).contains("canary"), "{}", message);
            }
        }
    }
}
