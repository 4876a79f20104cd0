//! Requests that are signed with an HMAC in the form that a script of the instance verifies.
//!
//! ```sh
//! cargo run -p snow-client --example signed_requests
//! ```
//!
//! Instances verify such signatures with a script that their administrators may change, so there is no form that fits all of them:
//! change `canonical` to what the script of your instance signs, and the names of the headers to those that it reads. The
//! simulator stands for the instance here, and really verifies: its script is `verify`.

use http::{HeaderMap, HeaderValue, request};
use ring::{digest, hmac};
use serde_json::json;
use snow_client::{Client, ErrorKind, client::RequestSigner};
use snow_sim::{Simulator, User};
use std::time::{SystemTime, UNIX_EPOCH};

type AnyError = Box<dyn std::error::Error + Send + Sync>;

const KEY_ID: &str = "robots-key";
/// Both sides have it. A real program reads it from a vault.
const SECRET: &str = "the shared secret of the key";
/// How old a signature may be, in seconds.
const MAX_AGE: u64 = 300;

/// What is signed: each part that nobody may change on the way, one a line.
fn canonical(head: &request::Parts, timestamp: &str, body: &[u8]) -> String {
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let body = hexadecimal(digest::digest(&digest::SHA256, body).as_ref());
    [head.method.as_str(), path, timestamp, &body].join("\n")
}

fn signature(secret: &str, canonical: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    hexadecimal(hmac::sign(&key, canonical.as_bytes()).as_ref())
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[allow(clippy::disallowed_methods, reason = "a program reads the machine's clock")]
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

struct Hmac {
    secret: &'static str,
}

impl RequestSigner for Hmac {
    type Error = AnyError;

    async fn sign(&self, head: &request::Parts, body: &[u8]) -> Result<HeaderMap, AnyError> {
        let timestamp = now().to_string();
        let signature = signature(self.secret, &canonical(head, &timestamp, body));
        Ok(HeaderMap::from_iter([
            (http::HeaderName::from_static("x-sn-hmac-key-id"), HeaderValue::from_static(KEY_ID)),
            (http::HeaderName::from_static("x-sn-hmac-timestamp"), timestamp.parse()?),
            (http::HeaderName::from_static("x-sn-hmac-signature-256"), signature.parse()?),
        ]))
    }
}

/// The instance's side: the user of a signed request, or none.
fn verify(head: &request::Parts, body: &[u8]) -> Option<String> {
    let given = |name: &str| head.headers.get(name)?.to_str().ok();
    let (id, timestamp) = (given("x-sn-hmac-key-id")?, given("x-sn-hmac-timestamp")?);
    let is_recent = now().abs_diff(timestamp.parse().ok()?) <= MAX_AGE;
    let expected = signature(SECRET, &canonical(head, timestamp, body));
    let fits = id == KEY_ID && is_recent && given("x-sn-hmac-signature-256")? == expected;
    fits.then(|| "integration.robot".to_owned())
}

#[tokio::main]
async fn main() -> Result<(), AnyError> {
    let simulator = Simulator::builder()
        .user_with(User::new("integration.robot", "never used").role("itil"))
        .login_script(|head, body| verify(head, body))
        .build()?;
    let listener = simulator.listen().await?;

    let client =
        Client::builder().instance(listener.url()).request_signer(Hmac { secret: SECRET }).build()?;
    let created = client.table("incident").create(&json!({ "short_description": "Signed" })).await?;
    println!("created   {}", created.value("number")?);
    println!("requests  by {}", simulator.journal().last().map_or("nobody", |entry| entry.user.as_str()));

    let wrong = Client::builder().instance(listener.url()).request_signer(Hmac { secret: "another secret" });
    match wrong.build()?.table("incident").list().limit(1).await {
        Err(error) if error.kind() == ErrorKind::Unauthenticated => println!("refused   {error}"),
        other => return Err(format!("a wrong signature was accepted: {other:?}").into()),
    }
    Ok(())
}
