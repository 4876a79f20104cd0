//! Which error a response is, by its status, headers and body (facts 1.3, 3, 8).

use super::envelope::is_envelope;
use super::gateway;
use super::records::read_fault;
use super::redirect::redirect_error;
use super::refused_login::RefusedLogin;
use crate::error::execution::Responder;
use crate::retry_after::has_rate_rule;
use crate::{Error, ErrorKind, one_line};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header, response::Parts};

/// Where a response comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ResponseSource {
    /// By itself, with headers of its own.
    Own,
    /// As an item of a batch, whose response shows that it is the instance's.
    BatchItem,
}

/// Returns the error that a response is, or `None` if it is a success by its status and type.
pub(super) fn error_of(head: &Parts, body: &Bytes, source: ResponseSource) -> Option<Error> {
    let status = head.status;
    if source == ResponseSource::Own && is_not_processed(head, body) {
        return Some(Error::new(ErrorKind::NotProcessed, "the instance did not execute the request"));
    }
    if status.is_redirection() {
        return Some(redirect_error(&head.headers));
    }
    let encoding = encoding(&head.headers).filter(|_| !body.is_empty());
    if status.is_success() {
        return match encoding {
            Some(encoding) => Some(Error::new(ErrorKind::UnsupportedEncoding, encoded_as(encoding))),
            None if body.is_empty() || is_json(&head.headers) => None,
            None => Some(not_json_error(head, body)),
        };
    }
    // Nothing can be read in a body that is encoded.
    let body = if encoding.is_some() { &Bytes::new() } else { body };
    let response = ErrorResponse { head, body, source, responder: responder(head, body, source) };
    let error = response.with_advice(response.error()).with_responder(response.responder.clone());
    Some(match encoding {
        Some(encoding) => error.with_context(&encoded_as(encoding)),
        None => error,
    })
}

/// Returns the encoding of a body that nothing has decoded; gzip is decoded further below.
fn encoding(headers: &HeaderMap) -> Option<&[u8]> {
    let encoding = headers.get(header::CONTENT_ENCODING)?.as_bytes().trim_ascii();
    (!encoding.is_empty() && !encoding.eq_ignore_ascii_case(b"identity")).then_some(encoding)
}

fn encoded_as(encoding: &[u8]) -> String {
    let named = one_line::in_words(&String::from_utf8_lossy(encoding), 40);
    format!("the response is encoded as {named}, which cannot be read here")
}

/// Whether the session's queue was full (facts 3.5). An item of a batch waits in none, and a 202 of any API has a transaction.
fn is_not_processed(head: &Parts, body: &Bytes) -> bool {
    head.status == StatusCode::ACCEPTED && body.is_empty() && !has_own_header(&head.headers)
}

/// Who sent the response. A message can be written by anybody and is localized, so only the form counts (facts 1.4, 3.1).
fn responder(head: &Parts, body: &Bytes, source: ResponseSource) -> Responder {
    let is_instance = source == ResponseSource::BatchItem
        || (has_own_header(&head.headers) && is_json(&head.headers) && is_envelope(body));
    if is_instance { Responder::Instance } else { Responder::Unproven }
}

/// Whether there is a header that only a node of an instance adds.
fn has_own_header(headers: &HeaderMap) -> bool {
    ["x-transaction-id", "x-is-logged-in"].into_iter().any(|name| headers.contains_key(name))
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json") || kind.to_ascii_lowercase().ends_with("+json")
}

/// A success by its status that is an HTML page or something else.
fn not_json_error(head: &Parts, body: &Bytes) -> Error {
    let text = lowercase_start(body);
    if text.contains("instance hibernating") {
        return hibernating_error();
    }
    let is_page = text.contains("<html") || text.contains("<!doctype html");
    let what = if is_page { "the response is an HTML page, not JSON" } else { "the response is not JSON" };
    if text.contains("login") && text.contains("password") {
        return Error::new(ErrorKind::LoginPage, what);
    }
    match gateway::readable_text(&head.headers, body).filter(|_| !has_own_header(&head.headers)) {
        Some(said) => Error::new(ErrorKind::NotJson, format!("{what}; it says: {said}")),
        None => Error::new(ErrorKind::NotJson, what),
    }
}

fn lowercase_start(body: &Bytes) -> String {
    String::from_utf8_lossy(&body[..body.len().min(64 * 1024)]).to_ascii_lowercase()
}

fn hibernating_error() -> Error {
    Error::new(ErrorKind::Hibernating, "the instance is hibernating")
}

/// A response whose status is neither a success nor a redirect.
struct ErrorResponse<'a> {
    head: &'a Parts,
    body: &'a Bytes,
    source: ResponseSource,
    responder: Responder,
}

impl ErrorResponse<'_> {
    fn error(&self) -> Error {
        let is_json = is_json(&self.head.headers);
        if !is_json && lowercase_start(self.body).contains("instance hibernating") {
            return hibernating_error();
        }
        let fault = read_fault(self.body).filter(|_| is_json && !self.is_from_a_stranger());
        let (message, detail) = fault.unwrap_or_default();
        let (kind, what) = self.by_status(&message, is_json);
        let what = match kind {
            ErrorKind::NotFromInstance => NOT_THE_INSTANCE.to_owned(),
            _ if self.is_from_a_stranger() => format!("{what} ({NOT_THE_INSTANCE})"),
            _ => what.to_owned(),
        };
        if !(message.is_empty() && detail.is_empty()) {
            return Error::new(kind, what).with_service_message(&message, &detail);
        }
        match gateway::readable_text(&self.head.headers, self.body) {
            Some(said) => Error::new(kind, format!("{what}; it says: {said}")),
            None => Error::new(kind, what),
        }
    }

    /// Adds the advice that the headers of a 401 have.
    fn with_advice(&self, error: Error) -> Error {
        let is_refused_login = error.kind() == ErrorKind::Unauthenticated;
        match RefusedLogin::of(&self.head.headers).advice().filter(|_| is_refused_login) {
            Some(advice) => error.with_advice(advice),
            None => error,
        }
    }

    /// Whether nothing shows that the response is the instance's. Then nothing is known about the user's permissions or password.
    fn is_from_a_stranger(&self) -> bool {
        let headers = &self.head.headers;
        let has_envelope = is_json(headers) && is_envelope(self.body);
        self.source == ResponseSource::Own
            && !has_own_header(headers)
            && !asks_for_login(headers)
            && !has_envelope
    }

    fn by_status(&self, message: &str, is_json: bool) -> (ErrorKind, &'static str) {
        let headers = &self.head.headers;
        match self.head.status.as_u16() {
            414 => (ErrorKind::UriTooLong, "the address is too long"),
            429 if has_rate_rule(headers) => {
                (ErrorKind::RateLimited, "a rate limit of the instance is exceeded")
            }
            429 => (ErrorKind::InstanceBusy, "the instance's queue is full"),
            502..=504 => (ErrorKind::Unavailable, "no node of the instance responded"),
            _ if self.is_from_a_stranger() => (ErrorKind::NotFromInstance, NOT_THE_INSTANCE),
            400 if message.starts_with("Invalid table") => {
                (ErrorKind::UnknownTable, "there is no such table")
            }
            400 if message.starts_with("Requested URI does not represent") => {
                (ErrorKind::NoSuchApi, "there is no API at this path")
            }
            401 => (ErrorKind::Unauthenticated, RefusedLogin::of(headers).message()),
            403 => (ErrorKind::Forbidden, "the instance refused"),
            404 if self.responder == Responder::Instance && is_json => {
                (ErrorKind::NotFound, "there is no such record, or the user may not read it")
            }
            // Unknown paths get a page.
            404 if !is_json => (ErrorKind::NoSuchApi, "there is no API at this path"),
            404 => (ErrorKind::NotFromInstance, NOT_THE_INSTANCE),
            500..=599 if message.starts_with("Transaction cancelled") => (
                ErrorKind::TransactionCancelled,
                "the instance cancelled the transaction: it ran out of time",
            ),
            500..=599 => (ErrorKind::Server, "the instance failed"),
            _ => (ErrorKind::Rejected, "the instance rejected the request"),
        }
    }
}

const NOT_THE_INSTANCE: &str = "the response does not appear to come from the instance";

/// Whether there is a header that an instance adds to a 401. The realm is the same everywhere (facts 3.2).
fn asks_for_login(headers: &HeaderMap) -> bool {
    let realm = |challenge: &HeaderValue| {
        challenge.to_str().is_ok_and(|text| text.to_ascii_lowercase().contains(r#"realm="service-now""#))
    };
    headers.contains_key("x-mfa_token")
        || headers.contains_key("x-usertoken-response")
        || headers.get_all(header::WWW_AUTHENTICATE).iter().any(realm)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(status: u16, headers: &[(&str, &str)], body: &'static str) -> Option<ErrorKind> {
        let mut builder = http::Response::builder().status(status);
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        let (head, ()) = builder.body(()).unwrap().into_parts();
        let kind = error_of(&head, &Bytes::from_static(body.as_bytes()), ResponseSource::Own)
            .map(|error| error.kind());
        assert!(body.is_empty() || crate::decode::is_success(&head) == kind.is_none());
        kind
    }

    #[test]
    fn answers_are_told_apart() {
        let json = ("content-type", "application/json;charset=UTF-8");
        let html = ("content-type", "text/html");
        let unknown = r#"{"error":{"message":"Invalid table x","detail":null},"status":"failure"}"#;
        let no_api = r#"{"error":{"message":"Requested URI does not represent any resource","detail":null}}"#;
        let own = ("x-transaction-id", "0123456789ab");
        let missing = r#"{"error":{"message":"Kein Datensatz gefunden","detail":""},"status":"failure"}"#;
        let spring = r#"{"status":404,"error":"Not Found","path":"/api/now/table/incident"}"#;
        let quota = r#"{"error":{"message":"Transaction cancelled: maximum execution time exceeded"}}"#;
        for (expected, status, headers, body) in [
            (None, 200, &[json][..], r#"{"result":[]}"#),
            (None, 204, &[], ""),
            (None, 202, &[json, ("x-transaction-id", "1")], "{}"),
            (None, 202, &[("x-transaction-id", "1")], ""),
            (Some(ErrorKind::NotProcessed), 202, &[], ""),
            (Some(ErrorKind::Unauthenticated), 401, &[json, own], "{}"),
            (Some(ErrorKind::Unauthenticated), 401, &[json], missing),
            (Some(ErrorKind::NotFromInstance), 401, &[json], r#"{"message":"no key"}"#),
            (Some(ErrorKind::Forbidden), 403, &[json, own], "{}"),
            (Some(ErrorKind::Forbidden), 403, &[html, own], "<html>no</html>"),
            (Some(ErrorKind::NotFromInstance), 403, &[json], "{}"),
            (Some(ErrorKind::NotFromInstance), 403, &[html], "<html>no</html>"),
            (Some(ErrorKind::NotFound), 404, &[json, own], missing),
            (Some(ErrorKind::NotFound), 404, &[json, ("x-is-logged-in", "true")], missing),
            (Some(ErrorKind::NotFromInstance), 404, &[json], missing),
            (Some(ErrorKind::NotFromInstance), 404, &[json, own], spring),
            (Some(ErrorKind::NotFromInstance), 404, &[json, own], r#"{"message":"no Route matched"}"#),
            (Some(ErrorKind::NotFromInstance), 404, &[html], "<html>not found</html>"),
            (Some(ErrorKind::NoSuchApi), 404, &[html, own], "<html>not found</html>"),
            (Some(ErrorKind::UnknownTable), 400, &[json], unknown),
            (Some(ErrorKind::NoSuchApi), 400, &[json], no_api),
            (Some(ErrorKind::Rejected), 400, &[json, own], "not json after all"),
            (Some(ErrorKind::NotFromInstance), 400, &[json], "not json after all"),
            (Some(ErrorKind::NotFromInstance), 413, &[html], "<html>too large</html>"),
            (Some(ErrorKind::UriTooLong), 414, &[], ""),
            (Some(ErrorKind::RateLimited), 429, &[json, ("x-ratelimit-rule", "1")], "{}"),
            (Some(ErrorKind::RateLimited), 429, &[json, ("x-ratelimit-limit", "100")], "{}"),
            (Some(ErrorKind::RateLimited), 429, &[json, ("x-ratelimit-reset", "3")], "{}"),
            (Some(ErrorKind::InstanceBusy), 429, &[json], "{}"),
            (Some(ErrorKind::TransactionCancelled), 500, &[json], quota),
            (Some(ErrorKind::Server), 500, &[json, own], "{}"),
            (Some(ErrorKind::NotFromInstance), 500, &[html], "<html>oops</html>"),
            (Some(ErrorKind::UnsupportedEncoding), 200, &[json, ("content-encoding", "br")], "{}"),
            (None, 200, &[json, ("content-encoding", "identity")], "{}"),
            (None, 204, &[("content-encoding", "br")], ""),
            (Some(ErrorKind::Unavailable), 502, &[html], "<html>no node</html>"),
            (Some(ErrorKind::Hibernating), 200, &[html], "<html>Instance Hibernating page</html>"),
            (
                Some(ErrorKind::Hibernating),
                302,
                &[("location", "https://developer.servicenow.com/dev.do#!/home?wu=true")],
                "",
            ),
            (Some(ErrorKind::LoginPage), 200, &[html], "<html>Login <input name=password></html>"),
            (Some(ErrorKind::LoginPage), 302, &[("location", "/login.do")], ""),
            (Some(ErrorKind::RateLimited), 429, &[html, ("retry-after", "9")], "<html>slow down</html>"),
            (Some(ErrorKind::NotJson), 200, &[html], "<html>hello</html>"),
            (Some(ErrorKind::NotJson), 200, &[], "{}"),
        ] {
            assert_eq!(kind(status, headers, body), expected, "{status} {headers:?} {body}");
        }
    }
}
