//! Tokens by signed assertions: who may have signed them, for whom, and when (facts 4.1, 13.2).

use crate::{Got, builder, send};
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD as BASE64};
use base64::{Engine, engine::GeneralPurpose};
use http::Request;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{self, EcdsaKeyPair, EcdsaSigningAlgorithm, KeyPair, RsaEncoding, RsaKeyPair};
use serde_json::{Value, json};
use snow_sim::{JwtAudience, OAuthApplication, Simulator};
use std::time::{Duration, SystemTime};

const NOW: i64 = 1_782_468_000;
const SECRET: &str = "a secret that both sides have, of 48 characters..";
const RSA_KEY: &str = include_str!("../promises/rsa_key.pem");

fn start() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(NOW.unsigned_abs())
}

/// Signs with the secret.
fn hs256(text: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes()), text).as_ref().to_vec()
}

/// An assertion with these claims, whose algorithm says what signs it.
fn jwt(algorithm: &str, claims: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let encoding: &GeneralPurpose = &BASE64;
    let part = |value: &Value| encoding.encode(value.to_string());
    let text = format!("{}.{}", part(&json!({ "alg": algorithm })), part(claims));
    format!("{text}.{}", encoding.encode(sign(text.as_bytes())))
}

fn claims(id: &str) -> Value {
    json!({ "iss": "app", "aud": "app", "sub": "reader", "jti": id, "iat": NOW, "exp": NOW + 60 })
}

async fn token(simulator: &Simulator, client: &str, jwt: &str) -> Got {
    let grant = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer";
    send(simulator, Request::post("/oauth_token.do"), &format!("{client}{grant}&assertion={jwt}")).await
}

async fn status(simulator: &Simulator, jwt: &str) -> u16 {
    token(simulator, "client_id=app&client_secret=my-secret&", jwt).await.status.as_u16()
}

fn with(application: OAuthApplication) -> Simulator {
    builder().start_at(start()).oauth_application(application).build().unwrap()
}

fn application() -> OAuthApplication {
    OAuthApplication::new("app", "my-secret").jwt_secret(SECRET)
}

fn ecdsa(curve: &'static EcdsaSigningAlgorithm) -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(curve, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(curve, pkcs8.as_ref(), &random).unwrap()
}

fn rsa() -> RsaKeyPair {
    let (_, body) = RSA_KEY.split_once("KEY-----").unwrap();
    let body: String = body.split_once("-----").unwrap().0.split_whitespace().collect();
    RsaKeyPair::from_pkcs8(&BASE64_STANDARD.decode(body).unwrap()).unwrap()
}

#[tokio::test]
pub(crate) async fn assertions_by_every_algorithm() {
    let random = SystemRandom::new();
    let rsa = rsa();
    let simulator = with(OAuthApplication::new("app", "my-secret").jwt_key(rsa.public().as_ref()));
    let paddings: [(&str, &'static dyn RsaEncoding); 3] = [
        ("RS256", &signature::RSA_PKCS1_SHA256),
        ("RS384", &signature::RSA_PKCS1_SHA384),
        ("RS512", &signature::RSA_PKCS1_SHA512),
    ];
    for (name, padding) in paddings {
        let sign = |text: &[u8]| {
            let mut signature = vec![0; rsa.public().modulus_len()];
            rsa.sign(padding, &random, text, &mut signature).unwrap();
            signature
        };
        assert_eq!(status(&simulator, &jwt(name, &claims(name), sign)).await, 200, "{name}");
        assert_eq!(status(&simulator, &jwt("RS999", &claims("x"), sign)).await, 401, "{name}");
    }
    for (name, curve) in [
        ("ES256", &signature::ECDSA_P256_SHA256_FIXED_SIGNING),
        ("ES384", &signature::ECDSA_P384_SHA384_FIXED_SIGNING),
    ] {
        let key = ecdsa(curve);
        let simulator = with(OAuthApplication::new("app", "my-secret").jwt_key(key.public_key().as_ref()));
        let sign = |text: &[u8]| key.sign(&random, text).unwrap().as_ref().to_vec();
        assert_eq!(status(&simulator, &jwt(name, &claims("1"), sign)).await, 200, "{name}");
        assert_eq!(status(&simulator, &jwt("ES512", &claims("2"), sign)).await, 401, "not simulated");
    }
    let simulator = with(application());
    for (name, hash) in
        [("HS256", hmac::HMAC_SHA256), ("HS384", hmac::HMAC_SHA384), ("HS512", hmac::HMAC_SHA512)]
    {
        let by = |key: &[u8]| {
            let key = hmac::Key::new(hash, key);
            move |text: &[u8]| hmac::sign(&key, text).as_ref().to_vec()
        };
        assert_eq!(status(&simulator, &jwt(name, &claims(name), by(SECRET.as_bytes()))).await, 200, "{name}");
        assert_eq!(status(&simulator, &jwt(name, &claims("x"), by(b"another"))).await, 401, "{name}");
    }
}

/// Whoever knows a public key must not be able to sign with it as if it were a secret.
#[tokio::test]
pub(crate) async fn a_public_key_is_no_secret() {
    let rsa = rsa();
    let simulator = with(OAuthApplication::new("app", "my-secret").jwt_key(rsa.public().as_ref()));
    let forged = |text: &[u8]| {
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, rsa.public().as_ref()), text).as_ref().to_vec()
    };
    assert_eq!(status(&simulator, &jwt("HS256", &claims("1"), forged)).await, 401);
    assert_eq!(status(&simulator, &jwt("none", &claims("2"), |_| Vec::new())).await, 401);
}

#[tokio::test]
pub(crate) async fn the_audience_and_the_clock_of_an_assertion() {
    let simulator = with(application());
    let mut used = 0;
    let mut jwt = |audience: &str, begins: i64| {
        used += 1;
        let claims = json!({
            "iss": "issuer", "aud": audience, "sub": "reader", "jti": used.to_string(),
            "iat": NOW + begins, "exp": NOW + begins + 60,
        });
        jwt("HS256", &claims, hs256)
    };
    let endpoint = "https://dev1.service-now.com/oauth_token.do";
    let mut statuses = async |cases: [(&str, i64); 4]| {
        let mut statuses = Vec::new();
        for (audience, begins) in cases {
            statuses.push(status(&simulator, &jwt(audience, begins)).await);
        }
        statuses
    };
    assert_eq!(
        statuses([("app", 0), ("app", 200), ("app", -300), (endpoint, 0)]).await,
        [200, 200, 200, 401]
    );
    simulator.settings(|settings| {
        settings.jwt_audience = JwtAudience::TokenEndpoint;
        settings.jwt_clock_skew = Duration::ZERO;
    });
    let found = statuses([(endpoint, -1), (endpoint, 30), (endpoint, -61), ("app", -1)]).await;
    assert_eq!(found, [200, 401, 401, 401], "no clock may be ahead");
}

#[tokio::test]
pub(crate) async fn an_assertion_has_the_claims_that_are_required() {
    let simulator = with(application().jwt_id_claim("unique").jwt_claim("department", "IT"));
    let signed = |change: &[(&str, &str)]| {
        let mut claims = claims("1");
        for (name, value) in change {
            claims[*name] = (*value).into();
        }
        jwt("HS256", &claims, hs256)
    };
    assert_eq!(status(&simulator, &signed(&[("department", "IT")])).await, 401, "its id has another name");
    assert_eq!(status(&simulator, &signed(&[("unique", "1")])).await, 401, "without the claim");
    assert_eq!(status(&simulator, &signed(&[("unique", "1"), ("department", "HR")])).await, 401);
    assert_eq!(status(&simulator, &signed(&[("unique", "1"), ("department", "IT")])).await, 200);
    assert_eq!(
        status(&simulator, &signed(&[("unique", "1"), ("department", "IT")])).await,
        401,
        "used before"
    );
}

#[tokio::test]
pub(crate) async fn a_public_client_is_named_by_its_assertion() {
    let simulator = with(OAuthApplication::public("app").jwt_secret(SECRET));
    let signed = |id: &str, change: &[(&str, &str)]| {
        let mut claims = claims(id);
        for (name, value) in change {
            claims[*name] = (*value).into();
        }
        jwt("HS256", &claims, hs256)
    };
    let got = token(&simulator, "", &signed("1", &[])).await;
    assert_eq!((got.status.as_u16(), got.json().get("refresh_token")), (200, None));
    assert_eq!(token(&simulator, "client_id=app&", &signed("2", &[])).await.status, 200);
    assert_eq!(
        token(&simulator, "", &signed("3", &[("iss", "another")])).await.status,
        200,
        "by its audience"
    );
    let unnamed = signed("4", &[("iss", "another"), ("aud", "another")]);
    assert_eq!(token(&simulator, "", &unnamed).await.status, 401);

    let confidential = with(application());
    assert_eq!(token(&confidential, "", &signed("5", &[])).await.status, 401, "it has a secret to show");
}

#[tokio::test]
pub(crate) async fn administrators_get_no_token_by_an_assertion() {
    let simulator = with(application());
    let signed = |id: &str| {
        let mut claims = claims(id);
        claims["sub"] = "admin".into();
        jwt("HS256", &claims, hs256)
    };
    assert_eq!(status(&simulator, &signed("1")).await, 401);
    simulator.settings(|settings| settings.jwt_admins = true);
    assert_eq!(status(&simulator, &signed("2")).await, 200);
}
