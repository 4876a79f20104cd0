//! Processes that share a token file share one token and one refresh, and no process loses its login when another is killed.
//!
//! Each process is this test program, which environment variables tell to make a single call.

use crate::temp_folder::TempFolder;
use snow_client::{
    ErrorKind, OAuthClient,
    layer::RetryPolicy,
    oauth::{FileStore, Grant, Token},
};
use snow_sim::{Fault, Simulator};
use std::env::{current_exe, var};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const LIFE: Duration = Duration::from_secs(1_800);

fn token_file(folder: &TempFolder) -> PathBuf {
    folder.file("token.json")
}

fn token(folder: &TempFolder) -> Token {
    serde_json::from_slice(&std::fs::read(token_file(folder)).unwrap()).expect("the file holds a whole token")
}

fn client(url: &str, file: &Path, grant: bool) -> OAuthClient {
    let builder = OAuthClient::builder().instance(url).client_id("my-id").client_secret("my-secret");
    let builder = builder.token_store(FileStore::new(file)).retry(RetryPolicy::new().max_attempts(1));
    let builder = if grant { builder.grant(Grant::password("admin", "secret")) } else { builder };
    builder.build().unwrap()
}

/// One call in a process of its own.
fn process(url: &str, file: &Path, grant: bool) -> Child {
    let mut command = Command::new(current_exe().unwrap());
    command.args(["--ignored", "--exact", "--nocapture", "shared_tokens::one_call"]);
    command.env("SNOW_PROCESS_URL", url).env("SNOW_PROCESS_FILE", file);
    command.env("SNOW_PROCESS_GRANT", if grant { "yes" } else { "" });
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

/// What a process does: says that it begins, reads one record, and says how that went.
#[tokio::test]
#[ignore = "the tests below run it in processes of its own"]
async fn one_call() {
    let (url, file) = (var("SNOW_PROCESS_URL").unwrap(), PathBuf::from(var("SNOW_PROCESS_FILE").unwrap()));
    let client = client(&url, &file, !var("SNOW_PROCESS_GRANT").unwrap().is_empty());
    println!("begins");
    match client.table("incident").list().limit(1).await {
        Ok(page) => println!("read {}", page.len()),
        Err(error) => println!("{:?}", error.kind()),
    }
}

/// What it said at last.
fn outcome(mut child: Child) -> String {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let said = lines.filter(|line| line.starts_with("read ") || line.chars().all(char::is_alphanumeric));
    let last = said.filter(|line| !line.is_empty() && line != "begins").last();
    child.wait().unwrap();
    last.unwrap_or_else(|| "nothing".into())
}

async fn outcomes(children: Vec<Child>) -> Vec<String> {
    let waiting = children.into_iter().map(|child| tokio::task::spawn_blocking(|| outcome(child)));
    futures_util::future::join_all(waiting).await.into_iter().map(Result::unwrap).collect()
}

/// A simulator on a socket, and a folder with a file that holds an expired token.
async fn with_an_expired_token() -> (Simulator, snow_sim::Listener, TempFolder) {
    let simulator = crate::simulator();
    simulator.settings(|settings| settings.semaphores = 100);
    let (listener, folder) = (simulator.listen().await.unwrap(), TempFolder::new());
    client(&listener.url(), &token_file(&folder), false).generate_token("admin", "secret").await.unwrap();
    simulator.advance(LIFE);
    let mut over = serde_json::to_value(token(&folder)).unwrap();
    over["expires_at"] = 1_000.0.into();
    std::fs::write(token_file(&folder), over.to_string()).unwrap();
    (simulator, listener, folder)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_processes_with_an_expired_token_make_one_token_request() {
    let (simulator, listener, folder) = with_an_expired_token().await;
    let children = (0..50).map(|_| process(&listener.url(), &token_file(&folder), false)).collect();
    for outcome in outcomes(children).await {
        assert_eq!(outcome, "read 1");
    }
    assert_eq!(simulator.token_requests(), 2, "the login and one refresh");
    assert!(!simulator.journal().iter().any(|entry| entry.status == 401), "no call met a 401");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_processes_share_one_failure() {
    let (simulator, listener, folder) = with_an_expired_token().await;
    simulator.revoke_refresh_tokens();
    let children = (0..50).map(|_| process(&listener.url(), &token_file(&folder), false)).collect();
    for outcome in outcomes(children).await {
        assert_eq!(outcome, "ReauthenticationRequired");
    }
    assert_eq!(simulator.token_requests(), 2, "the login, and one refresh that was refused");
    client(&listener.url(), &token_file(&folder), false).generate_token("admin", "secret").await.unwrap();
    assert_eq!(
        outcome(process(&listener.url(), &token_file(&folder), false)),
        "read 1",
        "and it is forgotten"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_process_finds_the_first_ones_token() {
    let simulator = crate::simulator();
    let (listener, folder) = (simulator.listen().await.unwrap(), TempFolder::new());
    let nobody = outcome(process(&listener.url(), &token_file(&folder), false));
    assert_eq!((nobody.as_str(), simulator.token_requests()), ("NoToken", 0));
    assert_eq!(outcome(process(&listener.url(), &token_file(&folder), true)), "read 1");
    assert_eq!(outcome(process(&listener.url(), &token_file(&folder), false)), "read 1");
    assert_eq!(simulator.token_requests(), 1);
}

/// Kills processes around the moment of their refresh, wherever that is on this machine: sooner after those that got to it,
/// later after those that did not.
struct Killer {
    dice: u64,
    within: Duration,
}

impl Killer {
    fn new(seed: u64) -> Self {
        Self { dice: seed, within: Duration::from_millis(10) }
    }

    /// Starts a process with a token that is refused, and kills it some time after it has begun its call. Whenever the kill
    /// comes, what is asserted afterwards holds.
    async fn kill_one(&mut self, simulator: &Simulator, url: &str, file: &Path) {
        simulator.revoke_access_tokens();
        let before = simulator.token_requests();
        let mut child = process(url, file, false);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().ends_with("begins")), "the process begins");
        self.dice = self.dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let share = u32::try_from((self.dice >> 40) % 1_000).unwrap();
        tokio::time::sleep(self.within * share / 1_000).await;
        let _ = child.kill();
        child.wait().unwrap();
        let reached = simulator.token_requests() > before;
        self.within = self.within.mul_f64(if reached { 0.95 } else { 1.05 });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_killed_at_any_moment_of_a_refresh_leaves_one_whole_token() {
    let (simulator, listener, folder) = with_an_expired_token().await;
    let (mut killer, mut killed) = (Killer::new(1), 0);
    while killed < 200 || simulator.token_requests() < 50 {
        killer.kill_one(&simulator, &listener.url(), &token_file(&folder)).await;
        assert!(token(&folder).refresh_token().is_some());
        killed += 1;
        assert!(killed < 5_000, "refreshes are reached in the end: {}", simulator.token_requests());
    }
    simulator.revoke_access_tokens();
    assert_eq!(outcome(process(&listener.url(), &token_file(&folder), false)), "read 1", "without a person");
    let left: Vec<_> = folder.names().into_iter().filter(|name| name.ends_with(".new")).collect();
    assert!(left.is_empty(), "{left:?}");
}

/// A server that makes a new refresh token each time has one window that nothing closes: between its answer and the file.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_refresh_tokens_that_rotate_the_one_window_ends_in_log_in_again() {
    let (simulator, listener, folder) = with_an_expired_token().await;
    simulator.settings(|settings| settings.refresh_tokens_rotate = true);
    let mut killer = Killer::new(2);
    for _ in 0..20 {
        killer.kill_one(&simulator, &listener.url(), &token_file(&folder)).await;
        let _whole = token(&folder);
    }
    simulator.revoke_access_tokens();
    let next = outcome(process(&listener.url(), &token_file(&folder), false));
    assert!(next == "read 1" || next == "ReauthenticationRequired", "{next}");

    // The window itself, for certain: the server answered, and the file was never written.
    let before = std::fs::read(token_file(&folder)).unwrap();
    let store = FileStore::new(token_file(&folder));
    client(&listener.url(), &token_file(&folder), false).generate_token("admin", "secret").await.unwrap();
    let login = std::fs::read(token_file(&folder)).unwrap();
    assert_ne!(before, login);
    simulator.revoke_access_tokens();
    assert_eq!(outcome(process(&listener.url(), &token_file(&folder), false)), "read 1");
    std::fs::write(token_file(&folder), &login).unwrap();
    simulator.revoke_access_tokens();
    assert_eq!(outcome(process(&listener.url(), &token_file(&folder), false)), "ReauthenticationRequired");
    let failure = snow_client::oauth::TokenStore::failure(&store).await.unwrap().unwrap();
    assert!(failure.log_in_again);
    assert_eq!(
        outcome(process(&listener.url(), &token_file(&folder), true)),
        "ReauthenticationRequired",
        "for 30 s"
    );
    let saved =
        snow_client::oauth::TokenStore::save(&store, &token(&folder), &snow_client::oauth::Lease::none())
            .await;
    assert_eq!(saved.unwrap(), snow_client::oauth::StoreWrite::Applied);
    assert_eq!(
        outcome(process(&listener.url(), &token_file(&folder), true)),
        "read 1",
        "with a grant: by itself"
    );
}

#[tokio::test]
async fn a_failing_endpoint_is_not_asked_by_the_next_process_at_once() {
    let (simulator, listener, folder) = with_an_expired_token().await;
    simulator.fail_always(Some(Fault::NoNode));
    let first = client(&listener.url(), &token_file(&folder), false);
    let error = first.table("incident").list().limit(1).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    simulator.fail_always(None);
    let requests = simulator.token_requests();
    // As another process would: one that knows nothing but the file. The failure is made to last.
    let store = FileStore::new(token_file(&folder));
    let mut failure = snow_client::oauth::TokenStore::failure(&store).await.unwrap().unwrap();
    assert!(failure.message.contains("502") && !failure.log_in_again);
    failure.until += 60_000;
    let lease = snow_client::oauth::Lease::none();
    let _ = snow_client::oauth::TokenStore::save_failure(&store, &failure, &lease).await.unwrap();
    let second = client(&listener.url(), &token_file(&folder), false);
    let error = second.table("incident").list().limit(1).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("another process failed to refresh the token"), "{error}");
    assert_eq!(simulator.token_requests(), requests, "it was not asked");
    failure.until = 0;
    let lease = snow_client::oauth::Lease::none();
    let _ = snow_client::oauth::TokenStore::save_failure(&store, &failure, &lease).await.unwrap();
    let third = client(&listener.url(), &token_file(&folder), false);
    assert_eq!(third.table("incident").list().limit(1).await.unwrap().len(), 1);
}
