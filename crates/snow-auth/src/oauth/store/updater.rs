//! A closure as a store that is only written.

use super::{Lease, StoreWrite, TokenStore};
use crate::Token;
use snow_core::BoxError;
use std::future::Future;

/// The user's closure that saves each new token.
pub(crate) struct Updater<F>(pub(crate) F);

impl<F, Fut, E> TokenStore for Updater<F>
where
    F: Fn(Token) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), E>> + Send + 'static,
    E: Into<BoxError> + 'static,
{
    type Error = E;

    async fn load(&self) -> Result<Option<Token>, E> {
        Ok(None)
    }

    async fn save(&self, token: &Token, _: &Lease) -> Result<StoreWrite, E> {
        (self.0)(token.clone()).await.map(|()| StoreWrite::Applied)
    }

    async fn remove(&self, _: &Lease) -> Result<StoreWrite, E> {
        Ok(StoreWrite::Applied)
    }
}
