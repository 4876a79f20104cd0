//! A process that shares a store: this test program, which environment variables tell to make a single call.

use snow_auth::{SealKey, Token, TokenStore};
use snow_client::{OAuthClient, client::OAuthClientBuilder, layer::RetryPolicy, oauth::Grant};
use snow_store_postgres::PostgresStore;
use snow_store_redis::RedisStore;
use std::env::{current_exe, var};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A store, as all processes are told of it.
#[derive(Clone)]
pub(super) struct StoreSettings {
    pub(super) url: String,
    pub(super) key: String,
    pub(super) lease: Duration,
    pub(super) token_timeout: Duration,
}

impl StoreSettings {
    /// A token request takes less than a lease lasts.
    pub(super) fn new(url: &str, key: &str, lease: Duration) -> Self {
        Self { url: url.into(), key: key.into(), lease, token_timeout: lease * 3 / 4 }
    }

    fn redis(&self) -> Option<RedisStore> {
        let builder =
            RedisStore::builder(self.url.as_str(), self.key.as_str()).lease(self.lease).seal(seal());
        self.url.starts_with("redis").then(|| builder.build().unwrap())
    }

    fn postgres(&self) -> PostgresStore {
        let builder = PostgresStore::builder(self.url.as_str(), self.key.as_str()).lease(self.lease);
        builder.seal(seal()).build().unwrap()
    }

    /// A client of the instance at this URL, whose token is in the store.
    pub(super) fn client(&self, instance: &str, grant: bool) -> OAuthClient {
        let builder = OAuthClient::builder().instance(instance).client_id("my-id").client_secret("my-secret");
        let builder = builder.retry(RetryPolicy::new().max_attempts(1)).token_timeout(self.token_timeout);
        let builder = if grant { builder.grant(Grant::password("admin", "secret")) } else { builder };
        self.keeps_the_token_of(builder).build().unwrap()
    }

    fn keeps_the_token_of(&self, builder: OAuthClientBuilder) -> OAuthClientBuilder {
        match self.redis() {
            Some(redis) => builder.token_store(redis),
            None => builder.token_store(self.postgres()),
        }
    }

    pub(super) async fn stored(&self) -> Option<Token> {
        match self.redis() {
            Some(redis) => redis.load().await.unwrap(),
            None => self.postgres().load().await.unwrap(),
        }
    }

    /// Stores a token as some process would.
    pub(super) async fn store(&self, token: &Token) {
        let write = match self.redis() {
            Some(redis) => redis.save(token, &redis.lease().await.unwrap()).await,
            None => {
                let postgres = self.postgres();
                postgres.save(token, &postgres.lease().await.unwrap()).await
            }
        };
        assert_eq!(write.unwrap(), snow_auth::StoreWrite::Applied);
    }

    /// Starts a process that makes one call.
    pub(super) fn process(&self, instance: &str, grant: bool) -> Process {
        let mut command = Command::new(current_exe().unwrap());
        command.args(["--ignored", "--exact", "--nocapture", "stores::process::one_call"]);
        command.env("SNOW_STORE_URL", &self.url).env("SNOW_STORE_KEY", &self.key);
        command.env("SNOW_STORE_LEASE", self.lease.as_millis().to_string());
        command.env("SNOW_STORE_TIMEOUT", self.token_timeout.as_millis().to_string());
        command.env("SNOW_STORE_INSTANCE", instance).env("SNOW_STORE_GRANT", if grant { "yes" } else { "" });
        Process(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap())
    }
}

pub(super) fn seal() -> SealKey {
    SealKey::from_base64("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=").unwrap()
}

pub(super) struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Process {
    pub(super) fn id(&self) -> u32 {
        self.0.id()
    }

    /// Waits until it has made its call, and returns what it says of it.
    pub(super) async fn outcome(mut self) -> String {
        let said = move || {
            let lines = BufReader::new(self.0.stdout.take().unwrap()).lines().map_while(Result::ok);
            let outcome = lines.filter_map(|line| line.strip_prefix("outcome: ").map(str::to_owned)).last();
            outcome.unwrap_or_else(|| "nothing".into())
        };
        tokio::task::spawn_blocking(said).await.unwrap()
    }
}

/// Sends a signal to a process, such as STOP.
pub(super) fn signal(process: u32, signal: &str) {
    let done = Command::new("kill").args([format!("-{signal}"), process.to_string()]).status().unwrap();
    assert!(done.success(), "kill -{signal} {process}");
}

/// What a process does: one call, and it says how that went.
#[tokio::test]
#[ignore = "the tests of the stores run it in processes of its own"]
async fn one_call() {
    let Ok(url) = var("SNOW_STORE_URL") else { return };
    let time = |name| Duration::from_millis(var(name).unwrap().parse().unwrap());
    let mut settings = StoreSettings::new(&url, &var("SNOW_STORE_KEY").unwrap(), time("SNOW_STORE_LEASE"));
    settings.token_timeout = time("SNOW_STORE_TIMEOUT");
    let grant = !var("SNOW_STORE_GRANT").unwrap().is_empty();
    let client = settings.client(&var("SNOW_STORE_INSTANCE").unwrap(), grant);
    match client.table("incident").list().limit(1).await {
        Ok(page) => println!("outcome: read {}", page.len()),
        Err(error) => println!("outcome: {:?} {}", error.kind(), error.report()),
    }
}
