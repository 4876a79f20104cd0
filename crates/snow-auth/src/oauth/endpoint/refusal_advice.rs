//! What a person can do about a refused token request. The service gives the same response to everything that it refuses (facts
//! 4.1), so the advice names what that kind of request depends on.

use snow_core::{Error, ErrorKind};

/// What a token is requested with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RequestKind {
    Password,
    OneTimePassword,
    ClientCredentials,
    Assertion,
    /// The code of a login in a browser.
    Code,
    Refresh,
    /// A callback of the caller, whose error says by itself what failed.
    Callback,
}

/// The text of the service, which is the same for every cause.
const ACCESS_DENIED: &str = "access_denied";

/// Some instances refuse a user who lacks a role in the same words (facts 13.2).
const ROLES: &str = "on some instances the user also needs the role snc_platform_rest_api_access; the cause is in the instance's \
     system log only";

impl RequestKind {
    /// Adds the advice to the error of a request that was refused.
    pub(super) fn advise(self, error: Error) -> Error {
        let Some(what) = self.depends_on().filter(|_| error.kind() == ErrorKind::TokenRefused) else {
            return error;
        };
        let own_words = error
            .service_message()
            .is_some_and(|said| [&said.message, &said.detail].into_iter().any(|text| text == ACCESS_DENIED));
        match own_words {
            true => error.with_advice(format!("{what}; {ROLES}")),
            false => error.with_advice(what),
        }
    }

    fn depends_on(self) -> Option<&'static str> {
        Some(match self {
            Self::Password => {
                "check user, password, client id and secret, that the user is active and not locked out, and that the client is \
                 active and the instance allows the password grant"
            }
            Self::OneTimePassword => {
                "check user, password, client id and secret, that the one-time password was still valid (about 30 seconds) and was \
                 not used before, and that the client is active and the instance allows the password grant"
            }
            Self::ClientCredentials => {
                "check client id and secret, that the client is active and has an OAuth Application User, and that the property \
                 glide.oauth.inbound.client.credential.grant_type.enabled is true"
            }
            Self::Assertion => {
                "check that the client's registry entry has the key of this algorithm and key id, the issuer, the audience (the \
                 client id or the token endpoint) and the field of the subject, and that this machine's clock is right: some \
                 instances allow no difference; a user with the role admin gets no token this way"
            }
            Self::Code => {
                "begin the login again: a code is valid once and for a short time; check client id and secret, and that the \
                 redirect URI is in the client's registry entry"
            }
            Self::Refresh => {
                "check client id and secret, and that the client is active and allows refresh tokens"
            }
            Self::Callback => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_services_own_refusal_names_roles_and_that_of_another_issuer_does_not() {
        for (error, description, has_roles) in [
            ("server_error", "access_denied", true),
            ("access_denied", "", true),
            ("invalid_grant", "wrong password", false),
        ] {
            let refused =
                Error::new(ErrorKind::TokenRefused, "refused").with_service_message(error, description);
            for kind in [RequestKind::Password, RequestKind::ClientCredentials, RequestKind::Assertion] {
                let advice = kind.advise(refused.clone()).advice().unwrap().to_owned();
                assert_eq!(advice.contains("snc_platform_rest_api_access"), has_roles, "{advice}");
                assert_eq!(advice.contains("admin"), kind == RequestKind::Assertion, "{advice}");
            }
        }
        let other = Error::new(ErrorKind::Unavailable, "no node");
        let usual = other.advice().map(str::to_owned);
        assert_eq!(RequestKind::Password.advise(other).advice(), usual.as_deref());
    }
}
