//! The headers that contain secrets.

use http::{HeaderMap, HeaderName, header};

/// Headers with a session, a token, a key or a password, which allow to act as another user.
static SENSITIVE: [HeaderName; 10] = [
    header::AUTHORIZATION,
    header::COOKIE,
    header::PROXY_AUTHORIZATION,
    header::SET_COOKIE,
    HeaderName::from_static("x-mfa_token"),
    HeaderName::from_static("x-sn-apikey"),
    HeaderName::from_static("x-sn-hmac-signature-256"),
    HeaderName::from_static("x-userauthtoken"),
    HeaderName::from_static("x-usertoken"),
    HeaderName::from_static("x-usertoken-response"),
];

/// Returns whether a header with this name contains a secret.
pub fn is_sensitive_header(name: &HeaderName) -> bool {
    SENSITIVE.contains(name)
}

/// Marks every header that contains a secret as sensitive, so that it is not printed.
pub fn mark_sensitive_headers(headers: &mut HeaderMap) {
    for (name, value) in headers.iter_mut() {
        if is_sensitive_header(name) {
            value.set_sensitive(true);
        }
    }
}
