//! Any store as one type, which tracks when it is being called.

use super::lease::Validity;
use super::{Lease, RefreshFailure, StoreWrite, TokenStore};
use crate::Token;
use crate::oauth::reentrancy::{PollTracker, is_polled_here};
use crate::oauth::timeouts::Timeouts;
use futures_util::future::{BoxFuture, FutureExt};
use snow_core::{BoxError, Error, ErrorKind, timer};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

/// The user's store, with its errors and panics turned into ours.
#[derive(Clone)]
pub(crate) struct Store {
    inner: Arc<dyn ErasedStore>,
    /// Whether it can be read.
    is_read: bool,
    timeouts: Timeouts,
}

trait ErasedStore: Send + Sync {
    fn load(self: Arc<Self>) -> BoxFuture<'static, Result<Option<Token>, BoxError>>;
    fn save<'a>(
        self: Arc<Self>,
        token: &'a Token,
        lease: &'a Lease,
    ) -> BoxFuture<'a, Result<StoreWrite, BoxError>>;
    fn remove<'a>(self: Arc<Self>, lease: &'a Lease) -> BoxFuture<'a, Result<StoreWrite, BoxError>>;
    fn lease(self: Arc<Self>) -> BoxFuture<'static, Result<Lease, BoxError>>;
    fn extend<'a>(
        self: Arc<Self>,
        lease: &'a Lease,
        longer_than: Duration,
    ) -> BoxFuture<'a, Result<Option<Duration>, BoxError>>;
    fn release(self: Arc<Self>, lease: Lease) -> BoxFuture<'static, Result<(), BoxError>>;
    fn failure(self: Arc<Self>) -> BoxFuture<'static, Result<Option<RefreshFailure>, BoxError>>;
    fn save_failure<'a>(
        self: Arc<Self>,
        failure: RefreshFailure,
        lease: &'a Lease,
    ) -> BoxFuture<'a, Result<StoreWrite, BoxError>>;
}

impl<S: TokenStore> ErasedStore for S {
    fn load(self: Arc<Self>) -> BoxFuture<'static, Result<Option<Token>, BoxError>> {
        async move { TokenStore::load(&*self).await.map_err(Into::into) }.boxed()
    }

    fn save<'a>(
        self: Arc<Self>,
        token: &'a Token,
        lease: &'a Lease,
    ) -> BoxFuture<'a, Result<StoreWrite, BoxError>> {
        async move { TokenStore::save(&*self, token, lease).await.map_err(Into::into) }.boxed()
    }

    fn remove<'a>(self: Arc<Self>, lease: &'a Lease) -> BoxFuture<'a, Result<StoreWrite, BoxError>> {
        async move { TokenStore::remove(&*self, lease).await.map_err(Into::into) }.boxed()
    }

    fn lease(self: Arc<Self>) -> BoxFuture<'static, Result<Lease, BoxError>> {
        async move { TokenStore::lease(&*self).await.map_err(Into::into) }.boxed()
    }

    fn extend<'a>(
        self: Arc<Self>,
        lease: &'a Lease,
        longer_than: Duration,
    ) -> BoxFuture<'a, Result<Option<Duration>, BoxError>> {
        async move { TokenStore::extend(&*self, lease, longer_than).await.map_err(Into::into) }.boxed()
    }

    fn release(self: Arc<Self>, lease: Lease) -> BoxFuture<'static, Result<(), BoxError>> {
        async move { TokenStore::release(&*self, lease).await.map_err(Into::into) }.boxed()
    }

    fn failure(self: Arc<Self>) -> BoxFuture<'static, Result<Option<RefreshFailure>, BoxError>> {
        async move { TokenStore::failure(&*self).await.map_err(Into::into) }.boxed()
    }

    fn save_failure<'a>(
        self: Arc<Self>,
        failure: RefreshFailure,
        lease: &'a Lease,
    ) -> BoxFuture<'a, Result<StoreWrite, BoxError>> {
        async move { TokenStore::save_failure(&*self, &failure, lease).await.map_err(Into::into) }.boxed()
    }
}

impl Store {
    pub(crate) fn new(store: impl TokenStore) -> Self {
        Self { inner: Arc::new(store), is_read: true, timeouts: Timeouts::default() }
    }

    /// Creates a store that is only written.
    pub(crate) fn write_only(store: impl TokenStore) -> Self {
        Self { is_read: false, ..Self::new(store) }
    }

    /// Sets how long its calls may take.
    pub(in super::super) fn with_timeouts(self, timeouts: Timeouts) -> Self {
        Self { timeouts, ..self }
    }

    pub(crate) fn is_read(&self) -> bool {
        self.is_read
    }

    pub(crate) async fn load(&self) -> Result<Option<Token>, Error> {
        self.call(self.inner.clone().load(), ErrorKind::TokenNotLoaded, "could not be read").await
    }

    pub(crate) async fn save(&self, token: &Token, lease: &Lease) -> Result<StoreWrite, Error> {
        let saving = self.inner.clone().save(token, lease);
        self.call(saving, ErrorKind::TokenNotSaved, "could not save the new token").await
    }

    pub(crate) async fn remove(&self, lease: &Lease) -> Result<StoreWrite, Error> {
        self.call(self.inner.clone().remove(lease), ErrorKind::TokenNotSaved, "could not remove the token")
            .await
    }

    pub(crate) async fn lease(&self) -> Result<Lease, Error> {
        let leasing = self.inner.clone().lease();
        self.call_for(self.timeouts.lease(), leasing, ErrorKind::TokenNotLoaded, "returned no lease").await
    }

    /// Extends a lease so that it lasts longer than `longer_than`. Returns `false` if it cannot be extended so far.
    pub(crate) async fn extend(&self, lease: &Lease, longer_than: Duration) -> Result<bool, Error> {
        let extended = Validity::new(Duration::ZERO);
        let extending = self.inner.clone().extend(lease, longer_than);
        let length = self.call(extending, ErrorKind::TokenNotLoaded, "could not extend its lease").await?;
        if let Some(length) = length {
            lease.extend(extended.with_length(length));
        }
        Ok(lease.outlasts(longer_than))
    }

    /// Returns a lease. A failure makes others wait until the lease ends by itself, and does not concern the caller.
    pub(crate) async fn release(&self, lease: Lease) {
        let releasing = self.inner.clone().release(lease);
        if let Err(error) =
            self.call(releasing, ErrorKind::TokenNotSaved, "did not take its lease back").await
        {
            tracing::debug!(error = error.report(), "the token store's lease was not returned");
        }
    }

    pub(crate) async fn failure(&self) -> Result<Option<RefreshFailure>, Error> {
        self.call(self.inner.clone().failure(), ErrorKind::TokenNotLoaded, "could not be read").await
    }

    pub(crate) async fn save_failure(
        &self,
        failure: RefreshFailure,
        lease: &Lease,
    ) -> Result<StoreWrite, Error> {
        let saving = self.inner.clone().save_failure(failure, lease);
        self.call(saving, ErrorKind::TokenNotSaved, "could not save the failure").await
    }

    async fn call<T>(
        &self,
        work: BoxFuture<'_, Result<T, BoxError>>,
        kind: ErrorKind,
        failed: &str,
    ) -> Result<T, Error> {
        self.call_for(self.timeouts.callback, work, kind, failed).await
    }

    /// Awaits a call of the store, tracked while it is polled. Its failure, its panic and that it does not finish in time become
    /// errors of ours.
    async fn call_for<T>(
        &self,
        limit: Duration,
        work: BoxFuture<'_, Result<T, BoxError>>,
        kind: ErrorKind,
        failed: &str,
    ) -> Result<T, Error> {
        let tracked = PollTracker { id: self.id(), inner: work };
        let failed = format!("the token {} {failed}", if self.is_read { "store" } else { "updater" });
        match timer::timeout(limit, AssertUnwindSafe(tracked).catch_unwind()).await? {
            Some(Ok(Ok(done))) => Ok(done),
            Some(Ok(Err(error))) => Err(failure(Error::new(kind, failed), error)),
            Some(Err(_panic)) => Err(Error::new(kind, format!("{failed}: it panicked"))),
            None => {
                let late = Error::new(ErrorKind::TimedOut, format!("it did not finish within {limit:?}"));
                Err(Error::new(kind, failed).with_reason(late.with_advice("")))
            }
        }
    }

    /// Returns `true` if the caller is called by this store.
    pub(crate) fn is_polled_here(&self) -> bool {
        is_polled_here(self.id())
    }

    fn id(&self) -> usize {
        Arc::as_ptr(&self.inner).cast::<()>() as usize
    }
}

/// Adds why the user's store failed. A store that calls its own client is advised not to, because its storage is not at fault.
fn failure(error: Error, reason: BoxError) -> Error {
    let own = reason.downcast_ref::<Error>().filter(|own| own.kind() == ErrorKind::InvalidInput);
    match own.and_then(Error::advice).map(str::to_owned) {
        Some(advice) => error.with_reason(reason).with_advice(advice),
        None => error.with_reason(reason),
    }
}
