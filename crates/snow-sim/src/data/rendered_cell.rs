//! A cell in the form that a response has.

use serde_json::{Map, Value};
use std::borrow::Cow;

/// A cell in the form that a response has: one text, or an object of up to three.
#[derive(Debug)]
pub(super) enum RenderedCell<'a> {
    Text(Cow<'a, str>),
    Parts { display_value: Option<Cow<'a, str>>, link: Option<String>, value: Option<&'a str> },
}

impl RenderedCell<'_> {
    pub(super) fn write_json(&self, json: &mut Vec<u8>) {
        let Some(parts) = self.parts() else {
            if let Self::Text(text) = self {
                write_text(text, json);
            }
            return;
        };
        let mut before = b'{';
        for (name, text) in parts {
            json.extend([before, b'"']);
            json.extend_from_slice(name.as_bytes());
            json.extend_from_slice(b"\":");
            write_text(text, json);
            before = b',';
        }
        json.push(b'}');
    }

    pub(super) fn to_value(&self) -> Value {
        match self {
            Self::Text(text) => text.as_ref().into(),
            Self::Parts { .. } => {
                let parts = self.parts().into_iter().flatten();
                Value::Object(parts.map(|(name, text)| (name.to_owned(), text.into())).collect::<Map<_, _>>())
            }
        }
    }

    /// Names and texts of its parts, in their order.
    fn parts(&self) -> Option<impl Iterator<Item = (&'static str, &str)>> {
        let Self::Parts { display_value, link, value } = self else { return None };
        let parts =
            [("display_value", display_value.as_deref()), ("link", link.as_deref()), ("value", *value)];
        Some(parts.into_iter().filter_map(|(name, text)| Some((name, text?))))
    }
}

/// Writes a text with quotes around it.
pub(super) fn write_text(text: &str, json: &mut Vec<u8>) {
    if has_no_escapes(text) {
        json.push(b'"');
        json.extend_from_slice(text.as_bytes());
        json.push(b'"');
        return;
    }
    // Writing a text to memory cannot fail.
    let _ = serde_json::to_writer(json, text);
}

/// Whether a text has no character that JSON escapes. Checks every byte without an early exit, so that the compiler can check many of
/// them at a time.
fn has_no_escapes(text: &str) -> bool {
    text.bytes().fold(true, |plain, byte| plain & (byte >= b' ') & (byte != b'"') & (byte != b'\\'))
}

#[cfg(test)]
mod tests {
    use super::write_text;

    #[test]
    fn every_character_is_written_as_serde_json_writes_it() {
        for character in (0..=0x2ff).filter_map(char::from_u32).chain(['\u{2028}', '\u{feff}', '\u{1f600}']) {
            for text in [format!("{character}"), format!("a text of some length {character} and more")] {
                let mut json = Vec::new();
                write_text(&text, &mut json);
                assert_eq!(String::from_utf8_lossy(&json), serde_json::Value::from(text).to_string());
            }
        }
    }
}
