//! What went wrong, and what to do about it.

/// What went wrong. More kinds may be added: match with a `_` arm, or use the methods of [`Error`](crate::Error).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Invalid input. It was refused before anything was sent.
    InvalidInput,
    /// The request names an origin other than the instance, where its credentials do not belong. Nothing was sent.
    ForeignOrigin,
    /// An OAuth client has no token yet. Nothing was sent.
    NoToken,
    /// The token has expired and cannot be refreshed: the user has to log in again ([facts 4.2]).
    ///
    /// [facts 4.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#42-lifetimes
    ReauthenticationRequired,
    /// The token endpoint refused the grant ([facts 4.1]).
    ///
    /// [facts 4.1]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#41-token-endpoint
    TokenRefused,
    /// A token was obtained, but the token store of the program could not save it.
    TokenNotSaved,
    /// The token store of the program could not be read, or was not free in time. Nothing was sent.
    TokenNotLoaded,
    /// No connection: the host name was not found, or the connection was refused or timed out. Nothing was sent.
    Connect,
    /// No encrypted connection: for example, the certificate is not trusted, has expired or is for another host. Nothing was sent.
    Tls,
    /// A proxy refused a connection to the instance: it wants credentials or did not accept them, or it does not permit the host.
    /// Nothing was sent to the instance, and the proxy is not asked again, because wrong credentials may lock an account.
    ProxyRefused,
    /// The connection broke before the response was complete.
    ConnectionClosed,
    /// 202 with an empty body: the session's queue was full and the request was **not** executed ([facts 3.5]).
    ///
    /// [facts 3.5]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#35-202
    NotProcessed,
    /// 401: no, wrong, locked or expired credentials ([facts 3.2]).
    ///
    /// [facts 3.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#32-401
    Unauthenticated,
    /// 403: missing rights, or a rule of the instance refused. A write may have been executed ([facts 3.3]).
    ///
    /// [facts 3.3]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#33-refused-although-done
    Forbidden,
    /// 404: there is no such record, or the caller may not read it ([facts 1.3]).
    ///
    /// [facts 1.3]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#13-statuses
    NotFound,
    /// A refusal that does not come from the instance as far as the response shows: it has neither the service's error envelope nor
    /// the headers `X-Transaction-ID` and `X-Is-Logged-In`. Gateways, proxies and firewalls send such responses, and the error
    /// repeats their text. The response says nothing about a record or the user, nor about whether a write was executed.
    ///
    /// A 404 needs both the envelope and one of the headers to be [`NotFound`](Self::NotFound), because a program may conclude from
    /// it that a record is gone. A 404 of a scripted API that writes a body of its own therefore has this kind, too.
    NotFromInstance,
    /// 400: there is no such table ([facts 1.3]).
    ///
    /// [facts 1.3]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#13-statuses
    UnknownTable,
    /// 400: there is no API at this path ([facts 1.3]).
    ///
    /// [facts 1.3]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#13-statuses
    NoSuchApi,
    /// Any other 4xx.
    Rejected,
    /// The URI is longer than the service accepts ([facts 1.10]).
    ///
    /// [facts 1.10]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#110-sizes
    UriTooLong,
    /// 429 because of a rate limit rule ([facts 8.1]). The request was not executed.
    ///
    /// [facts 8.1]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#81-rate-rules
    RateLimited,
    /// 429 because the instance's queue is full ([facts 8.2]). The request was not executed.
    ///
    /// [facts 8.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#82-queues
    InstanceBusy,
    /// The service gave up on a request that it had begun to process ([facts 3.4]). Either
    ///
    /// - the transaction ran into the instance's time quota before the response began: a 5xx whose message says so; or
    /// - a response with the status of a success contains an error: an error envelope, an `error` in addition to its `result`,
    ///   `"status":"failure"`, or the empty string that a cancelled transaction leaves among the records (or anything else there
    ///   that is not a record). Such a response is not complete. The records that came before the error are valid.
    ///
    /// The second form is nearly always a cancelled transaction, and has this kind whatever its text says, because the texts are
    /// localized; [`Error::service_message`](crate::Error::service_message) returns the text.
    ///
    /// [facts 3.4]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#34-cancelled-while-responding
    TransactionCancelled,
    /// The response ended too early: the JSON or the gzip data is a valid beginning whose end is missing, although the connection
    /// did not report a failure (that is [`ConnectionClosed`](Self::ConnectionClosed)). A cancelled transaction may look like this,
    /// too ([facts 3.4]). The records that came before the end are valid.
    ///
    /// [facts 3.4]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#34-cancelled-while-responding
    Truncated,
    /// The response is complete, and is not JSON from some byte on: it is not UTF-8 there, has a control character that is not
    /// escaped, or something else that JSON does not allow. The error names the byte, counted from 0. Sending the request again has
    /// the same result.
    Malformed,
    /// The response has an encoding that this client does not read, such as `br` or `deflate`. The error names it.
    UnsupportedEncoding,
    /// The response has no body, and one was needed: a 204, for example, where a record was to be read.
    EmptyResponse,
    /// The bytes on the connection are not an HTTP response, or its head is larger than the transport's limits.
    InvalidHttp,
    /// 500 and other 5xx: the instance failed.
    Server,
    /// 502, 503, 504: no node of the instance responded ([facts 3.6]).
    ///
    /// [facts 3.6]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#36-not-json
    Unavailable,
    /// The developer instance is hibernating and responds to every call with a page or a redirect to the developer portal
    /// ([facts 3.6]).
    ///
    /// [facts 3.6]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#36-not-json
    Hibernating,
    /// A login page, or a redirect to one, instead of a response of the API ([facts 3.6]).
    ///
    /// [facts 3.6]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#36-not-json
    LoginPage,
    /// A redirect. Redirects are never followed.
    Redirected,
    /// Something other than JSON instead of a response of the API.
    NotJson,
    /// Exactly one record was requested, and none matches, or none that this user may read.
    NoResults,
    /// Exactly one record was requested, and more than one matches.
    MultipleResults,
    /// A read could not show that it has all records: for example, more match than the service returns when no limit is set
    /// ([facts 1.2]), or they are not in the order that was requested.
    ///
    /// [facts 1.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#12-parameters
    Incomplete,
    /// The response is larger than the limit set for it.
    ResponseTooLarge,
    /// The response is complete, but does not fit the requested type.
    Decode,
    /// The response does not belong to the request: it contains a record other than the requested one, or more records than the
    /// limit. Its connection is not used again.
    ResponseMismatch,
    /// The write was executed, but the service ignored or changed some of its fields ([facts 1.7]).
    ///
    /// [facts 1.7]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#17-writing
    FieldsNotApplied,
    /// The deadline of the whole operation passed.
    DeadlineExceeded,
    /// An attempt got no response in time, or its body stopped arriving.
    TimedOut,
    /// No concurrency permit of the client's own limit became free in time. Nothing was sent.
    PermitTimeout,
    /// An item of a batch that the instance says it did not process: the batch had used up its time or size ([facts 7.1]). The first
    /// such item may be the one that used them up, so a write in it may have been executed; the items after it were not executed.
    ///
    /// [facts 7.1]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#71-batch
    Unserviced,
    /// An import set row was accepted, and its import failed, or the user may not read the result: reported inside a response with
    /// the status of a success ([facts 7.2]).
    ///
    /// [facts 7.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#72-import-sets
    RowFailed,
    /// A local file cannot be read or written, or exists already; or the reader that was given as the content of an upload failed.
    Io,
    /// The bytes that arrived are not those that the instance says it has.
    Corrupt,
    /// A service or layer outside this workspace failed, or the stream that was given as the content of a request.
    Other,
    /// A bug in this client: please report it. It says nothing about whether a write was executed.
    Internal,
}

/// What the kind of an error alone says, where nothing more is known about its request.
pub(crate) struct KindClass {
    pub(crate) execution: ExecutionHint,
    pub(crate) retry: RetryHint,
}

/// Whether a request that failed with an error of this kind was executed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExecutionHint {
    /// It was not even sent, whatever status the error has: that may be the status of a token request.
    NotSent,
    /// It was not executed, unless the status says otherwise.
    NotExecuted,
    /// It was executed, unless the status says otherwise.
    Executed,
    /// The kind does not say.
    Unknown,
}

/// Who may send a request again that failed with an error of this kind.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum RetryHint {
    /// Nobody: it fails again until something is changed.
    Never,
    /// The retry layer: the failure may be temporary.
    ByLayer,
    /// Only the caller: the failure may be temporary, but the operation has used up its time or its turn.
    ByCaller,
}

impl RetryHint {
    /// Returns `true` if the failure may be temporary.
    pub(crate) const fn is_transient(self) -> bool {
        !matches!(self, Self::Never)
    }
}

impl ErrorKind {
    /// Returns what this kind says about execution and retries. Every kind is listed, so that a new one does not
    /// compile until this is decided.
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
            | Tls
            | ProxyRefused => (NotSent, Never),
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
}
