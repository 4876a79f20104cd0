//! The authorization code flow (facts 4.3): a person logs in and consents in a browser.

use serde::{Deserialize, Serialize};
use snow_core::{Error, ErrorKind, Secret};
use std::fmt;

/// A login of a person in a browser. Open [`url`](Self::url) in the browser, and pass the address that it returns to to
/// [`OAuth::exchange_code`](crate::OAuth::exchange_code).
///
/// It holds the `state` and the PKCE verifier of this one login. A web application keeps it in the person's session until the
/// browser returns; it can be serialized.
#[derive(Clone, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    pub(super) url: String,
    pub(super) redirect_uri: String,
    #[serde(with = "super::token::exposed")]
    pub(super) state: Secret,
    #[serde(with = "super::token::exposed")]
    pub(super) verifier: Secret,
}

impl AuthorizationRequest {
    /// Returns the address where the person logs in and consents.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the address that the browser returns to.
    pub fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// Returns the code in the address that the browser returned to, or in its query.
    ///
    /// # Errors
    /// [`ErrorKind::TokenRefused`] if the person or the instance refused, [`ErrorKind::InvalidInput`] if the address belongs to another
    /// request or to none.
    pub(super) fn code(&self, callback: &str) -> Result<Secret, Error> {
        let callback = callback.trim(); // pasted, or read as a line
        let query = callback.split_once('?').map_or(callback, |(_, query)| query);
        let query = query.split('#').next().unwrap_or_default();
        let (mut code, mut state, mut error, mut description) = (None, None, None, String::new());
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match name {
                "code" => code = Some(Secret::from(decoded(value))),
                "state" => state = Some(Secret::from(decoded(value))),
                "error" => error = Some(decoded(value)),
                "error_description" => description = decoded(value),
                _ => {}
            }
        }
        if state.as_ref() != Some(&self.state) {
            let why = "the browser did not return from this login (the state is that of another one): begin the login again";
            return Err(Error::new(ErrorKind::InvalidInput, why));
        }
        if let Some(error) = error {
            let refused = Error::new(ErrorKind::TokenRefused, "the login in the browser was not completed");
            let refused = refused.with_service_message(&error, &description).before_sending();
            return Err(refused.with_advice(
                "the person or the instance refused: begin the login again; users with web service access only cannot log in by browser",
            ));
        }
        code.filter(|code| !code.is_empty())
            .ok_or_else(|| Error::new(ErrorKind::InvalidInput, "the browser returned without a code"))
    }
}

fn decoded(text: &str) -> String {
    let spaced = text.replace('+', " ");
    percent_encoding::percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}

/// Shows neither the state nor the verifier, nor the URL, which contains the state.
impl fmt::Debug for AuthorizationRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationRequest")
            .field("redirect_uri", &self.redirect_uri)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> AuthorizationRequest {
        AuthorizationRequest {
            url: "https://dev1.service-now.com/oauth_auth.do?state=canary".into(),
            redirect_uri: "http://127.0.0.1:1/callback".into(),
            state: "can ary".into(),
            verifier: "canary".into(),
        }
    }

    #[test]
    fn only_the_callback_of_this_request_is_accepted() {
        for good in [
            "http://127.0.0.1:1/callback?code=a%2Fb&state=can+ary",
            "state=can%20ary&code=a%2Fb&x=1",
            "/callback?code=a%2Fb&state=can+ary#_=_",
        ] {
            assert_eq!(request().code(good).unwrap().expose(), "a/b");
        }
        for (bad, kind) in [
            ("", ErrorKind::InvalidInput),
            ("code=a", ErrorKind::InvalidInput),
            ("code=a&state=other", ErrorKind::InvalidInput),
            ("code=a&state=", ErrorKind::InvalidInput),
            ("state=can+ary", ErrorKind::InvalidInput),
            ("state=can+ary&code=", ErrorKind::InvalidInput),
            ("state=can+ary&error=access_denied", ErrorKind::TokenRefused),
        ] {
            let error = request().code(bad).unwrap_err();
            assert_eq!(error.kind(), kind, "{bad}: {error}");
        }
    }

    #[test]
    fn survives_being_stored_and_shows_no_secret() {
        let stored = serde_json::to_string(&request()).unwrap();
        let request: AuthorizationRequest = serde_json::from_str(&stored).unwrap();
        assert_eq!(request.code("code=c&state=can+ary").unwrap().expose(), "c");
        assert!(!format!("{request:?}").contains("canary"));
    }
}
