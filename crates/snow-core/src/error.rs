//! The only error type that leaves the workspace.

use crate::layer::Attempts;
use http::{Method, StatusCode};
use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;
use std::{borrow::Cow, fmt};

/// Any error, as tower's middleware passes it.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// What went wrong. More kinds may come: match with a `_` arm, or ask the [`Error`] its questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// Refused before anything was sent: the input cannot be right.
    InvalidInput,
    /// The request names another origin than the instance, where its credentials do not belong. Nothing was sent.
    ForeignOrigin,
    /// An OAuth client has no token yet. Nothing was sent.
    NoToken,
    /// The token is over and cannot be renewed: somebody has to log in again (facts 4.2).
    LoginAgain,
    /// The token endpoint refused the grant (facts 4.1).
    TokenRefused,
    /// A token was obtained, but the user's storage did not take it.
    TokenNotSaved,
    /// The user's storage could not be read for a token, or was not free in time. Nothing was sent.
    TokenNotLoaded,
    /// No connection: name not found, refused, unreachable, timed out. Nothing was sent.
    Connect,
    /// No encrypted connection: a certificate that is not trusted, expired or for another host. Nothing was sent.
    Tls,
    /// The connection broke before the answer was whole.
    Closed,
    /// 202 with an empty body: the session's queue was full and the request was **not** carried out (facts 3.5).
    NotProcessed,
    /// 401: no, wrong, locked or expired credentials (facts 3.2).
    Unauthenticated,
    /// 403: missing rights, or a rule of the instance said no. A write may have been carried out (facts 3.3).
    Forbidden,
    /// 404: no such record, or one that the caller may not read (facts 1.3).
    NotFound,
    /// 400: no such table (facts 1.3).
    UnknownTable,
    /// 400: no API at this path (facts 1.3).
    NoSuchApi,
    /// Any other 4xx.
    Rejected,
    /// The URI is longer than the service takes (facts 1.10).
    UriTooLong,
    /// 429 by a rate rule (facts 8.1). The request was not carried out.
    RateLimited,
    /// 429 because the instance's queue is full (facts 8.2). The request was not carried out.
    Busy,
    /// The transaction ran into the instance's time quota before the answer began (facts 3.4).
    Cancelled,
    /// The answer began well and ended in an error or too early: it is not complete (facts 3.4).
    Cut,
    /// 500 and the like: the instance failed.
    Server,
    /// 502, 503, 504: no node answered (facts 3.6).
    Unavailable,
    /// The developer instance sleeps and answers every call with a page (facts 3.6).
    Hibernating,
    /// A login page, or a redirect to one, in place of an answer (facts 3.6).
    LoginPage,
    /// A redirect; none is ever followed.
    Redirected,
    /// Something else than JSON in place of an answer.
    NotJson,
    /// One row was asked for, and none matches, or none that this user may read.
    NoResults,
    /// One row was asked for, and more than one matches.
    MultipleResults,
    /// More rows match than the service sends without being told a limit (facts 1.2).
    Incomplete,
    /// The answer is larger than the limit set for it.
    AnswerTooLarge,
    /// The answer is whole, but does not fit the type that was asked for.
    Decode,
    /// The write was carried out, but the service ignored or changed fields of it (facts 1.7).
    NotAsSent,
    /// The time for the whole operation was up.
    DeadlineExceeded,
    /// An attempt got no answer in time, or its body stopped coming.
    TimedOut,
    /// All places of the client's own limit on concurrent requests stayed taken. Nothing was sent.
    QueueTimeout,
    /// An item of a batch that the instance says it did not process: the batch had used up its time or size (facts 7.1). That an
    /// answer is too large is known when its request has been carried out, so that of a write this leaves doubt.
    Unserviced,
    /// A row was taken in, and its import failed, or the user may not see what came of it: told inside an answer of success
    /// (facts 7.2).
    RowFailed,
    /// A file of this machine cannot be read or written, or is there already.
    File,
    /// The bytes that came are not those that the instance says it has.
    Corrupt,
    /// A service or layer that is not of this workspace failed.
    Foreign,
}

impl Kind {
    /// Whether an error of this kind shows that the request was not carried out.
    const fn is_not_executed(self) -> bool {
        use Kind::*;
        matches!(
            self,
            InvalidInput
                | ForeignOrigin
                | NoToken
                | LoginAgain
                | TokenRefused
                | TokenNotSaved
                | TokenNotLoaded
                | Connect
                | Tls
        ) || matches!(
            self,
            NotProcessed
                | Unauthenticated
                | NotFound
                | UnknownTable
                | NoSuchApi
                | Rejected
                | UriTooLong
                | RateLimited
        ) || matches!(self, Busy | Hibernating | QueueTimeout)
    }

    /// What to do about it, if that does not depend on more than the kind.
    const fn advice(self) -> &'static str {
        match self {
            Self::NoToken => "call generate_token(user, password), or set_token(token) with a stored one",
            Self::LoginAgain => "log in again: call generate_token(user, password)",
            Self::TokenRefused => {
                "check user, password, client id and secret, and that the client is active and allows this grant; \
                 the cause is in the instance's system log only"
            }
            Self::TokenNotSaved => {
                "the token is kept and saved before the next call; make the storage writable"
            }
            Self::TokenNotLoaded => "make the storage readable, and see whether another process keeps it",
            Self::Connect => "check the instance's name and the network",
            Self::NotProcessed => {
                "the session had too many requests waiting: send fewer at once or drop cookies, then try again"
            }
            Self::Unauthenticated => {
                "check user and password, that the user is active and not locked out, and that the instance still \
                 allows this way of logging in: newer ones take passwords only of users with the role \
                 snc_basic_auth_api_access"
            }
            Self::Forbidden => {
                "the user lacks a role or a rule of the instance refused; for a write, read back before trying again"
            }
            Self::NotFound => "check the sys_id, and that the user may read the record",
            Self::UnknownTable => "check the table's name",
            Self::NoSuchApi => "check the path, its version and namespace",
            Self::UriTooLong => "shorten the query, or split it",
            Self::RateLimited => "wait as long as retry_after() says",
            Self::Busy => "send fewer requests at once, then try again",
            Self::Cancelled => "ask for fewer rows or fields",
            Self::Cut => "ask for fewer rows or fields, then try again",
            Self::Unavailable => "the instance is starting, upgrading or down: try again later",
            Self::Hibernating => "wake the instance by signing in at developer.servicenow.com",
            Self::LoginPage => "the instance wants a browser login here: check host, path and credentials",
            Self::Redirected => "check that the address is the instance's own: redirects are not followed",
            Self::Incomplete => "set a limit and an order, and read page by page",
            Self::Closed => "a read may be sent again; after a write, look first whether it was carried out",
            Self::Server => "look up the transaction in the instance's system log",
            Self::ForeignOrigin => "use a client of that instance for it",
            Self::DeadlineExceeded => "ask for less at once, or allow more time",
            Self::TimedOut => "the instance or the way to it is slow: ask for less, or allow more time",
            Self::QueueTimeout => {
                "answers whose bodies are not read to their end keep their places: read or drop them, or allow more"
            }
            Self::NoResults => "check the query, and that the user may read the rows",
            Self::MultipleResults => "narrow the query, or ask for the first row or all of them",
            Self::Unserviced => "send it again, in a batch of fewer or smaller items",
            Self::RowFailed => "look at the row in the staging table, and at the transform map's log",
            Self::Corrupt => "read it again; if it stays so, the file is damaged on the instance",
            Self::NotAsSent => {
                "do not send it again: check that the fields exist, that the user may write them, and the instance's rules"
            }
            Self::NotJson => "check that the address is an instance's and that no proxy answers in its place",
            _ => "",
        }
    }
}

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
