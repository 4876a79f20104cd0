//! Text that must not be seen.

use secrecy::{ExposeSecret, SecretString};
use serde::de::{Deserialize, Deserializer, Error as _};
use std::fmt;

/// A password, a client secret or a token: wiped from memory when dropped, and never printed.
///
/// It is deserialized from a string, and cannot be serialized, so that a dump of a configuration does not reveal it.
///
/// ```
/// let secret = snow_client::client::Secret::from("hunter2");
/// assert_eq!(format!("{secret:?}"), "Secret(…)");
/// assert_eq!(secret.expose(), "hunter2");
/// ```
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Returns the text itself. The caller is responsible for where it goes.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Returns whether the text is empty.
    pub fn is_empty(&self) -> bool {
        self.expose().is_empty()
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl<'de> Deserialize<'de> for Secret {
    /// Deserializes a string.
    ///
    /// # Errors
    /// Fails for anything else. The error does not repeat the value, as errors of serde do: it may be a password without quotes.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer);
        text.map(Self::from)
            .map_err(|_| D::Error::custom("a secret must be a string (its value is not shown)"))
    }
}

impl PartialEq for Secret {
    /// Compares in a time that does not depend on where two secrets of the same length differ.
    fn eq(&self, other: &Self) -> bool {
        let (a, b) = (self.expose().as_bytes(), other.expose().as_bytes());
        a.len() == b.len() && a.iter().zip(b).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
    }
}

impl Eq for Secret {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_deserialized_from_a_string() {
        assert_eq!(serde_json::from_str::<Secret>(r#""hunter2""#).unwrap().expose(), "hunter2");
    }

    #[test]
    fn an_error_does_not_repeat_the_value() {
        for value in
            ["48151623", "-48151623", "48151623.5", "[48151623]", r#"{"48151623":1}"#, "null", r#""48151623"#]
        {
            let error = serde_json::from_str::<Secret>(value).unwrap_err().to_string();
            assert!(error.contains("a secret must be a string") && !error.contains("48151623"), "{error}");
        }
    }
}
