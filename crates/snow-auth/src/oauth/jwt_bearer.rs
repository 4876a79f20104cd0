//! The assertion of the JWT bearer grant (facts 4.1), and its signers.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use futures_util::future::{BoxFuture, FutureExt};
use serde::Serialize;
use snow_core::{BoxError, Error, ErrorKind, Secret, check_credential};
use std::fmt;
use std::future::Future;
use std::time::Duration;

/// The algorithm of a signature. The service also accepts the variants with longer hashes (facts 4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
}

impl Algorithm {
    fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
        }
    }
}

/// A signer of assertions: a key in memory (`KeySigner`, with the feature `jwt`), or one that never leaves its key store.
///
/// ```
/// use snow_auth::{Algorithm, Signer};
///
/// struct Vault;
///
/// impl Signer for Vault {
///     type Error = std::io::Error;
///
///     fn algorithm(&self) -> Algorithm {
///         Algorithm::Es256
///     }
///
///     async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, std::io::Error> {
///         Ok(vec![0; 64]) // requested from the key store
///     }
/// }
/// ```
pub trait Signer: Send + Sync + 'static {
    /// The error of signing.
    type Error: Into<BoxError>;

    /// Returns the algorithm of the signatures.
    fn algorithm(&self) -> Algorithm;

    /// Returns the key's id (`kid`), for an instance with several keys of one issuer. By default there is none.
    fn key_id(&self) -> Option<&str> {
        None
    }

    /// Signs a message. For ES256 the signature is the 64 bytes of `r` and `s`, not their ASN.1 form.
    fn sign(&self, message: &[u8]) -> impl Future<Output = Result<Vec<u8>, Self::Error>> + Send;
}

/// An assertion of the user for whom a token is requested; see [`Grant::jwt_bearer`](crate::Grant::jwt_bearer).
///
/// The claims are `iss`, `sub`, `aud` (the client's id), `iat`, `exp` and a `jti` that is new each time (facts 4.1).
pub struct JwtBearer {
    pub(super) subject: String,
    issuer: Option<String>,
    lifetime: Duration,
    signer: Box<dyn ErasedSigner>,
}

trait ErasedSigner: Send + Sync {
    fn algorithm(&self) -> Algorithm;
    fn key_id(&self) -> Option<&str>;
    fn sign<'a>(&'a self, message: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, BoxError>>;
}

impl<S: Signer> ErasedSigner for S {
    fn algorithm(&self) -> Algorithm {
        Signer::algorithm(self)
    }

    fn key_id(&self) -> Option<&str> {
        Signer::key_id(self)
    }

    fn sign<'a>(&'a self, message: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, BoxError>> {
        async move { Signer::sign(self, message).await.map_err(Into::into) }.boxed()
    }
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'a str,
    typ: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    iat: u64,
    exp: u64,
    jti: &'a str,
}

impl JwtBearer {
    /// Creates an assertion for a user. `subject` is the value of the field that the instance's registry names (`user_name`,
    /// `email`, …).
    pub fn new(subject: impl Into<String>, signer: impl Signer) -> Self {
        Self {
            subject: subject.into(),
            issuer: None,
            lifetime: Duration::from_secs(300),
            signer: Box::new(signer),
        }
    }

    /// Sets the issuer (`iss`); by default the client's id.
    #[must_use]
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// Sets how long an assertion is valid; 5 minutes by default.
    #[must_use]
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        check_credential("subject of the assertion", &self.subject)?;
        check_credential("issuer of the assertion", self.issuer.as_deref().unwrap_or_default())?;
        check_credential("key id of the assertion", self.signer.key_id().unwrap_or_default())
    }

    /// Creates and signs an assertion. `now` is in seconds since 1970.
    pub(super) async fn assertion(&self, client: &str, now: u64, jti: &str) -> Result<Secret, Error> {
        let header = Header { alg: self.signer.algorithm().name(), typ: "JWT", kid: self.signer.key_id() };
        let claims = Claims {
            iss: self.issuer.as_deref().unwrap_or(client),
            sub: &self.subject,
            aud: client,
            iat: now,
            exp: now.saturating_add(self.lifetime.as_secs()),
            jti,
        };
        let message = format!("{}.{}", encoded(&header)?, encoded(&claims)?);
        let signature = self.signer.sign(message.as_bytes()).await.map_err(|e| {
            Error::new(ErrorKind::Other, "the assertion could not be signed").with_reason(e).before_sending()
        })?;
        Ok(format!("{message}.{}", BASE64.encode(signature)).into())
    }
}

fn encoded(part: &impl Serialize) -> Result<String, Error> {
    let json = serde_json::to_vec(part).map_err(|e| {
        Error::new(ErrorKind::InvalidInput, "the assertion cannot be serialized").with_reason(e)
    })?;
    Ok(BASE64.encode(json))
}

impl fmt::Debug for JwtBearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtBearer")
            .field("subject", &self.subject)
            .field("issuer", &self.issuer)
            .field("algorithm", &self.signer.algorithm())
            .finish_non_exhaustive()
    }
}
