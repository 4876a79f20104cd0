//! The assertion of the JWT bearer grant: who signed it, for whom, and whether it is valid now (facts 4.1, 13.2).

use crate::OAuthApplication;
use crate::oauth_application::JwtKey;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use http::request::Parts;
use ring::{hmac, signature};
use serde_json::Value;

/// What an assertion has to fit.
pub(super) struct AssertionVerifier<'a> {
    pub(super) client: &'a OAuthApplication,
    pub(super) audience: &'a str,
    /// In seconds since 1970.
    pub(super) now: f64,
    /// How many seconds the clocks may be apart.
    pub(super) skew: f64,
}

impl AssertionVerifier<'_> {
    /// The subject and the id of an assertion that is signed by the client's key, for this audience, and valid at this time.
    pub(super) fn subject(&self, assertion: &str) -> Option<(String, String)> {
        let (signed, signature) = assertion.rsplit_once('.')?;
        let (head, claims) = signed.split_once('.')?;
        let (head, claims) = (json(head)?, json(claims)?);
        self.verify(head["alg"].as_str()?, signed.as_bytes(), &BASE64.decode(signature).ok()?)?;
        let begun = |claim: &str| claims[claim].as_f64().is_none_or(|time| time <= self.now + self.skew);
        let fresh = claims["exp"].as_f64()? + self.skew > self.now && begun("iat") && begun("nbf");
        let known = without_scheme(claims["aud"].as_str()?) == self.audience && claims["iss"].is_string();
        let as_required = self.client.jwt_claims.iter().all(|(name, value)| claims[name] == value.as_str());
        if !(fresh && known && as_required) {
            return None;
        }
        let id = claims[&self.client.jwt_id_claim].as_str()?;
        Some((claims["sub"].as_str()?.to_owned(), id.to_owned()))
    }

    fn verify(&self, algorithm: &str, signed: &[u8], signature: &[u8]) -> Option<()> {
        match self.client.jwt_key.as_ref()? {
            JwtKey::Public(key) => {
                let algorithm: &dyn signature::VerificationAlgorithm = match algorithm {
                    "RS256" => &signature::RSA_PKCS1_2048_8192_SHA256,
                    "RS384" => &signature::RSA_PKCS1_2048_8192_SHA384,
                    "RS512" => &signature::RSA_PKCS1_2048_8192_SHA512,
                    "ES256" => &signature::ECDSA_P256_SHA256_FIXED,
                    "ES384" => &signature::ECDSA_P384_SHA384_FIXED,
                    _ => return None,
                };
                signature::UnparsedPublicKey::new(algorithm, key).verify(signed, signature).ok()
            }
            // A secret is never taken for a public key, nor the other way round, whatever the assertion says of itself.
            JwtKey::Secret(secret) => {
                let algorithm = match algorithm {
                    "HS256" => hmac::HMAC_SHA256,
                    "HS384" => hmac::HMAC_SHA384,
                    "HS512" => hmac::HMAC_SHA512,
                    _ => return None,
                };
                hmac::verify(&hmac::Key::new(algorithm, secret), signed, signature).ok()
            }
        }
    }
}

/// The ids of clients that an assertion may be of: its issuer and its audience should be the client's id (facts 13.2).
pub(super) fn client_ids(assertion: &str) -> Vec<String> {
    let claims = assertion.split('.').nth(1).and_then(json).unwrap_or_default();
    ["iss", "aud"].iter().filter_map(|claim| claims[claim].as_str().map(str::to_owned)).collect()
}

/// The URL of the token endpoint without its scheme, as the client sees it.
pub(super) fn token_endpoint(head: &Parts) -> String {
    let host = head.uri.authority().map(ToString::to_string);
    let host = host.or_else(|| Some(head.headers.get("host")?.to_str().ok()?.to_owned()));
    format!("{}/oauth_token.do", host.unwrap_or_default())
}

fn json(part: &str) -> Option<Value> {
    serde_json::from_slice(&BASE64.decode(part).ok()?).ok()
}

/// A URL without its scheme: in memory it is not known whether it was sent over TLS.
fn without_scheme(url: &str) -> &str {
    url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).unwrap_or(url)
}
