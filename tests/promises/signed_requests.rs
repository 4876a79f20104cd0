//! Requests are signed in the form that a script of the instance verifies, anew for each attempt, with the body that is sent.

use http::{HeaderMap, HeaderValue, header::InvalidHeaderValue, request};
use ring::hmac;
use serde_json::json;
use snow_client::{Client, Error, ErrorKind, attachment::Content, client::RequestSigner, layer::RetryPolicy};
use snow_sim::{AccessPolicy, Fault, LoginMethod, Simulator, User};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const SECRET: &[u8] = b"canary-shared-secret";

/// What the script of this instance signs: method, path with query, a number, and the digest of the body.
fn canonical(head: &request::Parts, number: &str, body: &[u8]) -> String {
    let path = head.uri.path_and_query().map_or("", |path| path.as_str());
    let digest = ring::digest::digest(&ring::digest::SHA256, body);
    format!("{}\n{path}\n{number}\n{digest:?}", head.method)
}

fn key() -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, SECRET)
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Signs each request with another number, as a timestamp would be.
#[derive(Clone, Default)]
struct Hmac(Arc<AtomicU64>);

impl RequestSigner for Hmac {
    type Error = InvalidHeaderValue;

    async fn sign(&self, head: &request::Parts, body: &[u8]) -> Result<HeaderMap, InvalidHeaderValue> {
        let number = self.0.fetch_add(1, Ordering::SeqCst).to_string();
        let signature = hmac::sign(&key(), canonical(head, &number, body).as_bytes());
        let mut headers = HeaderMap::new();
        headers.insert("x-sn-hmac-key-id", HeaderValue::from_static("robots-key"));
        headers.insert("x-number", number.parse()?);
        headers.insert("x-sn-hmac-signature-256", hexadecimal(signature.as_ref()).parse()?);
        Ok(headers)
    }

    fn body_limit(&self) -> usize {
        1 << 20
    }
}

/// The instance's side: the script that verifies, and takes each number once.
fn simulator() -> Simulator {
    let seen = std::sync::Mutex::new(std::collections::BTreeSet::new());
    Simulator::builder()
        .user_with(User::new("robot", "x").role("admin"))
        .login_script(move |head, body| {
            let given = |name: &str| head.headers.get(name)?.to_str().ok();
            let number = given("x-number")?;
            let expected = hmac::sign(&key(), canonical(head, number, body).as_bytes());
            let fits = given("x-sn-hmac-key-id")? == "robots-key"
                && given("x-sn-hmac-signature-256")? == hexadecimal(expected.as_ref())
                && seen.lock().ok()?.insert(number.to_owned());
            fits.then(|| "robot".to_owned())
        })
        .access_policy(AccessPolicy::new("/api/now/table/problem").allow(LoginMethod::Basic))
        .build()
        .unwrap()
}

fn client(simulator: &Simulator) -> Client {
    let client = Client::builder().instance("dev12345").transport(simulator.clone());
    client.request_signer(Hmac::default()).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn reads_writes_and_files_are_signed_as_they_are_sent() {
    let simulator = simulator();
    let client = client(&simulator);
    let incidents = client.table("incident");
    assert_eq!(incidents.list().limit(2).await.unwrap().len(), 2);
    let created = incidents.create(&json!({ "short_description": "signed: ä" })).await.unwrap();
    incidents.update(created.sys_id().unwrap(), &json!({ "urgency": 1 })).await.unwrap();
    let (files, id) = (client.attachments(), created.sys_id().unwrap());
    let file = files.upload("incident", id, "a.txt", "some bytes").await.unwrap();
    assert_eq!(files.download(file.sys_id).bytes(64).await.unwrap(), "some bytes");
    let streamed = Content::reader(std::io::Cursor::new("read while it is signed"));
    let file = files.upload("incident", id, "b.txt", streamed).await.unwrap();
    assert_eq!(files.download(file.sys_id).bytes(64).await.unwrap(), "read while it is signed");
    incidents.delete(created.sys_id().unwrap()).await.unwrap();
    assert!(simulator.journal().iter().all(|entry| entry.user == "robot"));
}

#[tokio::test(start_paused = true)]
async fn each_attempt_has_a_signature_of_its_own() {
    let simulator = simulator();
    let client = client(&simulator);
    simulator.fail(Fault::NoNode).times(2);
    assert_eq!(client.table("incident").list().limit(1).await.unwrap().len(), 1);
    assert_eq!(simulator.journal().len(), 3);
}

#[tokio::test]
async fn a_signature_that_is_not_accepted_says_what_to_check() {
    let simulator = simulator();
    let error = client(&simulator).table("problem").list().limit(1).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    let advice = error.advice().unwrap();
    for part in ["key and its id", "clock", "script verifies", "REST API access policy"] {
        assert!(advice.contains(part), "{advice}");
    }
    assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    assert_eq!(simulator.journal().len(), 1, "it is not repeated");
}

#[tokio::test]
async fn a_body_that_is_too_large_to_be_signed_is_not_sent() {
    let simulator = simulator();
    let large = "x".repeat((1 << 20) + 1);
    let error =
        client(&simulator).table("incident").create(&json!({ "description": large })).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("1048576 bytes") && !error.may_have_executed(), "{error}");
    assert_eq!(simulator.journal(), []);
}

/// A key store that is closed.
struct Closed;

impl RequestSigner for Closed {
    type Error = Error;

    async fn sign(&self, _: &request::Parts, _: &[u8]) -> Result<HeaderMap, Error> {
        Err(Error::new(ErrorKind::Other, "the key store is closed"))
    }
}

#[tokio::test]
async fn a_signer_that_fails_is_told_and_one_way_to_log_in_is_enough() {
    let simulator = simulator();
    let builder =
        || Client::builder().instance("dev12345").transport(simulator.clone()).request_signer(Closed);
    let once = builder().retry(RetryPolicy::new().max_attempts(1)).build().unwrap();
    let error = once.table("incident").create(&json!({})).await.unwrap_err();
    assert!(error.to_string().contains("could not be signed: the key store is closed"), "{error}");
    assert!(!error.may_have_executed());
    assert_eq!(simulator.journal(), []);
    let both = builder().user("admin").password("secret").build().unwrap_err();
    assert!(both.to_string().contains("both user and password and a request signer are given"), "{both}");
}
