//! What went wrong, and what to do about it.

/// What went wrong. More kinds may come: match with a `_` arm, or ask the [`Error`](crate::Error) its questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Refused before anything was sent: the input cannot be right.
    InvalidInput,
    /// The request names another origin than the instance, where its credentials do not belong. Nothing was sent.
    ForeignOrigin,
    /// An OAuth client has no token yet. Nothing was sent.
    NoToken,
    /// The token is over and cannot be renewed: somebody has to log in again (facts 4.2).
    ReauthenticationRequired,
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
    ConnectionClosed,
    /// 202 with an empty body: the session's queue was full and the request was **not** carried out (facts 3.5).
    NotProcessed,
    /// 401: no, wrong, locked or expired credentials (facts 3.2).
    Unauthenticated,
    /// 403: missing rights, or a rule of the instance said no. A write may have been carried out (facts 3.3).
    Forbidden,
    /// 404: no such record, or one that the caller may not read (facts 1.3).
    NotFound,
    /// A refusal by somebody who does not show that it is the instance: the response has neither the service's error envelope nor
    /// its headers `X-Transaction-ID` and `X-Is-Logged-In`. A gateway, a proxy or a firewall answers so, and the error repeats what
    /// it says. It tells nothing about a record, about the user, nor about what became of a write.
    ///
    /// Of a 404 both the envelope and one of the headers are needed, because it may be taken for the end of a record; so this is
    /// also the kind of a 404 of a scripted API that writes a body of its own.
    NotFromInstance,
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
    InstanceBusy,
    /// The transaction ran into the instance's time quota before the answer began (facts 3.4).
    TransactionCancelled,
    /// The answer began well and ended in an error or too early: it is not complete (facts 3.4). What came of it is good.
    Truncated,
    /// The response arrived, and it is not JSON from some byte on: it is not UTF-8 there, has a control character that is not
    /// escaped, or something else that JSON does not allow. The error names the byte, counted from 0. Asking again gets the same.
    Malformed,
    /// The response is encoded in a way that this client does not read, such as `br` or `deflate`. The error names it.
    UnsupportedEncoding,
    /// The response has no body, and one was needed: a 204, for example, where a record was to be read.
    EmptyResponse,
    /// What came over the connection cannot be read as an HTTP response, or its head is larger than the transport's limits.
    InvalidHttp,
    /// 500 and the like: the instance failed.
    Server,
    /// 502, 503, 504: no node answered (facts 3.6).
    Unavailable,
    /// The developer instance sleeps and answers every call with a page or a redirect to the developer portal (facts 3.6).
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
    ResponseTooLarge,
    /// The answer is whole, but does not fit the type that was asked for.
    Decode,
    /// The response does not belong to the request: it has another record than the one that was asked for, or more records than
    /// the limit. The connection that it came over is not used again.
    ResponseMismatch,
    /// The write was carried out, but the service ignored or changed fields of it (facts 1.7).
    FieldsNotApplied,
    /// The time for the whole operation was up.
    DeadlineExceeded,
    /// An attempt got no answer in time, or its body stopped coming.
    TimedOut,
    /// All places of the client's own limit on concurrent requests stayed taken. Nothing was sent.
    PermitTimeout,
    /// An item of a batch that the instance says it did not process: the batch had used up its time or size (facts 7.1). The first
    /// such item may be the one that used them up, so that of a write it leaves doubt; those after it were not carried out.
    Unserviced,
    /// A row was taken in, and its import failed, or the user may not see what came of it: told inside an answer of success
    /// (facts 7.2).
    RowFailed,
    /// A file of this machine cannot be read or written, or is there already; or the reader failed that was given as the content of
    /// an upload.
    Io,
    /// The bytes that came are not those that the instance says it has.
    Corrupt,
    /// A service or layer that is not of this workspace failed, or the stream that was given as the content of a request.
    Other,
    /// The client itself is at fault: please report it. Says nothing about whether a write was carried out.
    Internal,
}

/// What the kind of an error alone says, where nothing more is known of its request.
pub(crate) struct KindClass {
    pub(crate) execution: ExecutionHint,
    pub(crate) retry: RetryHint,
}

/// Whether a request that failed with an error of this kind was carried out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExecutionHint {
    /// It was not even sent, whatever status the error has: that may be the status of a token request.
    NotSent,
    /// It was not carried out, unless the status says otherwise.
    NotExecuted,
    /// It was carried out, unless the status says otherwise.
    Executed,
    /// The kind does not tell.
    Unknown,
}

/// Who may send a request again that failed with an error of this kind.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum RetryHint {
    /// Nobody: it fails again until somebody changes something.
    Never,
    /// The retry layer: the failure may pass by itself.
    ByLayer,
    /// The caller alone: the failure may pass by itself, but the operation has used up its time or its turn.
    ByCaller,
}

impl RetryHint {
    /// Returns whether the failure may pass by itself.
    pub(crate) const fn is_transient(self) -> bool {
        !matches!(self, Self::Never)
    }
}

impl ErrorKind {
    /// Returns what this kind says about execution and retries. Every kind is listed, so that a new one does not compile until
    /// somebody has decided.
    pub(crate) const fn class(self) -> KindClass {
        use ErrorKind::*;
        use ExecutionHint::{Executed, NotExecuted, NotSent, Unknown};
        use RetryHint::{ByCaller, ByLayer, Never};
        let (execution, retry) = match self {
            ForeignOrigin
            | NoToken
            | ReauthenticationRequired
            | TokenRefused
            | TokenNotSaved
            | TokenNotLoaded
            | Tls => (NotSent, Never),
            Connect => (NotSent, ByLayer),
            PermitTimeout => (NotSent, ByCaller),
            InvalidInput | Unauthenticated | NoSuchApi | UriTooLong => (NotExecuted, Never),
            NotProcessed | RateLimited | InstanceBusy => (NotExecuted, ByLayer),
            FieldsNotApplied => (Executed, Never),
            ConnectionClosed | TransactionCancelled | Truncated | Unavailable | TimedOut
            | ResponseMismatch => (Unknown, ByLayer),
            DeadlineExceeded | Unserviced => (Unknown, ByCaller),
            Forbidden | NotFound | NotFromInstance | UnknownTable | Rejected | Malformed
            | UnsupportedEncoding | EmptyResponse | InvalidHttp | Server | Hibernating | LoginPage
            | Redirected | NotJson | NoResults | MultipleResults | Incomplete | ResponseTooLarge | Decode
            | RowFailed | Io | Corrupt | Other | Internal => (Unknown, Never),
        };
        KindClass { execution, retry }
    }

    /// What to do about it. Of a write that may have been carried out, first of all to look.
    pub(crate) const fn advice(self, may_have_executed: bool) -> &'static str {
        match self {
            Self::NoToken => "call generate_token(user, password), or set_token(token) with a stored one",
            Self::ReauthenticationRequired => "log in again: call generate_token(user, password)",
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
            Self::Forbidden if may_have_executed => {
                "the user lacks a role or a rule of the instance refused; read back before trying again: the record may be \
                 there all the same"
            }
            Self::Forbidden => "the user lacks a role or a rule of the instance refused",
            Self::NotFromInstance => {
                "check the address, and the gateways and proxies between here and the instance"
            }
            Self::Malformed if may_have_executed => {
                "the request was carried out as far as its status says: read back what it did; who made the response has to mend it"
            }
            Self::Malformed => {
                "asking again does not help: leave out the record or field that has it, or mend it on the instance"
            }
            Self::UnsupportedEncoding => {
                "whoever is between here and the instance should leave the encoding as it was asked for (gzip, or none)"
            }
            Self::EmptyResponse => {
                "check what this API responds with; nothing() reads a response without a body"
            }
            Self::InvalidHttp => {
                "check that the address is an instance's; the transport's builder has max_headers() and max_head_size()"
            }
            Self::NotFound => "check the sys_id, and that the user may read the record",
            Self::UnknownTable => "check the table's name",
            Self::NoSuchApi => "check the path, its version and namespace",
            Self::UriTooLong => "shorten the query, or split it",
            Self::RateLimited => "send fewer requests, or have the limit of the rate rule raised",
            Self::InstanceBusy => "send fewer requests at once, then try again",
            Self::TransactionCancelled => "ask for fewer rows or fields",
            Self::Truncated => "ask for fewer rows or fields, then try again",
            Self::Unavailable => "the instance is starting, upgrading or down: try again later",
            Self::Hibernating => "wake the instance by signing in at developer.servicenow.com",
            Self::LoginPage => "the instance wants a browser login here: check host, path and credentials",
            Self::Redirected => "check that the address is the instance's own: redirects are not followed",
            Self::Incomplete => "set a limit and an order, and read page by page",
            Self::ConnectionClosed if may_have_executed => {
                "look whether it was carried out before you send it again"
            }
            Self::ConnectionClosed => "send it again",
            Self::Server => "look up the transaction in the instance's system log",
            Self::ForeignOrigin => "use a client of that instance for it",
            Self::DeadlineExceeded => "ask for less at once, or allow more time",
            Self::TimedOut => "the instance or the way to it is slow: ask for less, or allow more time",
            Self::PermitTimeout => {
                "answers whose bodies are not read to their end keep their places: read or drop them, or allow more"
            }
            Self::NoResults => "check the query, and that the user may read the rows",
            Self::MultipleResults => "narrow the query, or ask for the first row or all of them",
            Self::Unserviced if may_have_executed => {
                "look whether it was carried out; if not, send it again, in a batch of fewer or smaller items"
            }
            Self::Unserviced => "send it again, in a batch of fewer or smaller items",
            Self::RowFailed => "look at the row in the staging table, and at the transform map's log",
            Self::Corrupt => "read it again; if it stays so, the file is damaged on the instance",
            Self::ResponseMismatch if may_have_executed => {
                "look whether it was carried out before you send it again; if it stays so, a proxy or cache mixes up responses"
            }
            Self::ResponseMismatch => "send it again; if it stays so, a proxy or cache mixes up responses",
            Self::FieldsNotApplied => {
                "do not send it again: check that the fields exist, that the user may write them, and the instance's rules"
            }
            Self::NotJson => "check that the address is an instance's and that no proxy answers in its place",
            Self::Internal => "the client itself is at fault: please report it",
            _ => "",
        }
    }
}
