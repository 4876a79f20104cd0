//! An OpenID Connect provider of other people, oidc-provider: logins in a browser with PKCE and rotated refresh tokens, and tokens of
//! the provider for an instance that verifies them.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use http::{HeaderMap, Request, header};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde_json::Value;
use snow_client::{
    ErrorKind, OAuthClient, Transport,
    client::OAuthClientBuilder,
    oauth::{Grant, Token},
};
use snow_core::{Body, Error, HttpService};
use snow_sim::{Simulator, User};
use std::collections::BTreeMap;
use std::env::var;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};
use tower::ServiceExt;

/// What the instance is for the provider: the audience of tokens that a program gets for itself.
const INSTANCE: &str = "https://dev12345.service-now.com";
const APP: &str = "https://app.example.com/callback";
const LOOPBACK: &str = "http://127.0.0.1:8400/callback";

fn provider() -> String {
    var("SNOW_INTEROP_ISSUER").expect("SNOW_INTEROP_ISSUER is set: cargo xtask interop does it")
}

fn wire() -> HttpService {
    HttpService::new(Transport::builder().no_proxy().build().unwrap())
}

async fn get(url: &str) -> Value {
    let response = wire().oneshot(Request::get(url).body(Body::empty()).unwrap()).await.unwrap();
    serde_json::from_slice(&response.into_body().collect(1 << 20).await.unwrap()).unwrap()
}

/// An instance on which the provider is registered: it verifies the provider's tokens by its keys, as OIDC says.
async fn instance() -> Simulator {
    let issuer = provider();
    let key = get(&format!("{issuer}/jwks")).await["keys"][0].clone();
    let coordinate = |name: &str| BASE64.decode(key[name].as_str().unwrap()).unwrap();
    let point = [vec![4], coordinate("x"), coordinate("y")].concat();
    let user = |name: &str| User::new(name, "never used").role("itil");
    Simulator::builder()
        .user_with(user("robot"))
        .user_with(user("my-id"))
        .login_script(move |head, _| {
            let header = head.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
            verified_subject(header.strip_prefix("Bearer ")?, &issuer, &point)
        })
        .build()
        .unwrap()
}

/// The user of a token that the provider signed, for this instance or its client, and that has not expired.
fn verified_subject(token: &str, issuer: &str, point: &[u8]) -> Option<String> {
    let (signed, signature) = token.rsplit_once('.')?;
    let signature = BASE64.decode(signature).ok()?;
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(signed.as_bytes(), &signature).ok()?;
    let claims: Value = serde_json::from_slice(&BASE64.decode(signed.split_once('.')?.1).ok()?).ok()?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs();
    let audience = claims["aud"] == INSTANCE || claims["aud"] == "my-id";
    let valid = audience && claims["iss"] == issuer && claims["exp"].as_u64()? > now;
    valid.then(|| claims["sub"].as_str().map(str::to_owned)).flatten()
}

/// A client of that instance, and the provider over our transport.
fn builder(simulator: &Simulator) -> OAuthClientBuilder {
    let (wire, simulator) = (wire(), simulator.clone());
    let by_host = tower::service_fn(move |request: Request<Body>| {
        let (wire, simulator) = (wire.clone(), simulator.clone());
        async move {
            match request.uri().host() == Some("dev12345.service-now.com") {
                true => Ok(simulator.oneshot(request).await.map_err(Error::wrap)?.map(Body::stream)),
                false => wire.oneshot(request).await,
            }
        }
    });
    OAuthClient::builder().instance("dev12345").transport(by_host)
}

/// The same, whose tokens come from the provider's endpoints.
fn with_provider(simulator: &Simulator, id: &str) -> OAuthClient {
    let provider = provider();
    let builder = builder(simulator)
        .token_url(format!("{provider}/token"))
        .authorization_url(format!("{provider}/auth"))
        .revocation_url(format!("{provider}/token/revocation"))
        .client_id(id)
        .scope("openid");
    let is_public = id == "my-app";
    let builder = builder.public_client(is_public);
    let builder = if is_public { builder } else { builder.client_secret("my-secret") };
    builder.build().unwrap()
}

/// Logs in and consents in the provider's pages, as a browser does. Returns the address of the application that it ends at.
async fn browse(url: &str) -> String {
    let (mut cookies, mut next) = (BTreeMap::new(), Request::get(url).body(Body::empty()).unwrap());
    for _ in 0..20 {
        let page = next.uri().clone();
        let cookie: Vec<_> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        next.headers_mut().insert(header::COOKIE, cookie.join("; ").parse().unwrap());
        let (head, body) = wire().oneshot(next).await.unwrap().into_parts();
        remember(&mut cookies, &head.headers);
        if let Some(location) = head.headers.get(header::LOCATION) {
            let location = location.to_str().unwrap();
            if [APP, LOOPBACK].iter().any(|app| location.starts_with(app)) {
                return location.to_owned();
            }
            let absolute =
                if location.starts_with('/') { provider() + location } else { location.to_owned() };
            next = Request::get(absolute).body(Body::empty()).unwrap();
            continue;
        }
        let body = body.collect(1 << 20).await.unwrap();
        let text = String::from_utf8_lossy(&body);
        let (_, form) = text.split_once("name=\"prompt\" value=\"").unwrap_or_else(|| panic!("{text}"));
        let prompt = form.split('"').next().unwrap().to_owned();
        let form = format!("prompt={prompt}&login=robot&password=anything");
        let post = Request::post(page).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        next = post.body(Body::from(form)).unwrap();
    }
    panic!("the provider's pages lead nowhere")
}

fn remember(cookies: &mut BTreeMap<String, String>, headers: &HeaderMap) {
    for cookie in headers.get_all(header::SET_COOKIE) {
        let (pair, _) = cookie.to_str().unwrap().split_once(';').unwrap();
        let (name, value) = pair.split_once('=').unwrap();
        cookies.insert(name.to_owned(), value.to_owned());
    }
}

/// The same token, expired.
fn expired(token: &Token) -> Token {
    let mut stored = serde_json::to_value(token).unwrap();
    stored["expires_at"] = 1_000.0.into();
    serde_json::from_value(stored).unwrap()
}

/// Has the client refresh its token, and returns the new one. The instance refuses opaque tokens of the provider, which is enough here.
async fn refreshed(client: &OAuthClient) -> Token {
    let before = client.token().unwrap();
    client.set_token(expired(&before)).unwrap();
    let call = client.table("incident").list().limit(1).await;
    assert!(call.is_err_and(|error| error.kind() == ErrorKind::Unauthenticated));
    client.token().unwrap()
}

#[tokio::test]
#[ignore = "cargo xtask interop runs it"]
async fn code_with_pkce_and_rotated_refresh_tokens() {
    let simulator = instance().await;
    for (id, redirect) in [("my-id", APP), ("my-app", LOOPBACK)] {
        let client = with_provider(&simulator, id);
        let request = client.authorization(redirect).unwrap();
        let back = browse(request.url()).await;
        let first = client.exchange_code(&request, &back).await.unwrap();
        assert!(first.refresh_token().is_some() && first.expires_in().is_some());
        let again = client.exchange_code(&request, &back).await.unwrap_err();
        assert_eq!(again.kind(), ErrorKind::TokenRefused, "a code is good once: {again}");

        // The provider ends everything that came of a code that is used twice.
        let request = client.authorization(redirect).unwrap();
        let first = client.exchange_code(&request, &browse(request.url()).await).await.unwrap();
        let second = refreshed(&client).await;
        assert_ne!(second.access_token(), first.access_token());
        assert_ne!(second.refresh_token(), first.refresh_token(), "it rotates");
        let third = refreshed(&client).await;
        assert_ne!(third.refresh_token(), second.refresh_token(), "the new one was kept, and works");

        // Whoever comes with one that was used is refused, and so is everybody else from then on.
        client.set_token(expired(&first)).unwrap();
        let error = client.table("incident").list().limit(1).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ReauthenticationRequired, "{error}");
        assert!(error.to_string().contains("set_token"), "{error}");
        assert!(!error.to_string().contains("snc_platform_rest_api_access"), "it is no instance: {error}");
        client.set_token(expired(&third)).unwrap();
        let error = client.table("incident").list().limit(1).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ReauthenticationRequired, "{error}");
    }
}

#[tokio::test]
#[ignore = "cargo xtask interop runs it"]
async fn a_revoked_token_is_not_refreshed() {
    let client = with_provider(&instance().await, "my-id");
    let request = client.authorization(APP).unwrap();
    let token = client.exchange_code(&request, &browse(request.url()).await).await.unwrap();
    client.revoke().await.unwrap();
    assert_eq!(client.token(), None);
    client.set_token(expired(&token)).unwrap();
    let error = client.table("incident").list().limit(1).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ReauthenticationRequired, "{error}");
}

/// A workload's identity: the program has a token of its own, which the provider signs for the instance.
#[tokio::test]
#[ignore = "cargo xtask interop runs it"]
async fn a_programs_own_token_of_the_provider() {
    let simulator = instance().await;
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    let grant = Grant::callback(move || {
        counted.fetch_add(1, Ordering::SeqCst);
        async {
            let form =
                "grant_type=client_credentials&client_id=my-id&client_secret=my-secret&scope=useraccount";
            let request = Request::post(format!("{}/token", provider()))
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(Body::from(form))?;
            let response = wire().oneshot(request).await?.into_body().collect(1 << 20).await?;
            Ok::<Token, Box<dyn std::error::Error + Send + Sync>>(serde_json::from_slice(&response)?)
        }
    });
    let client = builder(&simulator).grant(grant).build().unwrap();
    for _ in 0..3 {
        assert_eq!(client.table("incident").list().limit(1).await.unwrap().len(), 1);
    }
    assert_eq!(simulator.journal().last().unwrap().user, "my-id");
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    let token = client.token().unwrap();
    assert_eq!(token.expires_in(), Some(Duration::from_secs(600)));
    client.set_token(expired(&token)).unwrap();
    client.table("incident").list().limit(1).await.unwrap();
    assert_eq!(asked.load(Ordering::SeqCst), 2, "an expired one is asked for again");
}

/// A person's identity: the ID token of a login at the provider, and an error for one that somebody changed.
#[tokio::test]
#[ignore = "cargo xtask interop runs it"]
async fn the_id_token_of_a_person() {
    let simulator = instance().await;
    let login = with_provider(&simulator, "my-id");
    let request = login.authorization(APP).unwrap();
    let token = login.exchange_code(&request, &browse(request.url()).await).await.unwrap();
    let id_token = serde_json::to_value(&token).unwrap()["id_token"].as_str().unwrap().to_owned();
    for (text, user) in [(id_token.clone(), Some("robot")), (id_token.replace('.', ".e30"), None)] {
        let grant = Grant::callback(move || {
            let text = text.clone();
            async { Ok::<_, Error>(Token::new(text).with_lifetime(Duration::from_secs(3_600))) }
        });
        let client = builder(&simulator).grant(grant).build().unwrap();
        let call = client.table("incident").list().limit(1).await;
        match user {
            Some(user) => {
                assert_eq!(call.unwrap().len(), 1);
                assert_eq!(simulator.journal().last().unwrap().user, user);
            }
            None => {
                let error = call.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Unauthenticated);
                assert!(error.to_string().contains("REST API access policy"), "{error}");
            }
        }
    }
}
