//! The client as a program uses it that brings a transport of its own: files are checked by their SHA-256, and logins in a browser
//! prove that they are the same program's, whichever crate computes the hashes.
//!
//! `cargo xtask ci` runs this without the feature `transport` as well, so that sha2 computes them instead of ring.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use snow_client::{Client, Error, ErrorKind};
use snow_sim::Simulator;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use tower::service_fn;

const RECORD: &str = "9d385017c611228701d22104cc95c371";

/// The million letters of the standard's third example, and their hash.
const MILLION: (u8, usize) = (b'a', 1_000_000);
const HASH_OF_MILLION: &str = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

fn client(simulator: &Simulator) -> Client {
    let builder = Client::builder().instance("dev12345").user("admin").password("secret");
    builder.transport(simulator.clone()).build().unwrap()
}

fn simulator() -> Simulator {
    let builder = Simulator::builder().user("admin", "secret");
    builder.row("incident", [("sys_id", RECORD)]).build().unwrap()
}

/// The hash that the instance has is the simulator's own work. A file that was altered on the instance has another one.
#[tokio::test]
async fn a_file_is_checked_by_its_hash() {
    let simulator = simulator();
    let client = client(&simulator);
    let files = client.attachments();
    let content = vec![MILLION.0; MILLION.1];
    let sent = files.upload("incident", RECORD, "a.txt", content.clone()).await.unwrap();
    assert_eq!(sent.hash.as_deref(), Some(HASH_OF_MILLION));
    assert_eq!(files.download(sent.sys_id).bytes(1 << 20).await.unwrap(), content);

    let again = files.upload("incident", RECORD, "a.txt", content).skip_if_identical(true).await.unwrap();
    assert!(again.already_existed(), "the hash of the content is the one that the instance has");
    let other = files.upload("incident", RECORD, "a.txt", vec![b'b'; MILLION.1]).skip_if_identical(true);
    assert!(!other.await.unwrap().already_existed());
}

#[tokio::test]
async fn a_file_of_the_right_size_with_another_hash_is_refused() {
    for (hash, content, is_refused) in [(HASH_OF_MILLION, MILLION.0, false), (HASH_OF_MILLION, b'b', true)] {
        let builder = Client::builder().instance("dev12345").user("admin").password("secret");
        let service = service_fn(move |_: Request<snow_client::transport::Body>| {
            let metadata = format!(
                r#"{{"sys_id":"{RECORD}","table_name":"incident","table_sys_id":"{RECORD}","file_name":"a.txt","content_type":"text/plain","size_bytes":"{}","hash":"{hash}"}}"#,
                MILLION.1
            );
            let response = Response::builder().header("x-attachment-metadata", metadata);
            let response = response.body(Full::new(Bytes::from(vec![content; MILLION.1]))).unwrap();
            async move { Ok::<_, Infallible>(response) }
        });
        let client = builder.transport(service).build().unwrap();
        let downloaded = client.attachments().download(RECORD).bytes(1 << 20).await;
        match is_refused {
            true => assert_eq!(downloaded.unwrap_err().kind(), ErrorKind::Corrupt),
            false => assert_eq!(downloaded.unwrap().len(), MILLION.1),
        }
    }
}

/// RFC 7636: the login page gets the hash of a secret, and the token endpoint the secret.
#[cfg(feature = "oauth")]
#[tokio::test]
async fn a_login_in_a_browser_is_proven_by_the_hash_of_its_verifier() {
    let form = Arc::new(Mutex::new(String::new()));
    let seen = form.clone();
    let service = service_fn(move |request: Request<snow_client::transport::Body>| {
        let seen = seen.clone();
        async move {
            let body = request.into_body().collect(1 << 16).await?;
            *seen.lock().unwrap() = String::from_utf8_lossy(&body).into_owned();
            let token = r#"{"access_token":"t","refresh_token":"r","expires_in":1800,"token_type":"Bearer"}"#;
            let response = Response::builder().header("content-type", "application/json");
            Ok::<_, Error>(response.body(Full::new(Bytes::from(token))).unwrap())
        }
    });
    let builder =
        snow_client::OAuthClient::builder().instance("dev12345").client_id("my-id").public_client(true);
    let client = builder.transport(service).build().unwrap();
    let request = client.authorization("http://127.0.0.1/done").unwrap();
    let (challenge, state) = (value(request.url(), "code_challenge"), value(request.url(), "state"));
    client.exchange_code(&request, &format!("code=abc&state={state}")).await.unwrap();

    let verifier = value(&form.lock().unwrap(), "code_verifier");
    let hash = ring::digest::digest(&ring::digest::SHA256, verifier.as_bytes());
    assert_eq!(challenge, URL_SAFE_NO_PAD.encode(hash));
    assert_eq!(value(request.url(), "code_challenge_method"), "S256");
}

/// Returns a value of a query or a form, none of whose characters is encoded.
#[cfg(feature = "oauth")]
fn value(pairs: &str, name: &str) -> String {
    let mut pairs = pairs.split(['?', '&']).filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(key, _)| *key == name).unwrap_or_else(|| panic!("there is no {name}"));
    assert!(!value.contains('%'), "{value}");
    value.to_owned()
}

#[cfg(not(feature = "transport"))]
#[test]
fn a_client_without_any_transport_says_what_it_needs() {
    let error = Client::builder().instance("dev12345").user("admin").password("secret").build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("call transport()"), "{error}");
}
