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
use std::time::Duration;
pub(super) use updater::Updater;

/// A place where tokens are kept between runs, or shared by processes. Write each method as an `async fn`.
///
/// A new token is [saved](Self::save) before any call uses it. Before a token is requested, the store is
/// [loaded](Self::load), because another process may have saved a fresh one. A store that processes share returns a
/// [`lease`](Self::lease), so that one of them refreshes the token and the others find it.
///
/// A store must not call the client whose tokens it keeps: such a call fails, because it would wait for itself.
///
/// A store that cannot be reached returns an error, never `None`: a client whose token is still valid goes on using it, and one
/// without a token fails with [`ErrorKind::TokenNotLoaded`](snow_core::ErrorKind::TokenNotLoaded).
///
/// A token that a client saves names its [instance](Token::instance) and its [client](Token::client_id), as two further keys of its
/// JSON. A client that loads the token of another instance or client fails, and neither sends it nor replaces it.
///
/// # Leases that can be lost
///
/// A lease in a database expires, so that a process that was killed does not keep it. Then a process that was only slow may
/// come back after another one has taken the lease over. Three rules keep that harmless:
///
/// - The store gives each lease a number that grows (a fence), and says with [`Lease::valid_for`] how long the lease lasts.
/// - A token is requested only while more is left of the lease than the request may take. Otherwise the lease is
///   [extended](Self::extend); if that fails it is returned, acquired anew, and the store is loaded again.
/// - [`save`](Self::save), [`remove`](Self::remove) and [`save_failure`](Self::save_failure) compare the number of their lease
///   with the one in the store. If the numbers differ, they change nothing and return [`StoreWrite::Superseded`].
///
/// # Examples
///
/// ```
/// use snow_client::oauth::{Lease, StoreWrite, Token, TokenStore};
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
///     async fn save(&self, token: &Token, _: &Lease) -> Result<StoreWrite, std::io::Error> {
///         *self.0.lock().map_err(|_| std::io::Error::other("poisoned"))? = Some(serde_json::to_string(token)?);
///         Ok(StoreWrite::Applied)
///     }
///
///     async fn remove(&self, _: &Lease) -> Result<StoreWrite, std::io::Error> {
///         *self.0.lock().map_err(|_| std::io::Error::other("poisoned"))? = None;
///         Ok(StoreWrite::Applied)
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
    /// as soon as this has returned [`StoreWrite::Applied`].
    ///
    /// `lease` is what [`lease`](Self::lease) returned; [`Lease::guard`] returns the guard in it. It is [`Lease::none`] where
    /// calls go on without a store that failed ([`StorePolicy::BestEffort`](crate::StorePolicy::BestEffort)).
    ///
    /// Where others may take the lease over, compare and store in one step of the database (`UPDATE … WHERE version = …`).
    fn save(
        &self,
        token: &Token,
        lease: &Lease,
    ) -> impl Future<Output = Result<StoreWrite, Self::Error>> + Send;

    /// Removes the token, which was [revoked](crate::OAuth::revoke), and a remembered failure, if the lease is still held. If
    /// there is no token, it succeeds.
    ///
    /// The store was loaded under the same lease. If another process has taken the lease over since, the token may be another
    /// one by now: remove nothing, and return [`StoreWrite::Superseded`]. Compare and remove in one step of the database, as in
    /// [`save`](Self::save).
    fn remove(&self, lease: &Lease) -> impl Future<Output = Result<StoreWrite, Self::Error>> + Send;

    /// Acquires the right to refresh the token, which ends when the lease is [returned](Self::release) or dropped. It is held while the store is loaded and a
    /// token is requested and saved.
    ///
    /// It should wait for a process that has the lease, but not forever. By default there is no lease.
    fn lease(&self) -> impl Future<Output = Result<Lease, Self::Error>> + Send {
        async { Ok(Lease::none()) }
    }

    /// Extends the lease so that it lasts longer than `longer_than`, and returns how long it lasts, counted from this call.
    /// Returns `None` if it cannot be extended or if another process has taken it over. By default no lease can be extended.
    ///
    /// It is called when a token is about to be requested, and less is left of the lease than the request may take.
    fn extend(
        &self,
        lease: &Lease,
        longer_than: Duration,
    ) -> impl Future<Output = Result<Option<Duration>, Self::Error>> + Send {
        let _ = (lease, longer_than);
        async { Ok(None) }
    }

    /// Returns the lease to the store: the refresh is over, and its caller waits for this. By default the lease is dropped.
    ///
    /// A lease that is returned over a network should be returned here, because a program may end right after the call: then nothing that
    /// `Drop` has begun is finished. A lease is only dropped where a refresh ends because its callers gave up.
    fn release(&self, lease: Lease) -> impl Future<Output = Result<(), Self::Error>> + Send {
        drop(lease);
        async { Ok(()) }
    }

    /// Returns the refresh that failed last, if no token was saved since. By default none is remembered.
    fn failure(&self) -> impl Future<Output = Result<Option<RefreshFailure>, Self::Error>> + Send {
        async { Ok(None) }
    }

    /// Remembers that a refresh failed, until a token is saved, so that other processes do not repeat it, if the lease under
    /// which it failed is still held. By default it is ignored.
    ///
    /// If another process has taken the lease over, the failure says nothing of that process's token: remember nothing, and
    /// return [`StoreWrite::Superseded`]. `lease` is what it is in [`save`](Self::save).
    fn save_failure(
        &self,
        failure: &RefreshFailure,
        lease: &Lease,
    ) -> impl Future<Output = Result<StoreWrite, Self::Error>> + Send {
        let _ = (failure, lease);
        async { Ok(StoreWrite::Applied) }
    }
}

/// The outcome of a write to a [`TokenStore`]: of [`save`](TokenStore::save), [`remove`](TokenStore::remove) and
/// [`save_failure`](TokenStore::save_failure).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a write that was superseded changed nothing in the store"]
#[non_exhaustive]
pub enum StoreWrite {
    /// The store has done it.
    Applied,
    /// Another process took the lease over in the meantime, and the store is as that process left it.
    ///
    /// The client follows the other process. A token that was to be saved is discarded, and a failure that was to be remembered
    /// is dropped: the client waits for another lease, loads the store, and uses the token that it finds. A token that was to be
    /// removed is removed under another lease, unless the store has another token by then.
    Superseded,
}
