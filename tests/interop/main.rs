//! Our client against programs of other people, which `cargo xtask interop` starts and then runs this. By itself it does
//! nothing: what it needs is in variables of the environment.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]
#![allow(clippy::disallowed_methods, reason = "tests start tasks")]

mod arrow;
mod browser;
#[path = "../promises/cancelled.rs"]
mod cancelled;
mod issuer;
mod soak;
#[cfg(target_os = "linux")]
mod stores;

use serde_json::json;
use snow_client::{Error, OAuthClient, Transport, oauth::Token, transport::Proxy};
use std::env::var;
use std::fs;

/// The client that the variables describe. Nothing is kept in its pool, so that each request connects anew.
fn client() -> OAuthClient {
    let mut transport = Transport::builder().no_proxy().pool_max_idle_per_host(0).bundled_roots(true);
    if let Ok(file) = var("SNOW_INTEROP_AUTHORITY") {
        transport = transport.add_root_certificates_pem(fs::read(file).unwrap());
    }
    if let Ok(url) = var("SNOW_INTEROP_PROXY") {
        transport = transport.proxy(Proxy::new(&url).unwrap());
    }
    if let (Ok(chain), Ok(key)) = (var("SNOW_INTEROP_CERTIFICATE"), var("SNOW_INTEROP_KEY")) {
        let (chain, key) = (fs::read(chain).unwrap(), fs::read_to_string(key).unwrap());
        transport = transport.client_certificate_pem(chain, key);
    }
    let url = var("SNOW_INTEROP_URL").expect("SNOW_INTEROP_URL is set: cargo xtask interop does it");
    let builder = OAuthClient::builder().instance(url).client_id("my-id").client_secret("my-secret");
    builder.transport(transport.build().unwrap()).build().unwrap()
}

async fn token(client: &OAuthClient) -> Result<(), Error> {
    client.generate_token("myusername", "mypassword").await.map(drop)
}

async fn data(client: &OAuthClient) -> Result<(), Error> {
    let incidents = client.table("incident");
    incidents.list().limit(1).await?;
    incidents.create(&json!({ "short_description": "from far" })).await.map(drop)
}

/// A token call and two data calls; or, where `SNOW_INTEROP_FAILS` is set, errors that say so, of both kinds.
#[tokio::test]
#[ignore = "cargo xtask interop runs it"]
async fn data_and_token_calls() {
    let client = client();
    let expected = var("SNOW_INTEROP_FAILS").unwrap_or_default();
    if expected.is_empty() {
        token(&client).await.unwrap();
        data(&client).await.unwrap();
        return;
    }
    let stored: Token = serde_json::from_value(json!({ "access_token": "a", "expires_in": 1800 })).unwrap();
    client.set_token(stored).unwrap();
    let failed = [data(&client).await, token(&client).await];
    for error in failed.map(Result::unwrap_err) {
        let line = error.to_string();
        println!("{line}");
        assert!(line.contains(&expected), "{expected:?} is not in: {line}");
    }
}
