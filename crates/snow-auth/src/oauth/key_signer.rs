//! A private key in memory.

use super::jwt_bearer::{Algorithm, Signer};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use snow_core::{Error, ErrorKind, Secret};
use std::fmt;
use std::io;

/// A signer with a private key in memory, which uses ring.
///
/// ```
/// use snow_auth::{Grant, JwtBearer, KeySigner};
///
/// let error = KeySigner::rs256_pem("no key at all").unwrap_err();
/// assert!(error.to_string().contains("-----BEGIN"), "{error}");
///
/// fn grant(pem: &str) -> Result<Grant, snow_core::Error> {
///     Ok(Grant::jwt_bearer(JwtBearer::new("integration.user", KeySigner::rs256_pem(pem)?.key_id("2026"))))
/// }
/// ```
pub struct KeySigner {
    key: Key,
    key_id: Option<String>,
}

enum Key {
    Rsa(RsaKeyPair),
    Ecdsa(EcdsaKeyPair, SystemRandom),
}

impl KeySigner {
    /// Creates a signer with an RSA key of 2,048 bits or more, in PEM: `PRIVATE KEY` (PKCS #8) or `RSA PRIVATE KEY`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] if the text is not such a key.
    pub fn rs256_pem(pem: impl Into<Secret>) -> Result<Self, Error> {
        let pem = pem.into();
        let (label, der) = decode(&pem)?;
        let key = match label {
            "RSA PRIVATE KEY" => RsaKeyPair::from_der(&der),
            _ => RsaKeyPair::from_pkcs8(&der),
        };
        key.map(|key| Self { key: Key::Rsa(key), key_id: None }).map_err(|e| unfit("an RSA key", label, e))
    }

    /// Creates a signer with a key on P-256, in PEM: `PRIVATE KEY` (PKCS #8).
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] if the text is not such a key.
    pub fn es256_pem(pem: impl Into<Secret>) -> Result<Self, Error> {
        let pem = pem.into();
        let (label, der) = decode(&pem)?;
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der, &random);
        key.map(|key| Self { key: Key::Ecdsa(key, random), key_id: None })
            .map_err(|e| unfit("a key on P-256", label, e))
    }

    /// Sets the key's id (`kid`); none by default.
    #[must_use]
    pub fn key_id(mut self, id: impl Into<String>) -> Self {
        self.key_id = Some(id.into());
        self
    }
}

/// Returns the label and the bytes of the first PEM block that is a private key.
fn decode(pem: &Secret) -> Result<(&'static str, ZeroizedBytes), Error> {
    let refuse = |why: &str| Error::new(ErrorKind::InvalidInput, format!("the private key {why}"));
    let labels = ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY"];
    let text = pem.expose();
    let begins = |label| Some((label, text.split_once(&format!("-----BEGIN {label}-----"))?.1));
    let (label, rest) = labels
        .into_iter()
        .find_map(begins)
        .ok_or_else(|| refuse("is not PEM: it has no line -----BEGIN PRIVATE KEY-----"))?;
    match label {
        "EC PRIVATE KEY" => {
            return Err(refuse(
                "is in the older format of EC keys: convert it with `openssl pkcs8 -topk8 -nocrypt`",
            ));
        }
        "ENCRYPTED PRIVATE KEY" => {
            return Err(refuse("is encrypted: decrypt it first, with `openssl pkcs8`"));
        }
        _ => {}
    }
    let (body, _) = rest.split_once("-----END").ok_or_else(|| refuse("has no line -----END"))?;
    let compact = Secret::from(body.split_ascii_whitespace().collect::<String>());
    let der = BASE64_STANDARD.decode(compact.expose()).map_err(|_| refuse("is not in base64"))?;
    Ok((label, ZeroizedBytes(der)))
}

/// Bytes that are overwritten when dropped.
struct ZeroizedBytes(Vec<u8>);

impl std::ops::Deref for ZeroizedBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for ZeroizedBytes {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.0);
    }
}

fn unfit(wanted: &str, label: &str, error: ring::error::KeyRejected) -> Error {
    Error::new(
        ErrorKind::InvalidInput,
        format!("the private key (-----BEGIN {label}-----) is not {wanted}: {error}"),
    )
}

impl Signer for KeySigner {
    type Error = io::Error;

    fn algorithm(&self) -> Algorithm {
        match self.key {
            Key::Rsa(_) => Algorithm::Rs256,
            Key::Ecdsa(..) => Algorithm::Es256,
        }
    }

    fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    async fn sign(&self, message: &[u8]) -> io::Result<Vec<u8>> {
        let failed = |_| io::Error::other("ring failed to sign");
        match &self.key {
            Key::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).map_err(failed)?;
                Ok(signature)
            }
            Key::Ecdsa(key, random) => {
                key.sign(random, message).map(|signature| signature.as_ref().to_vec()).map_err(failed)
            }
        }
    }
}

impl fmt::Debug for KeySigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeySigner").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_is_not_a_key_is_refused_with_advice_and_without_the_key() {
        for (pem, why) in [
            ("canary", "-----BEGIN PRIVATE KEY-----"),
            ("-----BEGIN EC PRIVATE KEY-----\ncanary", "openssl pkcs8 -topk8"),
            ("-----BEGIN ENCRYPTED PRIVATE KEY-----\ncanary", "decrypt"),
            ("-----BEGIN PRIVATE KEY-----\ncanary", "-----END"),
            ("-----BEGIN PRIVATE KEY-----\ncan!ary\n-----END PRIVATE KEY-----", "base64"),
            ("-----BEGIN PRIVATE KEY-----\nY2FuYXJ5\n-----END PRIVATE KEY-----", "is not"),
        ] {
            for error in [KeySigner::rs256_pem(pem).unwrap_err(), KeySigner::es256_pem(pem).unwrap_err()] {
                assert_eq!(error.kind(), ErrorKind::InvalidInput);
                assert!(error.to_string().contains(why), "{error}");
                assert!(!format!("{error:?}").contains("canary"), "{error:?}");
            }
        }
    }
}
