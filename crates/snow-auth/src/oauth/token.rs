//! A token as it is stored.

use bytes::Bytes;
use http::HeaderValue;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use snow_core::{Error, ErrorKind, Secret};
use std::fmt;
use std::time::{Duration, SystemTime};

/// An OAuth token, in the JSON that pysnow stores: `access_token`, `refresh_token`, `token_type`, `scope`, `expires_in`
/// and `expires_at` (Unix seconds, with a fraction). Keys that are not known are kept and written again.
///
/// A token whose lifetime is missing, is not positive, or cannot be read is used until the service refuses it.
///
/// ```
/// let stored = r#"{"access_token":"abc","expires_at":1767225600.5,"expires_in":1799,"refresh_token":"def",
///     "scope":["useraccount"],"token_type":"Bearer"}"#;
/// let token: snow_auth::Token = serde_json::from_str(stored).unwrap();
/// assert_eq!(token.access_token().expose(), "abc");
/// let written: serde_json::Value = serde_json::to_value(&token).unwrap();
/// assert_eq!(written, serde_json::from_str::<serde_json::Value>(stored).unwrap());
/// assert!(!format!("{token:?}").contains("abc"));
/// ```
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Token {
    #[serde(with = "exposed")]
    access_token: Secret,
    #[serde(default, with = "exposed_option", skip_serializing_if = "Option::is_none")]
    refresh_token: Option<Secret>,
    #[serde(default = "bearer", deserialize_with = "token_type")]
    token_type: String,
    #[serde(default, deserialize_with = "lifetime", skip_serializing_if = "Option::is_none")]
    expires_in: Option<u64>,
    #[serde(default, deserialize_with = "number", skip_serializing_if = "Option::is_none")]
    expires_at: Option<f64>,
    #[serde(flatten)]
    other: Map<String, Value>,
}

impl Token {
    /// A token that was had elsewhere, from another issuer for one. When it ends is not known, unless
    /// [`with_lifetime`](Self::with_lifetime) says so.
    pub fn new(access_token: impl Into<Secret>) -> Self {
        Self {
            access_token: access_token.into(),
            refresh_token: None,
            token_type: bearer(),
            expires_in: None,
            expires_at: None,
            other: Map::new(),
        }
    }

    /// The token with what the next one is asked for with.
    #[must_use]
    pub fn with_refresh_token(mut self, refresh_token: impl Into<Secret>) -> Self {
        self.refresh_token = Some(refresh_token.into());
        self
    }

    /// The token with so long to live, from when it was asked for. Less than a second means that the lifetime is not known, and
    /// that the token is used until the service refuses it.
    #[must_use]
    pub fn with_lifetime(mut self, lifetime: Duration) -> Self {
        self.expires_in = Some(lifetime.as_secs()).filter(|seconds| *seconds > 0);
        self
    }

    /// What goes into the `Authorization` header.
    pub fn access_token(&self) -> &Secret {
        &self.access_token
    }

    /// What the next access token is asked for with. Client credentials have none (facts 4.1).
    pub fn refresh_token(&self) -> Option<&Secret> {
        self.refresh_token.as_ref().filter(|token| !token.is_empty())
    }

    /// How long the token was to live when it was obtained.
    pub fn expires_in(&self) -> Option<Duration> {
        self.expires_in.map(Duration::from_secs)
    }

    /// When the token ends; `None` means that only the service knows.
    pub fn expires_at(&self) -> Option<SystemTime> {
        let seconds = Duration::try_from_secs_f64(self.expires_at?).ok()?;
        SystemTime::UNIX_EPOCH.checked_add(seconds)
    }

    pub(super) fn is_expired(&self, now: SystemTime) -> bool {
        self.expires_at().is_some_and(|end| now >= end)
    }

    /// A token that a callback returned: when it ends is counted from before it was asked, unless it says so itself.
    pub(super) fn with_expiry_since(mut self, asked: Duration) -> Self {
        if self.expires_at.is_none() {
            self.expires_at = self
                .expires_in
                .map(|seconds| asked.as_secs_f64() + Duration::from_secs(seconds).as_secs_f64());
        }
        self
    }

    /// The token of a response to a request that left at `sent`, with what the token before it had and the response left out.
    pub(super) fn completed(mut self, sent: Duration, before: Option<&Token>) -> Self {
        let ends = |seconds| sent.as_secs_f64() + Duration::from_secs(seconds).as_secs_f64();
        self.expires_at = self.expires_in.map(ends);
        if let Some(before) = before {
            if self.refresh_token().is_none() {
                self.refresh_token = before.refresh_token.clone();
            }
            for (key, value) in &before.other {
                self.other.entry(key).or_insert_with(|| value.clone());
            }
        }
        self
    }

    /// The header that carries it, marked sensitive.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] if the access token is empty or has characters that no header may have, or if its type is not one
    /// that a header carries by itself.
    pub(super) fn header(&self) -> Result<HeaderValue, Error> {
        if OTHER_TYPES.iter().any(|other| other.eq_ignore_ascii_case(self.token_type.trim())) {
            let why =
                format!("the token type is {:?}, and only bearer tokens can be used", self.token_type.trim());
            return Err(Error::new(ErrorKind::InvalidInput, why));
        }
        let text = ZeroizedHeader(Secret::from(format!("Bearer {}", self.access_token.expose())));
        let header = HeaderValue::from_maybe_shared(Bytes::from_owner(text)).ok();
        let header = header.filter(|_| !self.access_token.is_empty());
        let why = "the access token is empty or has characters that no header may have";
        let mut header = header.ok_or_else(|| Error::new(ErrorKind::InvalidInput, why))?;
        header.set_sensitive(true);
        Ok(header)
    }
}

/// The registered types of tokens that take more than a header (a key, a signature), or grant no access. Any other type is taken
/// as a bearer token: issuers write `JWT`, `access_token` and the like there.
const OTHER_TYPES: [&str; 4] = ["mac", "PoP", "DPoP", "N_A"];

/// The memory of a header, wiped with the last of its clones.
struct ZeroizedHeader(Secret);

impl AsRef<[u8]> for ZeroizedHeader {
    fn as_ref(&self) -> &[u8] {
        self.0.expose().as_bytes()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("refresh_token", &self.refresh_token().map(|_| "…"))
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

fn bearer() -> String {
    "Bearer".into()
}

/// A type is text; anything else is as if it had been left out.
fn token_type<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) if !text.trim().is_empty() => text,
        _ => bearer(),
    })
}

/// A number, or one written as text: servers do both. Anything else says nothing, and no token is thrown away for it.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    let number = match Value::deserialize(deserializer)? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    Ok(number.filter(|number| number.is_finite()))
}

/// A lifetime of less than a second says nothing either: the token would be over before anybody could use it.
fn lifetime<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let seconds = number(deserializer)?.filter(|seconds| *seconds >= 1.0);
    // Past this, neither a Duration nor a float tells lifetimes apart.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped first")]
    Ok(seconds.map(|seconds| seconds.clamp(1.0, 4e9) as u64))
}

pub(super) mod exposed {
    use super::{Deserialize, Deserializer, Secret};
    use serde::Serializer;

    pub(in super::super) fn serialize<S: Serializer>(
        secret: &Secret,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(secret.expose())
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Secret, D::Error> {
        String::deserialize(deserializer).map(Secret::from)
    }
}

mod exposed_option {
    use super::{Deserialize, Deserializer, Secret, Value};
    use serde::Serializer;

    pub(super) fn serialize<S: Serializer>(
        secret: &Option<Secret>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match secret {
            Some(secret) => serializer.serialize_some(secret.expose()),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Secret>, D::Error> {
        Ok(match Value::deserialize(deserializer)? {
            Value::String(text) => Some(Secret::from(text)),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_may_be_text_and_absent_parts_stay_absent() {
        let token: Token =
            serde_json::from_str(r#"{"access_token":"a","expires_in":"1799","expires_at":null}"#).unwrap();
        assert_eq!(token.expires_in(), Some(Duration::from_secs(1799)));
        assert_eq!((token.expires_at(), token.refresh_token()), (None, None));
        let written = serde_json::to_string(&token).unwrap();
        assert_eq!(written, r#"{"access_token":"a","token_type":"Bearer","expires_in":1799}"#);
    }

    #[test]
    fn an_answer_without_a_refresh_token_keeps_the_one_before() {
        let before: Token =
            serde_json::from_str(r#"{"access_token":"a","refresh_token":"r","scope":"s","x":1}"#).unwrap();
        let answer: Token =
            serde_json::from_str(r#"{"access_token":"b","refresh_token":"","expires_in":10}"#).unwrap();
        let token = answer.completed(Duration::from_secs(100), Some(&before));
        assert_eq!(token.refresh_token().unwrap().expose(), "r");
        assert_eq!((&token.other["scope"], &token.other["x"]), (&"s".into(), &1.into()));
        assert_eq!(token.expires_at(), Some(SystemTime::UNIX_EPOCH + Duration::from_secs(110)));
    }

    #[test]
    fn odd_times_are_no_panic() {
        for odd in ["-1", "1e300", "\"1e300\"", "-1e300"] {
            let json = format!(r#"{{"access_token":"a","expires_in":{odd},"expires_at":{odd}}}"#);
            let token: Token = serde_json::from_str(&json).unwrap();
            assert_eq!(token.expires_at(), None);
            let _ = token.completed(Duration::from_secs(1), None).expires_at();
        }
    }
}
