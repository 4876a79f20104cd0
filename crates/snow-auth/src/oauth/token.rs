//! A token in the form in which it is stored.

use crate::header::zeroized_header;
use http::HeaderValue;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use snow_core::{Error, ErrorKind, Secret};
use std::fmt;
use std::time::{Duration, SystemTime};

/// An OAuth token, in the JSON that pysnow stores.
///
/// The keys are `access_token`, `refresh_token`, `token_type`, `scope`, `expires_in` and `expires_at` (Unix seconds, with a
/// fraction). Unknown keys are kept and serialized again. A token that a client obtains also names its instance and its client, as
/// `snow_instance` and `snow_client_id`.
///
/// A token whose lifetime is missing, not positive or unreadable is used until the service refuses it.
///
/// # Examples
///
/// ```
/// let stored = r#"{"access_token":"abc","expires_at":1767225600.5,"expires_in":1799,"refresh_token":"def",
///     "scope":["useraccount"],"token_type":"Bearer"}"#;
/// let token: snow_client::oauth::Token = serde_json::from_str(stored).unwrap();
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
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    snow_instance: Option<String>,
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    snow_client_id: Option<String>,
    #[serde(flatten)]
    other: Map<String, Value>,
}

impl Token {
    /// Creates a token that was obtained elsewhere, such as from another issuer. It does not expire unless
    /// [`with_lifetime`](Self::with_lifetime) sets a lifetime.
    pub fn new(access_token: impl Into<Secret>) -> Self {
        Self {
            access_token: access_token.into(),
            refresh_token: None,
            token_type: bearer(),
            expires_in: None,
            expires_at: None,
            snow_instance: None,
            snow_client_id: None,
            other: Map::new(),
        }
    }

    /// Sets the refresh token, with which the next token is requested.
    #[must_use]
    pub fn with_refresh_token(mut self, refresh_token: impl Into<Secret>) -> Self {
        self.refresh_token = Some(refresh_token.into());
        self
    }

    /// Sets the lifetime, counted from the request for the token. Less than a second means that it is not known, and that the
    /// token is used until the service refuses it.
    #[must_use]
    pub fn with_lifetime(mut self, lifetime: Duration) -> Self {
        self.expires_in = Some(lifetime.as_secs()).filter(|seconds| *seconds > 0);
        self
    }

    /// Returns the access token, which is sent in the `Authorization` header.
    pub fn access_token(&self) -> &Secret {
        &self.access_token
    }

    /// Returns the refresh token, with which the next token is requested. Client credentials have none ([facts 4.1]).
    ///
    /// [facts 4.1]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#41-token-endpoint
    pub fn refresh_token(&self) -> Option<&Secret> {
        self.refresh_token.as_ref().filter(|token| !token.is_empty())
    }

    /// Returns the lifetime that the token had when it was obtained.
    pub fn expires_in(&self) -> Option<Duration> {
        self.expires_in.map(Duration::from_secs)
    }

    /// Returns when the token expires; `None` if only the service knows.
    pub fn expires_at(&self) -> Option<SystemTime> {
        let seconds = Duration::try_from_secs_f64(self.expires_at?).ok()?;
        SystemTime::UNIX_EPOCH.checked_add(seconds)
    }

    /// Returns the address of the instance that accepts the token; `None` if another program obtained it. A client refuses a token of
    /// another instance, so that two clients with one place in a store do not send each other's token.
    pub fn instance(&self) -> Option<&str> {
        self.snow_instance.as_deref()
    }

    /// Returns the id of the client that obtained the token, if it is known.
    pub fn client_id(&self) -> Option<&str> {
        self.snow_client_id.as_deref()
    }

    /// Names the instance that accepts the token, and the client that obtained it.
    pub(super) fn with_owner(mut self, instance: &str, client_id: Option<&str>) -> Self {
        self.snow_instance = Some(instance.to_owned());
        self.snow_client_id = client_id.map(str::to_owned);
        self
    }

    pub(super) fn is_expired(&self, now: SystemTime) -> bool {
        self.expires_at().is_some_and(|end| now >= end)
    }

    /// Sets the expiry of a token that a callback returned, counted from before the call, unless the token has one.
    pub(super) fn with_expiry_since(mut self, asked: Duration) -> Self {
        if self.expires_at.is_none() {
            self.expires_at = self
                .expires_in
                .map(|seconds| asked.as_secs_f64() + Duration::from_secs(seconds).as_secs_f64());
        }
        self
    }

    /// Completes the token of a response to a request that was sent at `sent`, with what the token before it had and the response
    /// left out.
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

    /// Returns the `Authorization` header with the token, marked sensitive.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] if the access token is empty or has characters that no header may have, or if tokens of its type
    /// need more than a header.
    pub(super) fn header(&self) -> Result<HeaderValue, Error> {
        if OTHER_TYPES.iter().any(|other| other.eq_ignore_ascii_case(self.token_type.trim())) {
            let why =
                format!("the token type is {:?}, and only bearer tokens can be used", self.token_type.trim());
            return Err(Error::new(ErrorKind::InvalidInput, why));
        }
        let header = zeroized_header(Secret::from(format!("Bearer {}", self.access_token.expose())));
        let header = header.filter(|_| !self.access_token.is_empty());
        let why = "the access token is empty or has characters that no header may have";
        header.ok_or_else(|| Error::new(ErrorKind::InvalidInput, why))
    }

    /// Returns when the token was requested, as far as its times say.
    pub(super) fn requested_at(&self) -> Option<SystemTime> {
        self.expires_at()?.checked_sub(self.expires_in()?)
    }
}

/// The registered types of tokens that need more than a header (a key, a signature), or grant no access. Any other type is used
/// as a bearer token, because issuers write `JWT`, `access_token` and the like there.
const OTHER_TYPES: [&str; 4] = ["mac", "PoP", "DPoP", "N_A"];

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

/// Reads a type, which is text. Anything else counts as missing.
fn token_type<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) if !text.trim().is_empty() => text,
        _ => bearer(),
    })
}

/// Reads text. Anything else counts as missing.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => Some(text),
        _ => None,
    })
}

/// Reads a number, or one in a string: servers write both. Anything else counts as missing, so that the token is not lost.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    let number = match Value::deserialize(deserializer)? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    Ok(number.filter(|number| number.is_finite()))
}

/// Reads a lifetime. Less than a second counts as missing: the token would have expired before anybody could use it.
fn lifetime<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let seconds = number(deserializer)?.filter(|seconds| *seconds >= 1.0);
    // A longer lifetime makes no difference, and would not fit.
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
    fn a_response_without_a_refresh_token_keeps_the_one_before() {
        let before: Token =
            serde_json::from_str(r#"{"access_token":"a","refresh_token":"r","scope":"s","x":1}"#).unwrap();
        let response: Token =
            serde_json::from_str(r#"{"access_token":"b","refresh_token":"","expires_in":10}"#).unwrap();
        let token = response.completed(Duration::from_secs(100), Some(&before));
        assert_eq!(token.refresh_token().unwrap().expose(), "r");
        assert_eq!((&token.other["scope"], &token.other["x"]), (&"s".into(), &1.into()));
        assert_eq!(token.expires_at(), Some(SystemTime::UNIX_EPOCH + Duration::from_secs(110)));
    }

    #[test]
    fn odd_times_do_not_panic() {
        for odd in ["-1", "1e300", "\"1e300\"", "-1e300"] {
            let json = format!(r#"{{"access_token":"a","expires_in":{odd},"expires_at":{odd}}}"#);
            let token: Token = serde_json::from_str(&json).unwrap();
            assert_eq!(token.expires_at(), None);
            let _ = token.completed(Duration::from_secs(1), None).expires_at();
        }
    }
}
