//! Values of a file. Errors about secrets say what they should be, and never what they are.

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use std::fmt;
use std::time::{Duration, SystemTime};

/// A text that no error repeats.
pub(super) struct Secret(pub(super) String);

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SecretVisitor)
    }
}

struct SecretVisitor;

impl Visitor<'_> for SecretVisitor {
    type Value = Secret;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string in quotes")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Secret, E> {
        Ok(Secret(text.to_owned()))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Secret, E> {
        Err(E::custom("expected a string in quotes, found a number"))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Secret, E> {
        Err(E::custom("expected a string in quotes, found a number"))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Secret, E> {
        Err(E::custom("expected a string in quotes, found a boolean"))
    }
}

/// A field of a record, as it is stored.
pub(super) struct Stored(pub(super) String);

impl<'de> Deserialize<'de> for Stored {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StoredVisitor)
    }
}

struct StoredVisitor;

impl Visitor<'_> for StoredVisitor {
    type Value = Stored;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a string, a number or a boolean; a date-time is a string like \"2026-01-31 12:00:00\", in UTC",
        )
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Stored, E> {
        Ok(Stored(text.to_owned()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Stored, E> {
        Ok(Stored(number.to_string()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Stored, E> {
        Ok(Stored(number.to_string()))
    }

    fn visit_bool<E: Error>(self, boolean: bool) -> Result<Stored, E> {
        Ok(Stored(boolean.to_string()))
    }
}

/// Reads a duration: a number of seconds, whole or not.
pub(crate) fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    deserializer.deserialize_any(SecondsVisitor)
}

struct SecondsVisitor;

impl Visitor<'_> for SecondsVisitor {
    type Value = Duration;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of seconds")
    }

    fn visit_i64<E: Error>(self, seconds: i64) -> Result<Duration, E> {
        let seconds = u64::try_from(seconds);
        seconds.map(Duration::from_secs).map_err(|_| E::custom("a number of seconds is at least 0"))
    }

    fn visit_f64<E: Error>(self, seconds: f64) -> Result<Duration, E> {
        Duration::try_from_secs_f64(seconds).map_err(E::custom)
    }
}

/// Reads a time in UTC.
pub(super) fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SystemTime>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let seconds = crate::data::parse_stamp(&text).and_then(|time| u64::try_from(time.as_second()).ok());
    let time = seconds.and_then(|seconds| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)));
    time.map(Some).ok_or_else(|| {
        D::Error::custom(format!("{text:?} is not a time after 1970: write 2026-01-31 12:00:00, in UTC"))
    })
}
