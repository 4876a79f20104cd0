//! Every request is authenticated, or refused with the service's own error (facts 3.2, 4 and 10.2).

use crate::{ADMIN, Got, builder, get, get_as, send};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use http::Request;
use ring::signature::KeyPair;
use serde_json::{Value, json};
use snow_sim::{OAuthApplication, Simulator, User};
use std::time::{Duration, SystemTime};

async fn token(simulator: &Simulator, form: &str) -> Got {
    let request =
        Request::post("/oauth_token.do").header("content-type", "application/x-www-form-urlencoded");
    send(simulator, request, form).await
}

const CLIENT: &str = "client_id=my-id&client_secret=my-secret";
const PASSWORD: &str =
    "client_id=my-id&client_secret=my-secret&grant_type=password&username=admin&password=secret";

fn with_client() -> Simulator {
    builder().oauth_client("my-id", "my-secret").build().unwrap()
}

#[tokio::test]
pub(crate) async fn every_401_looks_alike() {
    let simulator = with_client();
    simulator.lock_out("reader", true);
    let expected = json!({ "error": { "detail": "Required to provide Auth information", "message": "User Not Authenticated" }, "status": "failure" });
    for credentials in ["", "Basic !!", "Basic YWRtaW46d3Jvbmc=", crate::READER, "Bearer nothing", "Digest x"]
    {
        let refused = get_as(&simulator, credentials, "/api/now/table/incident").await;
        assert_eq!((refused.status.as_u16(), refused.json()), (401, expected.clone()), "{credentials:?}");
        assert_eq!(refused.header("www-authenticate"), "BASIC realm=\"Service-now\"");
        assert!(
            refused.header("x-is-logged-in").is_empty()
                && refused.header("set-cookie").starts_with("JSESSIONID=")
        );
    }
}

#[tokio::test]
pub(crate) async fn five_grants() {
    let random = ring::rand::SystemRandom::new();
    let kind = &ring::signature::ECDSA_P256_SHA256_FIXED_SIGNING;
    let pkcs8 = ring::signature::EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap();
    let key = ring::signature::EcdsaKeyPair::from_pkcs8(kind, pkcs8.as_ref(), &random).unwrap();
    let builder = builder()
        .oauth_client("my-id", "my-secret")
        .oauth_application(OAuthApplication::public("app"))
        .oauth_client_as("machine", "my-secret", "reader")
        .oauth_client_with_key("signed", "my-secret", key.public_key().as_ref());
    let simulator = builder.settings(|settings| settings.grants.client_credentials = true).build().unwrap();

    let password = token(&simulator, PASSWORD).await.json();
    let refresh = password["refresh_token"].as_str().unwrap();
    let refreshed =
        token(&simulator, &format!("{CLIENT}&grant_type=refresh_token&refresh_token={refresh}")).await.json();
    assert_eq!(refreshed["refresh_token"], refresh, "it does not rotate");

    let machine = "client_id=machine&client_secret=my-secret&grant_type=client_credentials";
    let machine = token(&simulator, machine).await.json();
    assert_eq!(machine.get("refresh_token"), None);
    assert_eq!(who(&simulator, &machine).await, "reader");

    let challenge = BASE64.encode(ring::digest::digest(&ring::digest::SHA256, b"the-verifier"));
    let code = || simulator.authorization_code("app", "reader", "http://127.0.0.1/done", Some(&challenge));
    let exchange = |code: &str, verifier: &str| {
        format!(
            "client_id=app&grant_type=authorization_code&redirect_uri=http%3A%2F%2F127.0.0.1%2Fdone&code={code}&code_verifier={verifier}"
        )
    };
    assert_eq!(token(&simulator, &exchange(&code(), "wrong")).await.status, 401);
    let once = code();
    let public = token(&simulator, &exchange(&once, "the-verifier")).await.json();
    assert_eq!(
        (public.get("refresh_token"), who(&simulator, &public).await.as_str()),
        (None, "reader"),
        "public: no refresh token"
    );
    assert_eq!(token(&simulator, &exchange(&once, "the-verifier")).await.status, 401, "a code is good once");

    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let jwt = |audience: &str, end: u64| {
        let part = |value: Value| BASE64.encode(value.to_string());
        let claims = json!({ "iss": "issuer", "aud": audience, "sub": "reader", "exp": end, "jti": "1" });
        let text = format!("{}.{}", part(json!({ "alg": "ES256", "typ": "JWT" })), part(claims));
        format!("{text}.{}", BASE64.encode(key.sign(&random, text.as_bytes()).unwrap()))
    };
    let assertion = |jwt: &str| {
        format!(
            "client_id=signed&client_secret=my-secret&grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={jwt}"
        )
    };
    let signed = token(&simulator, &assertion(&jwt("signed", now + 60))).await.json();
    assert_eq!(who(&simulator, &signed).await, "reader");
    assert_eq!(
        token(&simulator, &assertion(&jwt("other", now + 60))).await.status,
        401,
        "for another client"
    );
    assert_eq!(
        token(&simulator, &assertion(&jwt("signed", now - 301))).await.status,
        401,
        "over, and past the skew"
    );
    let reused = jwt("signed", now + 61);
    assert_eq!(token(&simulator, &assertion(&reused)).await.status, 401, "its id was used before");
    let secretless =
        simulator.authorization_code("my-id", "reader", "http://127.0.0.1/done", Some(&challenge));
    let secretless = exchange(&secretless, "the-verifier").replace("client_id=app", "client_id=my-id");
    assert_eq!(token(&simulator, &secretless).await.status, 401, "a client that has a secret has to show it");
    let unproven = simulator.authorization_code("app", "reader", "http://127.0.0.1/done", None);
    assert_eq!(
        token(&simulator, &exchange(&unproven, "anything")).await.status,
        401,
        "a public client has to prove itself"
    );
    let forged = jwt("signed", now + 60).replace('.', ".e30");
    assert_eq!(token(&simulator, &assertion(&forged)).await.status, 401);
}

/// Whom a token stands for.
async fn who(simulator: &Simulator, token: &Value) -> String {
    let bearer = format!("Bearer {}", token["access_token"].as_str().unwrap());
    assert_eq!(get_as(simulator, &bearer, "/api/now/table/incident?sysparm_limit=1").await.status, 200);
    simulator.journal().last().unwrap().user.clone()
}

#[tokio::test]
pub(crate) async fn one_refusal_for_every_cause() {
    let simulator = with_client();
    let code = simulator.authorization_code("other", "admin", "http://x", None);
    for form in [
        PASSWORD.replace("my-secret", "wrong"),
        PASSWORD.replace("password=secret", "password=wrong"),
        PASSWORD.replace("username=admin", "username=nobody"),
        PASSWORD.replace("my-id", "unknown"),
        PASSWORD.replace("grant_type=password", "grant_type=other"),
        format!("{CLIENT}&grant_type=refresh_token&refresh_token=none"),
        format!("{CLIENT}&grant_type=client_credentials"),
        format!("{CLIENT}&grant_type=authorization_code&redirect_uri=http://x&code={code}"),
        String::new(),
    ] {
        let refused = token(&simulator, &form).await;
        assert_eq!(
            refused.json(),
            json!({ "error_description": "access_denied", "error": "server_error" }),
            "{form}"
        );
        assert_eq!(refused.status, 401);
    }
    let by_header = Request::post("/oauth_token.do").header("authorization", "Basic bXktaWQ6bXktc2VjcmV0");
    let by_header = send(&simulator, by_header, "grant_type=password&username=admin&password=secret").await;
    assert_eq!(by_header.status, 200, "the client by HTTP Basic, as pysnow does it");
    let in_query = send(&simulator, Request::post(format!("/oauth_token.do?{PASSWORD}")), "").await;
    assert_eq!(in_query.status, 401, "parameters come in the body only");
    let issued = token(&simulator, PASSWORD).await.json();
    simulator.lock_out("admin", true);
    let refresh = format!(
        "{CLIENT}&grant_type=refresh_token&refresh_token={}",
        issued["refresh_token"].as_str().unwrap()
    );
    let again = token(&simulator, &refresh).await.json();
    assert_eq!(again["access_token"], issued["access_token"], "the same token, which calls cannot use");
    assert_eq!(token(&simulator, PASSWORD).await.status, 401, "and no login");
    simulator.lock_out("admin", false);
    simulator.settings(|settings| settings.grants.password = false);
    assert_eq!(token(&simulator, PASSWORD).await.status, 401);
}

#[tokio::test(start_paused = true)]
pub(crate) async fn the_same_token_until_it_ends() {
    let simulator = with_client();
    let first = token(&simulator, PASSWORD).await.json();
    assert_eq!(
        (&first["expires_in"], &first["token_type"], &first["scope"]),
        (&json!(1800), &json!("Bearer"), &json!("useraccount"))
    );
    assert_eq!(first["access_token"].as_str().unwrap().len(), 86);
    tokio::time::advance(Duration::from_secs(1_000)).await;
    let refresh = format!(
        "{CLIENT}&grant_type=refresh_token&refresh_token={}",
        first["refresh_token"].as_str().unwrap()
    );
    let second = token(&simulator, &refresh).await.json();
    assert_eq!(
        (&second["access_token"], &second["expires_in"]),
        (&first["access_token"], &json!(800)),
        "the same, and what is left"
    );
    let third = token(&simulator, PASSWORD).await.json();
    assert_eq!(
        (&third["access_token"], &third["expires_in"]),
        (&first["access_token"], &json!(1800)),
        "extended"
    );
    assert_eq!((simulator.token_requests(), simulator.tokens_issued()), (3, 1));
    tokio::time::advance(Duration::from_secs(1_800)).await;
    let fourth = token(&simulator, &refresh).await.json();
    assert_ne!(fourth["access_token"], first["access_token"]);
    tokio::time::advance(Duration::from_secs(8_640_000)).await;
    assert_eq!(token(&simulator, &refresh).await.status, 401, "a refresh token ends too");
    simulator.settings(|settings| settings.refresh_tokens_rotate = true);
    let fifth = token(&simulator, PASSWORD).await.json();
    let rotated = token(
        &simulator,
        &format!(
            "{CLIENT}&grant_type=refresh_token&refresh_token={}",
            fifth["refresh_token"].as_str().unwrap()
        ),
    )
    .await;
    assert_ne!(rotated.json()["refresh_token"], fifth["refresh_token"]);
}

#[tokio::test]
pub(crate) async fn revocation() {
    let simulator = with_client();
    let issued = token(&simulator, PASSWORD).await.json();
    let access = issued["access_token"].as_str().unwrap();
    let revoked = send(&simulator, Request::get(format!("/oauth_revoke_token.do?token={access}")), "").await;
    assert_eq!((revoked.status.as_u16(), revoked.text.as_str()), (200, ""));
    assert_eq!(get_as(&simulator, &format!("Bearer {access}"), "/api/now/table/incident").await.status, 401);
}

#[tokio::test]
pub(crate) async fn api_keys() {
    let simulator = builder().api_key("my-key", "reader").build().unwrap();
    let by_header =
        send(&simulator, Request::get("/api/now/table/incident").header("x-sn-apikey", "my-key"), "").await;
    let by_query = send(&simulator, Request::get("/api/now/table/incident?x-sn-apikey=my-key"), "").await;
    assert_eq!((by_header.status.as_u16(), by_query.status.as_u16()), (200, 200));
    assert!(
        simulator.journal().iter().all(|entry| entry.user == "reader" && !entry.query.contains("my-key"))
    );
    let wrong =
        send(&simulator, Request::get("/api/now/table/incident").header("x-sn-apikey", "other"), "").await;
    assert_eq!(wrong.status, 401);
}

#[tokio::test]
pub(crate) async fn cookies_need_the_token_against_forgery() {
    let simulator = builder().build().unwrap();
    let first = get(&simulator, "/api/now/table/incident?sysparm_limit=1").await;
    let cookie = first.header("set-cookie").split(';').next().unwrap().to_owned();
    let by_cookie = || Request::get("/api/now/table/incident?sysparm_limit=1").header("cookie", &cookie);
    let refused = send(&simulator, by_cookie(), "").await;
    assert_eq!((refused.status.as_u16(), refused.error().1.as_str()), (401, "User is not authenticated"));
    let token = refused.header("x-usertoken-response").to_owned();
    let taken = send(&simulator, by_cookie().header("x-usertoken", &token), "").await;
    assert_eq!(taken.status, 200);
    assert!(taken.header("set-cookie").starts_with("glide_user_activity="), "no new session");
    let with_both = send(&simulator, by_cookie().header("authorization", ADMIN), "").await;
    assert_eq!((with_both.status.as_u16(), simulator.sessions()), (200, 1));
}

#[tokio::test]
pub(crate) async fn basic_may_be_restricted() {
    let allowed = User::new("reader", "secret").role("snc_basic_auth_api_access");
    let builder =
        Simulator::builder().user("admin", "secret").user_with(allowed).oauth_client("my-id", "my-secret");
    let simulator = builder
        .settings(|settings| settings.basic_restriction = Some(snow_sim::BasicRestriction::enforced()))
        .build()
        .unwrap();
    assert_eq!(get(&simulator, "/api/now/table/incident").await.status, 401, "an ordinary 401");
    assert_eq!(get_as(&simulator, crate::READER, "/api/now/table/incident").await.status, 200);
    assert_eq!(who(&simulator, &token(&simulator, PASSWORD).await.json()).await, "admin", "tokens work");
}

#[tokio::test(start_paused = true)]
async fn an_access_token_outlives_the_refresh_token_that_it_came_by() {
    let simulator = with_client();
    let first = token(&simulator, PASSWORD).await.json();
    let refresh = first["refresh_token"].as_str().unwrap();
    tokio::time::advance(Duration::from_secs(8_640_000 - 100)).await;
    let renewed =
        token(&simulator, &format!("{CLIENT}&grant_type=refresh_token&refresh_token={refresh}")).await;
    let renewed = renewed.json();
    tokio::time::advance(Duration::from_secs(200)).await;
    let again = token(&simulator, PASSWORD).await.json();
    assert_eq!(again["access_token"], renewed["access_token"], "it lives, so it is the one that there is");
    assert_ne!(again["refresh_token"], renewed["refresh_token"], "that one has ended");
    let bearer = format!("Bearer {}", renewed["access_token"].as_str().unwrap());
    assert_eq!(get_as(&simulator, &bearer, "/api/now/table/incident?sysparm_limit=1").await.status, 200);
}
