//! Every step toward a token has a timeout, and a call that gives up says that it was waiting for a token.

use futures_util::future::join_all;
use serde_json::json;
use snow_client::{
    Error, ErrorKind, OAuthClient,
    client::OAuthClientBuilder,
    layer::RetryPolicy,
    oauth::{Algorithm, Grant, JwtBearer, Lease, Signer, StorePolicy, StoreWrite, Token, TokenStore},
};
use snow_core::Body;
use snow_sim::Simulator;
use std::future::pending;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

const LIFE: Duration = Duration::from_secs(1_800);
const HOST: &str = "dev12345.service-now.com";

/// A transport whose token endpoint stops answering when it is told to.
#[derive(Clone)]
struct Endpoint {
    simulator: Simulator,
    silent: Arc<AtomicBool>,
    under_way: Arc<AtomicUsize>,
    /// The most token requests that were under way at once.
    most: Arc<AtomicUsize>,
}

struct UnderWay(Arc<AtomicUsize>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Endpoint {
    fn new() -> Self {
        let simulator = crate::simulator();
        Self { simulator, silent: Arc::default(), under_way: Arc::default(), most: Arc::default() }
    }

    fn builder(&self) -> OAuthClientBuilder {
        let own = self.clone();
        let service = tower::service_fn(move |request: http::Request<Body>| {
            let own = own.clone();
            async move {
                if request.uri().path() == "/oauth_token.do" {
                    let now = own.under_way.fetch_add(1, Ordering::SeqCst) + 1;
                    let _under_way = UnderWay(own.under_way.clone());
                    own.most.fetch_max(now, Ordering::SeqCst);
                    if own.silent.load(Ordering::SeqCst) {
                        pending::<()>().await;
                    }
                    return tower::ServiceExt::oneshot(own.simulator, request).await;
                }
                tower::ServiceExt::oneshot(own.simulator, request).await
            }
        });
        crate::oauth_builder().transport(service).retry(RetryPolicy::new().max_attempts(1))
    }

    /// Whose token has expired, and whose next token request is not answered.
    async fn expired(&self, builder: OAuthClientBuilder) -> OAuthClient {
        let client = builder.build().unwrap();
        client.generate_token("admin", "secret").await.unwrap();
        tokio::time::advance(LIFE).await;
        self.silent.store(true, Ordering::SeqCst);
        client
    }
}

async fn create(client: &OAuthClient, limit: Duration) -> Result<(), Error> {
    client.table("incident").create(&json!({ "short_description": "x" })).deadline(limit).await.map(drop)
}

fn assert_waited(error: &Error, waited: &str) {
    assert_eq!(error.kind(), ErrorKind::DeadlineExceeded, "{error}");
    assert!(!error.may_have_executed(), "{error}");
    let text = error.to_string();
    assert!(text.contains(&format!("waited {waited} for a token")) && text.contains(HOST), "{text}");
    assert!(!text.contains("request less"), "{text}");
}

/// One after the other: each gives up before the request does, and leaves it to the next one.
#[tokio::test(start_paused = true)]
async fn an_endpoint_that_was_silent_once_holds_up_calls_for_its_own_limit_alone() {
    for builder in [
        |endpoint: &Endpoint| endpoint.builder(),
        |endpoint: &Endpoint| endpoint.builder().token_store(snow_client::oauth::MemoryStore::new()),
        |endpoint: &Endpoint| endpoint.builder().token_timeout(Duration::from_secs(10)),
    ] {
        let endpoint = Endpoint::new();
        let client = endpoint.expired(builder(&endpoint)).await;
        let began = Instant::now();
        assert_waited(&create(&client, Duration::from_secs(2)).await.unwrap_err(), "2s");
        endpoint.silent.store(false, Ordering::SeqCst); // the next request would be answered
        while let Err(error) = create(&client, Duration::from_secs(2)).await {
            assert_waited(&error, "2s");
        }
        assert!(began.elapsed() <= Duration::from_secs(32), "{:?}", began.elapsed());
        assert_eq!(endpoint.most.load(Ordering::SeqCst), 1, "never two at once");
    }
}

/// Long after everybody gave up, the next call does not get the failure of a request that it never waited for.
#[tokio::test(start_paused = true)]
async fn a_request_past_its_time_is_not_joined() {
    let endpoint = Endpoint::new();
    let client = endpoint.expired(endpoint.builder()).await;
    assert_waited(&create(&client, Duration::from_secs(2)).await.unwrap_err(), "2s");
    endpoint.silent.store(false, Ordering::SeqCst);
    tokio::time::advance(Duration::from_secs(60)).await;
    create(&client, Duration::from_secs(2)).await.unwrap();
    assert_eq!(endpoint.most.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn callers_that_overlap_share_each_request_and_none_waits_longer_than_its_limit() {
    let endpoint = Endpoint::new();
    let client = endpoint.expired(endpoint.builder()).await;
    let calls = (0..90).map(|second| {
        let (client, silent) = (client.clone(), endpoint.silent.clone());
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(second)).await;
            if second == 40 {
                silent.store(false, Ordering::SeqCst);
            }
            (second, create(&client, Duration::from_secs(5)).await)
        })
    });
    for call in join_all(calls).await {
        let (second, outcome) = call.unwrap();
        // The request that begins in place of the first one is not answered either.
        match second {
            0..57 => assert!(outcome.is_err(), "{second}"),
            57..63 => {}
            _ => assert!(outcome.is_ok(), "{second}: {outcome:?}"),
        }
        assert!(outcome.is_ok() || !outcome.unwrap_err().may_have_executed());
    }
    assert_eq!(endpoint.most.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_token_request_that_is_not_answered_is_an_error_that_names_the_endpoint() {
    let endpoint = Endpoint::new();
    let client = endpoint.expired(endpoint.builder().token_timeout(Duration::from_secs(7))).await;
    let began = Instant::now();
    let error = create(&client, Duration::from_secs(60)).await.unwrap_err();
    assert_eq!((error.kind(), began.elapsed()), (ErrorKind::TimedOut, Duration::from_secs(7)));
    assert!(error.to_string().contains("the token endpoint did not respond within 7s"), "{error}");
    assert!(error.to_string().contains(&format!("POST /oauth_token.do on {HOST}")), "{error}");
    assert!(!error.may_have_executed());
    let error = client.generate_token("admin", "secret").await.unwrap_err();
    assert!(error.kind() == ErrorKind::TimedOut && error.to_string().contains("7s"), "{error}");
    let error = client.revoke().await;
    assert!(error.is_ok(), "revoking goes elsewhere");
}

/// The 401 shows that the request was not carried out, and it did not go out again.
#[tokio::test(start_paused = true)]
async fn who_waits_for_a_token_after_a_401_is_told_that_nothing_was_carried_out() {
    let endpoint = Endpoint::new();
    let client = endpoint.builder().build().unwrap();
    client.generate_token("admin", "secret").await.unwrap();
    endpoint.simulator.revoke_access_tokens();
    endpoint.silent.store(true, Ordering::SeqCst);
    assert_waited(&create(&client, Duration::from_secs(3)).await.unwrap_err(), "3s");
}

/// What a connection has received is not lost when those who waited for it are gone.
#[tokio::test(start_paused = true)]
async fn a_response_that_came_while_nobody_waited_is_used() {
    let simulator = crate::simulator();
    let behind = simulator.clone();
    let service = tower::service_fn(move |request: http::Request<Body>| {
        let simulator = behind.clone();
        // As hyper does: the exchange goes on in a task.
        let exchange = tokio::spawn(async move {
            if request.uri().path() == "/oauth_token.do" && simulator.token_requests() == 1 {
                tokio::time::sleep(Duration::from_secs(10)).await;
            }
            tower::ServiceExt::oneshot(simulator, request).await
        });
        async move { exchange.await.unwrap() }
    });
    let client = crate::oauth_builder().transport(service).build().unwrap();
    client.generate_token("admin", "secret").await.unwrap();
    tokio::time::advance(LIFE).await;
    assert_waited(&create(&client, Duration::from_secs(2)).await.unwrap_err(), "2s");
    tokio::time::sleep(Duration::from_secs(60)).await;
    create(&client, Duration::from_secs(2)).await.unwrap();
    assert_eq!(simulator.token_requests(), 2, "the login and one refresh");
}

/// A store of which one part never finishes.
#[derive(Clone, Default)]
struct Stuck {
    part: Arc<Mutex<&'static str>>,
    token: Arc<Mutex<Option<Token>>>,
}

impl Stuck {
    async fn unless(&self, part: &str) {
        let stuck = *self.part.lock().unwrap() == part;
        if stuck {
            pending::<()>().await;
        }
    }
}

impl TokenStore for Stuck {
    type Error = io::Error;

    async fn load(&self) -> io::Result<Option<Token>> {
        self.unless("load").await;
        Ok(self.token.lock().unwrap().clone())
    }

    async fn save(&self, token: &Token, _: &Lease) -> io::Result<StoreWrite> {
        self.unless("save").await;
        *self.token.lock().unwrap() = Some(token.clone());
        Ok(StoreWrite::Applied)
    }

    async fn remove(&self, _: &Lease) -> io::Result<StoreWrite> {
        self.unless("remove").await;
        *self.token.lock().unwrap() = None;
        Ok(StoreWrite::Applied)
    }

    async fn lease(&self) -> io::Result<Lease> {
        self.unless("lease").await;
        Ok(Lease::none())
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_or_updater_that_hangs_has_failed_after_its_limit_and_no_token_is_lost() {
    let endpoint = Endpoint::new();
    let updater = endpoint.builder().token_updater(|_: Token| pending::<Result<(), io::Error>>());
    let updater = updater.build().unwrap();
    let began = Instant::now();
    let error = updater.generate_token("admin", "secret").await.unwrap_err();
    assert_eq!((error.kind(), began.elapsed()), (ErrorKind::TokenNotSaved, Duration::from_secs(30)));
    let text = error.to_string();
    assert!(text.contains("updater") && text.contains("did not finish within 30s"), "{text}");
    let error = create(&updater, Duration::from_secs(300)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TokenNotSaved);
    assert_eq!(endpoint.simulator.token_requests(), 1, "the token is kept");

    for (part, kind, limit) in [
        ("load", ErrorKind::TokenNotLoaded, 5),
        ("save", ErrorKind::TokenNotSaved, 5),
        ("lease", ErrorKind::TokenNotLoaded, 50),
    ] {
        let (endpoint, store) = (Endpoint::new(), Stuck::default());
        let builder = endpoint.builder().token_store(store.clone()).callback_timeout(Duration::from_secs(5));
        let client = builder.grant(Grant::password("admin", "secret")).build().unwrap();
        *store.part.lock().unwrap() = part;
        let began = Instant::now();
        let error = create(&client, Duration::from_secs(300)).await.unwrap_err();
        assert_eq!((error.kind(), began.elapsed()), (kind, Duration::from_secs(limit)), "{part}: {error}");
        assert!(error.to_string().contains("token store"), "{error}");
        assert!(error.to_string().contains(&format!("did not finish within {limit}s")), "{error}");
        assert!(!error.may_have_executed(), "{error}");
        *store.part.lock().unwrap() = "";
        tokio::time::advance(Duration::from_secs(1)).await;
        create(&client, Duration::from_secs(300)).await.unwrap();
        assert_eq!(endpoint.simulator.token_requests(), 1);
        *store.part.lock().unwrap() = "remove";
        let error = client.revoke().await.unwrap_err();
        assert!(error.to_string().contains("did not finish within 5s"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn calls_go_on_without_a_store_that_hangs_where_they_may() {
    let (endpoint, store) = (Endpoint::new(), Stuck::default());
    *store.part.lock().unwrap() = "save";
    let builder = endpoint.builder().token_store(store).grant(Grant::password("admin", "secret"));
    let client = builder.store_policy(StorePolicy::BestEffort).build().unwrap();
    create(&client, Duration::from_secs(300)).await.unwrap();
    assert!(client.store_error().unwrap().to_string().contains("did not finish within 30s"));
}

struct Silent;

impl Signer for Silent {
    type Error = io::Error;

    fn algorithm(&self) -> Algorithm {
        Algorithm::Es256
    }

    async fn sign(&self, _: &[u8]) -> io::Result<Vec<u8>> {
        pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_signer_or_callback_that_hangs_is_named() {
    for (grant, name) in [
        (Grant::jwt_bearer(JwtBearer::new("admin", Silent)), "the signer"),
        (Grant::callback(pending::<Result<Token, io::Error>>), "the callback that obtains tokens"),
    ] {
        let endpoint = Endpoint::new();
        let builder = endpoint.builder().grant(grant).callback_timeout(Duration::from_secs(4));
        let error = create(&builder.build().unwrap(), Duration::from_secs(60)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert!(error.to_string().contains(&format!("{name} did not finish within 4s")), "{error}");
        assert!(!error.may_have_executed(), "{error}");
    }
}

struct Hanging;

impl snow_client::client::Credentials for Hanging {
    type Error = io::Error;

    async fn apply(&self, _: &mut http::request::Parts) -> io::Result<()> {
        pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn credentials_that_hang_are_named_by_the_deadline_of_the_call() {
    let builder = snow_client::Client::builder().instance("dev12345").credentials(Hanging);
    let client = builder.transport(crate::simulator()).build().unwrap();
    let create = client.table("incident").create(&json!({ "short_description": "x" }));
    let error = create.deadline(Duration::from_secs(2)).await.unwrap_err();
    assert!(error.to_string().contains("waited 2s for its credentials"), "{error}");
    assert!(!error.may_have_executed(), "{error}");
}

/// An issuer that makes a new refresh token each time, ends the one before, and writes what it is told to.
#[derive(Clone)]
struct Issuer(Arc<Mutex<Issued>>);

struct Issued {
    /// What the response has beside the tokens.
    rest: String,
    number: usize,
    requests: usize,
    /// Access tokens up to this one are refused.
    revoked: usize,
}

impl Issuer {
    fn new(rest: &str) -> Self {
        Self(Arc::new(Mutex::new(Issued { rest: rest.to_owned(), number: 0, requests: 0, revoked: 0 })))
    }

    fn respond(&self, path: &str, authorization: Option<&str>, form: &str) -> (u16, String) {
        let mut issued = self.0.lock().unwrap();
        if path != "/oauth_token.do" {
            let number = authorization.and_then(|text| text.strip_prefix("Bearer access-")?.parse().ok());
            let is_good = number.is_some_and(|number: usize| number > issued.revoked);
            return if is_good { (200, r#"{"result":[]}"#.to_owned()) } else { (401, "{}".to_owned()) };
        }
        issued.requests += 1;
        let current = format!("refresh_token=refresh%2D{}&", issued.number);
        if form.contains("grant_type=refresh_token") && !format!("{form}&").contains(&current) {
            return (400, r#"{"error":"invalid_grant"}"#.to_owned());
        }
        issued.number += 1;
        let number = issued.number;
        (
            200,
            format!(
                r#"{{"access_token":"access-{number}","refresh_token":"refresh-{number}"{}}}"#,
                issued.rest
            ),
        )
    }

    fn client(&self) -> OAuthClient {
        let own = self.clone();
        let service = tower::service_fn(move |request: http::Request<Body>| {
            let own = own.clone();
            async move {
                let (head, body) = request.into_parts();
                let form = String::from_utf8(body.collect(1 << 20).await?.to_vec())
                    .unwrap()
                    .replace("refresh-", "refresh%2D");
                let authorization = head.headers.get("authorization").map(|value| value.to_str().unwrap());
                tokio::time::sleep(Duration::from_millis(10)).await;
                let (status, body) = own.respond(head.uri.path(), authorization, &form);
                let response =
                    http::Response::builder().status(status).header("content-type", "application/json");
                Ok::<_, Error>(response.body(Body::from(body)).unwrap())
            }
        });
        crate::oauth_builder().transport(service).build().unwrap()
    }

    fn requests(&self) -> usize {
        self.0.lock().unwrap().requests
    }

    fn revoke(&self) {
        let mut issued = self.0.lock().unwrap();
        issued.revoked = issued.number;
    }

    fn write(&self, rest: &str) {
        self.0.lock().unwrap().rest = rest.to_owned();
    }
}

async fn wave(client: &OAuthClient) {
    let calls = (0..20).map(|_| IntoFuture::into_future(client.table("incident").list().limit(1)));
    for call in join_all(calls).await {
        assert!(call.unwrap().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_whose_lifetime_says_nothing_is_used_until_it_is_refused() {
    for lifetime in [
        "0",
        "-1",
        "-1800",
        "0.5",
        "\"0\"",
        "\"-5\"",
        "\"1800s\"",
        "\"\"",
        "\"soon\"",
        "true",
        "null",
        "{}",
        "[]",
        "[1800]",
        "1e400",
        "-1e400",
        "\"1e400\"",
        "\"NaN\"",
        "\"inf\"",
    ] {
        let issuer = Issuer::new(&format!(r#","token_type":"Bearer","expires_in":{lifetime}"#));
        let client = issuer.client();
        client.generate_token("admin", "secret").await.unwrap();
        for _ in 0..5 {
            wave(&client).await;
            tokio::time::advance(Duration::from_secs(3_600)).await;
        }
        assert_eq!(issuer.requests(), 1, "{lifetime}: no token request for calls that are let in");
        for refreshes in 1..3 {
            issuer.revoke();
            wave(&client).await;
            assert_eq!(
                issuer.requests(),
                1 + refreshes,
                "{lifetime}: one for each 401, with the newest refresh token"
            );
        }
    }
    let given = Token::new("abc").with_lifetime(Duration::ZERO);
    assert_eq!((given.expires_in(), given.expires_at()), (None, None));
}

#[tokio::test(start_paused = true)]
async fn a_good_token_survives_odd_fields_around_it() {
    for rest in [
        r#","token_type":null"#,
        r#","token_type":7"#,
        r#","token_type":"""#,
        r#","token_type":"bearer","expires_in":"1800s","scope":{"a":[1]}"#,
        r#","token_type":"JWT","expires_in":1e400,"ext":1e999"#,
        r#","expires_at":"tomorrow","error":null,"error_description":5"#,
        "",
    ] {
        let issuer = Issuer::new(rest);
        let client = issuer.client();
        client.generate_token("admin", "secret").await.unwrap();
        issuer.revoke();
        wave(&client).await;
        assert_eq!(client.token().unwrap().refresh_token().unwrap().expose(), "refresh-2", "{rest}");
        let stored = serde_json::to_string(&client.token().unwrap()).unwrap();
        assert_eq!(client.token(), Some(serde_json::from_str(&stored).unwrap()), "{rest}");
    }
}

/// The refresh token before is dead by then: the one that came with what cannot be used is all there is.
#[tokio::test(start_paused = true)]
async fn a_token_that_cannot_be_used_leaves_its_refresh_token() {
    for (rest, named) in [
        (r#","token_type":"mac""#, "\"mac\""),
        (r#","token_type":"DPoP""#, "\"DPoP\""),
        (r#","access_token":5"#, "contains no token"),
        (r#","access_token":"""#, "contains no token"),
        (r#","access_token":"a\nb""#, "no header may have"),
    ] {
        let issuer = Issuer::new("");
        let client = issuer.client();
        client.generate_token("admin", "secret").await.unwrap();
        issuer.revoke();
        issuer.write(rest);
        let error = client.table("incident").list().limit(1).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
        let text = error.to_string();
        assert!(text.contains(named) && text.contains("new refresh token is kept"), "{text}");
        assert!(!text.contains("refresh-") && !text.contains("access-"), "{text}");
        issuer.write("");
        tokio::time::advance(Duration::from_secs(60)).await;
        wave(&client).await;
        assert_eq!(client.token().unwrap().refresh_token().unwrap().expose(), "refresh-3");
    }
}
