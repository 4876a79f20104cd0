//! Where the user keeps tokens.

mod any_store;
mod file;
mod memory;
mod updater;

use super::Token;
pub(super) use any_store::Store;
pub use file::FileStore;
pub use memory::MemoryStore;
use serde::{Deserialize, Serialize};
use snow_core::{BoxError, Error, ErrorKind};
use std::fmt;
use std::future::Future;
use std::time::{Duration, SystemTime};
pub(super) use updater::Updater;

/// Where tokens are kept between runs, or between processes. Write each method as an `async fn`.
///
/// A new token is [`save`](Self::save)d before any call goes out with it. Before a token is asked for, the store is
/// [`load`](Self::load)ed: another process may have put a fresh one there. A store that processes share gives a
/// [`lease`](Self::lease), so that one of them renews and the others find what it got.
///
/// A store must not call the client whose tokens it keeps: such a call is refused, because it would wait for itself.
///
/// ```
/// use snow_auth::{Token, TokenStore};
/// use std::sync::Mutex;
///
/// /// A column of some database.
/// #[derive(Default)]
/// struct Column(Mutex<Option<String>>);
///
/// impl TokenStore for Column {
///     type Error = std::io::Error;
///
///     async fn load(&self) -> Result<Option<Token>, std::io::Error> {
///         let stored = self.0.lock().map_err(|_| std::io::Error::other("poisoned"))?;
///         Ok(stored.as_deref().map(serde_json::from_str).transpose()?)
///     }
///
///     async fn save(&self, token: &Token) -> Result<(), std::io::Error> {
///         *self.0.lock().map_err(|_| std::io::Error::other("poisoned"))? = Some(serde_json::to_string(token)?);
///         Ok(())
///     }
///
///     async fn remove(&self) -> Result<(), std::io::Error> {
///         *self.0.lock().map_err(|_| std::io::Error::other("poisoned"))? = None;
///         Ok(())
///     }
/// }
/// ```
pub trait TokenStore: Send + Sync + 'static {
    /// What goes wrong.
    type Error: Into<BoxError>;

    /// The stored token, if there is one.
    fn load(&self) -> impl Future<Output = Result<Option<Token>, Self::Error>> + Send;

    /// Keeps a token in place of the one before. When this has finished, calls go out with it.
    fn save(&self, token: &Token) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Forgets the token: it was [revoked](crate::OAuth::revoke).
    fn remove(&self) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Keeps others from renewing until the lease is dropped: held while the store is read, a token asked for, and saved. It
    /// should wait for whoever has it, but not for ever. By default there is none.
    fn lease(&self) -> impl Future<Output = Result<Lease, Self::Error>> + Send {
        async { Ok(Lease::none()) }
    }

    /// The renewal that failed last, if a later one did not succeed. By default none is remembered.
    fn failure(&self) -> impl Future<Output = Result<Option<RefreshFailure>, Self::Error>> + Send {
        async { Ok(None) }
    }

    /// Remembers that a renewal failed, until a token is saved: so that other processes do not ask in vain, too.
    fn save_failure(&self, failure: &RefreshFailure) -> impl Future<Output = Result<(), Self::Error>> + Send {
        let _ = failure;
        async { Ok(()) }
    }
}

/// The right to renew, given back when dropped.
#[must_use = "a lease that is dropped is given back"]
pub struct Lease(#[expect(dead_code, reason = "kept to be dropped")] Option<Box<dyn Send + Sync>>);

impl Lease {
    /// A lease that lasts as long as its guard.
    pub fn new(guard: impl Send + Sync + 'static) -> Self {
        Self(Some(Box::new(guard)))
    }

    /// For a store that nobody else uses.
    pub fn none() -> Self {
        Self(None)
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lease")
    }
}

/// A renewal that failed, as a store remembers it: other processes rest as well until then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RefreshFailure {
    /// What the error said.
    pub message: String,
    /// Whether only a person can help: the refresh token is dead.
    pub log_in_again: bool,
    /// Whether the endpoint answered, and said no.
    pub refused: bool,
    /// Until when it is not tried again, in milliseconds since 1970.
    pub until: u64,
}

impl RefreshFailure {
    pub(super) fn new(error: &Error, now: SystemTime, rest: Duration) -> Self {
        let until = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().saturating_add(rest);
        Self {
            message: error.report(),
            log_in_again: error.kind() == ErrorKind::ReauthenticationRequired,
            refused: error.kind() == ErrorKind::TokenRefused,
            until: u64::try_from(until.as_millis()).unwrap_or(u64::MAX),
        }
    }

    /// The failure as an error of ours, while it lasts. One that is to last longer than any does is passed over: a clock was
    /// wrong.
    pub(super) fn error(&self, now: SystemTime, longest: Duration) -> Option<Error> {
        let until = SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(self.until))?;
        let left = until.duration_since(now).ok().filter(|left| !left.is_zero() && *left <= longest)?;
        let kind = match (self.log_in_again, self.refused) {
            (true, _) => ErrorKind::ReauthenticationRequired,
            (false, true) => ErrorKind::TokenRefused,
            (false, false) => ErrorKind::Unavailable,
        };
        let message = format!("another process failed to renew the token moments ago: {}", self.message);
        Some(Error::new(kind, message).with_retry_after(left).before_sending())
    }
}
