//! Any store as one type, which knows when it is being called.

use super::{Lease, RenewalFailure, TokenStore};
use crate::Token;
use crate::oauth::running::{Marked, is_running};
use futures_util::future::{BoxFuture, FutureExt};
use snow_core::{BoxError, Error, Kind};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

/// The user's store, whose errors and panics are ours.
#[derive(Clone)]
pub(crate) struct Store {
    inner: Arc<dyn Erased>,
    /// Whether there is anything to be read.
    is_read: bool,
}

trait Erased: Send + Sync {
    fn load(self: Arc<Self>) -> BoxFuture<'static, Result<Option<Token>, BoxError>>;
    fn save(self: Arc<Self>, token: Token) -> BoxFuture<'static, Result<(), BoxError>>;
    fn remove(self: Arc<Self>) -> BoxFuture<'static, Result<(), BoxError>>;
    fn lease(self: Arc<Self>) -> BoxFuture<'static, Result<Lease, BoxError>>;
    fn failure(self: Arc<Self>) -> BoxFuture<'static, Result<Option<RenewalFailure>, BoxError>>;
    fn save_failure(self: Arc<Self>, failure: RenewalFailure) -> BoxFuture<'static, Result<(), BoxError>>;
}

impl<S: TokenStore> Erased for S {
    fn load(self: Arc<Self>) -> BoxFuture<'static, Result<Option<Token>, BoxError>> {
        async move { TokenStore::load(&*self).await.map_err(Into::into) }.boxed()
    }

    fn save(self: Arc<Self>, token: Token) -> BoxFuture<'static, Result<(), BoxError>> {
        async move { TokenStore::save(&*self, &token).await.map_err(Into::into) }.boxed()
    }

    fn remove(self: Arc<Self>) -> BoxFuture<'static, Result<(), BoxError>> {
        async move { TokenStore::remove(&*self).await.map_err(Into::into) }.boxed()
    }

    fn lease(self: Arc<Self>) -> BoxFuture<'static, Result<Lease, BoxError>> {
        async move { TokenStore::lease(&*self).await.map_err(Into::into) }.boxed()
    }

    fn failure(self: Arc<Self>) -> BoxFuture<'static, Result<Option<RenewalFailure>, BoxError>> {
        async move { TokenStore::failure(&*self).await.map_err(Into::into) }.boxed()
    }

    fn save_failure(self: Arc<Self>, failure: RenewalFailure) -> BoxFuture<'static, Result<(), BoxError>> {
        async move { TokenStore::save_failure(&*self, &failure).await.map_err(Into::into) }.boxed()
    }
}

impl Store {
    pub(crate) fn new(store: impl TokenStore) -> Self {
        Self { inner: Arc::new(store), is_read: true }
    }

    /// One that never tells what it holds.
    pub(crate) fn written_only(store: impl TokenStore) -> Self {
        Self { is_read: false, ..Self::new(store) }
    }

    pub(crate) fn is_read(&self) -> bool {
        self.is_read
    }

    pub(crate) async fn load(&self) -> Result<Option<Token>, Error> {
        self.told(self.inner.clone().load(), Kind::TokenNotLoaded, "the token store could not be read").await
    }

    pub(crate) async fn save(&self, token: &Token) -> Result<(), Error> {
        let saving = self.inner.clone().save(token.clone());
        self.told(saving, Kind::TokenNotSaved, "the token store did not take the new token").await
    }

    pub(crate) async fn remove(&self) -> Result<(), Error> {
        let removing = self.inner.clone().remove();
        self.told(removing, Kind::TokenNotSaved, "the token store did not forget the token").await
    }

    pub(crate) async fn lease(&self) -> Result<Lease, Error> {
        self.told(self.inner.clone().lease(), Kind::TokenNotLoaded, "the token store gave no lease").await
    }

    pub(crate) async fn failure(&self) -> Result<Option<RenewalFailure>, Error> {
        self.told(self.inner.clone().failure(), Kind::TokenNotLoaded, "the token store could not be read")
            .await
    }

    pub(crate) async fn save_failure(&self, failure: RenewalFailure) -> Result<(), Error> {
        let saving = self.inner.clone().save_failure(failure);
        self.told(saving, Kind::TokenNotSaved, "the token store did not take the failure").await
    }

    /// What a store does, known to run while it is polled; its failure and its panic as an error of ours.
    async fn told<T>(
        &self,
        doing: BoxFuture<'static, Result<T, BoxError>>,
        kind: Kind,
        failed: &'static str,
    ) -> Result<T, Error> {
        let marked = Marked { id: self.id(), inner: doing };
        match AssertUnwindSafe(marked).catch_unwind().await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => Err(Error::new(kind, failed).with_source(error)),
            Err(_panic) => Err(Error::new(kind, format!("{failed}: it panicked"))),
        }
    }

    /// Whether the code that asks was called by this store.
    pub(crate) fn is_running_here(&self) -> bool {
        is_running(self.id())
    }

    fn id(&self) -> usize {
        Arc::as_ptr(&self.inner).cast::<()>() as usize
    }
}
