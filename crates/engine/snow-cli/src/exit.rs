//! With which code the process ends. `docs/command.md` has the same table, and the tests compare it.

use snow_client::{Error, ErrorKind};

/// An error that has no code of its own: the instance failed, or sent what it should not.
pub(crate) const FAILED: u8 = 1;
/// An argument, a variable of the environment or a query is wrong.
pub(crate) const USAGE: u8 = 2;
/// The instance refused the login.
pub(crate) const LOGIN: u8 = 3;
/// The user may not read this.
pub(crate) const FORBIDDEN: u8 = 4;
/// There is no such table.
pub(crate) const NOT_FOUND: u8 = 5;
/// There is no connection, or the instance is too busy: another try may succeed.
pub(crate) const UNAVAILABLE: u8 = 6;
/// It cannot be shown that all records came.
pub(crate) const INCOMPLETE: u8 = 7;
/// A file cannot be read or written.
pub(crate) const FILE: u8 = 8;
/// `types --check` found changes.
pub(crate) const CHANGED: u8 = 9;

/// Returns the code for an error.
pub(crate) fn code_of(error: &Error) -> u8 {
    use ErrorKind::*;
    match error.kind() {
        InvalidInput | ForeignOrigin | UriTooLong => USAGE,
        NoToken
        | ReauthenticationRequired
        | TokenRefused
        | TokenNotSaved
        | TokenNotLoaded
        | Unauthenticated
        | LoginPage => LOGIN,
        Forbidden => FORBIDDEN,
        NotFound | UnknownTable | NoSuchApi | NoResults => NOT_FOUND,
        Connect | Tls | ProxyRefused | ConnectionClosed | NotProcessed | RateLimited | InstanceBusy
        | TransactionCancelled | Truncated | Unavailable | Hibernating | DeadlineExceeded | TimedOut
        | PermitTimeout => UNAVAILABLE,
        Incomplete => INCOMPLETE,
        Io => FILE,
        _ => FAILED,
    }
}
