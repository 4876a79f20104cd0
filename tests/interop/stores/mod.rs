//! Stores that machines share, against real servers: Redis, a Redis cluster of three, PostgreSQL, and PgBouncer in transaction mode before
//! it. Each step prints a line.
#![allow(clippy::large_futures, reason = "each step is one")]

mod process;
mod server;
mod tls;

use futures_util::future::join_all;
use process::{Process, StoreSettings, signal};
use server::{Server, redis_cluster};
use snow_sim::{Listener, Simulator};
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long a lease lasts in the tests that wait for its end.
const LEASE: Duration = Duration::from_millis(2_000);
const LIFE: Duration = Duration::from_secs(1_800);

/// An instance, and a store that has an expired token of it.
struct World {
    simulator: Simulator,
    listener: Listener,
    store: StoreSettings,
}

impl World {
    async fn new(url: &str, key: &str, lease: Duration) -> Self {
        let simulator = Simulator::builder().user("admin", "secret").oauth_client("my-id", "my-secret");
        let simulator = simulator.access_token_lifetime(LIFE).build().unwrap();
        simulator.settings(|settings| {
            settings.semaphores = 100;
            settings.tokens_are_reused = false;
        });
        let listener = simulator.listen().await.unwrap();
        let store = StoreSettings::new(url, key, lease);
        store.client(&listener.url(), false).generate_token("admin", "secret").await.unwrap();
        let world = Self { simulator, listener, store };
        world.expire().await;
        world
    }

    /// Lets the stored token expire, here and at the instance.
    async fn expire(&self) {
        self.simulator.revoke_access_tokens();
        let token = self.store.stored().await.unwrap();
        let mut expired = serde_json::to_value(&token).unwrap();
        expired["expires_at"] = 1_000.0.into();
        self.store.store(&serde_json::from_value(expired).unwrap()).await;
    }

    fn process(&self) -> Process {
        self.store.process(&self.listener.url(), false)
    }

    /// Token requests after the login.
    fn refreshes(&self) -> usize {
        self.simulator.token_requests() - 1
    }

    fn assert_no_401(&self) {
        assert!(!self.simulator.journal().iter().any(|entry| entry.status == 401), "no call met a 401");
    }

    /// Does something when the next token request has arrived, before it is answered.
    fn at_token_request(&self, act: impl FnOnce() + Send + 'static) {
        let act = Mutex::new(Some(act));
        self.simulator.before_each(move |_, _| {
            if let Some(act) = act.lock().unwrap().take() {
                act();
            }
        });
    }
}

/// Runs a step, and prints that it has passed and how long it took.
async fn step(what: &str, step: impl Future<Output = ()>) {
    let began = Instant::now();
    step.await;
    println!("{what} ({:.1} s)", began.elapsed().as_secs_f32());
}

/// What holds with every server.
async fn every_server(name: &str, url: &str) {
    step(
        &format!("{name}: 40 processes with an expired token make one token request"),
        forty_processes(url, name),
    )
    .await;
    step(&format!("{name}: 40 processes share one failure"), one_failure(url, name)).await;
    step(
        &format!("{name}: a holder stopped past its lease is superseded when it wakes"),
        stopped_holder(url, name),
    )
    .await;
    step(&format!("{name}: a lease outlives a killed holder, and ends"), killed_holder(url, name)).await;
    step(&format!("{name}: a lease shorter than the token request is extended"), slow_request(url, name))
        .await;
}

async fn forty_processes(url: &str, name: &str) {
    let world = World::new(url, &format!("forty {name}"), Duration::from_secs(30)).await;
    let processes = (0..40).map(|_| world.process()).collect::<Vec<_>>();
    for outcome in join_all(processes.into_iter().map(Process::outcome)).await {
        assert_eq!(outcome, "read 1");
    }
    assert_eq!(world.refreshes(), 1);
    world.assert_no_401();
}

async fn one_failure(url: &str, name: &str) {
    let world = World::new(url, &format!("failure {name}"), Duration::from_secs(30)).await;
    world.simulator.revoke_refresh_tokens();
    let processes = (0..40).map(|_| world.process()).collect::<Vec<_>>();
    for outcome in join_all(processes.into_iter().map(Process::outcome)).await {
        assert!(outcome.starts_with("ReauthenticationRequired"), "{outcome}");
    }
    assert_eq!(world.refreshes(), 1);
}

/// Its token request was answered while it was stopped, so that it wakes up with a token that is older than the stored one.
async fn stopped_holder(url: &str, name: &str) {
    let world = World::new(url, &format!("stopped {name}"), LEASE).await;
    let stopped = Arc::new(Mutex::new(None));
    let (first, pid) = (world.process(), stopped.clone());
    // The first request of the process is its token request.
    let id = first.id();
    world.at_token_request(move || {
        signal(id, "STOP");
        *pid.lock().unwrap() = Some(Instant::now());
    });
    while stopped.lock().unwrap().is_none() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(world.process().outcome().await, "read 1");
    let waited = stopped.lock().unwrap().unwrap().elapsed();
    assert!(waited > LEASE / 2, "the lease was respected: {waited:?}");
    let newer = world.store.stored().await.unwrap();
    signal(id, "CONT");
    assert_eq!(first.outcome().await, "read 1");
    assert_eq!(world.store.stored().await, Some(newer), "the store keeps the newer token");
    assert_eq!(world.refreshes(), 2);
    world.assert_no_401(); // the older token had ended: nobody used it
}

async fn killed_holder(url: &str, name: &str) {
    let world = World::new(url, &format!("killed {name}"), LEASE).await;
    let killed = Arc::new(Mutex::new(None));
    let (first, at) = (world.process(), killed.clone());
    let id = first.id();
    world.at_token_request(move || {
        signal(id, "KILL");
        *at.lock().unwrap() = Some(Instant::now());
    });
    while killed.lock().unwrap().is_none() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let others = (0..5).map(|_| world.process()).collect::<Vec<_>>();
    tokio::time::sleep(LEASE / 2).await;
    assert_eq!(world.refreshes(), 1, "no second refresh while the lease holds");
    for outcome in join_all(others.into_iter().map(Process::outcome)).await {
        assert_eq!(outcome, "read 1");
    }
    let waited = killed.lock().unwrap().unwrap().elapsed();
    assert!(waited < LEASE + Duration::from_secs(15), "{waited:?}");
    assert_eq!(world.refreshes(), 2);
    assert_eq!(first.outcome().await, "nothing");
}

/// The token request may take longer than a lease, and does.
async fn slow_request(url: &str, name: &str) {
    let mut world = World::new(url, &format!("slow {name}"), Duration::from_secs(1)).await;
    world.store.token_timeout = Duration::from_secs(10);
    world.at_token_request(|| std::thread::sleep(Duration::from_millis(2_500)));
    let processes = (0..10).map(|_| world.process()).collect::<Vec<_>>();
    for outcome in join_all(processes.into_iter().map(Process::outcome)).await {
        assert_eq!(outcome, "read 1");
    }
    assert_eq!(world.refreshes(), 1);
}

/// The server is killed while a process holds the lease, and starts again with what it had.
async fn restarted_server(url: &str, server: &Arc<Mutex<Server>>) {
    let world = World::new(url, "restarted", Duration::from_secs(10)).await;
    let restarted = server.clone();
    world.at_token_request(move || {
        let mut server = restarted.lock().unwrap();
        server.kill();
        server.start_again();
    });
    let processes = (0..10).map(|_| world.process()).collect::<Vec<_>>();
    let outcomes = join_all(processes.into_iter().map(Process::outcome)).await;
    assert_eq!(world.refreshes(), 1, "no second refresh while the lease holds: {outcomes:?}");
    for outcome in outcomes {
        assert_eq!(outcome, "read 1");
    }
    world.assert_no_401();
}

/// `empty` removes everything from the database.
async fn emptied_database(url: &str, empty: impl Fn() + Clone + Send + 'static) {
    let world = World::new(url, "emptied", Duration::from_secs(10)).await;
    let instance = world.listener.url();
    let client = world.store.client(&instance, false);
    let read = || async { client.table("incident").list().limit(1).await.map(|page| page.len()) };
    assert_eq!(read().await.unwrap(), 1);
    let refreshes = world.refreshes();
    empty();
    assert_eq!(read().await.unwrap(), 1);
    assert_eq!(
        (world.refreshes(), world.store.stored().await),
        (refreshes, None),
        "it goes on with its token"
    );
    let fresh = world.store.process(&instance, false).outcome().await;
    assert!(fresh.starts_with("NoToken"), "{fresh}");

    world.simulator.revoke_access_tokens();
    assert_eq!(read().await.unwrap(), 1);
    assert_eq!(
        (world.refreshes(), world.store.stored().await),
        (refreshes + 1, client.token()),
        "written back"
    );
    empty();
    assert_eq!(world.store.process(&instance, true).outcome().await, "read 1", "by its grant");
    assert_eq!(world.refreshes(), refreshes + 2);

    // In mid-lease: the token is stored, because it replaces nothing.
    world.expire().await;
    world.at_token_request(empty);
    assert_eq!(world.process().outcome().await, "read 1");
    assert!(world.store.stored().await.is_some());
}

/// A server that cannot be reached is not the same as a token that is not there.
async fn unreachable_server(url: &str, server: &Arc<Mutex<Server>>) {
    let world = World::new(url, "unreachable", Duration::from_secs(10)).await;
    let client = world.store.client(&world.listener.url(), false);
    client.table("incident").list().limit(1).await.unwrap();
    server.lock().unwrap().kill();
    for _ in 0..3 {
        client.table("incident").list().limit(1).await.unwrap();
    }
    let fresh = world.store.process(&world.listener.url(), true).outcome().await;
    assert!(fresh.starts_with("TokenNotLoaded"), "{fresh}");
    let refreshes = world.refreshes();
    server.lock().unwrap().start_again();
    assert_eq!(world.store.process(&world.listener.url(), true).outcome().await, "read 1");
    assert_eq!(world.refreshes(), refreshes);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "cargo xtask interop runs it"]
async fn encrypted() {
    step("redis: a connection with TLS, to a server whose authority is trusted and no other", tls::redis())
        .await;
    step(
        "postgres: a connection with TLS, to a server whose authority is trusted and no other",
        tls::postgres(),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "cargo xtask interop runs it"]
async fn redis() {
    let server = Server::redis("redis", &[]);
    let url = format!("redis://127.0.0.1:{}/1", server.port);
    let server = Arc::new(Mutex::new(server));
    every_server("redis", &url).await;
    step(
        "redis: a server killed in mid-lease and started again keeps the lease",
        restarted_server(&url, &server),
    )
    .await;
    let flushed = server.clone();
    let flush = move || drop(flushed.lock().unwrap().redis_command(&["FLUSHALL"]));
    step(
        "redis: after FLUSHALL a valid token is used, and the next refresh writes it back",
        emptied_database(&url, flush),
    )
    .await;
    step("redis: a server that cannot be reached is not \"no token\"", unreachable_server(&url, &server))
        .await;
    step("redis: tokens are sealed", async {
        let world = World::new(&url, "sealed", LEASE).await;
        let token = world.store.stored().await.unwrap();
        let raw = server.lock().unwrap().redis_command(&["-n", "1", "GET", "{sealed}:token"]);
        assert!(
            raw.len() > 100 && !raw.contains(token.access_token().expose()) && !raw.contains("access_token")
        );
    })
    .await;
    step("redis: a wrong password is an error that says so", async {
        server.lock().unwrap().redis_command(&["CONFIG", "SET", "requirepass", "right"]);
        let wrong = StoreSettings::new(&url.replace("//", "//:canary@"), "a", LEASE);
        let outcome = wrong.process("http://127.0.0.1:1", true).outcome().await;
        assert!(outcome.contains("refused the login") && !outcome.contains("canary"), "{outcome}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "cargo xtask interop runs it"]
async fn redis_of_three() {
    let nodes = Arc::new(redis_cluster());
    let url = format!("redis://127.0.0.1:{}", nodes[0].port);
    every_server("redis cluster", &url).await;
    step("redis cluster: each node keeps the tokens of its slots", async {
        for number in 0..12 {
            let world = World::new(&url, &format!("place-{number}"), LEASE).await;
            assert!(world.store.stored().await.is_some());
        }
        let counts = nodes.iter().map(|node| node.redis_command(&["DBSIZE"]).trim().parse::<u32>().unwrap());
        assert!(counts.into_iter().all(|count| count > 0));
    })
    .await;
    let flushed = nodes.clone();
    let flush = move || flushed.iter().for_each(|node| drop(node.redis_command(&["FLUSHALL"])));
    step(
        "redis cluster: after FLUSHALL a valid token is used, and the next refresh writes it back",
        emptied_database(&url, flush),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "cargo xtask interop runs it"]
async fn postgres_and_pgbouncer() {
    let server = Server::postgres();
    let bouncer = Server::pgbouncer(&server);
    let url = format!("postgres://snow@127.0.0.1:{}/postgres", server.port);
    let pooled = format!("postgres://snow@127.0.0.1:{}/tokens", bouncer.port);
    let server = Arc::new(Mutex::new(server));
    every_server("postgres", &url).await;
    every_server("pgbouncer", &pooled).await;
    step(
        "postgres: a server killed in mid-lease and started again keeps the lease",
        restarted_server(&url, &server),
    )
    .await;
    let truncated = server.clone();
    let truncate = move || drop(truncated.lock().unwrap().sql("TRUNCATE snow_token"));
    step(
        "postgres: after TRUNCATE a valid token is used, and the next refresh writes it back",
        emptied_database(&url, truncate),
    )
    .await;
    step("postgres: a server that cannot be reached is not \"no token\"", unreachable_server(&url, &server))
        .await;
    step("postgres: tokens are sealed", async {
        let world = World::new(&url, "sealed", LEASE).await;
        let token = world.store.stored().await.unwrap();
        let raw =
            server.lock().unwrap().sql("SELECT encode(token, 'escape') FROM snow_token WHERE key = 'sealed'");
        assert!(
            raw.len() > 100 && !raw.contains(token.access_token().expose()) && !raw.contains("access_token")
        );
    })
    .await;
    step("postgres: a missing table is an error that says how to create it", async {
        server.lock().unwrap().sql("DROP TABLE snow_token");
        let outcome =
            StoreSettings::new(&url, "a", LEASE).process("http://127.0.0.1:1", true).outcome().await;
        assert!(outcome.contains("42P01") && outcome.contains("PostgresStore::ddl()"), "{outcome}");
    })
    .await;
}
