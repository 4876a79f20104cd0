//! Which error an answer is, by status, headers and body (facts 1.3, 3, 8).

use super::envelope;
use crate::{Error, Kind};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header, response::Parts};

/// The error that this answer is, or `None` if it is a success by its status and type.
pub(super) fn of(head: &Parts, body: &Bytes) -> Option<Error> {
    let status = head.status;
    if status == StatusCode::ACCEPTED && body.is_empty() && !head.headers.contains_key("x-transaction-id") {
        return Some(Error::new(Kind::NotProcessed, "the instance did not carry out the request"));
    }
    if status.is_redirection() {
        return Some(redirect(status, &head.headers));
    }
    let nothing = status.is_success() && body.is_empty();
    if !nothing && !is_json(&head.headers) {
        return Some(not_json(head, body));
    }
    if status.is_success() {
        return None;
    }
    Some(by_status(head, body))
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json") || kind.to_ascii_lowercase().ends_with("+json")
}

fn redirect(status: StatusCode, headers: &HeaderMap) -> Error {
    let target = headers.get(header::LOCATION).and_then(|to| to.to_str().ok()).unwrap_or_default();
    let address = target.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    if address.contains("developer.servicenow.com") {
        return Error::new(Kind::Hibernating, "the instance sleeps");
    }
    let mut words = address.split(|c: char| !c.is_ascii_alphanumeric());
    if !words.any(|word| ["login", "auth", "oauth", "saml", "saml2", "sso", "signin"].contains(&word)) {
        return Error::new(Kind::Redirected, "the instance sent a redirect in place of an answer");
    }
    let error =
        Error::new(Kind::LoginPage, "the instance sent a redirect to a login page in place of an answer");
    // 303 is what follows a request that was carried out.
    if status == StatusCode::SEE_OTHER { error } else { error.before_sending() }
}

/// An HTML page or something else. Its text is only looked at, never repeated.
fn not_json(head: &Parts, body: &Bytes) -> Error {
    let text = String::from_utf8_lossy(&body[..body.len().min(64 * 1024)]).to_ascii_lowercase();
    if text.contains("instance hibernating") {
        return Error::new(Kind::Hibernating, "the instance sleeps");
    }
    let kind = match head.status.as_u16() {
        401 => Kind::Unauthenticated,
        403 => Kind::Forbidden,
        404 => Kind::NoSuchApi,
        414 => Kind::UriTooLong,
        429 if has_rate_rule(&head.headers) => Kind::RateLimited,
        429 => Kind::Busy,
        502..=504 => Kind::Unavailable,
        400..=499 => Kind::Rejected,
        500..=599 => Kind::Server,
        _ if text.contains("login") && text.contains("password") => Kind::LoginPage,
        _ => Kind::NotJson,
    };
    let message = if kind == Kind::Unauthenticated {
        unauthenticated(&head.headers)
    } else if text.contains("<html") || text.contains("<!doctype html") {
        "the answer is an HTML page, not JSON"
    } else {
        "the answer is not JSON"
    };
    Error::new(kind, message)
}

fn by_status(head: &Parts, body: &Bytes) -> Error {
    let (message, detail) = envelope::fault(body).unwrap_or_default();
    let (kind, what) = match head.status.as_u16() {
        400 if message.starts_with("Invalid table") => (Kind::UnknownTable, "there is no such table"),
        400 if message.starts_with("Requested URI does not represent") => {
            (Kind::NoSuchApi, "there is no API at this path")
        }
        401 => (Kind::Unauthenticated, unauthenticated(&head.headers)),
        403 => (Kind::Forbidden, "the instance refused"),
        404 => (Kind::NotFound, "there is no such record, or the user may not read it"),
        414 => (Kind::UriTooLong, "the address is too long"),
        429 if has_rate_rule(&head.headers) => (Kind::RateLimited, "a rate limit is used up"),
        429 => (Kind::Busy, "the instance's queue is full"),
        502..=504 => (Kind::Unavailable, "no node of the instance answered"),
        500..=599 if message.starts_with("Transaction cancelled") => {
            (Kind::Cancelled, "the request ran out of time")
        }
        500..=599 => (Kind::Server, "the instance failed"),
        _ => (Kind::Rejected, "the instance rejected the request"),
    };
    let error = Error::new(kind, what);
    if message.is_empty() && detail.is_empty() { error } else { error.with_fault(&message, &detail) }
}

/// What a 401 shows of its cause, which is little: wrong, locked and restricted users get the same (facts 3.2, 4.6).
fn unauthenticated(headers: &HeaderMap) -> &'static str {
    if headers.contains_key("x-mfa_token") {
        return "the instance asks for a second factor (append the code to the password, or use OAuth)";
    }
    if headers.contains_key("x-usertoken-response") {
        return "the instance did not accept the session: its X-UserToken is missing or over";
    }
    let challenges: Vec<_> = headers
        .get_all(header::WWW_AUTHENTICATE)
        .iter()
        .filter_map(|challenge| challenge.to_str().ok())
        .map(str::to_ascii_lowercase)
        .collect();
    if challenges.iter().any(|challenge| challenge.contains("invalid_token")) {
        return "the token is over or was revoked";
    }
    let offers = |scheme| challenges.iter().any(|challenge| challenge.contains(scheme));
    if offers("bearer ") && !offers("basic ") {
        return "the instance takes tokens here and no passwords: basic authentication is restricted (use OAuth)";
    }
    "the instance did not accept the credentials"
}

fn has_rate_rule(headers: &HeaderMap) -> bool {
    headers.contains_key("x-ratelimit-rule") || headers.contains_key(header::RETRY_AFTER)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(status: u16, headers: &[(&str, &str)], body: &'static str) -> Option<Kind> {
        let mut builder = http::Response::builder().status(status);
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        let (head, ()) = builder.body(()).unwrap().into_parts();
        let kind = of(&head, &Bytes::from_static(body.as_bytes())).map(|error| error.kind());
        assert!(body.is_empty() || crate::decode::is_success(&head) == kind.is_none());
        kind
    }

    #[test]
    fn a_401_tells_what_it_shows() {
        for (name, value, told) in [
            ("x-mfa_token", "invalid", "second factor"),
            ("x-usertoken-response", "abc", "X-UserToken"),
            (
                "www-authenticate",
                "BEARER realm=\"Service-now\",error=\"invalid_token\"",
                "over or was revoked",
            ),
            ("www-authenticate", "BEARER realm=\"Service-now\"", "basic authentication is restricted"),
            ("www-authenticate", "BASIC realm=\"Service-now\"", "did not accept the credentials"),
        ] {
            let (head, ()) =
                http::Response::builder().status(401).header(name, value).body(()).unwrap().into_parts();
            let error = of(&head, &Bytes::new()).unwrap();
            assert_eq!(error.kind(), Kind::Unauthenticated);
            assert!(error.to_string().contains(told), "{error}");
            assert!(error.to_string().contains("snc_basic_auth_api_access"), "{error}");
        }
    }

    #[test]
    fn answers_are_told_apart() {
        let json = ("content-type", "application/json;charset=UTF-8");
        let html = ("content-type", "text/html");
        let unknown = r#"{"error":{"message":"Invalid table x","detail":null},"status":"failure"}"#;
        let no_api = r#"{"error":{"message":"Requested URI does not represent any resource","detail":null}}"#;
        let quota = r#"{"error":{"message":"Transaction cancelled: maximum execution time exceeded"}}"#;
        for (expected, status, headers, body) in [
            (None, 200, &[json][..], r#"{"result":[]}"#),
            (None, 204, &[], ""),
            (None, 202, &[json, ("x-transaction-id", "1")], "{}"),
            (None, 202, &[("x-transaction-id", "1")], ""),
            (Some(Kind::NotProcessed), 202, &[], ""),
            (Some(Kind::Unauthenticated), 401, &[json], "{}"),
            (Some(Kind::Forbidden), 403, &[json], "{}"),
            (Some(Kind::NotFound), 404, &[json], "{}"),
            (Some(Kind::UnknownTable), 400, &[json], unknown),
            (Some(Kind::NoSuchApi), 400, &[json], no_api),
            (Some(Kind::Rejected), 400, &[json], "not json after all"),
            (Some(Kind::UriTooLong), 414, &[], ""),
            (Some(Kind::RateLimited), 429, &[json, ("x-ratelimit-rule", "1")], "{}"),
            (Some(Kind::Busy), 429, &[json], "{}"),
            (Some(Kind::Cancelled), 500, &[json], quota),
            (Some(Kind::Server), 500, &[json], "{}"),
            (Some(Kind::Unavailable), 502, &[html], "<html>no node</html>"),
            (Some(Kind::Hibernating), 200, &[html], "<html>Instance Hibernating page</html>"),
            (
                Some(Kind::Hibernating),
                302,
                &[("location", "https://developer.servicenow.com/dev.do#!/home?wu=true")],
                "",
            ),
            (Some(Kind::LoginPage), 200, &[html], "<html>Login <input name=password></html>"),
            (Some(Kind::LoginPage), 302, &[("location", "/login.do")], ""),
            (Some(Kind::Redirected), 301, &[("location", "https://other.example.com/?next=login")], ""),
            (Some(Kind::Redirected), 301, &[("location", "https://association.example.com/authority")], ""),
            (Some(Kind::RateLimited), 429, &[html, ("retry-after", "9")], "<html>slow down</html>"),
            (Some(Kind::NotJson), 200, &[html], "<html>hello</html>"),
            (Some(Kind::NotJson), 200, &[], "{}"),
        ] {
            assert_eq!(kind(status, headers, body), expected, "{status} {headers:?} {body}");
        }
    }
}
