//! A hundred thousand calls of all kinds over connections that break, half of them cancelled, in two runtimes of which one
//! sleeps most of the time: no panic, no call beyond its deadline, and afterwards everything is back where it was.
//!
//! The simulator runs in a process of its own, so that descriptors and memory of this one are the client's. Sockets and a runtime
//! that sleeps need real time, which is why this is no test of `promises`.

use crate::cancelled::{Cancelled, Random};
use futures_util::TryStreamExt;
use futures_util::future::join_all;
use http::StatusCode;
use serde_json::json;
use snow_client::{Client, Error, OAuthClient, Transport, field, layer::RetryPolicy};
use snow_core::Body;
use snow_sim::{Fault, Gateway, Simulator, WireFault};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};

const WARM_UP: u32 = 5_000;
const CALLS: u32 = 100_000;
/// How many calls the runtime that works makes at once, and the one that sleeps: what that has begun keeps its permit, and perhaps
/// everybody's token request, while it sleeps.
const AT_ONCE: (u64, u64) = (128, 16);
const PERMITS: usize = 64;
const DEADLINE: Duration = Duration::from_secs(3);
const IDLE: Duration = Duration::from_secs(1);

/// The simulator, whose faults end when its standard input does.
struct Server {
    child: Child,
    faults: Option<ChildStdin>,
    url: String,
}

impl Server {
    fn start() -> Self {
        let program = std::env::current_exe().unwrap();
        let arguments = ["--exact", "soak::serves", "--ignored", "--nocapture"];
        let command =
            Command::new(program).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = command.unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines.by_ref().map(Result::unwrap).find(|line| line.contains("serves at ")).unwrap();
        let url = line.split("serves at ").nth(1).unwrap().trim().to_owned();
        // It may go on writing.
        std::thread::spawn(move || lines.for_each(drop));
        Self { faults: child.stdin.take(), child, url }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One request in eight goes wrong in some way.
fn trouble(random: &mut Random, simulator: &Simulator) {
    let at = usize::try_from(random.below(1_300)).unwrap();
    match random.below(96) {
        0 => simulator.break_next(WireFault::CutAt(at)),
        1 => simulator.break_next(WireFault::ResetAt(at)),
        2 => simulator.break_next(WireFault::StallAt(at)),
        3 => simulator.break_next(WireFault::LongLength(7)),
        4 => simulator.fail_next(Fault::NotProcessed),
        5 => simulator.fail_next(Fault::NoNode),
        6 => simulator.fail_next(Fault::CancelledInStream),
        7 => simulator.fail_next(Fault::Cancelled),
        8 => simulator.fail_next(Fault::Hibernating),
        9 => simulator.fail_next(Fault::LoginRedirect),
        10 => simulator
            .gateway_next(Gateway::new(StatusCode::FORBIDDEN).body("text/html", "<title>Blocked</title>")),
        11 if random.below(20) == 0 => simulator.revoke_access_tokens(),
        _ => {}
    }
    // What arrived is not looked at.
    if random.below(500) == 0 {
        drop(simulator.take_journal());
    }
}

#[test]
#[ignore = "the other test starts it"]
fn serves() {
    let simulator =
        Simulator::builder().user("admin", "secret").oauth_client("my-id", "my-secret").incidents(500);
    let simulator = simulator.access_token_lifetime(Duration::from_secs(20)).build().unwrap();
    simulator.settings(|settings| settings.semaphores = 10_000);
    let calm = Arc::new(AtomicBool::new(false));
    let (quiet, mut random) = (calm.clone(), Random(0x5DEE_CE66_D1CE_4E5B));
    simulator.before_each(move |_, simulator| {
        if !quiet.load(Ordering::Relaxed) {
            trouble(&mut random, simulator);
        }
    });
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let listener = runtime.block_on(simulator.listen()).unwrap();
    println!("serves at {}", listener.url());
    std::io::stdout().flush().unwrap();
    // Until the other process closes it; and then until that ends this one.
    std::io::stdin().lines().for_each(drop);
    calm.store(true, Ordering::Relaxed);
    std::thread::sleep(Duration::from_secs(600));
}

/// What the calls of both runtimes share.
struct Soak {
    client: Client,
    oauth: OAuthClient,
    ids: Vec<String>,
    left: AtomicU32,
    outcomes: Mutex<BTreeMap<String, u32>>,
    /// The longest that a call took beyond its deadline.
    late: Mutex<Duration>,
}

impl Soak {
    fn new(url: &str) -> Self {
        let transport = || Transport::builder().no_proxy().pool_idle_timeout(IDLE).build().unwrap();
        let retry = RetryPolicy::new().backoff(Duration::from_millis(5), Duration::from_millis(100));
        let client = Client::builder().instance(url).user("admin").password("secret").transport(transport());
        let client = client.deadline(DEADLINE).response_timeout(IDLE).idle_timeout(IDLE).concurrency(PERMITS);
        let client = client.retry(retry.clone());
        let oauth = OAuthClient::builder().instance(url).client_id("my-id").client_secret("my-secret");
        let oauth = oauth.transport(transport()).deadline(DEADLINE).response_timeout(IDLE).idle_timeout(IDLE);
        let oauth = oauth.retry(retry).token_timeout(IDLE);
        Self {
            client: client.build().unwrap(),
            oauth: oauth.concurrency(PERMITS).build().unwrap(),
            ids: Vec::new(),
            left: AtomicU32::new(0),
            outcomes: Mutex::default(),
            late: Mutex::default(),
        }
    }

    /// Makes calls until none are left.
    async fn calls(self: Arc<Self>, mut random: Random) {
        while self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
        {
            let polls = if random.below(3) > 0 { 1 + random.below(5) } else { u32::MAX };
            let began = Instant::now();
            let (kind, requests) = CALLS_BY_KIND[usize::try_from(random.below(16)).unwrap()];
            let outcome = match Cancelled(Box::pin(self.one(kind, random)), polls).await {
                None => "cancelled".to_owned(),
                Some(Ok(())) => "done".to_owned(),
                Some(Err(error)) => format!("{:?}", error.kind()),
            };
            let left = self.left.load(Ordering::Relaxed);
            if left > 0 && left.is_multiple_of(10_000) {
                println!("{left} calls are left");
            }
            let late = began.elapsed().saturating_sub(DEADLINE * requests);
            *self.outcomes.lock().unwrap().entry(outcome).or_default() += 1;
            let mut latest = self.late.lock().unwrap();
            *latest = late.max(*latest);
            random.below(2);
        }
    }

    async fn one(&self, kind: Call, mut random: Random) -> Result<(), Error> {
        let client = if random.below(2) == 0 { &self.client } else { self.oauth.as_ref() };
        let incidents = client.table("incident");
        let id = &self.ids[usize::try_from(random.below(u32::try_from(self.ids.len()).unwrap())).unwrap()];
        let text = json!({ "short_description": "soak" });
        match kind {
            Call::Get => drop(incidents.get(id).await?),
            Call::List => drop(incidents.list().limit(20).await?),
            Call::Stream => {
                drop(incidents.list().limit(200).stream().page_size(50).try_collect::<Vec<_>>().await?)
            }
            Call::Count => drop(incidents.list().count().await?),
            Call::Create => drop(incidents.create(&text).await?),
            Call::Update => drop(incidents.update(id, &text).await?),
            Call::Delete => incidents.delete("0".repeat(32)).await?,
            Call::Upsert => drop(incidents.upsert("number", &json!({ "number": "INC0000003" })).await?),
            Call::First => drop(incidents.list().query(field("active").eq(true)).first().await?),
            Call::Aggregate => drop(client.aggregate("incident").count().group_by(["state"]).await?),
            Call::Upload => drop(client.attachments().upload("incident", id, "a.txt", "content").await?),
            Call::Files => drop(client.attachments().for_record("incident", id).await?),
            Call::Batch => {
                let mut batch = client.batch();
                let item = batch.add(incidents.get(id));
                batch.send().await.take(&item)?;
            }
            Call::Schema => drop(client.schema().table("incident").await?),
            Call::LogIn => drop(self.oauth.generate_token("admin", "secret").await?),
            Call::Api => {
                drop(client.api("/api/now/table/incident").get().param("sysparm_limit", "20").await?)
            }
        }
        Ok(())
    }

    fn check(&self) {
        let outcomes = self.outcomes.lock().unwrap();
        println!("{outcomes:?}");
        let of = |name: &str| outcomes.get(name).copied().unwrap_or_default();
        let all: u32 = outcomes.values().sum();
        assert_eq!(all, WARM_UP + CALLS);
        assert!(of("cancelled") > all * 2 / 5 && of("done") > all / 5, "the mixture is not the one meant");
        assert!(all - of("cancelled") - of("done") > all / 100, "too little went wrong");
        assert_eq!(of("Internal"), 0);
        let late = *self.late.lock().unwrap();
        println!("the latest call ended {late:?} after its deadline");
        assert!(late < Duration::from_secs(1));
    }
}

#[derive(Clone, Copy)]
enum Call {
    Get,
    List,
    Stream,
    Count,
    Create,
    Update,
    Delete,
    Upsert,
    First,
    Aggregate,
    Upload,
    Files,
    Batch,
    Schema,
    LogIn,
    Api,
}

/// Each kind of call, and how many requests one after the other it is made of: each has the deadline.
const CALLS_BY_KIND: [(Call, u32); 16] = [
    (Call::Get, 1),
    (Call::List, 1),
    (Call::Stream, 8),
    (Call::Count, 1),
    (Call::Create, 1),
    (Call::Update, 1),
    (Call::Delete, 2),
    (Call::Upsert, 3),
    (Call::First, 2),
    (Call::Aggregate, 1),
    (Call::Upload, 2),
    (Call::Files, 1),
    (Call::Batch, 1),
    (Call::Schema, 6),
    (Call::LogIn, 1),
    (Call::Api, 1),
];

/// Two runtimes: one that works, and one that sleeps most of the time.
struct Runtimes {
    awake: Runtime,
    sleepy: Runtime,
}

impl Runtimes {
    /// Makes so many calls in both, and drives both until all have ended.
    fn run(&self, soak: &Arc<Soak>, calls: u32, seed: u64) {
        soak.left.store(calls, Ordering::Relaxed);
        let spawn = |runtime: &Runtime, from: u64, tasks: u64| -> Vec<_> {
            let seeds = (from..from + tasks).map(|at| Random(0x9E37_79B9_7F4A_7C15 ^ (at << 32) ^ seed));
            seeds.map(|random| runtime.spawn(soak.clone().calls(random))).collect()
        };
        let (here, there) = (spawn(&self.awake, 1, AT_ONCE.0), spawn(&self.sleepy, 1_000, AT_ONCE.1));
        while !there.iter().all(tokio::task::JoinHandle::is_finished) {
            self.sleepy.block_on(async { tokio::time::sleep(Duration::from_millis(30)).await });
            std::thread::sleep(Duration::from_millis(70));
        }
        for task in here.into_iter().chain(there) {
            self.awake.block_on(task).unwrap();
        }
    }

    /// Waits until no connection is kept any more, and tells what there is then.
    fn at_rest(&self) -> Rest {
        for runtime in [&self.awake, &self.sleepy] {
            runtime.block_on(async { tokio::time::sleep(4 * IDLE).await });
        }
        let tasks = [&self.awake, &self.sleepy].map(|runtime| runtime.metrics().num_alive_tasks());
        let descriptors = std::fs::read_dir("/proc/self/fd").unwrap().count();
        let memory = std::fs::read_to_string("/proc/self/statm").unwrap();
        let pages: usize = memory.split(' ').nth(1).unwrap().parse().unwrap();
        Rest { tasks, descriptors, mebibytes: (pages * 4_096) >> 20 }
    }
}

#[derive(Debug)]
struct Rest {
    tasks: [usize; 2],
    descriptors: usize,
    mebibytes: usize,
}

/// As many responses as there are permits can be held at once.
async fn all_permits_are_there(client: &Client) {
    let request = || {
        let uri = "/api/now/table/incident?sysparm_limit=1";
        client.service().send(http::Request::get(uri).body(Body::empty()).unwrap())
    };
    let held = join_all((0..PERMITS).map(|_| request())).await;
    assert!(held.iter().all(|response| response.as_ref().unwrap().status() == 200));
}

#[test]
#[ignore = "cargo xtask interop runs it"]
fn a_hundred_thousand_calls_leave_nothing_behind() {
    let panics = Arc::new(AtomicU32::new(0));
    let (counted, usual) = (panics.clone(), std::panic::take_hook());
    std::panic::set_hook(Box::new(move |panic| {
        counted.fetch_add(1, Ordering::Relaxed);
        usual(panic);
    }));
    let mut server = Server::start();
    let runtimes = Runtimes {
        awake: Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap(),
        sleepy: Builder::new_current_thread().enable_all().build().unwrap(),
    };
    let mut soak = Soak::new(&server.url);
    soak.ids = runtimes.awake.block_on(async {
        while soak.oauth.generate_token("admin", "secret").await.is_err() {}
        let page = loop {
            if let Ok(page) = soak.client.table("incident").list().fields(["sys_id"]).limit(100).await {
                break page;
            }
        };
        page.iter().map(|record| record.value("sys_id").unwrap().into_owned()).collect()
    });
    let soak = Arc::new(soak);
    runtimes.run(&soak, WARM_UP, 1);
    let before = runtimes.at_rest();
    let began = Instant::now();
    runtimes.run(&soak, CALLS, 2);
    println!("{CALLS} calls in {:?}", began.elapsed());
    let after = runtimes.at_rest();
    println!("before {before:?}, after {after:?}");
    soak.check();
    assert_eq!(after.tasks, before.tasks);
    assert!(after.descriptors <= before.descriptors, "descriptors are left");
    assert!(after.mebibytes <= before.mebibytes + 16, "memory is left");
    server.faults = None;
    runtimes.awake.block_on(async {
        // Faults that were arranged before are met by these.
        for _ in 0..20 {
            let _ = soak.client.table("incident").list().limit(1).await;
        }
        all_permits_are_there(&soak.client).await;
        while soak.oauth.generate_token("admin", "secret").await.is_err() {}
        all_permits_are_there(soak.oauth.as_ref()).await;
    });
    assert_eq!(panics.load(Ordering::Relaxed), 0);
}
