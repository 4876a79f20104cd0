//! What a person can do about an error.

use super::ErrorKind;
use super::execution::Execution;

impl ErrorKind {
    /// Returns what a person can do about it, or an empty string. For a write that may have been executed, that is first of all to
    /// check whether it was. `execution` is [`Execution::NotExecuted`] for every read.
    pub(crate) const fn advice(self, execution: Execution) -> &'static str {
        let may_have_executed = !matches!(execution, Execution::NotExecuted);
        match self {
            Self::NoToken => "log in first, or set a stored token",
            Self::ReauthenticationRequired => "log in again",
            Self::TokenRefused => {
                "check user, password, client id and secret, and that the client is active and allows this grant; \
                 the cause is in the instance's system log only"
            }
            Self::TokenNotSaved => {
                "the token is kept and saved before the next call; make the token store writable"
            }
            Self::TokenNotLoaded => {
                "make the token store readable, and check whether another process has it locked"
            }
            Self::Connect => "check the instance's name and the network",
            Self::NotProcessed => {
                "the session had too many requests waiting: send fewer at once or disable cookies, then try again"
            }
            Self::Unauthenticated => {
                "check the credentials, and that the user is active and not locked out; if they are a user and a password, the \
                 instance may restrict basic authentication, which looks the same, and there are three ways out: a user with web \
                 service access only, the role snc_basic_auth_api_access, or a login with OAuth"
            }
            Self::Forbidden if may_have_executed => {
                "the user lacks a role or a rule of the instance refused; read back before trying again: the record may have \
                 been written all the same"
            }
            Self::Forbidden => "the user lacks a role or a rule of the instance refused",
            Self::NotFromInstance => {
                "check the address, and the gateways and proxies between this machine and the instance"
            }
            Self::Malformed if may_have_executed => {
                "the request was executed as far as its status says: read back what it did; the cause is on the instance"
            }
            Self::Malformed => {
                "sending it again does not help: leave out the record or field that is malformed, or correct it on the instance"
            }
            Self::UnsupportedEncoding => {
                "have the proxy or gateway that changes the encoding leave it as requested (gzip, or none)"
            }
            Self::EmptyResponse => {
                "check what this API responds with; discard() reads a response without a body"
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
            Self::ConnectionClosed
            | Self::TransactionCancelled
            | Self::Truncated
            | Self::Unavailable
            | Self::TimedOut
            | Self::DeadlineExceeded
                if may_have_executed =>
            {
                "check whether it was executed before you send it again"
            }
            Self::TransactionCancelled | Self::Truncated => "request fewer records or fields, then try again",
            Self::Unavailable => "the instance is starting, upgrading or down: try again later",
            Self::Hibernating => "wake the instance by signing in at developer.servicenow.com",
            Self::LoginPage => "the instance requires a browser login here: check host, path and credentials",
            Self::Redirected => "check that the address is the instance's own: redirects are not followed",
            Self::ConnectionClosed => "send it again",
            Self::Server if may_have_executed => {
                "check whether it was executed before you send it again; look up the transaction in the instance's system log"
            }
            Self::Server => "look up the transaction in the instance's system log",
            Self::Rejected if may_have_executed => {
                "check whether it was executed before you send it again; correct it as the response says"
            }
            Self::Rejected => "correct the request as the response says",
            Self::Decode if matches!(execution, Execution::Executed) => {
                "the write was executed: do not send it again; change the type that the response is read as, or ask for fewer fields"
            }
            // Of a value whose request is not known: reading it comes after the response.
            Self::Decode => "read it as another type, or ask for fewer fields",
            Self::ForeignOrigin => "use a client of that instance",
            Self::DeadlineExceeded => "request less at once, or allow more time",
            Self::TimedOut => "the instance or the network is slow: request less, or allow more time",
            Self::PermitTimeout => {
                "responses whose bodies are not read to their end keep their concurrency permits: read or drop them, or \
                 raise the limit"
            }
            Self::NoResults => "check the query, and that the user may read the records",
            Self::MultipleResults => "narrow the query, or request the first record or all of them",
            Self::Unserviced if may_have_executed => {
                "check whether it was executed; if not, send it again, in a batch of fewer or smaller items"
            }
            Self::Unserviced => "send it again, in a batch of fewer or smaller items",
            Self::RowFailed => "look at the row in the staging table, and at the transform map's log",
            Self::Corrupt => "read it again; if it stays so, the file is damaged on the instance",
            Self::ResponseMismatch if may_have_executed => {
                "check whether it was executed before you send it again; if it stays so, a proxy or cache mixes up responses"
            }
            Self::ResponseMismatch => "send it again; if it stays so, a proxy or cache mixes up responses",
            Self::FieldsNotApplied => {
                "do not send it again: check that the fields exist, that the user may write them, and the instance's rules"
            }
            Self::NotJson => {
                "check that the address is an instance's and that no proxy responds in its place"
            }
            Self::Internal => "this is a bug in the client: please report it",
            _ => "",
        }
    }
}
