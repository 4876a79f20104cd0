//! Every login method works through the default stack, against an instance that checks the credentials.

use snow_client::{
    Client, Error, ErrorKind, OAuthClient,
    client::{Credentials, OAuthClientBuilder},
    oauth::{Algorithm, Grant, JwtBearer, Signer, Token},
};
use snow_sim::{Entry, Fault, OAuthApplication, Simulator};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const LIFE: Duration = Duration::from_secs(1_800);

fn builder(simulator: &Simulator) -> OAuthClientBuilder {
    crate::oauth_builder().transport(simulator.clone())
}

/// Who the last request was for.
fn last_user(simulator: &Simulator) -> String {
    simulator.journal().last().unwrap().user.clone()
}

async fn read(client: &OAuthClient) -> Result<usize, Error> {
    client.table("incident").list().limit(1).await.map(|page| page.len())
}

/// The first call gets a token, the calls of its life use it, and then there is another one: without a person.
pub(crate) async fn goes_on_for_ever(simulator: &Simulator, client: &OAuthClient, user: &str) {
    for requests in 1..=3 {
        for _ in 0..3 {
            assert_eq!(read(client).await.unwrap(), 1);
            assert_eq!(last_user(simulator), user);
        }
        assert_eq!(simulator.token_requests(), requests);
        tokio::time::advance(LIFE).await;
    }
}

#[tokio::test(start_paused = true)]
async fn client_credentials() {
    let simulator = Simulator::builder().user("robot", "x").oauth_client_as("my-id", "my-secret", "robot");
    let simulator = simulator.settings(|settings| settings.grants.client_credentials = true).build().unwrap();
    let client = builder(&simulator).grant(Grant::client_credentials()).build().unwrap();
    goes_on_for_ever(&simulator, &client, "robot").await;
    assert_eq!(client.token().unwrap().refresh_token(), None);
}

#[tokio::test(start_paused = true)]
async fn a_password_that_is_kept() {
    let simulator = crate::simulator();
    let client = builder(&simulator).grant(Grant::password("admin", "secret")).build().unwrap();
    goes_on_for_ever(&simulator, &client, "admin").await;
}

/// A key that stays in its store, which does not always answer.
struct Vault;

impl Signer for Vault {
    type Error = std::io::Error;

    fn algorithm(&self) -> Algorithm {
        Algorithm::Es256
    }

    async fn sign(&self, _: &[u8]) -> Result<Vec<u8>, std::io::Error> {
        Err(std::io::Error::other("the vault is sealed"))
    }
}

#[tokio::test]
async fn a_signer_that_fails_is_told_and_nothing_is_sent() {
    let simulator = crate::simulator();
    let grant = Grant::jwt_bearer(JwtBearer::new("admin", Vault));
    let error = read(&builder(&simulator).grant(grant).build().unwrap()).await.unwrap_err();
    assert!(error.to_string().contains("the vault is sealed"), "{error}");
    assert!(!error.may_have_executed());
    assert_eq!(simulator.journal(), []);
}

/// Tokens of a provider of one's own: no client of the instance is involved.
#[tokio::test(start_paused = true)]
async fn a_callback_to_another_provider() {
    let simulator = crate::simulator();
    let login = builder(&simulator).build().unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let (counted, provider) = (asked.clone(), simulator.clone());
    let grant = Grant::callback(move || {
        counted.fetch_add(1, Ordering::SeqCst);
        let (login, provider) = (login.clone(), provider.clone());
        async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            provider.revoke_access_tokens();
            let token = login.generate_token("admin", "secret").await?;
            Ok::<_, Error>(Token::new(token.access_token().clone()).with_lifetime(Duration::from_secs(600)))
        }
    });
    let client = OAuthClient::builder().instance("dev12345").transport(simulator.clone());
    let client = client.grant(grant).build().unwrap();
    let calls = (0..50).map(|_| read(&client));
    for call in futures_util::future::join_all(calls).await {
        assert_eq!(call.unwrap(), 1);
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1, "one for all");
    tokio::time::advance(Duration::from_secs(600)).await;
    read(&client).await.unwrap();
    simulator.revoke_access_tokens();
    read(&client).await.unwrap();
    assert_eq!(asked.load(Ordering::SeqCst), 3, "one by the clock, one after the 401");

    let broken = Grant::callback(|| async { Err::<Token, _>(std::io::Error::other("the provider is down")) });
    let error = client.log_in(&broken).await.unwrap_err();
    assert!(error.to_string().contains("the provider is down"), "{error}");
    let panics = Grant::callback(|| async { panic!("no provider at all") as Result<Token, Error> });
    let error = client.log_in(&panics).await.unwrap_err();
    assert!(error.to_string().contains("panicked"), "{error}");
    assert_eq!(read(&client).await.unwrap(), 1, "the token before is as good as ever");
}

#[tokio::test(start_paused = true)]
async fn a_dead_refresh_token_falls_back_to_the_grant() {
    let simulator = crate::simulator();
    let client = builder(&simulator).grant(Grant::password("admin", "secret")).build().unwrap();
    read(&client).await.unwrap();
    simulator.revoke_refresh_tokens();
    tokio::time::advance(LIFE).await;
    assert_eq!(read(&client).await.unwrap(), 1);
    assert_eq!(simulator.token_requests(), 3, "the first, the refresh that was refused, the password again");

    simulator.revoke_refresh_tokens();
    simulator.lock_out("admin", true);
    tokio::time::advance(LIFE).await;
    let error = read(&client).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TokenRefused);
    assert!(
        error.to_string().contains("no longer accepts the refresh token"),
        "the error names both failures: {error}"
    );
}

#[tokio::test]
async fn an_api_key_a_bearer_token_and_credentials_of_ones_own() {
    let simulator = Simulator::builder().user("admin", "secret").user("robot", "x");
    let simulator = simulator.oauth_client("my-id", "my-secret").api_key("now_key", "robot").build().unwrap();
    let builder = || Client::builder().instance("dev12345").transport(simulator.clone());
    let reads = async |client: Client| client.table("incident").list().limit(1).await.map(drop);

    reads(builder().api_key("now_key").build().unwrap()).await.unwrap();
    assert_eq!(last_user(&simulator), "robot");
    let error = reads(builder().api_key("another").build().unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);

    let token = self::builder(&simulator).build().unwrap().generate_token("admin", "secret").await.unwrap();
    reads(builder().bearer_token(token.access_token().clone()).build().unwrap()).await.unwrap();
    assert_eq!(last_user(&simulator), "admin");

    let turns = Arc::new(AtomicUsize::new(0));
    reads(builder().credentials(Turns(turns.clone())).build().unwrap()).await.unwrap();
    assert_eq!((last_user(&simulator).as_str(), turns.load(Ordering::SeqCst)), ("robot", 1));

    let both = builder().api_key("a").bearer_token("b").build().unwrap_err();
    assert!(both.to_string().contains("both a bearer token and an API key are given"), "{both}");
}

/// Has the right key only after the first one was refused.
struct Turns(Arc<AtomicUsize>);

impl Credentials for Turns {
    type Error = http::header::InvalidHeaderValue;

    async fn apply(&self, head: &mut http::request::Parts) -> Result<(), Self::Error> {
        let key = if self.0.load(Ordering::SeqCst) == 0 { "old" } else { "now_key" };
        head.headers.insert("x-sn-apikey", key.parse()?);
        Ok(())
    }

    async fn refused(&self) -> Result<bool, Self::Error> {
        Ok(self.0.fetch_add(1, Ordering::SeqCst) == 0)
    }
}

#[tokio::test]
async fn refused_basic_credentials_are_not_repeated() {
    let simulator = crate::simulator();
    let client = Client::builder().instance("dev12345").user("admin").password("wrong");
    let client = client.transport(simulator.clone()).build().unwrap();
    let error = client.table("incident").list().limit(1).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unauthenticated, false));
    assert_eq!(simulator.journal().len(), 1, "accounts lock after some failures");
}

#[tokio::test(start_paused = true)]
async fn revoking_ends_the_token_there_and_here_and_in_the_storage() {
    let simulator = crate::simulator();
    let store = snow_client::oauth::MemoryStore::new();
    let client = builder(&simulator).token_store(store.clone()).build().unwrap();
    assert_eq!(client.revoke().await.unwrap_err().kind(), ErrorKind::NoToken);
    let token = client.generate_token("admin", "secret").await.unwrap();
    simulator.fail_next(Fault::NoNode);
    assert_eq!(client.revoke().await.unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(client.token().as_ref(), Some(&token), "it is not known to be over: it is kept");
    client.revoke().await.unwrap();
    assert_eq!(client.token(), None);
    assert_eq!(snow_client::oauth::TokenStore::load(&store).await.unwrap(), None);
    assert_eq!(read(&client).await.unwrap_err().kind(), ErrorKind::NoToken);
    client.set_token(token).unwrap();
    assert_eq!(
        read(&client).await.unwrap_err().kind(),
        ErrorKind::ReauthenticationRequired,
        "the instance knows it no longer"
    );
}

/// Where tokens are asked for is what the user says, to the letter; the instance never sees the client's credentials.
#[tokio::test]
async fn a_token_url_of_another_issuer_gets_the_credentials_and_nobody_else() {
    let (instance, issuer) = (crate::simulator(), crate::simulator());
    let (here, there) = (instance.clone(), issuer.clone());
    let by_host = tower::service_fn(move |mut request: http::Request<snow_core::Body>| {
        let simulator = match request.uri().host() {
            Some("login.example.com") => {
                assert!(!request.headers().contains_key("x-gateway-key"), "that is the instance's");
                assert_eq!(request.headers()["user-agent"], "night-shift/1");
                assert_eq!(request.uri(), "https://login.example.com/realms/it/oauth_token.do");
                *request.uri_mut() = http::Uri::from_static("https://login.example.com/oauth_token.do");
                there.clone()
            }
            _ => here.clone(),
        };
        tower::ServiceExt::oneshot(simulator, request)
    });
    let client = crate::oauth_builder();
    let key = http::HeaderName::from_static("x-gateway-key");
    let client =
        client.default_header(key, http::HeaderValue::from_static("canary")).user_agent("night-shift/1");
    let client = client.token_url("https://login.example.com/realms/it/oauth_token.do").transport(by_host);
    let client = client.build().unwrap();
    client.generate_token("admin", "secret").await.unwrap();
    assert_eq!((instance.token_requests(), issuer.token_requests()), (0, 1));
    read(&client).await.unwrap_err(); // another issuer's token, and this instance does not know it
    assert!(instance.journal().iter().all(|entry: &Entry| entry.path.starts_with("/api/")));

    for (bad, why) in [
        ("login.example.com/token", "complete https URL"),
        ("me:secret@login.example.com/token", "complete https URL"),
        ("http://login.example.com/token", "plain http"),
        ("https://me:secret@login.example.com/token", "credentials do not belong"),
        ("https://login.example.com/token?x=1", "'?'"),
    ] {
        let builder = OAuthClient::builder().instance("dev12345").client_id("my-id").client_secret("s");
        let error = builder.token_url(bad).build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains(why) && error.to_string().contains("token URL"), "{error}");
        assert!(!error.to_string().contains("me:secret"), "{error}");
    }
}

#[tokio::test]
async fn what_is_missing_is_named_before_anything_is_sent() {
    let builder = || OAuthClient::builder().instance("dev12345").transport(crate::simulator());
    for (builder, why) in [
        (builder(), "client_id"),
        (builder().client_id("a"), "client_secret"),
        (builder().client_id("a").client_secret("b").public_client(true), "a public client has none"),
        (builder().client_id("a").client_secret("b").grant(Grant::password("", "x")), "the user is empty"),
        (
            builder().client_id("a").client_secret("b").grant(Grant::password("x", "")),
            "the password is empty",
        ),
    ] {
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains(why), "{error}");
    }
    let client = builder().client_id("a").public_client(true).build().unwrap();
    assert_eq!(client.authorization("/relative").unwrap_err().kind(), ErrorKind::InvalidInput);
    let error = client.table("incident").list().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoToken);
    assert!(error.to_string().contains("log in with a browser"), "{error}");
}

/// The flow as an HTTP client goes through it: the pages are those that a person sees, see `tests/simulator/consent.rs`.
#[tokio::test]
async fn a_code_that_a_person_consented_to_confidential_and_public() {
    let redirect = "https://app.example.com/callback";
    for public in [false, true] {
        let application = match public {
            true => OAuthApplication::public("my-id"),
            false => OAuthApplication::new("my-id", "my-secret"),
        };
        let application = application.redirect_uri(redirect);
        let simulator = Simulator::builder().user("admin", "secret").oauth_application(application).build();
        let simulator = simulator.unwrap();
        let client =
            OAuthClient::builder().instance("dev12345").transport(simulator.clone()).client_id("my-id");
        let client = client.public_client(public);
        let client = if public { client } else { client.client_secret("my-secret") };
        let client = client.build().unwrap();

        let request = client.authorization(redirect).unwrap();
        let answer = crate::browser::log_in(&simulator, request.url(), "admin", "secret").await;
        assert!(answer.starts_with(&format!("{redirect}?code=")), "{answer}");
        let other = client.authorization(redirect).unwrap();
        let error = client.exchange_code(&other, &answer).await.unwrap_err();
        assert!(error.to_string().contains("begin the login again"), "another login's answer: {error}");
        assert_eq!(simulator.token_requests(), 0, "and nothing was sent");

        let token = client.exchange_code(&request, &answer).await.unwrap();
        assert_eq!(token.refresh_token().is_some(), !public);
        assert_eq!(read(&client).await.unwrap(), 1);
        assert_eq!(last_user(&simulator), "admin");
        let error = client.exchange_code(&request, &answer).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TokenRefused, "a code is good once");
        assert_eq!(read(&client).await.unwrap(), 1, "and the token goes on");
    }
}

/// A callback that calls the client which waits for it; and one that never answers.
#[tokio::test(start_paused = true)]
async fn a_callback_that_calls_its_own_client_or_hangs_ends_in_an_error() {
    let simulator = crate::simulator();
    let own: Arc<std::sync::Mutex<Option<OAuthClient>>> = Arc::default();
    let inside = own.clone();
    let grant = Grant::callback(move || {
        let client = inside.lock().unwrap().clone();
        async move {
            match client {
                Some(client) => read(&client).await.map(|_| Token::new("never")),
                None => std::future::pending().await,
            }
        }
    });
    let client = OAuthClient::builder().instance("dev12345").transport(simulator.clone());
    let once = snow_client::layer::RetryPolicy::new().max_attempts(1);
    let client = client.grant(grant).retry(once).build().unwrap();
    *own.lock().unwrap() = Some(client.clone());
    let error = read(&client).await.unwrap_err();
    assert!(error.to_string().contains("which waits for it"), "{error}");
    *own.lock().unwrap() = None;
    tokio::time::advance(Duration::from_secs(60)).await;
    let error = read(&client).await.unwrap_err();
    assert!(error.to_string().contains("did not finish within 30s"), "{error}");
    assert_eq!(simulator.journal(), []);
}
