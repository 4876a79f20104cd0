//! What an outcome says about sending again.

use crate::{Error, Kind};
use http::{HeaderMap, Method, Response, StatusCode, header};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is what it is.
    Final,
    /// It was not carried out: any method may be sent again.
    NotExecuted,
    /// It may have been carried out: only what is idempotent may be sent again.
    Unknown,
}

impl Verdict {
    pub(super) fn of<R>(outcome: &Result<Response<R>, Error>) -> Self {
        match outcome {
            Ok(answer) => Self::of_answer(answer.status(), answer.headers()),
            Err(error) => Self::of_error(error),
        }
    }

    /// By the head of an answer (facts 3.5, 8.4).
    fn of_answer(status: StatusCode, headers: &HeaderMap) -> Self {
        match status {
            StatusCode::TOO_MANY_REQUESTS => Self::NotExecuted,
            StatusCode::ACCEPTED if is_unprocessed(headers) => Self::NotExecuted,
            StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
                Self::Unknown
            }
            _ => Self::Final,
        }
    }

    fn of_error(error: &Error) -> Self {
        match error.kind() {
            Kind::Connect | Kind::NotProcessed | Kind::RateLimited | Kind::Busy => Self::NotExecuted,
            Kind::Closed | Kind::TimedOut | Kind::Unavailable | Kind::Cut | Kind::Cancelled => {
                if error.is_unsent() { Self::NotExecuted } else { Self::Unknown }
            }
            _ => Self::Final,
        }
    }
}

/// 202 with an empty body and no transaction: the session's queue was full. Any other 202 is a success.
fn is_unprocessed(headers: &HeaderMap) -> bool {
    let empty = headers.get(header::CONTENT_LENGTH).is_some_and(|length| length == "0");
    empty && !headers.contains_key("x-transaction-id")
}

/// Whether a method may be sent again when its fate is unknown. PUT and PATCH append to journal fields, and custom journals
/// cannot be told from outside (facts 3.3).
pub(super) fn is_idempotent(method: &Method) -> bool {
    method.is_safe() || method == Method::DELETE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_apart() {
        for (status, headers, verdict) in [
            (200, &[][..], Verdict::Final),
            (201, &[], Verdict::Final),
            (202, &[("content-length", "0")], Verdict::NotExecuted),
            (202, &[("content-length", "0"), ("x-transaction-id", "a")], Verdict::Final),
            (202, &[("content-length", "2")], Verdict::Final),
            (202, &[], Verdict::Final),
            (302, &[], Verdict::Final),
            (401, &[], Verdict::Final),
            (403, &[], Verdict::Final),
            (429, &[], Verdict::NotExecuted),
            (500, &[], Verdict::Final),
            (502, &[], Verdict::Unknown),
            (503, &[], Verdict::Unknown),
            (504, &[], Verdict::Unknown),
        ] {
            let headers = headers.iter().map(|(name, value)| {
                (http::HeaderName::from_static(name), http::HeaderValue::from_static(value))
            });
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(Verdict::of_answer(status, &headers.collect()), verdict, "{status}");
        }
    }

    #[test]
    fn what_never_left_may_be_sent_again_whatever_became_of_it() {
        let closed = Error::new(Kind::Closed, "gone");
        assert_eq!(Verdict::of_error(&closed), Verdict::Unknown);
        assert_eq!(Verdict::of_error(&closed.before_sending()), Verdict::NotExecuted);
        assert_eq!(Verdict::of_error(&Error::new(Kind::Tls, "expired")), Verdict::Final);
    }
}
