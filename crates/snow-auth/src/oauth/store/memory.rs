//! Tokens in memory.

use super::{Lease, StoreWrite, TokenStore};
use crate::Token;
use std::convert::Infallible;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// A store in memory, for tests and for several clients of one user in one process. Its clones share one token.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use snow_auth::{Lease, MemoryStore, StoreWrite, Token, TokenStore};
///
/// let store = MemoryStore::new();
/// let Ok(saved) = store.save(&Token::new("abc"), &Lease::none()).await;
/// assert_eq!(saved, StoreWrite::Applied);
/// let Ok(token) = store.clone().load().await;
/// assert_eq!(token.unwrap().access_token().expose(), "abc");
/// # }
/// ```
#[derive(Clone, Default)]
pub struct MemoryStore(Arc<Mutex<Option<Token>>>);

impl MemoryStore {
    /// Creates a store without a token.
    pub fn new() -> Self {
        Self::default()
    }

    fn set(&self, token: Option<Token>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = token;
    }
}

impl TokenStore for MemoryStore {
    type Error = Infallible;

    async fn load(&self) -> Result<Option<Token>, Infallible> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    async fn save(&self, token: &Token, _: &Lease) -> Result<StoreWrite, Infallible> {
        self.set(Some(token.clone()));
        Ok(StoreWrite::Applied)
    }

    async fn remove(&self, _: &Lease) -> Result<StoreWrite, Infallible> {
        self.set(None);
        Ok(StoreWrite::Applied)
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryStore")
    }
}
