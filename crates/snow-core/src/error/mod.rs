//! The only error type that leaves the workspace.

mod attempts;
mod display;
pub(crate) mod execution;
mod kind;
#[cfg(test)]
mod tests;

pub use attempts::{Attempts, Stop};
pub use kind::ErrorKind;
pub(crate) use kind::RetryHint;

use crate::one_line::bounded;
use execution::{Api, Evidence, Execution, Responder, Sent};
use http::{Method, StatusCode};
use std::borrow::Cow;
use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

/// Any error, as tower's middleware passes it.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// What the instance said about its refusal (facts 3.1). Text from outside, bounded, not meant for programs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceMessage {
    /// `error.message`
    pub message: String,
    /// `error.detail`; empty where there is none. What is no text stands here as JSON.
    pub detail: String,
}

/// What failed, on what, whether it may have been carried out, and what to do.
///
/// One word wide and cheap to clone. `Display` is one complete line for a person; programs ask [`kind`](Self::kind),
/// [`is_retryable`](Self::is_retryable), [`may_have_executed`](Self::may_have_executed) and the rest. Neither shows
/// the query of a URI, a body, or a secret; of a refusal it repeats the message in the service's own envelope, or, where there is
/// none, up to 300 characters of what a gateway, a proxy or an API of somebody's own says.
///
/// ```
/// let error = snow_core::Instance::parse("a b").unwrap_err();
/// assert_eq!(error.kind(), snow_core::ErrorKind::InvalidInput);
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
    fault: Option<ServiceMessage>,
    transaction_id: Option<String>,
    retry_after: Option<Duration>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
    sent: Sent,
    responder: Responder,
    /// What a look at the record showed afterwards.
    observed: Option<Execution>,
    attempts: Option<Attempts>,
    /// The method of an item of the batch that the request carried, if the error is about that item.
    item: Option<Method>,
    /// What to do, where more is known than the kind.
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
    /// An error of a kind, with what failed in words. For layers and credentials of one's own.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Arc::new(ErrorData {
            kind,
            message: message.into(),
            request: None,
            status: None,
            fault: None,
            transaction_id: None,
            retry_after: None,
            source: None,
            sent: Sent::default(),
            responder: Responder::default(),
            observed: None,
            attempts: None,
            item: None,
            advice: None,
        }))
    }

    /// Any error as an `Error`: one that is an `Error` already, in a box or not, stays what it is and is never nested;
    /// anything else becomes [`ErrorKind::Other`] with it as its source.
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

    /// Adds the error that caused this one.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.data_mut().source = Some(Arc::from(source.into()));
        self
    }

    /// Adds the method and the address of the request; the query is left out. The first one told stays.
    #[must_use]
    pub fn with_request(mut self, method: &Method, uri: &http::Uri) -> Self {
        if self.0.request.is_none() {
            let host = uri.host().map(|host| format!(" on {host}")).unwrap_or_default();
            let text = format!("{method} {}{host}", uri.path());
            let (api, host) = (Api::of(uri.path()), uri.host().map(Box::from));
            self.data_mut().request = Some(RequestSummary { method: method.clone(), text, api, host });
        }
        self
    }

    /// Adds in which situation it came to this, in front of the message.
    #[must_use]
    pub fn with_context(mut self, context: &str) -> Self {
        let inner = self.data_mut();
        inner.message = format!("{context}: {}", inner.message).into();
        self
    }

    /// Sets what to do about it, in place of what is advised for every error of this kind.
    #[must_use]
    pub fn with_advice(mut self, advice: impl Into<Cow<'static, str>>) -> Self {
        self.data_mut().advice = Some(advice.into());
        self
    }

    /// Adds the status of the answer.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.data_mut().status = Some(status);
        self
    }

    /// Adds what the instance said, on one line and at most 500 bytes of each part.
    #[must_use]
    pub fn with_service_message(mut self, message: &str, detail: &str) -> Self {
        self.data_mut().fault = Some(ServiceMessage { message: bounded(message), detail: bounded(detail) });
        self
    }

    /// Adds the instance's id for the request.
    #[must_use]
    pub fn with_transaction_id(mut self, id: &str) -> Self {
        self.data_mut().transaction_id = Some(bounded(id));
        self
    }

    /// Adds how long the instance asks to wait.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.data_mut().retry_after = Some(wait);
        self
    }

    /// Tells that the request never left, because something failed that comes first: a token request, for one. An earlier
    /// attempt that may have been carried out still counts.
    #[must_use]
    pub fn before_sending(mut self) -> Self {
        self.data_mut().sent = Sent::Never;
        self
    }

    /// Tells that it was the content of a request's body that failed, where a foreign error does not say so itself: it came from
    /// the caller, and is neither a layer's nor a service's fault.
    pub(crate) fn into_content_error(mut self) -> Self {
        if self.kind() == ErrorKind::Other {
            let inner = self.data_mut();
            inner.message =
                "the content to be sent could not be read: the stream that was given for it failed".into();
        }
        self
    }

    /// Tells that the request is known not to have been carried out: because somebody looked, for one. It says nothing of a
    /// request whose response was a success: what is not seen of that may be there all the same.
    #[must_use]
    pub fn not_carried_out(mut self) -> Self {
        if self.execution() != Execution::Executed {
            self.data_mut().observed = Some(Execution::NotExecuted);
        }
        self
    }

    /// Tells that the request is known to have been carried out, whatever went wrong afterwards.
    #[must_use]
    pub fn carried_out(mut self) -> Self {
        self.data_mut().observed = Some(Execution::Executed);
        self
    }

    /// Tells that the request carried another one with this method, an item of a batch, and that this error is about that one.
    #[must_use]
    pub fn about_item(mut self, method: &Method) -> Self {
        self.data_mut().item = Some(method.clone());
        self
    }

    /// Tells that what failed only reads, in as many requests as it takes, so that nothing can have been carried out.
    ///
    /// ```
    /// use snow_core::{Error, ErrorKind};
    ///
    /// let error = Error::new(ErrorKind::Incomplete, "the number of records is not known");
    /// assert!(error.may_have_executed(), "nothing says that it was a read");
    /// assert!(!error.of_read().may_have_executed());
    /// ```
    #[must_use]
    pub fn of_read(self) -> Self {
        self.about_item(&Method::GET)
    }

    /// Turns an error about input into one about a response that holds such a value: the same parsers read both, and a value
    /// that the service sent says nothing about the request. Any other error stays as it is.
    ///
    /// ```
    /// use snow_core::{ErrorKind, SysId};
    ///
    /// let error = "x y".parse::<SysId>().unwrap_err();
    /// assert_eq!(error.of_response().kind(), ErrorKind::Decode);
    /// ```
    #[must_use]
    pub fn of_response(mut self) -> Self {
        if self.kind() == ErrorKind::InvalidInput {
            self.data_mut().kind = ErrorKind::Decode;
        }
        self
    }

    /// Adds who answered.
    pub(crate) fn with_responder(mut self, responder: Responder) -> Self {
        self.data_mut().responder = responder;
        self
    }

    /// Adds how often it was tried, and why not once more. What is told last stays.
    #[must_use]
    pub fn with_attempts(mut self, attempts: Attempts) -> Self {
        self.data_mut().attempts = Some(attempts);
        self
    }

    fn data_mut(&mut self) -> &mut ErrorData {
        Arc::make_mut(&mut self.0)
    }

    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether the same call may succeed later without anybody changing anything, and does no harm when sent again.
    pub fn is_retryable(&self) -> bool {
        self.kind().class().retry.is_transient() && !self.may_have_executed()
    }

    /// Whether a write may have been carried out although it failed. Never so for a read.
    ///
    /// It is false only if there is evidence: the request never left; the instance itself refused it at one of its own APIs
    /// (Table, Attachment, Aggregate, Import Set, Batch), with a 4xx other than 403; the status is one that comes before any
    /// script runs (401, 414, 429, or 202 by a session whose queue is full); a redirect leads to the instance's login page; or
    /// somebody looked. An attempt before the last that may have been carried out counts, too.
    pub fn may_have_executed(&self) -> bool {
        let method = self.0.item.as_ref().or(self.0.request.as_ref().map(|request| &request.method));
        !method.is_some_and(Method::is_safe) && self.execution() != Execution::NotExecuted
    }

    /// What became of the request.
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

    /// The status of the answer, if there was one.
    pub fn status(&self) -> Option<StatusCode> {
        self.0.status
    }

    /// What the instance said.
    pub fn service_message(&self) -> Option<&ServiceMessage> {
        self.0.fault.as_ref()
    }

    /// The instance's id for the request, by which its administrators find it in the log (facts 1.4).
    pub fn transaction_id(&self) -> Option<&str> {
        self.0.transaction_id.as_deref()
    }

    /// How long to wait before the next try: as long as the instance asks, exactly as it was sent and however long that is; or,
    /// of a request that was not sent because of a pause, until that is over.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// How often it was tried, if the retry layer had a say in it; see [`Attempts`].
    pub fn attempts(&self) -> Option<Attempts> {
        self.0.attempts
    }

    /// The method, path and host of the request, without its query.
    pub fn operation(&self) -> Option<&str> {
        self.0.request.as_ref().map(|request| request.text.as_str())
    }
}

impl StdError for Error {
    /// The error below, for those who look for a type. `Display` has its text already.
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_ref().map(|source| &**source as &(dyn StdError + 'static))
    }
}
