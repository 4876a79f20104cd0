//! Whether an outcome is worth another attempt, and for which requests.

use crate::error::RetryHint;
use crate::error::execution::Execution;
use crate::{Error, ErrorKind};
use http::{HeaderMap, Method, Response, StatusCode, header};

/// Which requests may be sent again after an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RetryClass {
    /// None: another attempt would have the same outcome, or is not the layer's to make.
    Never,
    /// Any request: this one was not carried out.
    Always,
    /// Those that are idempotent: this one may have been carried out.
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
        let kind = match status {
            StatusCode::TOO_MANY_REQUESTS => ErrorKind::InstanceBusy,
            StatusCode::ACCEPTED if is_not_processed(headers) => ErrorKind::NotProcessed,
            StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
                ErrorKind::Unavailable
            }
            _ => return Self::Never,
        };
        Self::of_error(&Error::new(kind, "").with_status(status))
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

/// Returns whether a 202 says that the session's queue was full: it has an empty body and no transaction. Any other 202 is a
/// success.
fn is_not_processed(headers: &HeaderMap) -> bool {
    let is_empty = headers.get(header::CONTENT_LENGTH).is_some_and(|length| length == "0");
    is_empty && !headers.contains_key("x-transaction-id")
}

/// Returns whether a request with this method may be sent again although it may have been carried out. PUT and PATCH append to
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
