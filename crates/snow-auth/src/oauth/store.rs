//! Where the user keeps tokens.

use super::Token;
use futures_util::future::{BoxFuture, FutureExt};
use snow_core::BoxError;
use std::future::Future;
use std::sync::Arc;

/// The user's closure that saves each new token.
#[derive(Clone)]
pub(super) struct Updater(Arc<dyn Fn(Token) -> BoxFuture<'static, Result<(), BoxError>> + Send + Sync>);

impl Updater {
    pub(super) fn new<F, Fut, E>(save: F) -> Self
    where
        F: Fn(Token) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<BoxError>,
    {
        Self(Arc::new(move |token| save(token).map(|saved| saved.map_err(Into::into)).boxed()))
    }

    pub(super) fn save(&self, token: Token) -> BoxFuture<'static, Result<(), BoxError>> {
        (self.0)(token)
    }
}
