//! Tokens in memory.

use super::TokenStore;
use crate::Token;
use std::convert::Infallible;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Keeps a token for as long as the process runs: for tests, and for several clients of one user in one process. Clones are
/// the same store.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use snow_auth::{MemoryStore, Token, TokenStore};
///
/// let store = MemoryStore::new();
/// let Ok(()) = store.save(&Token::new("abc")).await;
/// let Ok(token) = store.clone().load().await;
/// assert_eq!(token.unwrap().access_token().expose(), "abc");
/// # }
/// ```
#[derive(Clone, Default)]
pub struct MemoryStore(Arc<Mutex<Option<Token>>>);

impl MemoryStore {
    /// One without a token.
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

    async fn save(&self, token: &Token) -> Result<(), Infallible> {
        self.set(Some(token.clone()));
        Ok(())
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
