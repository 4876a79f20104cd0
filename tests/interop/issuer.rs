//! A standards-built authorization server: oauth2-mock-server, as it comes.

use bytes::Bytes;
use http::{Request, Response, header};
use snow_client::{
    Error, OAuthClient, Transport,
    client::OAuthClientBuilder,
    oauth::{Grant, Token},
};
use snow_core::{Body, HttpService};
use std::env::var;
use tower::ServiceExt;

/// The issuer over our transport; and in place of an instance, something that answers with the token it was shown.
fn client() -> OAuthClientBuilder {
    let issuer = var("SNOW_INTEROP_ISSUER").expect("SNOW_INTEROP_ISSUER is set: cargo xtask interop does it");
    let wire = HttpService::new(Transport::builder().no_proxy().build().unwrap());
    let by_host = tower::service_fn(move |request: Request<Body>| {
        let wire = wire.clone();
        async move {
            if request.uri().host() != Some("dev12345.service-now.com") {
                return wire.oneshot(request).await;
            }
            let shown = request.headers()[header::AUTHORIZATION].to_str().unwrap().replace("Bearer ", "");
            let record = format!("{{\"result\":[{{\"token\":\"{shown}\"}}]}}");
            let answer = Response::builder().header(header::CONTENT_TYPE, "application/json");
            Ok::<_, Error>(answer.body(Body::from(Bytes::from(record))).unwrap())
        }
    });
    let builder = OAuthClient::builder().instance("dev12345").client_id("my-id").client_secret("my-secret");
    builder
        .token_url(format!("{issuer}/token"))
        .authorization_url(format!("{issuer}/authorize"))
        .revocation_url(format!("{issuer}/revoke"))
        .transport(by_host)
}

/// The token that a call goes out with.
async fn shown(client: &OAuthClient) -> String {
    let page = client.table("incident").list().limit(1).await.unwrap();
    page[0].value("token").unwrap().into_owned()
}

fn access(token: &Token) -> String {
    token.access_token().expose().to_owned()
}

/// The same token, over.
fn over(token: &Token) -> Token {
    let mut stored = serde_json::to_value(token).unwrap();
    stored["expires_at"] = 1_000.0.into();
    serde_json::from_value(stored).unwrap()
}

#[tokio::test]
#[ignore = "cargo xtask interop runs it"]
async fn password_refresh_with_rotation_and_revocation() {
    let client = client().build().unwrap();
    let first = client.generate_token("myusername", "mypassword").await.unwrap();
    assert_eq!(shown(&client).await, access(&first));
    assert!(first.expires_in().is_some() && first.refresh_token().is_some());

    client.set_token(over(&first)).unwrap();
    let renewed = shown(&client).await;
    let second = client.token().unwrap();
    assert_eq!(renewed, access(&second));
    assert_ne!(renewed, access(&first));
    assert_ne!(second.refresh_token(), first.refresh_token(), "this server rotates them");

    client.set_token(over(&second)).unwrap();
    shown(&client).await;
    assert_ne!(client.token().unwrap().refresh_token(), second.refresh_token());
    client.revoke().await.unwrap();
    assert!(client.token().is_none());
}

#[tokio::test]
#[ignore = "cargo xtask interop runs it"]
async fn client_credentials() {
    let client = client().grant(Grant::client_credentials()).scope("one").scope("two").build().unwrap();
    let used = shown(&client).await;
    let token = client.token().unwrap();
    assert_eq!((used, token.refresh_token()), (access(&token), None));
    client.set_token(over(&token)).unwrap();
    shown(&client).await;
    // This server's tokens of one second are the same.
    assert!(client.token().unwrap().expires_at() > over(&token).expires_at(), "it was asked again");
}

#[tokio::test]
#[ignore = "cargo xtask interop runs it"]
async fn code_with_pkce() {
    let client = client().build().unwrap();
    let request = client.authorization("http://127.0.0.1:1/callback").unwrap();
    // The server consents at once: what a browser would do is one step.
    let wire = Transport::builder().no_proxy().build().unwrap();
    let step = Request::get(request.url()).body(Body::empty()).unwrap();
    let answer = wire.oneshot(step).await.unwrap();
    let back = answer.headers()[header::LOCATION].to_str().unwrap();
    assert!(back.starts_with("http://127.0.0.1:1/callback?"), "{back}");
    let token = client.exchange_code(&request, back).await.unwrap();
    assert_eq!(shown(&client).await, access(&token));
    assert!(token.refresh_token().is_some());
}
