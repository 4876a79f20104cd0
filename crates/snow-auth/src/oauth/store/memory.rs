//! Tokens in memory.

use super::{Lease, Saved, TokenStore};
use crate::Token;
use std::convert::Infallible;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// A store in memory, for tests and for several clients of one user in one process. Its clones share one token.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use snow_auth::{Lease, MemoryStore, Saved, Token, TokenStore};
///
/// let store = MemoryStore::new();
/// let Ok(saved) = store.save(&Token::new("abc"), &Lease::none()).await;
/// assert_eq!(saved, Saved::Kept);
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

    async fn save(&self, token: &Token, _: &Lease) -> Result<Saved, Infallible> {
        self.set(Some(token.clone()));
        Ok(Saved::Kept)
    }

    async fn remove(&self) -> Result<(), Infallible> {
        self.set(None);
        Ok(())
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryStore")
    }
}
