//! Where the user keeps tokens.

use super::Token;
use futures_util::future::{BoxFuture, FutureExt};
use snow_core::BoxError;
use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

type Save = dyn Fn(Token) -> BoxFuture<'static, Result<(), BoxError>> + Send + Sync;

/// The user's closure that saves each new token.
#[derive(Clone)]
pub(super) struct Updater(Arc<Save>);

thread_local! {
    /// The updaters that are being polled on this thread, innermost last.
    static RUNNING: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

impl Updater {
    pub(super) fn new<F, Fut, E>(save: F) -> Self
    where
        F: Fn(Token) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<BoxError>,
    {
        Self(Arc::new(move |token| save(token).map(|saved| saved.map_err(Into::into)).boxed()))
    }

    pub(super) fn save(&self, token: Token) -> impl Future<Output = Result<(), BoxError>> + Send + use<> {
        let (save, id) = (self.0.clone(), self.id());
        // The closure itself runs inside, too: it may do its work before it gives a future.
        Marked { id, inner: async move { save(token).await }.boxed() }
    }

    /// Whether the code that asks was called by this updater.
    pub(super) fn is_running_here(&self) -> bool {
        RUNNING.with_borrow(|running| running.contains(&self.id()))
    }

    fn id(&self) -> usize {
        Arc::as_ptr(&self.0).cast::<()>() as usize
    }
}

/// A future of an updater, which is known to run while it is polled.
struct Marked {
    id: usize,
    inner: BoxFuture<'static, Result<(), BoxError>>,
}

impl Future for Marked {
    type Output = Result<(), BoxError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        struct Mark;
        impl Drop for Mark {
            fn drop(&mut self) {
                RUNNING.with_borrow_mut(Vec::pop);
            }
        }
        RUNNING.with_borrow_mut(|running| running.push(self.id));
        let _mark = Mark; // taken off even if the updater panics
        self.inner.as_mut().poll(cx)
    }
}
