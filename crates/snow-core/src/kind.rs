//! What went wrong, and what to do about it.

/// What went wrong. More kinds may come: match with a `_` arm, or ask the [`Error`](crate::Error) its questions.
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
    pub(crate) const fn is_not_executed(self) -> bool {
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
    pub(crate) const fn advice(self) -> &'static str {
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
