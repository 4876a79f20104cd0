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
    // Writing a text to memory cannot fail.
    let _ = serde_json::to_writer(json, text);
}
