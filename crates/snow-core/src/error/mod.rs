//! The only error type that leaves the workspace.

mod advice;
mod attempts;
mod context;
mod display;
pub(crate) mod execution;
mod kind;
mod login_advice;
mod login_used;
#[cfg(test)]
mod tests;

pub use attempts::{Attempts, Stop};
pub use kind::ErrorKind;
pub(crate) use kind::RetryHint;
pub use login_used::LoginUsed;

use execution::{Api, Evidence, Execution, Responder, Sent};
use http::{Method, StatusCode};
use std::borrow::Cow;
use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

/// Any error, as tower's middleware passes it.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// The texts of the service's error envelope ([facts 3.1]). They are localized and bounded in length, and meant for people.
///
/// [facts 3.1]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#31-envelope
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceMessage {
    /// `error.message`
    pub message: String,
    /// `error.detail`; empty if there is none. If it is not a string, this is its JSON.
    pub detail: String,
}

/// An error: what failed, on which request, whether a write may have been executed, and what to do.
///
/// It is one word wide and cheap to clone. For programs there are [`kind`](Self::kind), [`is_retryable`](Self::is_retryable),
/// [`may_have_executed`](Self::may_have_executed) and the other methods. For people there are two forms of one line each:
///
/// - `Display` says what failed, with the diagnosis (an expired certificate, an unknown host), how often it was tried, and
///   [what to do](Self::advice). It leaves out the causes, which [`source`](std::error::Error::source) returns.
/// - [`report`](Self::report) has in addition the causes, the kind, whether a write may have been executed, and the transaction id.
///   `Debug` prints this form, and so does a `main` that returns the error.
///
/// Neither shows the query of a URI, a body, or a secret. Of a refusal they repeat the message in the service's own envelope or, if
/// there is none, up to 300 characters of the text of a gateway, a proxy or a scripted API.
///
/// ```
/// let error = snow_client::Instance::parse("a b").unwrap_err();
/// assert_eq!(error.kind(), snow_client::ErrorKind::InvalidInput);
/// assert_eq!(error.to_string(), r#"the instance "a b" contains ' ', which no host or path prefix has"#);
/// ```
#[derive(Clone)]
pub struct Error(Arc<ErrorData>);

#[derive(Clone)]
struct ErrorData {
    kind: ErrorKind,
    message: Cow<'static, str>,
    request: Option<RequestSummary>,
    status: Option<StatusCode>,
    service_message: Option<ServiceMessage>,
    transaction_id: Option<String>,
    retry_after: Option<Duration>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
    /// Whether the text of the source is part of the message.
    shows_source: bool,
    sent: Sent,
    responder: Responder,
    /// What reading the record back showed afterwards.
    observed: Option<Execution>,
    attempts: Option<Attempts>,
    /// The method of an item of the batch that the request carried, if the error is about that item.
    item: Option<Method>,
    /// How the request had logged in.
    login: Option<LoginUsed>,
    /// What to do, if more is known than the kind. Empty if nothing helps.
    advice: Option<Cow<'static, str>>,
}

#[derive(Clone)]
struct RequestSummary {
    method: Method,
    /// The method and the address without its query.
    text: String,
    api: Api,
    host: Option<Box<str>>,
}

impl Error {
    /// Creates an error of this kind; `message` says what failed. For your own layers and credentials.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Arc::new(ErrorData {
            kind,
            message: message.into(),
            request: None,
            status: None,
            service_message: None,
            transaction_id: None,
            retry_after: None,
            source: None,
            shows_source: false,
            sent: Sent::default(),
            responder: Responder::default(),
            observed: None,
            attempts: None,
            item: None,
            login: None,
            advice: None,
        }))
    }

    /// Turns any error into an `Error`. One that is an `Error` already, in a box or not, stays what it is and is never nested.
    /// Any other becomes the source of an error of kind [`ErrorKind::Other`].
    pub fn wrap(error: impl Into<BoxError>) -> Self {
        match error.into().downcast::<Self>() {
            Ok(own) => *own,
            Err(foreign) => {
                Self::new(ErrorKind::Other, "a layer or service below the client failed").with_source(foreign)
            }
        }
    }

    /// Creates the error of code that should be unreachable: `what` says what was found there. Such code never goes on with
    /// something harmless, for that would hide a fault of the client in a result that looks right.
    ///
    /// Every place that calls this is listed in `tests/promises/internal_errors.txt`.
    #[doc(hidden)]
    pub fn internal(what: &'static str) -> Self {
        Self::new(ErrorKind::Internal, format!("internal error: {what}"))
    }

    fn data_mut(&mut self) -> &mut ErrorData {
        Arc::make_mut(&mut self.0)
    }

    /// Returns what went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns `true` if there is no such record or file, or none that this user may read: the service does not tell the two apart
    /// ([facts 1.3]). The same as `kind() == ErrorKind::NotFound`.
    ///
    /// [facts 1.3]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#13-statuses
    pub fn is_not_found(&self) -> bool {
        self.kind() == ErrorKind::NotFound
    }

    /// Returns `true` if the same call may succeed later although nothing is changed, and sending it again does no harm.
    pub fn is_retryable(&self) -> bool {
        self.kind().class().retry.is_transient() && !self.may_have_executed()
    }

    /// Returns `true` if a write may have been executed although it failed. Always `false` for a read.
    ///
    /// For a write it is `false` only if there is evidence: the request was never sent; the instance itself refused it at one of its
    /// own APIs (Table, Attachment, Aggregate, Import Set, Batch) with a 4xx other than 403; the status is one that is sent before
    /// any script runs (401, 414, 429, or 202 from a session whose queue is full); a redirect leads to the instance's login page;
    /// or the record was read back. An earlier attempt that may have been executed counts, too.
    pub fn may_have_executed(&self) -> bool {
        !self.method().is_some_and(Method::is_safe) && self.execution() != Execution::NotExecuted
    }

    /// Returns the method of the request, or of the item of the batch that it carried.
    fn method(&self) -> Option<&Method> {
        self.0.item.as_ref().or(self.0.request.as_ref().map(|request| &request.method))
    }

    /// Returns what is known about the execution of the request.
    pub(crate) fn execution(&self) -> Execution {
        let inner = &*self.0;
        let request = inner.request.as_ref();
        execution::of(&Evidence {
            kind: inner.kind,
            sent: inner.sent,
            status: inner.status,
            responder: &inner.responder,
            api: request.map_or(Api::Other, |request| request.api),
            host: request.and_then(|request| request.host.as_deref()),
            earlier_in_doubt: inner.attempts.is_some_and(|attempts| attempts.are_doubtful()),
            observed: inner.observed,
        })
    }

    /// Returns the status of the response, if there was one.
    pub fn status(&self) -> Option<StatusCode> {
        self.0.status
    }

    /// Returns the texts of the service's error envelope, if the response had one.
    pub fn service_message(&self) -> Option<&ServiceMessage> {
        self.0.service_message.as_ref()
    }

    /// Returns the instance's id of the transaction, by which its administrators find it in the system log ([facts 1.4]).
    ///
    /// [facts 1.4]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#14-headers-ids-and-http
    pub fn transaction_id(&self) -> Option<&str> {
        self.0.transaction_id.as_deref()
    }

    /// Returns how long to wait before the next attempt: the time that the instance asks for, exactly as it was sent and however
    /// long it is; or, for a request that was not sent because of a pause, the rest of the pause.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Returns how often the request was attempted, if it passed a retry layer that has something to say: see [`Attempts`].
    pub fn attempts(&self) -> Option<Attempts> {
        self.0.attempts
    }

    /// Returns the method, path and host of the request, without the query: `GET /api/now/table/incident on dev1.service-now.com`. A port
    /// other than the scheme's own follows the host.
    pub fn request(&self) -> Option<&str> {
        self.0.request.as_ref().map(|request| request.text.as_str())
    }

    /// Returns the error whose text is part of the message: see [`with_reason`](Self::with_reason).
    pub fn reason(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.cause().filter(|_| self.0.shows_source)
    }

    /// Returns what a person can do about it, which `Display` appends to the message. `None` if there is nothing to add.
    ///
    /// ```
    /// use snow_client::{Error, ErrorKind};
    ///
    /// let error = Error::new(ErrorKind::UnknownTable, "there is no such table");
    /// assert_eq!(error.advice(), Some("check the table's name"));
    /// assert_eq!(error.to_string(), "there is no such table; check the table's name");
    /// ```
    pub fn advice(&self) -> Option<&str> {
        let usual = || {
            let execution = match self.may_have_executed() {
                true => self.execution(),
                false => Execution::NotExecuted,
            };
            login_advice::of(self.kind(), self.0.login, execution)
                .unwrap_or_else(|| self.kind().advice(execution))
        };
        let advice = self.0.advice.as_deref().unwrap_or_else(usual);
        Some(advice).filter(|advice| !advice.is_empty()).or_else(|| self.advice_of_reason())
    }

    /// Returns the advice of a reason that is an `Error`: the message has its text without the advice. An advice that was set, even an
    /// empty one, takes its place.
    fn advice_of_reason(&self) -> Option<&str> {
        let reason = self.reason().filter(|_| self.0.advice.is_none())?;
        reason.downcast_ref::<Self>()?.advice()
    }
}

impl StdError for Error {
    /// Returns the error that caused this one, or caused its [`reason`](Self::reason). Its text is not part of `Display`.
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let cause = self.0.cause()?;
        if self.0.shows_source { cause.source() } else { Some(cause) }
    }
}
