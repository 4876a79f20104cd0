//! A refresh whose callers have all given up loses no token: the response is used by the next call, and what was not saved yet is saved.

use crate::temp_folder::TempFolder;
use snow_client::{
    Error, ErrorKind, OAuthClient,
    client::OAuthClientBuilder,
    oauth::{FileStore, Grant, Lease, MemoryStore, StoreWrite, Token, TokenStore},
};
use snow_core::Body;
use snow_sim::Simulator;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const LIFE: Duration = Duration::from_secs(1_800);
/// How long a token request takes after the login.
const SLOW: Duration = Duration::from_secs(10);

/// An instance whose refresh tokens rotate. After the first token request the others are slow, and go on when nobody waits for them, as
/// those of hyper do.
fn rotating() -> (Simulator, OAuthClientBuilder) {
    let simulator = crate::simulator();
    simulator.settings(|settings| settings.refresh_tokens_rotate = true);
    let behind = simulator.clone();
    let service = tower::service_fn(move |request: http::Request<Body>| {
        let simulator = behind.clone();
        let exchange = tokio::spawn(async move {
            let is_slow = request.uri().path() == "/oauth_token.do" && simulator.token_requests() > 0;
            let response = tower::ServiceExt::oneshot(simulator, request).await;
            if is_slow {
                tokio::time::sleep(SLOW).await;
            }
            response
        });
        async move { exchange.await.unwrap() }
    });
    (simulator, crate::oauth_builder().transport(service))
}

async fn read(client: &OAuthClient) -> Result<(), Error> {
    client.table("incident").list().limit(1).deadline(Duration::from_secs(2)).await.map(drop)
}

async fn gives_up(client: &OAuthClient) {
    assert_eq!(read(client).await.unwrap_err().kind(), ErrorKind::DeadlineExceeded);
}

/// The old refresh token has ended with the request that nobody waited for.
async fn the_response_is_used(simulator: &Simulator, client: &OAuthClient) {
    client.generate_token("admin", "secret").await.unwrap();
    tokio::time::advance(LIFE).await;
    gives_up(client).await;
    tokio::time::sleep(Duration::from_secs(600)).await;
    read(client).await.unwrap();
    assert_eq!(simulator.token_requests(), 2, "the login and one refresh");
    tokio::time::sleep(LIFE).await;
    gives_up(client).await;
    tokio::time::sleep(SLOW).await;
    read(client).await.unwrap();
    assert_eq!(simulator.token_requests(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_rotated_refresh_token_is_not_lost_in_memory() {
    let (simulator, builder) = rotating();
    let store = MemoryStore::new();
    let client = builder.token_store(store.clone()).build().unwrap();
    the_response_is_used(&simulator, &client).await;
    let Ok(stored) = store.load().await;
    assert_eq!(stored, client.token());
}

#[tokio::test(start_paused = true)]
async fn a_rotated_refresh_token_is_not_lost_with_a_file_whose_lock_is_free_meanwhile() {
    let (simulator, builder) = rotating();
    let folder = TempFolder::new();
    let store = FileStore::new(folder.file("token.json"));
    let client = builder.token_store(store.clone()).build().unwrap();
    the_response_is_used(&simulator, &client).await;
    assert_eq!(store.load().await.unwrap(), client.token());

    tokio::time::advance(LIFE).await;
    gives_up(&client).await;
    let other = FileStore::new(folder.file("token.json")).lease_wait(Duration::ZERO);
    drop(other.lease().await.unwrap());
    tokio::time::sleep(SLOW).await;
    read(&client).await.unwrap();
    assert_eq!(store.load().await.unwrap(), client.token(), "saved under another lease");
}

/// While the refresh stood still, another process was faster: its token is used, and nothing is stored over it.
#[tokio::test(start_paused = true)]
async fn a_newer_token_of_another_process_is_not_replaced() {
    let (simulator, builder) = rotating();
    simulator.settings(|settings| settings.tokens_are_reused = false);
    let folder = TempFolder::new();
    let store = || FileStore::new(folder.file("token.json"));
    let client = builder.clone().token_store(store()).build().unwrap();
    let other = builder.token_store(store()).build().unwrap(); // both have the time of day from here on
    client.generate_token("admin", "secret").await.unwrap();
    tokio::time::advance(LIFE).await;
    gives_up(&client).await;
    let theirs = other.generate_token("admin", "secret").await.unwrap();
    read(&client).await.unwrap();
    assert_eq!(client.token(), Some(theirs.clone()));
    assert_eq!(store().load().await.unwrap(), Some(theirs));
    assert_eq!(simulator.token_requests(), 3, "two logins, and the request of which nobody waited");
}

/// A store whose next save takes so many seconds.
#[derive(Clone, Default)]
struct SlowStore {
    token: Arc<Mutex<Option<Token>>>,
    seconds: Arc<AtomicU64>,
}

impl TokenStore for SlowStore {
    type Error = io::Error;

    async fn load(&self) -> io::Result<Option<Token>> {
        Ok(self.token.lock().unwrap().clone())
    }

    async fn save(&self, token: &Token, _: &Lease) -> io::Result<StoreWrite> {
        let seconds = self.seconds.swap(0, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        *self.token.lock().unwrap() = Some(token.clone());
        Ok(StoreWrite::Applied)
    }

    async fn remove(&self, _: &Lease) -> io::Result<StoreWrite> {
        *self.token.lock().unwrap() = None;
        Ok(StoreWrite::Applied)
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_on_its_way_to_the_store_is_saved_by_the_next_call() {
    let simulator = crate::simulator();
    simulator.settings(|settings| settings.refresh_tokens_rotate = true);
    let store = SlowStore::default();
    let builder = crate::oauth_builder().transport(simulator.clone()).token_store(store.clone());
    let client = builder.grant(Grant::password("admin", "secret")).build().unwrap();
    read(&client).await.unwrap();
    tokio::time::advance(LIFE).await;
    store.seconds.store(20, Ordering::SeqCst);
    gives_up(&client).await;
    read(&client).await.unwrap();
    assert_eq!(simulator.token_requests(), 2, "nothing is requested again");
    assert_eq!(store.load().await.unwrap(), client.token());
}
