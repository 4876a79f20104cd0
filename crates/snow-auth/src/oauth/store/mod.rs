//! Where the user keeps tokens.

mod any_store;
mod file;
mod lease;
mod memory;
mod refresh_failure;
mod updater;

use super::Token;
pub(super) use any_store::Store;
pub use file::FileStore;
pub use lease::Lease;
pub use memory::MemoryStore;
pub use refresh_failure::RefreshFailure;
use snow_core::BoxError;
use std::future::Future;
pub(super) use updater::Updater;

/// A place where tokens are kept between runs, or shared by processes. Write each method as an `async fn`.
///
/// A new token is [saved](Self::save) before any call uses it. Before a token is requested, the store is
/// [loaded](Self::load), because another process may have saved a fresh one. A store that processes share returns a
/// [`lease`](Self::lease), so that one of them refreshes the token and the others find it.
///
/// A store must not call the client whose tokens it keeps: such a call fails, because it would wait for itself.
///
/// # Leases that can be lost
///
/// A lease in a database expires, so that a process that was killed does not keep it. Then a process that was only slow may
/// come back after another one has taken the lease over. Three rules keep that harmless:
///
/// - The store gives each lease a number that grows (a fence), and says with [`Lease::valid_for`] how long the lease lasts.
/// - A token is requested only while more is left of the lease than the request may take. Otherwise the lease is returned,
///   acquired anew, and the store is loaded again.
/// - [`save`](Self::save) compares the number of its lease with the one in the store. If they differ it stores nothing and
///   returns [`Saved::Superseded`].
///
/// # Examples
///
/// ```
/// use snow_auth::{Lease, Saved, Token, TokenStore};
/// use std::sync::Mutex;
///
/// /// A column of some database, used by this process alone.
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
///     async fn save(&self, token: &Token, _: &Lease) -> Result<Saved, std::io::Error> {
///         *self.0.lock().map_err(|_| std::io::Error::other("poisoned"))? = Some(serde_json::to_string(token)?);
///         Ok(Saved::Kept)
///     }
///
///     async fn remove(&self) -> Result<(), std::io::Error> {
///         *self.0.lock().map_err(|_| std::io::Error::other("poisoned"))? = None;
///         Ok(())
///     }
/// }
/// ```
///
/// The [guide](https://github.com/snow-rs/snow/blob/main/docs/authentication.md) has a store with a lease in a database.
pub trait TokenStore: Send + Sync + 'static {
    /// The error of the store.
    type Error: Into<BoxError>;

    /// Returns the stored token, if there is one.
    fn load(&self) -> impl Future<Output = Result<Option<Token>, Self::Error>> + Send;

    /// Stores a token in place of the one before, if the lease under which it was obtained is still held. Calls use the token
    /// as soon as this has returned [`Saved::Kept`].
    ///
    /// `lease` is what [`lease`](Self::lease) returned; [`Lease::guard`] returns the guard in it. It is [`Lease::none`] where
    /// calls go on without a store that failed ([`StorePolicy::BestEffort`](crate::StorePolicy::BestEffort)).
    ///
    /// Where others may take the lease over, compare and store in one step of the database (`UPDATE … WHERE version = …`).
    fn save(&self, token: &Token, lease: &Lease) -> impl Future<Output = Result<Saved, Self::Error>> + Send;

    /// Removes the token, which was [revoked](crate::OAuth::revoke).
    fn remove(&self) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Acquires the right to refresh the token, which ends when the lease is dropped. It is held while the store is loaded and a
    /// token is requested and saved.
    ///
    /// It should wait for a process that has the lease, but not forever. By default there is no lease.
    fn lease(&self) -> impl Future<Output = Result<Lease, Self::Error>> + Send {
        async { Ok(Lease::none()) }
    }

    /// Returns the refresh that failed last, if no token was saved since. By default none is remembered.
    fn failure(&self) -> impl Future<Output = Result<Option<RefreshFailure>, Self::Error>> + Send {
        async { Ok(None) }
    }

    /// Remembers that a refresh failed, until a token is saved, so that other processes do not repeat it. By default it is
    /// ignored.
    fn save_failure(&self, failure: &RefreshFailure) -> impl Future<Output = Result<(), Self::Error>> + Send {
        let _ = failure;
        async { Ok(()) }
    }
}

/// What became of a token that was to be [saved](TokenStore::save).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a token that was superseded is not in the store"]
#[non_exhaustive]
pub enum Saved {
    /// The store has the token.
    Kept,
    /// The lease was taken over by another process in the meantime, and the token was not stored. The client discards it, and
    /// uses the token that the store has by then.
    Superseded,
}
