//! What the headers of a 401 show of its cause. That is little: wrong, locked and restricted users get the same response (facts
//! 3.2, 4.6).

use http::{HeaderMap, header};

/// What a 401 says about the login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RefusedLogin {
    /// The instance wants a one-time password after the password.
    SecondFactor,
    /// The cookie of a session was sent without its CSRF token, `X-UserToken` (facts 10.2).
    Session,
    /// The token has expired or was revoked.
    ExpiredToken,
    /// An access policy of this path allows tokens, and no passwords.
    TokensOnly,
    /// Anything else.
    Unknown,
}

impl RefusedLogin {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        if headers.contains_key("x-mfa_token") {
            return Self::SecondFactor;
        }
        if headers.contains_key("x-usertoken-response") {
            return Self::Session;
        }
        let challenges: Vec<_> = headers
            .get_all(header::WWW_AUTHENTICATE)
            .iter()
            .filter_map(|challenge| challenge.to_str().ok())
            .map(str::to_ascii_lowercase)
            .collect();
        let any = |part| challenges.iter().any(|challenge| challenge.contains(part));
        if any("invalid_token") {
            Self::ExpiredToken
        } else if any("bearer ") && !any("basic ") {
            Self::TokensOnly
        } else {
            Self::Unknown
        }
    }

    pub(super) fn message(self) -> &'static str {
        match self {
            Self::SecondFactor => "the instance asks for a second factor",
            Self::Session => "the instance did not accept the session: its X-UserToken is missing or expired",
            Self::ExpiredToken => "the token has expired or was revoked",
            Self::TokensOnly => {
                "the instance takes tokens here and no passwords: a REST API access policy or a restriction of basic \
                 authentication is in force"
            }
            Self::Unknown => "the instance did not accept the credentials",
        }
    }

    /// Returns what to do, where the headers say more than the kind of the error and the login.
    pub(super) fn advice(self) -> Option<&'static str> {
        match self {
            Self::SecondFactor => Some(
                "append a one-time password to the password (a code is valid for about 30 seconds), or log in with OAuth: a token \
                 needs no further codes",
            ),
            Self::Session => {
                Some("log in again, or send the X-UserToken that belongs to the session's cookie")
            }
            Self::ExpiredToken | Self::TokensOnly | Self::Unknown => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::decode::ApiResponse;
    use crate::{ErrorKind, LoginUsed};
    use bytes::Bytes;

    #[test]
    fn a_401_tells_what_it_shows() {
        for (name, value, message, advice) in [
            ("x-mfa_token", "invalid", "second factor", "one-time password"),
            ("x-usertoken-response", "abc", "X-UserToken", "log in again"),
            (
                "www-authenticate",
                "BEARER realm=\"Service-now\",error=\"invalid_token\"",
                "expired or was revoked",
                "snc_basic_auth_api_access",
            ),
            (
                "www-authenticate",
                "BEARER realm=\"Service-now\"",
                "REST API access policy",
                "snc_basic_auth_api_access",
            ),
            (
                "www-authenticate",
                "BASIC realm=\"Service-now\"",
                "did not accept the credentials",
                "snc_basic_auth_api_access",
            ),
        ] {
            let response = http::Response::builder().status(401).header(name, value);
            let response = response.extension(LoginUsed::Password).body(()).unwrap();
            let error = ApiResponse::new(response.into_parts().0, Bytes::new()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unauthenticated);
            assert!(error.to_string().contains(message), "{error}");
            assert!(error.advice().unwrap().contains(advice), "{error}");
        }
    }
}
