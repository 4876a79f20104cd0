//! Whether an outcome is worth a retry, and of which requests.

use crate::error::RetryHint;
use crate::error::execution::Execution;
use crate::{Error, ErrorKind, retry_after};
use http::{HeaderMap, Method, Response, StatusCode, header};

/// Which requests may be retried after an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RetryClass {
    /// None: a retry would have the same outcome, or is not up to the layer.
    Never,
    /// Any request: this one was not executed.
    Always,
    /// Idempotent requests: this one may have been executed.
    IfIdempotent,
}

impl RetryClass {
    pub(super) fn of<R>(outcome: &Result<Response<R>, Error>) -> Self {
        match outcome {
            Ok(response) => Self::of_response(response.status(), response.headers()),
            Err(error) => Self::of_error(error),
        }
    }

    /// Classifies a response by its head (facts 3.5, 8.4).
    fn of_response(status: StatusCode, headers: &HeaderMap) -> Self {
        response_error(status, headers).map_or(Self::Never, |error| Self::of_error(&error))
    }

    fn of_error(error: &Error) -> Self {
        match error.kind().class().retry {
            RetryHint::Never | RetryHint::ByCaller => Self::Never,
            RetryHint::ByLayer => match error.execution() {
                Execution::NotExecuted => Self::Always,
                Execution::Executed | Execution::Unknown => Self::IfIdempotent,
            },
        }
    }
}

/// Returns the error that a response stands for, as far as its head tells; `None` if it is not worth a retry.
pub(super) fn response_error(status: StatusCode, headers: &HeaderMap) -> Option<Error> {
    let (kind, what) = match status {
        StatusCode::TOO_MANY_REQUESTS if retry_after::has_rate_rule(headers) => {
            (ErrorKind::RateLimited, "the rate limit is exceeded")
        }
        StatusCode::TOO_MANY_REQUESTS => (ErrorKind::InstanceBusy, "the instance's queue is full"),
        StatusCode::ACCEPTED if is_not_processed(headers) => {
            (ErrorKind::NotProcessed, "the session's queue is full, and the request was not processed")
        }
        StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
            (ErrorKind::Unavailable, "no node of the instance responded")
        }
        _ => return None,
    };
    Some(Error::new(kind, what).with_status(status))
}

/// Returns whether a 202 says that the session's queue was full: it has an empty body and no transaction. Any other 202 is a
/// success.
fn is_not_processed(headers: &HeaderMap) -> bool {
    let is_empty = headers.get(header::CONTENT_LENGTH).is_some_and(|length| length == "0");
    is_empty && !headers.contains_key("x-transaction-id")
}

/// Returns whether a request with this method may be retried although it may have been executed. PUT and PATCH append to
/// journal fields, and custom journals cannot be told from outside (facts 3.3).
pub(super) fn is_idempotent(method: &Method) -> bool {
    method.is_safe() || method == Method::DELETE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn responses_are_classified_by_their_heads() {
        for (status, headers, class) in [
            (200, &[][..], RetryClass::Never),
            (201, &[], RetryClass::Never),
            (202, &[("content-length", "0")], RetryClass::Always),
            (202, &[("content-length", "0"), ("x-transaction-id", "a")], RetryClass::Never),
            (202, &[("content-length", "2")], RetryClass::Never),
            (202, &[], RetryClass::Never),
            (302, &[], RetryClass::Never),
            (401, &[], RetryClass::Never),
            (403, &[], RetryClass::Never),
            (429, &[], RetryClass::Always),
            (500, &[], RetryClass::Never),
            (502, &[], RetryClass::IfIdempotent),
            (503, &[], RetryClass::IfIdempotent),
            (504, &[], RetryClass::IfIdempotent),
        ] {
            let headers = headers.iter().map(|(name, value)| {
                (http::HeaderName::from_static(name), http::HeaderValue::from_static(value))
            });
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(RetryClass::of_response(status, &headers.collect()), class, "{status}");
        }
    }

    #[test]
    fn what_never_left_may_be_sent_again_whatever_became_of_it() {
        let closed = Error::new(ErrorKind::ConnectionClosed, "gone");
        assert_eq!(RetryClass::of_error(&closed), RetryClass::IfIdempotent);
        assert_eq!(RetryClass::of_error(&closed.before_sending()), RetryClass::Always);
        assert_eq!(RetryClass::of_error(&Error::new(ErrorKind::Tls, "expired")), RetryClass::Never);
    }
}
