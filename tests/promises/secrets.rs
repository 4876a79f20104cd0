//! Passwords, client secrets and tokens appear in no `Debug`, `Display`, error or log line.

use crate::temp_folder::TempFolder;
use serde_json::json;
use snow_auth::{BasicAuthLayer, BasicWithOneTimePassword, OAuth, RequestSigner, SigningLayer};
use snow_client::{Client, Instance, OAuthClient, field, layer::RetryPolicy, oauth::Token};
use snow_sim::{Fault, Simulator};
use std::fmt::Debug;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tower::Layer;
use tracing_subscriber::fmt::MakeWriter;

const PASSWORD: &str = "canary-password";
const CLIENT_SECRET: &str = "canary-client-secret";
/// `admin:canary-password` as basic authentication writes it, with or without a code at its end.
const BASIC: &str = "YWRtaW46Y2FuYXJ5LXBhc3N3b3Jk";

/// Everything that was printed or logged.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<u8>>>);

impl Seen {
    fn shown(&self, value: &dyn Debug) {
        self.0.lock().unwrap().extend_from_slice(format!("{value:?}\n{value:#?}\n").as_bytes());
    }

    fn error(&self, error: &snow_client::Error) {
        self.shown(error);
        let mut next: Option<&dyn std::error::Error> = Some(error);
        while let Some(error) = next {
            self.0.lock().unwrap().extend_from_slice(format!("{error}\n{error:?}\n").as_bytes());
            next = error.source();
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl io::Write for Seen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Seen {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

fn simulator() -> Simulator {
    Simulator::builder().user("admin", PASSWORD).oauth_client("my-id", CLIENT_SECRET).build().unwrap()
}

/// Uses everything in good and bad times, prints all of it, and returns the tokens that were in play.
async fn exercise(seen: &Seen) -> Vec<Token> {
    let simulator = simulator();
    let listener = simulator.listen().await.unwrap();
    let soon = RetryPolicy::new().backoff(Duration::from_millis(1), Duration::from_millis(1));
    let builder =
        Client::builder().instance(listener.url()).user("admin").password(PASSWORD).retry(soon.clone());
    seen.shown(&builder);
    let client = builder.build().unwrap();
    let call = client.table("incident").list().query(field("short_description").eq("canary-query")).limit(1);
    seen.shown(&(&client, client.table("incident"), &call));
    call.await.unwrap();
    let basic = BasicAuthLayer::new(client.instance().origin(), "admin", PASSWORD).unwrap();
    seen.shown(&(&basic, basic.layer(())));

    let builder =
        OAuthClient::builder().instance(listener.url()).client_id("my-id").client_secret(CLIENT_SECRET);
    let builder = builder.retry(soon).token_updater(|_: Token| async { Ok::<_, io::Error>(()) });
    seen.shown(&builder);
    let oauth = builder.build().unwrap();
    let first = oauth.generate_token("admin", PASSWORD).await.unwrap();
    seen.shown(&(&oauth, &first, oauth.table("incident")));
    oauth.table("incident").create(&json!({ "short_description": "x" })).await.unwrap();
    simulator.revoke_access_tokens();
    oauth.table("incident").list().limit(1).await.unwrap();
    let second = oauth.token().unwrap();
    assert_ne!(first, second);

    for fault in [
        Fault::Hibernating,
        Fault::NotProcessed,
        Fault::NoNode,
        Fault::LoginRedirect,
        Fault::CancelledInStream,
    ] {
        simulator.fail_always(Some(fault));
        let read = oauth
            .table("incident")
            .list()
            .query(field("short_description").eq("canary-query"))
            .limit(1)
            .await;
        seen.error(&read.unwrap_err());
        seen.error(&oauth.generate_token("admin", PASSWORD).await.unwrap_err());
        seen.error(&client.table("incident").list().await.unwrap_err());
    }
    simulator.fail_always(None);
    simulator.revoke_access_tokens();
    simulator.revoke_refresh_tokens();
    seen.error(&oauth.table("incident").list().limit(1).await.unwrap_err());
    simulator.lock_out("admin", true);
    seen.error(&oauth.generate_token("admin", PASSWORD).await.unwrap_err());
    seen.shown(&simulator);
    seen.shown(&simulator.journal().first().unwrap().user);

    let odd: Token =
        serde_json::from_str(r#"{"access_token":"canary\ntoken","refresh_token":"canary-refresh"}"#).unwrap();
    seen.error(&oauth.set_token(odd.clone()).unwrap_err());
    seen.shown(&OAuth::builder().client_id("my-id").client_secret(CLIENT_SECRET));
    let answer =
        snow_core::decode::ApiResponse::new(http::Response::new(()).into_parts().0, bytes::Bytes::new());
    seen.shown(&answer);
    seen.error(&snow_core::ApiPath::parse("/x?sysparm_query=canary").unwrap_err());
    seen.error(&snow_core::Params::new().custom("", "canary").encoded().unwrap_err());
    seen.error(&Instance::parse(&format!("https://admin:{PASSWORD}@dev1.service-now.com")).unwrap_err());
    vec![first, second, odd]
}

/// A token endpoint that answers 200 with tokens that no one can use: none of it may be repeated.
async fn odd_token_answers(seen: &Seen) {
    for body in [
        r#"{"access_token":["canary-access"],"refresh_token":"canary-refresh"}"#,
        r#"{"access_token":"canary-access","token_type":"mac"}"#,
        r#"{"access_token":7,"refresh_token":"canary-refresh"}"#,
        r#"{"access_token":"canary-access","refresh"#,
        r#"{"access_token":"","refresh_token":"canary-refresh"}"#,
        r#"{"access_token":"canary\u0000access"}"#,
    ] {
        let endpoint = tower::service_fn(move |_: http::Request<snow_core::Body>| async move {
            http::Response::builder()
                .header("content-type", "application/json")
                .body(snow_core::Body::from(body))
        });
        let client = OAuthClient::builder().instance("dev1").client_id("my-id").client_secret(CLIENT_SECRET);
        let client = client.transport(endpoint).build().unwrap();
        seen.error(&client.generate_token("admin", PASSWORD).await.unwrap_err());
    }
}

/// Every other way in, in good and bad times. Every secret has "canary" in it, or is given back.
async fn other_ways_in(seen: &Seen) -> Vec<String> {
    use snow_client::oauth::{
        Algorithm, FileStore, Grant, JwtBearer, KeySigner, MemoryStore, StorePolicy, TokenStore,
    };
    let key = include_str!("rsa_key.pem");
    let simulator = Simulator::builder().user("admin", PASSWORD).oauth_client("my-id", CLIENT_SECRET);
    let simulator = simulator.api_key("canary-key", "admin").build().unwrap();
    let listener = simulator.listen().await.unwrap();
    let rest = || RetryPolicy::new().max_attempts(1);
    for builder in [
        Client::builder().api_key("canary-key"),
        Client::builder().api_key("canary-wrong-key"),
        Client::builder().bearer_token("canary-token"),
        Client::builder().bearer_token("can\nary"),
        Client::builder().user("admin").password("can\u{1f600}ary"),
    ] {
        seen.shown(&builder);
        match builder.instance(listener.url()).retry(rest()).build() {
            Ok(client) => match client.table("incident").list().limit(1).await {
                Ok(page) => assert_eq!(page.len(), 1),
                Err(error) => seen.error(&error),
            },
            Err(error) => seen.error(&error),
        }
    }

    let signer = KeySigner::from_pem(Algorithm::Rs256, key).unwrap();
    let shared = KeySigner::from_secret(Algorithm::Hs256, "canary-shared-secret").unwrap();
    seen.shown(&(&signer, &shared));
    let assertion = |signer| JwtBearer::new("admin", signer).claim("private", "canary-claim");
    let grants = [
        Grant::password("admin", "canary-wrong-password"),
        Grant::client_credentials(),
        Grant::one_time_password("admin", "canary-wrong-password", || async {
            Ok::<_, io::Error>("canary-code")
        }),
        Grant::one_time_password("admin", PASSWORD, || async { Ok::<_, io::Error>("canary-code\n") }),
        Grant::one_time_password("admin", PASSWORD, || async {
            std::panic::resume_unwind(Box::new("canary-code"));
            #[allow(unreachable_code, reason = "its type")]
            Ok::<&str, io::Error>("")
        }),
        Grant::jwt_bearer(assertion(signer)),
        Grant::jwt_bearer(assertion(shared)),
        Grant::callback(|| async { Ok::<_, io::Error>(Token::new("canary-foreign-token")) }),
        Grant::callback(|| async { Ok::<_, io::Error>(Token::new("canary\nforeign-token")) }),
    ];
    let folder = TempFolder::new();
    let mut secrets = Vec::new();
    for grant in grants {
        seen.shown(&grant);
        let builder = OAuthClient::builder().instance(listener.url()).client_id("my-id").retry(rest());
        let builder = builder.client_secret(CLIENT_SECRET).grant(grant);
        let builder = builder.token_store(FileStore::new(folder.file("token.json")));
        seen.shown(&builder);
        let client = builder.store_policy(StorePolicy::BestEffort).build().unwrap();
        if let Err(error) = client.table("incident").list().limit(1).await {
            seen.error(&error);
        }
        let request = client.authorization("http://127.0.0.1:1/callback").unwrap();
        seen.shown(&request.clone());
        let stored = serde_json::to_value(&request).unwrap();
        let [state, verifier] = ["state", "verifier"].map(|part| stored[part].as_str().unwrap().to_owned());
        let answer = format!("code=canary-code&state={state}");
        secrets.extend([state, verifier]);
        seen.error(&client.exchange_code(&request, &answer).await.unwrap_err());
        seen.error(&client.exchange_code(&request, "code=canary-code&state=canary").await.unwrap_err());
        if client.token().is_some() {
            simulator.fail_next(Fault::NoNode);
            seen.error(&client.revoke().await.unwrap_err());
        }
    }
    let store = FileStore::new(folder.file("token.json"));
    std::fs::write(folder.file("token.json"), "{\"access_token\":\"canary").unwrap();
    seen.shown(&(&store, store.load().await.unwrap_err(), store.failure().await.unwrap()));
    seen.shown(&(MemoryStore::new(), store.lease().await.unwrap()));
    seen.error(&KeySigner::from_pem(Algorithm::Es256, key).unwrap_err());
    seen.error(&KeySigner::from_pem(Algorithm::Es512, key).unwrap_err());
    seen.error(&KeySigner::from_pem(Algorithm::Hs256, key).unwrap_err());
    seen.error(&KeySigner::from_secret(Algorithm::Rs256, "canary-shared-secret").unwrap_err());
    seen.error(&KeySigner::from_secret(Algorithm::Hs512, "canary-shared-secret\n").unwrap_err());
    secrets.push(key.lines().nth(1).unwrap().to_owned());
    secrets
}

/// Signs with a canary, which the instance does not accept.
struct CanarySigner;

impl RequestSigner for CanarySigner {
    type Error = io::Error;

    async fn sign(&self, head: &http::request::Parts, _: &[u8]) -> io::Result<http::HeaderMap> {
        if head.uri.path().ends_with("/problem") {
            return Err(io::Error::other("the key store is closed"));
        }
        let mut headers = http::HeaderMap::new();
        headers.insert("x-sn-hmac-signature-256", http::HeaderValue::from_static("canary-signature"));
        Ok(headers)
    }
}

/// Logins that are made anew for each request: codes after a password, and signatures.
async fn logins_of_each_request(seen: &Seen) {
    let simulator = simulator();
    simulator.set_one_time_password("admin", "canary-code");
    let listener = simulator.listen().await.unwrap();
    for code in ["canary-code", "canary-wrong-code", "canary-code\n"] {
        let ask = move || async move { Ok::<_, io::Error>(code) };
        let credentials = BasicWithOneTimePassword::new("admin", PASSWORD, ask).unwrap();
        seen.shown(&credentials);
        let builder = Client::builder().instance(listener.url()).credentials(credentials);
        seen.shown(&builder);
        match builder.build().unwrap().table("incident").list().limit(1).await {
            Ok(page) => assert_eq!((page.len(), code), (1, "canary-code")),
            Err(error) => seen.error(&error),
        }
    }
    let builder = Client::builder().instance(listener.url()).request_signer(CanarySigner);
    let client = builder.clone().retry(RetryPolicy::new().max_attempts(1)).build().unwrap();
    let layer = SigningLayer::new(client.instance().origin(), CanarySigner);
    seen.shown(&(builder, &layer, layer.layer("inner")));
    for table in ["incident", "problem"] {
        seen.error(&client.table(table).list().limit(1).await.unwrap_err());
    }
}

/// Stores whose servers cannot be reached: connection strings and the key that seals tokens.
async fn stores_in_databases(seen: &Seen) -> Vec<String> {
    use snow_auth::SealKey;
    use snow_client::oauth::{Grant, StorePolicy};
    use snow_store_postgres::PostgresStore;
    use snow_store_redis::RedisStore;
    const KEY: &str = "Y2FuYXJ5LWNhbmFyeS1jYW5hcnktY2FuYXJ5LWtleSE=";
    let key = SealKey::from_base64(KEY).unwrap();
    seen.shown(&key);
    for odd in ["redis://:can/ary@localhost", "redis://u:canary@cache", "canary"] {
        seen.error(&RedisStore::builder(odd, "place").unsealed().build().unwrap_err());
    }
    for odd in ["postgres://u:canary@db?sslmode=disable", "postgres://u:can@ary@localhost", "password=canary"]
    {
        seen.error(&PostgresStore::builder(odd, "place").unsealed().build().unwrap_err());
    }
    let redis = RedisStore::builder("redis://app:canary-redis@127.0.0.1:1", "place").seal(key.clone());
    let postgres =
        PostgresStore::builder("postgres://app:canary-postgres@127.0.0.1:1/tokens", "place").seal(key);
    seen.shown(&(&redis, &postgres));
    let (redis, postgres) = (redis.build().unwrap(), postgres.build().unwrap());
    seen.shown(&(&redis, &postgres));
    let builder = OAuthClient::builder().instance("dev12345").client_id("my-id").client_secret(CLIENT_SECRET);
    let builder = builder.transport(simulator()).grant(Grant::password("admin", PASSWORD));
    for builder in [builder.clone().token_store(redis), builder.token_store(postgres)] {
        seen.shown(&builder);
        let client = builder.clone().build().unwrap();
        seen.error(&client.table("incident").list().limit(1).await.unwrap_err());
        let client = builder.store_policy(StorePolicy::BestEffort).build().unwrap();
        let _ = client.table("incident").list().limit(1).await;
        seen.error(&client.store_error().unwrap());
    }
    vec![KEY.to_owned(), "can/ary".to_owned(), "can@ary".to_owned(), "ary@".to_owned()]
}

/// An export of records that a query with a canary selects, into a store whose own `Debug` shows all that it holds.
async fn exports(seen: &Seen) {
    use object_store::{ObjectStoreExt, memory::InMemory, path::Path};
    use snow_client::export::{ExportObjectStore, Ndjson};
    let store = Arc::new(InMemory::new());
    store.put(&Path::from("credentials"), "canary-account-key".into()).await.unwrap();
    assert!(format!("{store:?}").contains("canary"));
    let target = ExportObjectStore::new(store, "exports").unwrap();
    let client = Client::builder().instance("dev12345").user("admin").password(PASSWORD);
    let client = client.transport(simulator()).build().unwrap();
    let list = client.table("incident").list().query(field("short_description").eq("canary-query"));
    let export = list.export(Ndjson::new(), target.clone());
    seen.shown(&(&target, &export));
    let report = export.await.unwrap();
    assert!(report.complete && report.question.query.contains("canary"));
    seen.shown(&report);
}

/// A panic inside a hook, with a secret in its hands: what is told of it is not what it said.
async fn panics(seen: &Seen) {
    let client = OAuthClient::builder().instance("dev12345").client_id("my-id").client_secret(CLIENT_SECRET);
    let client = client.transport(simulator()).token_updater(|token: Token| async move {
        std::panic::resume_unwind(Box::new(token.access_token().expose().to_owned()));
        #[allow(unreachable_code, reason = "its type")]
        Ok::<_, io::Error>(())
    });
    seen.error(&client.build().unwrap().generate_token("admin", PASSWORD).await.unwrap_err());
}

#[tokio::test]
async fn no_canary_is_printed_or_logged() {
    let seen = Seen::default();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(seen.clone()).finish();
    let guard = tracing::subscriber::set_default(subscriber);
    tracing::trace!("the subscriber listens");
    let tokens = exercise(&seen).await;
    odd_token_answers(&seen).await;
    let mut others = other_ways_in(&seen).await;
    logins_of_each_request(&seen).await;
    others.extend(stores_in_databases(&seen).await);
    exports(&seen).await;
    panics(&seen).await;
    drop(guard);

    let text = seen.text();
    assert!(
        text.contains("the subscriber listens") && text.contains("generate_token"),
        "something was seen at all"
    );
    let mut secrets: Vec<String> = [PASSWORD, CLIENT_SECRET, BASIC, "canary"].map(str::to_owned).into();
    secrets.extend(others);
    for token in &tokens {
        secrets.push(token.access_token().expose().to_owned());
        secrets.extend(token.refresh_token().map(|token| token.expose().to_owned()));
    }
    for secret in secrets {
        if let Some(at) = text.find(&secret) {
            let from = at.saturating_sub(200);
            panic!(
                "{secret:?} was printed: …{}…",
                String::from_utf8_lossy(&text.as_bytes()[from..at + secret.len()])
            );
        }
    }
}
