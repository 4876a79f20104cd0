//! Decides whether a request was executed, as far as that can be known. It is decided here and nowhere else.
//!
//! The evidence: whether the request left this machine, who responded, at which API, with which status, whether an earlier
//! attempt is in doubt, and whether the record was looked up afterward. The texts of a response are not evidence: they are
//! localized (facts 3.1).

use super::ErrorKind;
use super::kind::ExecutionHint;
use crate::api_version::is_version;
use http::StatusCode;

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Execution {
    /// It was not executed.
    NotExecuted,
    /// The response claims a success, or is the redirect that follows one. Nothing that is seen later refutes it.
    Executed,
    /// It may have been executed.
    Unknown,
}

/// Whether a request left this machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sent {
    /// It may have left.
    #[default]
    Assumed,
    /// It is known not to have left.
    Never,
}

/// Who sent the response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Responder {
    /// Nobody, or a sender that the response does not show to be the instance: a gateway, a proxy, a page.
    #[default]
    Unproven,
    /// The instance: by its envelope together with a header of its own, or as an item of a batch.
    Instance,
    /// A redirect to a login page on this host; without a host, on the host that the request was sent to.
    LoginPage(Option<Box<str>>),
    /// A redirect to the developer portal, which wakes instances that sleep (facts 3.6).
    DeveloperPortal,
}

/// Whose rules a status follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Api {
    /// The Table, Attachment, Aggregate, Import Set and Batch APIs: a 4xx of theirs is a refusal.
    Documented,
    /// Any other, whose scripts choose their statuses themselves and at any time.
    Other,
}

impl Api {
    /// By the path of a request, which may begin with the instance's own prefix.
    pub(crate) fn of(path: &str) -> Self {
        let below = path.find("/api/").map_or("", |at| path.get(at + 5..).unwrap_or_default());
        let mut segments = below.split('/');
        if segments.next() != Some("now") {
            return Self::Other;
        }
        match segments.find(|segment| !is_version(segment)) {
            Some("table" | "attachment" | "stats" | "import" | "batch") => Self::Documented,
            _ => Self::Other,
        }
    }
}

/// Everything that is known about a request that failed.
pub(crate) struct Evidence<'a> {
    pub(crate) kind: ErrorKind,
    pub(crate) sent: Sent,
    pub(crate) status: Option<StatusCode>,
    pub(crate) responder: &'a Responder,
    pub(crate) api: Api,
    /// The host that the request was sent to.
    pub(crate) host: Option<&'a str>,
    /// Whether an earlier attempt may have been executed.
    pub(crate) earlier_in_doubt: bool,
    /// What reading the record back showed.
    pub(crate) observed: Option<Execution>,
}

/// Returns what became of the request.
pub(crate) fn of(evidence: &Evidence<'_>) -> Execution {
    if let Some(observed) = evidence.observed {
        return observed;
    }
    match (of_last_attempt(evidence), evidence.earlier_in_doubt) {
        (Execution::NotExecuted, true) => Execution::Unknown,
        (last, _) => last,
    }
}

fn of_last_attempt(evidence: &Evidence<'_>) -> Execution {
    let hint = evidence.kind.class().execution;
    match (hint, evidence.status) {
        _ if evidence.sent == Sent::Never => Execution::NotExecuted,
        (ExecutionHint::NotSent, _) => Execution::NotExecuted,
        (_, Some(status)) => of_response(status, evidence),
        // Without a status there was no response, or the code that made the error did not set one.
        (ExecutionHint::NotExecuted, None) => Execution::NotExecuted,
        (ExecutionHint::Executed, None) => Execution::Executed,
        (ExecutionHint::Unknown, None) => Execution::Unknown,
    }
}

fn of_response(status: StatusCode, evidence: &Evidence<'_>) -> Execution {
    use Execution::{Executed, NotExecuted, Unknown};
    match status.as_u16() {
        // A 202 without a transaction is not a success: the session's queue was full (facts 3.5).
        202 if evidence.kind == ErrorKind::NotProcessed => NotExecuted,
        // 303 leads to what a request has created.
        200..=299 | 303 => Executed,
        300..=399 if is_login(evidence) => NotExecuted,
        // The platform and its edge respond with these before any script runs.
        401 | 414 | 429 => NotExecuted,
        // Also the response to a creation of a record that may not be read back (facts 3.3).
        403 => Unknown,
        400..=499 => match (evidence.responder, evidence.api) {
            (Responder::Instance, Api::Documented) => NotExecuted,
            (Responder::Instance, Api::Other) if evidence.kind == ErrorKind::NoSuchApi => NotExecuted,
            _ => Unknown,
        },
        _ => Unknown,
    }
}

/// Whether a redirect leads to the instance's own login page or to where sleeping instances are woken: only what is in front of
/// all APIs redirects there.
fn is_login(evidence: &Evidence<'_>) -> bool {
    match evidence.responder {
        Responder::DeveloperPortal | Responder::LoginPage(None) => true,
        Responder::LoginPage(Some(at)) => evidence.host.is_some_and(|host| host.eq_ignore_ascii_case(at)),
        Responder::Unproven | Responder::Instance => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documented_apis_are_known_by_their_paths() {
        for (path, api) in [
            ("/api/now/table/incident", Api::Documented),
            ("/api/now/v2/table/incident/1", Api::Documented),
            ("/prefix/api/now/stats/incident", Api::Documented),
            ("/api/now/attachment/file", Api::Documented),
            ("/api/now/import/imp_user/insertMultiple", Api::Documented),
            ("/api/now/v1/batch", Api::Documented),
            ("/api/now/cmdb/instance/cmdb_ci_server", Api::Other),
            ("/api/now/tables", Api::Other),
            ("/api/x_acme/v1/orders/api/now/table/incident", Api::Other),
            ("/api/nowhere/table/incident", Api::Other),
            ("/oauth_token.do", Api::Other),
            ("", Api::Other),
        ] {
            assert_eq!(Api::of(path), api, "{path}");
        }
    }
}
