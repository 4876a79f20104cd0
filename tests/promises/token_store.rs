//! The token store is read at the start and written before any request uses a new token; if it fails, the policy that the user chose
//! applies.

use crate::temp_folder::TempFolder;
use snow_client::{
    ErrorKind, OAuthClient,
    client::OAuthClientBuilder,
    oauth::{FileStore, Grant, Lease, MemoryStore, StorePolicy, StoreWrite, Token, TokenStore},
};
use snow_sim::Simulator;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const LIFE: Duration = Duration::from_secs(1_800);

fn builder(simulator: &Simulator) -> OAuthClientBuilder {
    crate::oauth_builder().transport(simulator.clone())
}

async fn read(client: &OAuthClient) -> Result<usize, snow_client::Error> {
    client.table("incident").list().limit(1).await.map(|page| page.len())
}

/// A store of the user's own that can be broken, and counts.
#[derive(Clone, Default)]
struct Shelf(Arc<Inner>);

#[derive(Default)]
struct Inner {
    token: Mutex<Option<Token>>,
    broken: AtomicBool,
    loads: AtomicUsize,
    saves: AtomicUsize,
    leases: AtomicUsize,
}

impl Shelf {
    fn broken(&self, broken: bool) {
        self.0.broken.store(broken, Ordering::SeqCst);
    }

    fn check(&self) -> io::Result<()> {
        match self.0.broken.load(Ordering::SeqCst) {
            true => Err(io::Error::other("the shelf is broken")),
            false => Ok(()),
        }
    }

    /// Loads, saves and leases.
    fn counts(&self) -> [usize; 3] {
        [&self.0.loads, &self.0.saves, &self.0.leases].map(|count| count.load(Ordering::SeqCst))
    }
}

/// Counts the leases that are out.
struct Guard(Shelf);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.0.leases.fetch_sub(1, Ordering::SeqCst);
    }
}

impl TokenStore for Shelf {
    type Error = io::Error;

    async fn load(&self) -> io::Result<Option<Token>> {
        self.0.loads.fetch_add(1, Ordering::SeqCst);
        self.check()?;
        Ok(self.0.token.lock().unwrap().clone())
    }

    async fn save(&self, token: &Token, lease: &Lease) -> io::Result<StoreWrite> {
        assert!(lease.guard::<Guard>().is_some(), "the lease is the store's own");
        assert_eq!(self.0.leases.load(Ordering::SeqCst), 1, "saved under one lease");
        self.check()?;
        self.0.saves.fetch_add(1, Ordering::SeqCst);
        *self.0.token.lock().unwrap() = Some(token.clone());
        Ok(StoreWrite::Applied)
    }

    async fn remove(&self, lease: &Lease) -> io::Result<StoreWrite> {
        assert!(lease.guard::<Guard>().is_some(), "the lease is the store's own");
        *self.0.token.lock().unwrap() = None;
        self.check().map(|()| StoreWrite::Applied)
    }

    async fn lease(&self) -> io::Result<Lease> {
        self.0.leases.fetch_add(1, Ordering::SeqCst);
        Ok(Lease::new(Guard(self.clone())))
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_client_finds_the_first_ones_token_and_refreshes_it_for_both() {
    let simulator = crate::simulator();
    let store = MemoryStore::new();
    let first = builder(&simulator).token_store(store.clone()).build().unwrap();
    let second = builder(&simulator).token_store(store.clone()).build().unwrap();
    assert_eq!(read(&first).await.unwrap_err().kind(), ErrorKind::NoToken);
    first.generate_token("admin", "secret").await.unwrap();
    assert_eq!(read(&second).await.unwrap(), 1);
    assert_eq!(second.token(), first.token());
    for refreshes in 1..4 {
        tokio::time::advance(LIFE).await;
        assert_eq!(read(&second).await.unwrap(), 1);
        assert_eq!(read(&first).await.unwrap(), 1);
        assert_eq!(simulator.token_requests(), 1 + refreshes, "one refreshed, the other one looked");
    }
    simulator.revoke_access_tokens();
    assert_eq!(read(&first).await.unwrap(), 1);
    assert_eq!(read(&second).await.unwrap(), 1);
    assert_eq!(simulator.token_requests(), 5);
}

/// Both find the token expired at the same moment.
#[tokio::test(start_paused = true)]
async fn two_clients_with_one_memory_store_make_one_request() {
    let simulator = crate::slow_simulator();
    simulator.settings(|settings| settings.refresh_tokens_rotate = true);
    let store = MemoryStore::new();
    let clients = [(); 2].map(|()| builder(&simulator).token_store(store.clone()).build().unwrap());
    clients[0].generate_token("admin", "secret").await.unwrap();
    read(&clients[1]).await.unwrap();
    for refreshes in 1..5 {
        tokio::time::advance(LIFE).await;
        let calls = (0..20).map(|number| read(&clients[number % 2]));
        for call in futures_util::future::join_all(calls).await {
            assert_eq!(call.unwrap(), 1);
        }
        assert_eq!(simulator.token_requests(), 1 + refreshes);
    }
}

/// Accounts lock after some passwords that are refused. A process with another password is not held up.
#[tokio::test(start_paused = true)]
async fn a_refused_password_is_not_sent_by_another_process_for_half_an_hour() {
    let simulator = crate::simulator();
    let store = MemoryStore::new();
    let client = |password: &str| {
        let grant = Grant::password("admin", password);
        builder(&simulator).token_store(store.clone()).grant(grant).build().unwrap()
    };
    // All have the time of day from here on.
    let (first, others, heard) = (client("wrong"), [(); 3].map(|()| client("wrong")), client("wrong"));
    let (late, other_password) = (client("wrong"), client("secret"));
    let error = read(&first).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TokenRefused, "{error}");
    for (other, minutes) in others.iter().zip([1, 10, 18]) {
        tokio::time::advance(Duration::from_secs(minutes * 60)).await;
        let error = read(other).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TokenRefused, "{error}");
        assert!(error.to_string().contains("another process"), "{error}");
    }
    assert_eq!(simulator.token_requests(), 1);

    // One that heard of it a minute before the end waits for this minute, and not for another half an hour.
    assert!(read(&heard).await.is_err());
    tokio::time::advance(Duration::from_secs(70)).await;
    assert!(read(&heard).await.is_err());
    assert_eq!(simulator.token_requests(), 2);
    assert_eq!(read(&other_password).await.unwrap(), 1, "another password");
    assert_eq!(read(&late).await.unwrap(), 1, "and its token is for all");
}

/// It was read in good time, and the store is gone when it is refreshed ahead of its expiry.
#[tokio::test(start_paused = true)]
async fn a_valid_token_is_used_while_the_store_cannot_be_reached() {
    let simulator = crate::simulator();
    let shelf = Shelf::default();
    let client = builder(&simulator).token_store(shelf.clone()).grant(Grant::password("admin", "secret"));
    let client = client.build().unwrap();
    read(&client).await.unwrap();
    shelf.broken(true);
    tokio::time::advance(LIFE - Duration::from_secs(20)).await;
    for _ in 0..5 {
        assert_eq!(read(&client).await.unwrap(), 1);
        tokio::time::advance(Duration::from_secs(3)).await;
    }
    tokio::time::advance(Duration::from_secs(10)).await;
    let error = read(&client).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TokenNotLoaded, "expired, and not `NoToken`: {error}");
    assert_eq!(simulator.token_requests(), 1, "nothing is requested that could not be saved");
}

#[tokio::test(start_paused = true)]
async fn a_store_of_ones_own_is_read_and_written_under_a_lease_which_is_given_back() {
    let simulator = crate::simulator();
    let shelf = Shelf::default();
    let client = builder(&simulator).token_store(shelf.clone()).grant(Grant::password("admin", "secret"));
    let client = client.build().unwrap();
    read(&client).await.unwrap();
    assert_eq!(shelf.0.token.lock().unwrap().clone(), client.token());
    let [loads, saves, leases] = shelf.counts();
    assert_eq!((saves, leases), (1, 0));
    for _ in 0..10 {
        read(&client).await.unwrap();
    }
    assert_eq!(shelf.counts(), [loads, saves, leases], "a good token asks nothing of the store");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_cannot_be_read_is_told_and_lets_no_call_out() {
    let simulator = crate::simulator();
    let shelf = Shelf::default();
    shelf.broken(true);
    let client = builder(&simulator).token_store(shelf.clone()).grant(Grant::password("admin", "secret"));
    let client = client.build().unwrap();
    let error = read(&client).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TokenNotLoaded);
    assert!(error.to_string().contains("the shelf is broken"), "{error}");
    assert!(!error.may_have_executed());
    assert_eq!(simulator.journal(), []);
    shelf.broken(false);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(read(&client).await.unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn with_best_effort_calls_go_on_and_the_store_gets_the_token_later() {
    let simulator = crate::simulator();
    let shelf = Shelf::default();
    shelf.broken(true);
    let client = builder(&simulator).token_store(shelf.clone()).store_policy(StorePolicy::BestEffort);
    let client = client.grant(Grant::password("admin", "secret")).build().unwrap();
    for _ in 0..10 {
        assert_eq!(read(&client).await.unwrap(), 1);
    }
    let error = client.store_error().unwrap();
    assert_eq!(error.kind(), ErrorKind::TokenNotSaved);
    assert!(error.to_string().contains("the shelf is broken"), "{error}");
    shelf.broken(false);
    tokio::time::advance(Duration::from_secs(30)).await;
    assert_eq!(read(&client).await.unwrap(), 1);
    assert_eq!(*shelf.0.token.lock().unwrap(), client.token());
    assert!(client.store_error().is_none());
    assert_eq!(simulator.token_requests(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_user_who_logged_out_is_not_logged_in_by_the_store() {
    let simulator = crate::simulator();
    let store = MemoryStore::new();
    let client = builder(&simulator).token_store(store.clone()).build().unwrap();
    client.generate_token("admin", "secret").await.unwrap();
    client.set_token(None).unwrap();
    assert_eq!(read(&client).await.unwrap_err().kind(), ErrorKind::NoToken);
    assert!(store.load().await.unwrap().is_some());
}

#[tokio::test]
async fn a_file_keeps_a_token_in_the_form_that_pysnow_reads() {
    let simulator = crate::simulator();
    let folder = TempFolder::new();
    let file = folder.file("token.json");
    let client = builder(&simulator).token_store(FileStore::new(&file)).build().unwrap();
    client.generate_token("admin", "secret").await.unwrap();
    let stored: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    for key in ["access_token", "refresh_token", "token_type", "scope", "expires_in", "expires_at"] {
        assert!(!stored[key].is_null(), "{key} is missing");
    }
    client.revoke().await.unwrap();
    assert!(!file.exists());
}

#[tokio::test(start_paused = true)]
async fn with_best_effort_and_a_broken_store_a_revoked_token_is_refreshed_all_the_same() {
    let simulator = crate::simulator();
    let shelf = Shelf::default();
    shelf.broken(true);
    let client = builder(&simulator).token_store(shelf.clone()).store_policy(StorePolicy::BestEffort);
    let client = client.grant(Grant::password("admin", "secret")).build().unwrap();
    for refreshes in 1..4 {
        assert_eq!(read(&client).await.unwrap(), 1);
        assert_eq!(simulator.token_requests(), refreshes);
        simulator.revoke_access_tokens();
    }
}
