//! The only error type that leaves the workspace.

use crate::Kind;
use crate::layer::Attempts;
use http::{Method, StatusCode};
use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;
use std::{borrow::Cow, fmt};

/// Any error, as tower's middleware passes it.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// What the instance said about its refusal (facts 3.1). Text from outside, bounded, not meant for programs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fault {
    /// `error.message`
    pub message: String,
    /// `error.detail`; empty where there is none.
    pub detail: String,
}

/// What failed, on what, whether it may have been carried out, and what to do.
///
/// One word wide and cheap to clone. `Display` is one complete line for a person; programs ask [`kind`](Self::kind),
/// [`is_retryable`](Self::is_retryable), [`may_have_happened`](Self::may_have_happened) and the rest. Neither shows
/// the query of a URI, a body, or a secret; of an answer it repeats only the error message in the service's own envelope.
///
/// ```
/// let error = snow_core::Instance::parse("a b").unwrap_err();
/// assert_eq!(error.kind(), snow_core::Kind::InvalidInput);
/// assert_eq!(error.to_string(), r#"the instance "a b" contains ' ', which no host or path prefix has"#);
/// ```
#[derive(Clone)]
pub struct Error(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    kind: Kind,
    message: Cow<'static, str>,
    operation: Option<Operation>,
    status: Option<StatusCode>,
    fault: Option<Fault>,
    transaction_id: Option<String>,
    retry_after: Option<Duration>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
    /// Something failed that has to be done before the request can leave.
    unsent: bool,
    attempts: Option<Attempts>,
}

#[derive(Clone)]
struct Operation {
    method: Method,
    /// The method and the address without its query.
    text: String,
}

impl Error {
    /// An error of a kind, with what failed in words. For layers and credentials of one's own.
    pub fn new(kind: Kind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Arc::new(Inner {
            kind,
            message: message.into(),
            operation: None,
            status: None,
            fault: None,
            transaction_id: None,
            retry_after: None,
            source: None,
            unsent: false,
            attempts: None,
        }))
    }

    /// Any error as an `Error`: one that is an `Error` already, in a box or not, stays what it is and is never nested;
    /// anything else becomes [`Kind::Foreign`] with it as its source.
    pub fn wrap(error: impl Into<BoxError>) -> Self {
        match error.into().downcast::<Self>() {
            Ok(own) => *own,
            Err(foreign) => {
                Self::new(Kind::Foreign, "a layer or service below the client failed").with_source(foreign)
            }
        }
    }

    /// Adds the error that caused this one.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.edit().source = Some(Arc::from(source.into()));
        self
    }

    /// Adds the method and the address of the request; the query is left out. The first one told stays.
    #[must_use]
    pub fn with_operation(mut self, method: &Method, uri: &http::Uri) -> Self {
        if self.0.operation.is_none() {
            let host = uri.host().map(|host| format!(" on {host}")).unwrap_or_default();
            let operation =
                Operation { method: method.clone(), text: format!("{method} {}{host}", uri.path()) };
            self.edit().operation = Some(operation);
        }
        self
    }

    /// Adds in which situation it came to this, in front of the message.
    #[must_use]
    pub fn with_context(mut self, context: &str) -> Self {
        let inner = self.edit();
        inner.message = format!("{context}: {}", inner.message).into();
        self
    }

    /// Adds the status of the answer.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.edit().status = Some(status);
        self
    }

    /// Adds what the instance said, on one line and at most 500 bytes of each part.
    #[must_use]
    pub fn with_fault(mut self, message: &str, detail: &str) -> Self {
        self.edit().fault = Some(Fault { message: one_line(message), detail: one_line(detail) });
        self
    }

    /// Adds the instance's id for the request.
    #[must_use]
    pub fn with_transaction_id(mut self, id: &str) -> Self {
        self.edit().transaction_id = Some(one_line(id));
        self
    }

    /// Adds how long the instance asks to wait.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.edit().retry_after = Some(wait);
        self
    }

    /// Tells that the request never left, because something failed that comes first: a token request, for one.
    #[must_use]
    pub fn before_sending(mut self) -> Self {
        self.edit().unsent = true;
        self
    }

    /// Tells that the request is known not to have been carried out: because somebody looked, for one.
    #[must_use]
    pub fn not_carried_out(self) -> Self {
        self.before_sending()
    }

    /// Adds how often it was tried, and why not once more. What is told last stays.
    #[must_use]
    pub fn with_attempts(mut self, attempts: Attempts) -> Self {
        self.edit().attempts = Some(attempts);
        self
    }

    fn edit(&mut self) -> &mut Inner {
        Arc::make_mut(&mut self.0)
    }

    /// What went wrong.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// Whether the same call may succeed later without anybody changing anything, and does no harm when sent again.
    pub fn is_retryable(&self) -> bool {
        use Kind::*;
        match self.kind() {
            Connect | NotProcessed | RateLimited | Busy | QueueTimeout => true,
            Closed | Cancelled | Cut | Unavailable | TimedOut | DeadlineExceeded | Unserviced => {
                !self.may_have_happened()
            }
            _ => false,
        }
    }

    /// Whether a write may have been carried out although it failed. Never so for a read.
    pub fn may_have_happened(&self) -> bool {
        let safe = self.0.operation.as_ref().is_some_and(|operation| operation.method.is_safe());
        !safe && !self.0.unsent && !self.kind().is_not_executed()
    }

    /// Whether the request is known not to have left.
    pub(crate) fn is_unsent(&self) -> bool {
        self.0.unsent
    }

    /// The status of the answer, if there was one.
    pub fn status(&self) -> Option<StatusCode> {
        self.0.status
    }

    /// What the instance said.
    pub fn fault(&self) -> Option<&Fault> {
        self.0.fault.as_ref()
    }

    /// The instance's id for the request, by which its administrators find it in the log (facts 1.4).
    pub fn transaction_id(&self) -> Option<&str> {
        self.0.transaction_id.as_deref()
    }

    /// How long the instance asks to wait before the next try.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// How often it was tried, if the retry layer had a say in it; see [`Attempts`].
    pub fn attempts(&self) -> Option<Attempts> {
        self.0.attempts
    }

    /// The method, path and host of the request, without its query.
    pub fn operation(&self) -> Option<&str> {
        self.0.operation.as_ref().map(|operation| operation.text.as_str())
    }
}

/// Text from outside, made fit for a line of a log: no control characters, bounded.
fn one_line(text: &str) -> String {
    let mut line: String = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if line.len() > 500 {
        let end = (0..=500).rev().find(|end| line.is_char_boundary(*end));
        line.truncate(end.unwrap_or_default());
        line.push('…');
    }
    line
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        if let Some(operation) = &inner.operation {
            write!(f, "{}: ", operation.text)?;
        }
        if let Some(status) = inner.status {
            write!(f, "{} ", status.as_u16())?;
        }
        f.write_str(&inner.message)?;
        if let Some(Fault { message, detail }) = &inner.fault {
            write!(f, ": {message:?}")?;
            if !detail.is_empty() && detail != message {
                write!(f, " ({detail})")?;
            }
        }
        for cause in causes(inner) {
            write!(f, ": {}", one_line(&cause))?;
        }
        if let Some(attempts) = &inner.attempts {
            write!(f, " ({attempts})")?;
        }
        if !inner.kind.advice().is_empty() {
            write!(f, "; {}", inner.kind.advice())?;
        }
        match &inner.transaction_id {
            Some(id) => write!(f, " [transaction {id}]"),
            None => Ok(()),
        }
    }
}

/// The texts of the errors below, each once: many wrappers repeat what they wrap.
fn causes(inner: &Inner) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    let mut next = inner.source.as_ref().map(|source| &**source as &dyn StdError);
    while let Some(cause) = next {
        let text = cause.to_string();
        if !texts.iter().any(|earlier| earlier.contains(&text)) {
            texts.push(text);
        }
        next = cause.source();
    }
    texts
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({:?}: {self})", self.kind())
    }
}

impl StdError for Error {
    /// The error below, for those who look for a type. `Display` has its text already.
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_ref().map(|source| &**source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_one_word_wide() {
        assert_eq!(size_of::<Result<(), Error>>(), size_of::<usize>());
    }

    #[test]
    fn an_error_in_a_box_is_unwrapped() {
        let inside = Error::new(Kind::Busy, "full").with_status(StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(Error::wrap(Box::new(inside) as BoxError).kind(), Kind::Busy);
        let foreign = Error::wrap("their words");
        assert_eq!(foreign.kind(), Kind::Foreign);
        assert!(foreign.to_string().contains("their words"));
    }

    #[test]
    fn a_read_never_leaves_doubt_and_a_write_does() {
        let uri: http::Uri =
            "https://dev1.service-now.com/api/now/table/incident?sysparm_query=canary".parse().unwrap();
        let closed = Error::new(Kind::Closed, "the connection closed");
        let read = closed.clone().with_operation(&Method::GET, &uri);
        let write = closed.with_operation(&Method::POST, &uri);
        assert!(!read.may_have_happened() && read.is_retryable());
        assert!(write.may_have_happened() && !write.is_retryable());
        assert_eq!(write.operation(), Some("POST /api/now/table/incident on dev1.service-now.com"));
    }

    #[test]
    fn the_line_is_one_line_whatever_the_server_says() {
        let error = Error::new(Kind::Forbidden, "refused").with_fault("a\nb\u{1b}[31m", &"x".repeat(2000));
        let line = error.to_string();
        assert!(!line.chars().any(char::is_control) && line.len() < 1200, "{line}");
    }
}
