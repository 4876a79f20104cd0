//! The assertion of the JWT bearer grant (facts 4.1), and its signers.

use super::algorithm::Algorithm;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use futures_util::future::{BoxFuture, FutureExt};
use http::Uri;
use serde::Serialize;
use serde_json::{Map, Value};
use snow_core::{BoxError, Error, ErrorKind, Secret, check_credential};
use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::time::Duration;

/// The audience of an assertion (`aud`). The service's documentation names two ([facts 13.2]), and instances differ.
///
/// [facts 13.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#132-authentication-2025-to-2026
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Audience {
    /// The id of the OAuth client. This is the default.
    #[default]
    ClientId,
    /// The URL where the token is requested, `https://INSTANCE.service-now.com/oauth_token.do`.
    TokenEndpoint,
    /// Any other text.
    Other(String),
}

/// A signer of assertions: a key in memory (`KeySigner`, with the feature `jwt`), or one that never leaves its key store.
///
/// ```
/// use snow_client::oauth::{Algorithm, Signer};
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

    /// Signs a message. For ECDSA the signature is the bytes of `r` and `s` (64 of them for ES256, 96 for ES384, 132 for ES512), not
    /// their ASN.1 form.
    fn sign(&self, message: &[u8]) -> impl Future<Output = Result<Vec<u8>, Self::Error>> + Send;
}

/// An assertion of the user for whom a token is requested; see [`Grant::jwt_bearer`](crate::Grant::jwt_bearer).
///
/// The claims are `iss`, `sub`, `aud`, `iat`, `exp`, a `jti` that is new each time, and those that [`claim`](Self::claim) adds
/// ([facts 4.1], [facts 13.2]). The time is that of the machine's clock when the assertion is signed, which is anew for each token
/// request.
///
/// [facts 4.1]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#41-token-endpoint
/// [facts 13.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#132-authentication-2025-to-2026
///
/// ```
/// use snow_client::oauth::{Audience, Grant, JwtBearer, Signer};
/// use std::time::Duration;
///
/// fn grant(signer: impl Signer) -> Grant {
///     let assertion = JwtBearer::new("integration.user", signer)
///         .audience(Audience::TokenEndpoint)
///         .backdate(Duration::from_secs(30)) // this machine's clock may be that much ahead of the instance's
///         .claim("department", "IT");
///     Grant::jwt_bearer(assertion)
/// }
/// ```
pub struct JwtBearer {
    pub(super) subject: String,
    issuer: Option<String>,
    audience: Audience,
    lifetime: Duration,
    backdate: Duration,
    id_claim: String,
    claims: Map<String, Value>,
    signer: Box<dyn ErasedSigner>,
}

/// Where and when an assertion is used.
pub(super) struct AssertionContext<'a> {
    pub(super) client_id: &'a str,
    pub(super) token_endpoint: &'a Uri,
    /// In seconds since 1970.
    pub(super) now: u64,
    /// The id of this one assertion.
    pub(super) id: &'a str,
}

/// The claims that have settings of their own.
const OWN_CLAIMS: [(&str, &str); 5] = [
    ("iss", "issuer()"),
    ("sub", "JwtBearer::new()"),
    ("aud", "audience()"),
    ("iat", "backdate()"),
    ("exp", "lifetime()"),
];

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

impl JwtBearer {
    /// Creates an assertion for a user. `subject` is the value of the field that the instance's registry names (`user_name`,
    /// `email`, …).
    pub fn new(subject: impl Into<String>, signer: impl Signer) -> Self {
        Self {
            subject: subject.into(),
            issuer: None,
            audience: Audience::default(),
            lifetime: Duration::from_secs(300),
            backdate: Duration::from_secs(5),
            id_claim: "jti".to_owned(),
            claims: Map::new(),
            signer: Box::new(signer),
        }
    }

    /// Sets the issuer (`iss`); by default the client's id.
    #[must_use]
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// Sets the audience (`aud`); by default the client's id.
    #[must_use]
    pub fn audience(mut self, audience: Audience) -> Self {
        self.audience = audience;
        self
    }

    /// Sets how long an assertion is valid, from its `iat` to its `exp`; 5 minutes by default.
    #[must_use]
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// Sets how far `iat` lies before the time of signing; 5 seconds by default. Instances that are set up today allow no difference
    /// between the clocks ([facts 13.2]): an `iat` that is one second ahead of the instance's clock is refused.
    ///
    /// [facts 13.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#132-authentication-2025-to-2026
    #[must_use]
    pub fn backdate(mut self, backdate: Duration) -> Self {
        self.backdate = backdate;
        self
    }

    /// Adds a claim, such as one that the instance's registry validates. A claim of the same name takes its place.
    ///
    /// ```
    /// # fn example(assertion: snow_auth::JwtBearer) -> snow_auth::JwtBearer {
    /// assertion.claim("department", "IT").claim("level", 3).claim("regions", vec!["EMEA", "APJ"])
    /// # }
    /// ```
    #[must_use]
    pub fn claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.claims.insert(name.into(), value.into());
        self
    }

    /// Sets the name of the claim with the assertion's id, which the instance accepts once; `jti` by default.
    #[must_use]
    pub fn id_claim(mut self, name: impl Into<String>) -> Self {
        self.id_claim = name.into();
        self
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        check_credential("subject of the assertion", &self.subject)?;
        check_credential("issuer of the assertion", self.issuer.as_deref().unwrap_or_default())?;
        check_credential("key id of the assertion", self.signer.key_id().unwrap_or_default())?;
        if let Audience::Other(audience) = &self.audience {
            check_credential("audience of the assertion", audience)?;
            if audience.is_empty() {
                return Err(refused("the audience of the assertion is empty"));
            }
        }
        if self.lifetime.as_secs() <= self.backdate.as_secs() {
            return Err(refused(format!(
                "an assertion with a lifetime of {:?} that is backdated by {:?} has expired when it is signed",
                self.lifetime, self.backdate
            )));
        }
        self.check_claims()
    }

    fn check_claims(&self) -> Result<(), Error> {
        let own = |name: &str| OWN_CLAIMS.into_iter().find(|(own, _)| *own == name);
        if self.id_claim.is_empty() || own(&self.id_claim).is_some() {
            return Err(refused(format!("{:?} is not a name for the assertion's id", self.id_claim)));
        }
        for name in self.claims.keys() {
            if let Some((_, setting)) = own(name) {
                return Err(refused(format!("the claim {name:?} is set by {setting}")));
            }
            if name.is_empty() || *name == self.id_claim {
                return Err(refused(format!("{name:?} is not a name for a further claim")));
            }
        }
        Ok(())
    }

    /// Creates and signs an assertion.
    pub(super) async fn assertion(&self, context: AssertionContext<'_>) -> Result<Secret, Error> {
        let header = Header { alg: self.signer.algorithm().name(), typ: "JWT", kid: self.signer.key_id() };
        let message = format!("{}.{}", encoded(&header)?, encoded(&self.all_claims(&context))?);
        let signature = self.signer.sign(message.as_bytes()).await.map_err(|e| {
            Error::new(ErrorKind::Other, "the assertion could not be signed").with_reason(e).before_sending()
        })?;
        Ok(format!("{message}.{}", BASE64.encode(signature)).into())
    }

    fn all_claims(&self, context: &AssertionContext<'_>) -> Map<String, Value> {
        let audience = match &self.audience {
            Audience::ClientId => context.client_id.to_owned(),
            Audience::TokenEndpoint => context.token_endpoint.to_string(),
            Audience::Other(audience) => audience.clone(),
        };
        let issued = context.now.saturating_sub(self.backdate.as_secs());
        let own: [(&str, Value); 6] = [
            ("iss", self.issuer.as_deref().unwrap_or(context.client_id).into()),
            ("sub", self.subject.as_str().into()),
            ("aud", audience.into()),
            ("iat", issued.into()),
            ("exp", issued.saturating_add(self.lifetime.as_secs()).into()),
            (&self.id_claim, context.id.into()),
        ];
        let mut claims = self.claims.clone();
        claims.extend(own.map(|(name, value)| (name.to_owned(), value)));
        claims
    }
}

fn refused(why: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::InvalidInput, why)
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
            .field("audience", &self.audience)
            .field("algorithm", &self.signer.algorithm())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Unsigned;

    impl Signer for Unsigned {
        type Error = std::io::Error;

        fn algorithm(&self) -> Algorithm {
            Algorithm::Es512
        }

        async fn sign(&self, _: &[u8]) -> Result<Vec<u8>, std::io::Error> {
            Ok(vec![0; 132])
        }
    }

    fn assertion() -> JwtBearer {
        JwtBearer::new("robot", Unsigned)
    }

    async fn claims_of(assertion: JwtBearer) -> Value {
        let endpoint = Uri::from_static("https://dev1.service-now.com/oauth_token.do");
        let context =
            AssertionContext { client_id: "my-id", token_endpoint: &endpoint, now: 1_000, id: "one" };
        let signed = assertion.assertion(context).await.unwrap();
        let mut parts = signed.expose().split('.').map(|part| BASE64.decode(part).unwrap());
        let head: Value = serde_json::from_slice(&parts.next().unwrap()).unwrap();
        assert_eq!(head, serde_json::json!({ "alg": "ES512", "typ": "JWT" }));
        serde_json::from_slice(&parts.next().unwrap()).unwrap()
    }

    #[tokio::test]
    async fn the_claims_are_as_set() {
        let usual = claims_of(assertion()).await;
        let expected = serde_json::json!({
            "iss": "my-id", "sub": "robot", "aud": "my-id", "iat": 995, "exp": 1_295, "jti": "one",
        });
        assert_eq!(usual, expected);
        let set = assertion()
            .issuer("me")
            .audience(Audience::TokenEndpoint)
            .backdate(Duration::from_secs(60))
            .lifetime(Duration::from_secs(120))
            .id_claim("unique")
            .claim("level", 3)
            .claim("level", "three");
        let expected = serde_json::json!({
            "iss": "me", "sub": "robot", "aud": "https://dev1.service-now.com/oauth_token.do", "iat": 940,
            "exp": 1_060, "unique": "one", "level": "three",
        });
        assert_eq!(claims_of(set).await, expected);
        let other = assertion().audience(Audience::Other("https://gateway".into()));
        assert_eq!(claims_of(other).await["aud"], "https://gateway");
    }

    #[test]
    fn claims_that_contradict_each_other_are_refused() {
        for (assertion, why) in [
            (assertion().claim("exp", 1), "lifetime()"),
            (assertion().claim("aud", "x"), "audience()"),
            (assertion().claim("", "x"), "not a name"),
            (assertion().claim("jti", "x"), "not a name"),
            (assertion().claim("unique", "x").id_claim("unique"), "not a name"),
            (assertion().id_claim("iss"), "not a name"),
            (assertion().id_claim(""), "not a name"),
            (assertion().audience(Audience::Other(String::new())), "audience of the assertion is empty"),
            (assertion().audience(Audience::Other("x\n".into())), "line end"),
            (assertion().lifetime(Duration::from_secs(5)), "has expired when it is signed"),
            (assertion().backdate(Duration::MAX), "has expired when it is signed"),
        ] {
            let error = assertion.check().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert!(error.to_string().contains(why), "{error}");
        }
        assert!(assertion().id_claim("unique").claim("jti", "x").check().is_ok());
    }
}
