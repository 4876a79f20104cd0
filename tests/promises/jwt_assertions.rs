//! A signed assertion logs in on instances of every kind: by each algorithm, for either audience, with no tolerance of clocks, with further
//! claims, and from clients without a secret. A refusal says what the assertion depends on.

use crate::login_methods::goes_on_for_ever;
use base64::{Engine, prelude::BASE64_STANDARD};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    KeyPair, RsaKeyPair,
};
use snow_client::{
    Error, ErrorKind, OAuthClient,
    client::OAuthClientBuilder,
    oauth::{Algorithm, Audience, Grant, JwtBearer, KeySigner},
};
use snow_sim::{JwtAudience, OAuthApplication, Simulator, User};
use std::time::{Duration, SystemTime};

const RSA_KEY: &str = include_str!("rsa_key.pem");
const SECRET: &str = "a secret of thirty-two characters, or a few more";

/// A new key on a curve, in PEM, and its public point.
fn key_pair(curve: &'static EcdsaSigningAlgorithm) -> (String, Vec<u8>) {
    let random = ring::rand::SystemRandom::new();
    let der = EcdsaKeyPair::generate_pkcs8(curve, &random).unwrap();
    let point = EcdsaKeyPair::from_pkcs8(curve, der.as_ref(), &random).unwrap();
    let body = BASE64_STANDARD.encode(der.as_ref());
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n");
    (pem, point.public_key().as_ref().to_vec())
}

fn rsa_public_key() -> Vec<u8> {
    let (_, body) = RSA_KEY.split_once("KEY-----").unwrap();
    let body: String = body.split_once("-----").unwrap().0.split_whitespace().collect();
    RsaKeyPair::from_pkcs8(&BASE64_STANDARD.decode(body).unwrap()).unwrap().public().as_ref().to_vec()
}

fn signer() -> KeySigner {
    KeySigner::from_secret(Algorithm::Hs256, SECRET).unwrap()
}

fn application() -> OAuthApplication {
    OAuthApplication::new("my-id", "my-secret").jwt_secret(SECRET)
}

fn simulator(application: OAuthApplication) -> snow_sim::Builder {
    let robot = User::new("robot", "x").role("itil");
    Simulator::builder().user("admin", "secret").user_with(robot).oauth_application(application)
}

fn builder(simulator: &Simulator) -> OAuthClientBuilder {
    crate::oauth_builder().transport(simulator.clone())
}

fn client(simulator: &Simulator, assertion: JwtBearer) -> OAuthClient {
    builder(simulator).grant(Grant::jwt_bearer(assertion)).build().unwrap()
}

async fn read(client: &OAuthClient) -> Result<usize, Error> {
    client.table("incident").list().limit(1).await.map(|page| page.len())
}

/// The refusal that names what an assertion depends on, and the roles.
async fn refused(client: &OAuthClient) {
    let error = read(client).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TokenRefused, "{error}");
    assert_eq!(error.service_message().unwrap().detail, "access_denied");
    let advice = error.advice().unwrap();
    for part in ["audience", "this machine's clock", "role admin", "snc_platform_rest_api_access", "key id"] {
        assert!(advice.contains(part), "{part:?} is not in: {advice}");
    }
    assert!(!advice.contains("password"), "nothing is known of a password: {advice}");
    assert!(!error.may_have_executed());
}

#[tokio::test(start_paused = true)]
async fn every_algorithm() {
    let new = || OAuthApplication::new("my-id", "my-secret");
    let mut ways = Vec::new();
    for algorithm in [Algorithm::Rs256, Algorithm::Rs384, Algorithm::Rs512] {
        let signer = KeySigner::from_pem(algorithm, RSA_KEY).unwrap().key_id("one");
        ways.push((signer, new().jwt_key(&rsa_public_key())));
    }
    for (algorithm, curve) in [
        (Algorithm::Es256, &ECDSA_P256_SHA256_FIXED_SIGNING),
        (Algorithm::Es384, &ECDSA_P384_SHA384_FIXED_SIGNING),
    ] {
        let (pem, point) = key_pair(curve);
        ways.push((KeySigner::from_pem(algorithm, pem).unwrap(), new().jwt_key(&point)));
    }
    for algorithm in [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512] {
        ways.push((KeySigner::from_secret(algorithm, SECRET).unwrap(), new().jwt_secret(SECRET)));
    }
    for (signer, application) in ways {
        let shown = format!("{signer:?}");
        let simulator = simulator(application).build().unwrap();
        let client = client(&simulator, JwtBearer::new("robot", signer).issuer("me"));
        goes_on_for_ever(&simulator, &client, "robot").await;

        let (stranger, _) = key_pair(&ECDSA_P256_SHA256_FIXED_SIGNING);
        let stranger = KeySigner::from_pem(Algorithm::Es256, stranger).unwrap();
        let stranger = self::client(&simulator, JwtBearer::new("robot", stranger));
        refused(&stranger).await;
        assert!(!shown.contains("secret of"), "{shown}");
    }
}

#[tokio::test]
async fn either_audience() {
    let endpoint = || JwtBearer::new("robot", signer()).audience(Audience::TokenEndpoint);
    let usual = || JwtBearer::new("robot", signer());
    let named = || JwtBearer::new("robot", signer()).issuer("me").audience(Audience::Other("my-id".into()));
    for (wanted, good, bad) in [
        (JwtAudience::ClientId, vec![usual(), named()], endpoint()),
        (JwtAudience::TokenEndpoint, vec![endpoint()], usual()),
    ] {
        let simulator = simulator(application()).settings(|settings| settings.jwt_audience = wanted);
        let simulator = simulator.build().unwrap();
        for assertion in good {
            assert_eq!(read(&client(&simulator, assertion)).await.unwrap(), 1);
        }
        refused(&client(&simulator, bad)).await;
    }
}

/// This machine's clock is ahead of the instance's, which tolerates nothing.
#[tokio::test]
async fn no_tolerance_of_clocks() {
    for (ahead, backdate, good) in
        [(0, None, true), (3, None, true), (3, Some(0), false), (60, None, false), (60, Some(90), true)]
    {
        let start = SystemTime::now() - Duration::from_secs(ahead);
        let simulator = simulator(application()).start_at(start);
        let simulator = simulator.settings(|settings| settings.jwt_clock_skew = Duration::ZERO);
        let simulator = simulator.build().unwrap();
        let assertion = JwtBearer::new("robot", signer());
        let backdate = backdate.map(Duration::from_secs);
        let client = client(&simulator, backdate.into_iter().fold(assertion, JwtBearer::backdate));
        match good {
            true => assert_eq!(read(&client).await.unwrap(), 1, "{ahead} {backdate:?}"),
            false => refused(&client).await,
        }
    }
}

#[tokio::test]
async fn further_claims_and_the_name_of_the_id() {
    let application = application().jwt_id_claim("unique").jwt_claim("department", "IT");
    let simulator = simulator(application).build().unwrap();
    refused(&client(&simulator, JwtBearer::new("robot", signer()))).await;
    refused(&client(&simulator, JwtBearer::new("robot", signer()).id_claim("unique"))).await;
    let whole = JwtBearer::new("robot", signer()).id_claim("unique").claim("department", "IT");
    assert_eq!(read(&client(&simulator, whole)).await.unwrap(), 1);
    let contradiction = JwtBearer::new("robot", signer()).claim("exp", 1);
    let error = builder(&simulator).grant(Grant::jwt_bearer(contradiction)).build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_client_without_a_secret() {
    let application = OAuthApplication::public("my-id").jwt_secret(SECRET);
    let simulator = simulator(application).build().unwrap();
    let client = OAuthClient::builder().instance("dev12345").client_id("my-id").public_client(true);
    let grant = Grant::jwt_bearer(JwtBearer::new("robot", signer()));
    let client = client.transport(simulator.clone()).grant(grant).build().unwrap();
    goes_on_for_ever(&simulator, &client, "robot").await;
}

#[tokio::test]
async fn administrators_and_roles() {
    let simulator = simulator(application()).build().unwrap();
    refused(&client(&simulator, JwtBearer::new("admin", signer()))).await;
    simulator.settings(|settings| settings.token_role = "snc_platform_rest_api_access".into());
    refused(&client(&simulator, JwtBearer::new("robot", signer()))).await;
    simulator.settings(|settings| settings.token_role = "itil".into());
    assert_eq!(read(&client(&simulator, JwtBearer::new("robot", signer()))).await.unwrap(), 1);
}

/// Without a client's id there is neither issuer nor audience.
#[tokio::test]
async fn a_client_without_an_id_is_refused_before_anything_is_sent() {
    let simulator = simulator(application()).build().unwrap();
    let callback =
        Grant::callback(|| async { Err::<snow_client::oauth::Token, _>(std::io::Error::other("no")) });
    let client = OAuthClient::builder().instance("dev12345").transport(simulator.clone()).grant(callback);
    let client = client.build().unwrap();
    for grant in [Grant::jwt_bearer(JwtBearer::new("robot", signer())), Grant::password("admin", "secret")] {
        let error = client.log_in(&grant).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        assert!(error.to_string().contains("client_id"), "{error}");
    }
    assert_eq!(simulator.token_requests(), 0);
}
