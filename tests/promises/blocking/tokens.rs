//! A token is shared by threads as it is by tasks: one token request, whoever waits and whoever gives up.

use super::contexts::ends;
use snow_client::blocking::Wait;
use snow_client::oauth::Token;
use snow_client::{ErrorKind, OAuthClient};
use snow_core::{Body, BoxError};
use snow_sim::Simulator;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;
use tokio::sync::Semaphore;
use tower::{ServiceExt, service_fn};

const THREADS: usize = 100;

/// An instance whose token requests wait for a permit.
struct Instance {
    simulator: Simulator,
    has_arrived: Arc<AtomicBool>,
    may_pass: Arc<Semaphore>,
}

impl Instance {
    fn new() -> Self {
        let simulator = crate::simulator();
        simulator.settings(|settings| settings.semaphores = 10_000);
        Self { simulator, has_arrived: Arc::default(), may_pass: Arc::new(Semaphore::new(0)) }
    }

    /// A client whose token has expired, and how often its updater was called.
    fn client(&self) -> (OAuthClient, Arc<Mutex<u32>>) {
        let (simulator, has_arrived, may_pass) =
            (self.simulator.clone(), self.has_arrived.clone(), self.may_pass.clone());
        let gate = service_fn(move |request: http::Request<Body>| {
            let (simulator, has_arrived, may_pass) =
                (simulator.clone(), has_arrived.clone(), may_pass.clone());
            async move {
                if request.uri().path().ends_with("oauth_token.do") {
                    has_arrived.store(true, Ordering::SeqCst);
                    drop(may_pass.acquire().await?);
                }
                simulator.oneshot(request).await.map_err(BoxError::from)
            }
        });
        let saved = Arc::<Mutex<u32>>::default();
        let count = saved.clone();
        let builder = crate::oauth_builder().transport(gate).concurrency(THREADS);
        let builder = builder.token_updater(move |_: Token| {
            *count.lock().unwrap() += 1;
            async { Ok::<_, BoxError>(()) }
        });
        let client = builder.build().unwrap();
        self.may_pass.add_permits(1);
        let token = client.generate_token("admin", "secret").wait().unwrap();
        self.may_pass.forget_permits(1);
        self.has_arrived.store(false, Ordering::SeqCst);
        let mut token = serde_json::to_value(&token).unwrap();
        token["expires_at"] = 1.into();
        client.set_token(serde_json::from_value::<Token>(token).unwrap()).unwrap();
        (client, saved)
    }
}

/// Returns whether the call was made.
fn list(client: &OAuthClient, go_on: impl FnMut() -> bool) -> bool {
    let call = client.table("incident").list().fields(["number"]).limit(1);
    match call.wait_while(Duration::from_millis(1), go_on) {
        Some(page) => page.unwrap().len() == 1,
        None => false,
    }
}

#[test]
fn a_hundred_threads_refresh_an_expired_token_once() {
    ends("100 threads", || {
        let instance = Instance::new();
        let (client, saved) = instance.client();
        let before = instance.simulator.token_requests();
        instance.may_pass.add_permits(1);
        thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(|| list(&client, || true))).collect();
            assert!(threads.into_iter().all(|thread| thread.join().unwrap()));
        });
        assert_eq!((instance.simulator.token_requests() - before, *saved.lock().unwrap()), (1, 2));
    });
}

#[test]
fn the_thread_that_began_the_refresh_may_give_up() {
    ends("100 threads", || {
        let instance = Instance::new();
        let (client, saved) = instance.client();
        let before = instance.simulator.token_requests();
        thread::scope(|scope| {
            // It gives up when its token request is under way.
            let began = scope.spawn(|| list(&client, || !instance.has_arrived.load(Ordering::SeqCst)));
            assert!(!began.join().unwrap());
            let threads: Vec<_> = (1..THREADS).map(|_| scope.spawn(|| list(&client, || true))).collect();
            instance.may_pass.add_permits(1);
            assert!(threads.into_iter().all(|thread| thread.join().unwrap()));
        });
        assert_eq!((instance.simulator.token_requests() - before, *saved.lock().unwrap()), (1, 2));
    });
}

/// Updaters and stores run on the thread that waits, where they may wait for another client; one that waits for its own would wait for
/// itself, and is refused as in async code.
#[test]
fn an_updater_may_wait_for_another_client() {
    ends("an updater that waits", || {
        let simulator = crate::simulator();
        let (other, own) = (crate::client(&simulator), Arc::<Mutex<Option<OAuthClient>>>::default());
        let refused = Arc::<Mutex<Option<ErrorKind>>>::default();
        let (kept, told) = (own.clone(), refused.clone());
        let builder = crate::oauth_builder().transport(simulator).token_updater(move |_: Token| {
            let client = kept.lock().unwrap().take();
            let error = client.unwrap().table("incident").list().limit(1).wait().unwrap_err();
            *told.lock().unwrap() = Some(error.kind());
            let read = other.table("incident").list().limit(1).wait();
            async { read.map(drop) }
        });
        let client = builder.build().unwrap();
        *own.lock().unwrap() = Some(client.clone());
        client.generate_token("admin", "secret").wait().unwrap();
        assert_eq!(*refused.lock().unwrap(), Some(ErrorKind::InvalidInput));
    });
}
