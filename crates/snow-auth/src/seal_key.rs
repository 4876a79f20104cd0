//! The key that seals tokens in a database.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use snow_core::{Error, ErrorKind, Secret};
use std::fmt;
use std::sync::Arc;
use zeroize::Zeroizing;

/// The first byte of a sealed value. JSON begins with another one.
const VERSION: u8 = 1;

/// A key that seals the tokens that a store keeps in a database. Read access to the database is then not enough to use the
/// tokens, and write access is not enough to plant others.
///
/// The key has 256 bits (AES-256-GCM). All programs that share a store have the same key. `openssl rand -base64 32` makes one.
///
/// ```
/// use snow_auth::SealKey;
///
/// let key = SealKey::from_base64("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")?;
/// assert_eq!(format!("{key:?}"), "SealKey(…)");
/// assert!(SealKey::from_base64("c2hvcnQ=").is_err());
/// # Ok::<_, snow_core::Error>(())
/// ```
#[derive(Clone)]
pub struct SealKey {
    key: Arc<LessSafeKey>,
    /// Keys that opened values before.
    former: Vec<Arc<LessSafeKey>>,
}

impl SealKey {
    /// Creates a key from the 44 characters of Base64 that stand for its 32 bytes.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] if the text is something else. The error does not repeat it.
    pub fn from_base64(text: impl Into<Secret>) -> Result<Self, Error> {
        let text = text.into();
        let invalid = || {
            let why = "the seal key is not 32 bytes in Base64";
            Error::new(ErrorKind::InvalidInput, why).with_advice("make one with: openssl rand -base64 32")
        };
        let bytes = STANDARD.decode(text.expose().trim()).map(Zeroizing::new).map_err(|_| invalid())?;
        let key = UnboundKey::new(&AES_256_GCM, &bytes).map_err(|_| invalid())?;
        Ok(Self { key: Arc::new(LessSafeKey::new(key)), former: Vec::new() })
    }

    /// Creates a key from an environment variable with its Base64.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] if the variable is not set or does not hold a key.
    pub fn from_env(variable: &str) -> Result<Self, Error> {
        match std::env::var(variable) {
            Ok(text) => Self::from_base64(text).map_err(|error| error.with_context(variable)),
            Err(_) => {
                let why = format!("the environment variable {variable} with the seal key is not set");
                Err(Error::new(ErrorKind::InvalidInput, why))
            }
        }
    }

    /// Adds a key that opens values as well, but seals none. To change the key, give the new one to all programs as the former key first,
    /// then make it the key and the old one the former.
    #[must_use]
    pub fn with_former(mut self, former: &SealKey) -> Self {
        self.former.push(former.key.clone());
        self
    }

    /// Seals a value, which can be opened for the same purpose only.
    pub(crate) fn seal(&self, purpose: &[u8], value: &[u8]) -> Result<Vec<u8>, Error> {
        let failed = || Error::new(ErrorKind::Other, "the token was not sealed");
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).map_err(|_| failed())?;
        let mut text = value.to_vec();
        let sealed_by = Nonce::assume_unique_for_key(nonce);
        self.key.seal_in_place_append_tag(sealed_by, Aad::from(purpose), &mut text).map_err(|_| failed())?;
        Ok([&[VERSION][..], &nonce, &text].concat())
    }

    /// Opens a sealed value; `None` if it was sealed with another key or for another purpose, or was changed.
    pub(crate) fn open(&self, purpose: &[u8], sealed: &[u8]) -> Option<Secret> {
        let (nonce, text) = sealed.strip_prefix(&[VERSION])?.split_first_chunk::<NONCE_LEN>()?;
        let keys = std::iter::once(&self.key).chain(&self.former);
        keys.into_iter().find_map(|key| {
            let mut text = Zeroizing::new(text.to_vec());
            let nonce = Nonce::assume_unique_for_key(*nonce);
            let opened = key.open_in_place(nonce, Aad::from(purpose), &mut text).ok()?;
            std::str::from_utf8(opened).ok().map(Secret::from)
        })
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKey(…)")
    }
}
