//! A key in memory.

use super::algorithm::Algorithm;
use super::jwt_bearer::Signer;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RsaEncoding, RsaKeyPair,
};
use snow_core::{Error, ErrorKind, Secret, check_credential};
use std::fmt;
use std::io;

/// A signer with a key in memory, which uses ring.
///
/// ```
/// use snow_client::oauth::{Algorithm, Grant, JwtBearer, KeySigner};
///
/// let error = KeySigner::from_pem(Algorithm::Rs256, "no key at all").unwrap_err();
/// assert!(error.to_string().contains("-----BEGIN"), "{error}");
///
/// fn grant(pem: &str) -> Result<Grant, snow_client::Error> {
///     let signer = KeySigner::from_pem(Algorithm::Rs256, pem)?.key_id("2026");
///     Ok(Grant::jwt_bearer(JwtBearer::new("integration.user", signer)))
/// }
/// ```
pub struct KeySigner {
    algorithm: Algorithm,
    key: Key,
    key_id: Option<String>,
}

enum Key {
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
    Ecdsa(EcdsaKeyPair, SystemRandom),
    Hmac(hmac::Key),
}

impl KeySigner {
    /// Creates a signer with a private key in PEM.
    ///
    /// | algorithm | key | in PEM |
    /// |---|---|---|
    /// | RS256, RS384, RS512 | RSA, of 2,048 to 4,096 bits | `PRIVATE KEY` (PKCS #8) or `RSA PRIVATE KEY` |
    /// | ES256 | on the curve P-256 | `PRIVATE KEY` (PKCS #8) |
    /// | ES384 | on the curve P-384 | `PRIVATE KEY` (PKCS #8) |
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] if the text is not such a key, for ES512, whose curve ring does not have, and for algorithms
    /// with a shared secret.
    pub fn from_pem(algorithm: Algorithm, pem: impl Into<Secret>) -> Result<Self, Error> {
        let pem = pem.into();
        let key = match algorithm {
            Algorithm::Rs256 => rsa(&pem, &RSA_PKCS1_SHA256),
            Algorithm::Rs384 => rsa(&pem, &RSA_PKCS1_SHA384),
            Algorithm::Rs512 => rsa(&pem, &RSA_PKCS1_SHA512),
            Algorithm::Es256 => ecdsa(&pem, &ECDSA_P256_SHA256_FIXED_SIGNING, "a key on P-256"),
            Algorithm::Es384 => ecdsa(&pem, &ECDSA_P384_SHA384_FIXED_SIGNING, "a key on P-384"),
            Algorithm::Es512 => Err(refuse(
                "ES512 needs a key on P-521, which the cryptography library of this client (ring) does not have: use another \
                 algorithm, or a Signer of your own",
            )),
            Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512 => Err(refuse(&format!(
                "{} needs a shared secret, not a private key: use from_secret()",
                algorithm.name()
            ))),
        };
        Ok(Self { algorithm, key: key?, key_id: None })
    }

    /// Creates a signer with a secret that the instance's registry has as well ("Shared Key"), for HS256, HS384 and HS512. The key
    /// is the bytes of the text as they are. It should have as many as the hash (32, 48, 64); the instance decides whether it
    /// takes fewer.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for an empty secret, for one that begins or ends with a control character, and for algorithms
    /// with a private key.
    pub fn from_secret(algorithm: Algorithm, secret: impl Into<Secret>) -> Result<Self, Error> {
        let hash = match algorithm {
            Algorithm::Hs256 => hmac::HMAC_SHA256,
            Algorithm::Hs384 => hmac::HMAC_SHA384,
            Algorithm::Hs512 => hmac::HMAC_SHA512,
            _ => {
                let why = "needs a private key, not a shared secret: use from_pem()";
                return Err(refuse(&format!("{} {why}", algorithm.name())));
            }
        };
        let secret = secret.into();
        if secret.is_empty() {
            return Err(refuse("the shared secret is empty"));
        }
        check_credential("shared secret", secret.expose())?;
        let key = Key::Hmac(hmac::Key::new(hash, secret.expose().as_bytes()));
        Ok(Self { algorithm, key, key_id: None })
    }

    /// Sets the key's id (`kid`); none by default.
    #[must_use]
    pub fn key_id(mut self, id: impl Into<String>) -> Self {
        self.key_id = Some(id.into());
        self
    }
}

fn refuse(why: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, why.to_owned())
}

fn rsa(pem: &Secret, encoding: &'static dyn RsaEncoding) -> Result<Key, Error> {
    let (label, der) = decode(pem)?;
    let key = match label {
        "RSA PRIVATE KEY" => RsaKeyPair::from_der(&der),
        _ => RsaKeyPair::from_pkcs8(&der),
    };
    key.map(|key| Key::Rsa(key, encoding)).map_err(|e| unfit("an RSA key", label, e))
}

fn ecdsa(pem: &Secret, curve: &'static EcdsaSigningAlgorithm, wanted: &str) -> Result<Key, Error> {
    let (label, der) = decode(pem)?;
    let random = SystemRandom::new();
    let key = EcdsaKeyPair::from_pkcs8(curve, &der, &random);
    key.map(|key| Key::Ecdsa(key, random)).map_err(|e| unfit(wanted, label, e))
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
        self.algorithm
    }

    fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    async fn sign(&self, message: &[u8]) -> io::Result<Vec<u8>> {
        let failed = |_| io::Error::other("ring failed to sign");
        match &self.key {
            Key::Rsa(key, encoding) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(*encoding, &SystemRandom::new(), message, &mut signature).map_err(failed)?;
                Ok(signature)
            }
            Key::Ecdsa(key, random) => {
                key.sign(random, message).map(|signature| signature.as_ref().to_vec()).map_err(failed)
            }
            Key::Hmac(key) => Ok(hmac::sign(key, message).as_ref().to_vec()),
        }
    }
}

impl fmt::Debug for KeySigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("KeySigner");
        shown.field("algorithm", &self.algorithm).field("key_id", &self.key_id).finish_non_exhaustive()
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
            for algorithm in [Algorithm::Rs256, Algorithm::Rs512, Algorithm::Es256, Algorithm::Es384] {
                let error = KeySigner::from_pem(algorithm, pem).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::InvalidInput);
                assert!(error.to_string().contains(why), "{error}");
                assert!(!format!("{error:?}").contains("canary"), "{error:?}");
            }
        }
    }

    #[test]
    fn an_algorithm_that_a_key_does_not_have_is_refused() {
        for (algorithm, by_pem, by_secret) in [
            (Algorithm::Rs256, "-----BEGIN", "from_pem()"),
            (Algorithm::Es384, "-----BEGIN", "from_pem()"),
            (Algorithm::Es512, "P-521", "from_pem()"),
            (Algorithm::Hs256, "from_secret()", ""),
            (Algorithm::Hs512, "from_secret()", ""),
        ] {
            let error = KeySigner::from_pem(algorithm, "canary").unwrap_err();
            assert!(error.to_string().contains(by_pem), "{error}");
            match KeySigner::from_secret(algorithm, "canary") {
                Ok(signer) => {
                    assert_eq!((signer.algorithm(), by_secret), (algorithm, ""));
                    assert!(!format!("{signer:?}").contains("canary"));
                }
                Err(error) => assert!(error.to_string().contains(by_secret), "{error}"),
            }
        }
        for (secret, why) in [("", "is empty"), ("canary\n", "line end")] {
            let error = KeySigner::from_secret(Algorithm::Hs256, secret).unwrap_err();
            assert!(error.to_string().contains(why) && !error.to_string().contains("canary"), "{error}");
        }
    }
}
