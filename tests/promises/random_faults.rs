//! Under random faults and random cancellations, nothing leaks and every call reports its outcome truthfully.

use crate::cancelled::{Cancelled, Random};
use futures_util::future::join_all;
use serde_json::json;
use snow_client::{Client, Error, ErrorKind, field, layer::RetryPolicy};
use snow_core::Body;
use snow_sim::{Fault, Simulator, WireFault};
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::Instant;

const PLACES: usize = 4;
const TASKS: u32 = 16;
const EACH: u32 = 625;

/// What became of a creation.
#[derive(Debug, PartialEq)]
enum Fate {
    Done,
    NotDone,
    Unknown,
}

fn trouble(random: &mut Random, simulator: &Simulator, faults: &[Fault]) {
    let at = random.below(1_300) as usize;
    match random.below(12) {
        0 => simulator.break_next(WireFault::CutAt(at)),
        1 => simulator.break_next(WireFault::ResetAt(at)),
        2 => simulator.break_next(WireFault::LongLength(7)),
        3 | 4 => simulator.fail_next(faults[random.below(u32::try_from(faults.len()).unwrap()) as usize]),
        _ => {}
    }
}

async fn one(
    client: &Client,
    simulator: &Simulator,
    random: &mut Random,
    faults: &[Fault],
    name: &str,
) -> Option<Fate> {
    trouble(random, simulator, faults);
    let looks = if random.below(5) == 0 { random.below(8) } else { u32::MAX };
    if random.below(2) == 0 {
        let call =
            client.table("incident").list().query(field("number").eq("INC0000001")).limit(1).into_future();
        match Cancelled(Box::pin(call), looks).await {
            Some(Ok(page)) => assert_eq!(page[0].value("number").unwrap(), "INC0000001"),
            Some(Err(error)) => assert!(is_right(&error) && !error.may_have_executed(), "{error}"),
            None => {}
        }
        return None;
    }
    let call = client.table("incident").create(&json!({ "short_description": name })).into_future();
    Some(match Cancelled(Box::pin(call), looks).await {
        Some(Ok(created)) => {
            assert_eq!(created.value("short_description").unwrap(), name);
            Fate::Done
        }
        Some(Err(error)) => {
            assert!(is_right(&error), "{error}");
            if error.may_have_executed() { Fate::Unknown } else { Fate::NotDone }
        }
        None => Fate::Unknown,
    })
}

/// The kinds of what was made to go wrong. A 500 whose body broke is a failure of unknown cause.
fn is_right(error: &Error) -> bool {
    use ErrorKind::*;
    matches!(
        error.kind(),
        ConnectionClosed
            | Server
            | Truncated
            | Other
            | NotProcessed
            | Unavailable
            | TransactionCancelled
            | Hibernating
            | LoginPage
            | InstanceBusy
            | TimedOut
    )
}

async fn storm(client: &Client, simulator: &Simulator, faults: &[Fault]) -> HashMap<String, Fate> {
    let tasks = (0..TASKS).map(|task| {
        let (client, simulator, faults) = (client.clone(), simulator.clone(), faults.to_vec());
        tokio::spawn(async move {
            let mut random = Random(0x9E37_79B9_7F4A_7C15 ^ (u64::from(task) << 32));
            let mut fates = Vec::new();
            for number in 0..EACH {
                let name = format!("{task}-{number}");
                let fate = one(&client, &simulator, &mut random, &faults, &name).await;
                fates.extend(fate.map(|fate| (name, fate)));
            }
            fates
        })
    });
    join_all(tasks).await.into_iter().flat_map(Result::unwrap).collect()
}

/// What is done is there once, what is not done is not there, and nothing is there twice.
async fn nobody_lied(simulator: &Simulator, fates: &HashMap<String, Fate>) {
    let page =
        crate::client(simulator).table("incident").list().fields(["short_description"]).limit(10_000).await;
    let mut rows: HashMap<String, u32> = HashMap::new();
    for row in &page.unwrap() {
        *rows.entry(row.value("short_description").unwrap().into_owned()).or_default() += 1;
    }
    for (name, fate) in fates {
        let rows = rows.get(name).copied().unwrap_or(0);
        let allowed = match fate {
            Fate::Done => rows == 1,
            Fate::NotDone => rows == 0,
            Fate::Unknown => rows <= 1,
        };
        assert!(allowed, "{name} is {fate:?} and there are {rows}");
    }
    let of = |fate| fates.values().filter(|found| **found == fate).count();
    assert!(
        of(Fate::Done) > 1_000 && of(Fate::NotDone) > 10 && of(Fate::Unknown) > 100,
        "too little went wrong"
    );
}

/// As many answers as there are places can be held at once.
async fn no_place_is_missing(client: &Client) {
    let request = || {
        let uri = "/api/now/table/incident?sysparm_limit=1";
        client.service().send(http::Request::get(uri).body(Body::empty()).unwrap())
    };
    let held = join_all((0..PLACES).map(|_| request())).await;
    assert!(held.iter().all(|answer| answer.as_ref().unwrap().status() == 200));
}

#[tokio::test]
async fn on_sockets() {
    let simulator = crate::simulator();
    simulator.settings(|settings| settings.semaphores = 10_000);
    let listener = simulator.listen().await.unwrap();
    let policy = RetryPolicy::new().backoff(Duration::ZERO, Duration::ZERO).budget(1_000);
    let builder = Client::builder().instance(listener.url()).user("admin").password("secret");
    let client = builder.concurrency(PLACES).retry(policy).build().unwrap();
    let faults = [Fault::NotProcessed, Fault::NoNode, Fault::CancelledInStream, Fault::Hibernating];
    let fates = storm(&client, &simulator, &faults).await;
    calm(&simulator, &client).await;
    nobody_lied(&simulator, &fates).await;
    no_place_is_missing(&client).await;

    client.table("incident").list().limit(1).await.unwrap();
    let connections = simulator.connections();
    for _ in 0..20 {
        client.table("incident").list().limit(1).await.unwrap();
    }
    assert_eq!(simulator.connections(), connections, "the pool works");
}

/// With the pauses that a 429 asks for, on a clock that stands still.
#[tokio::test(start_paused = true)]
async fn in_memory_with_pauses() {
    let simulator = crate::simulator();
    simulator.settings(|settings| settings.semaphores = 10_000);
    let builder = Client::builder().instance("dev12345").user("admin").password("secret");
    let builder = builder.transport(simulator.clone()).deadline(Duration::from_secs(100_000));
    let client = builder.concurrency(PLACES).build().unwrap();
    let (faults, began) =
        ([Fault::NotProcessed, Fault::NoNode, Fault::Busy, Fault::Cancelled], Instant::now());
    let fates = storm(&client, &simulator, &faults).await;
    calm(&simulator, &client).await;
    nobody_lied(&simulator, &fates).await;
    no_place_is_missing(&client).await;
    assert!(began.elapsed() > Duration::from_secs(100), "nobody paused");
}

/// Faults that nobody met are spent on reads.
async fn calm(simulator: &Simulator, client: &Client) {
    let mut in_a_row = 0;
    while in_a_row < 20 {
        let before = simulator.journal().len();
        let read = client.table("incident").list().limit(1).await;
        in_a_row = if read.is_ok() && simulator.journal().len() == before + 1 { in_a_row + 1 } else { 0 };
    }
}

/// One place is enough for whoever calls again for every row of an answer: a page is read before it is given out.
#[tokio::test(start_paused = true)]
async fn one_place_is_enough_to_update_each_row_of_a_list() {
    let simulator = crate::simulator();
    let builder = Client::builder().instance("dev12345").user("admin").password("secret");
    let client = builder.transport(simulator.clone()).concurrency(1).build().unwrap();
    let incidents = client.table("incident");
    for incident in &incidents.list().limit(5).await.unwrap() {
        let id = incident.value("sys_id").unwrap();
        incidents.update(&*id, &json!({ "short_description": "seen" })).await.unwrap();
    }
    let seen = incidents.list().query(field("short_description").eq("seen")).limit(10).await.unwrap();
    assert_eq!(seen.len(), 5);
}

/// Whoever holds an answer and calls again waits for himself, but not forever, and is told what he waited for.
#[tokio::test(start_paused = true)]
async fn waiting_for_ones_own_answer_ends_in_an_error_that_says_so() {
    let simulator = crate::simulator();
    let builder = Client::builder().instance("dev12345").user("admin").password("secret");
    let client = builder.transport(simulator.clone()).concurrency(1).build().unwrap();
    let uri = "/api/now/table/incident?sysparm_limit=1";
    let held = client.service().send(http::Request::get(uri).body(Body::empty()).unwrap()).await.unwrap();
    let began = Instant::now();
    let error = client.table("incident").create(&json!({})).await.unwrap_err();
    assert_eq!((error.kind(), began.elapsed().as_secs()), (ErrorKind::PermitTimeout, 60));
    assert!(error.is_retryable() && !error.may_have_executed());
    let line = error.to_string();
    assert!(line.contains("all 1 were taken") && line.contains("responses that were not read"), "{line}");
    assert_eq!(simulator.journal().len(), 1, "it was not sent");
    drop(held);
    client.table("incident").create(&json!({})).await.unwrap();
}
