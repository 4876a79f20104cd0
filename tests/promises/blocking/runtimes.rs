//! Waiting inside of async code: it neither stalls on a connection of the runtime that stands still meanwhile, nor uses up the turn of
//! its task.

use super::child;
use super::contexts::{current_thread, ends, multi_thread};
use super::server::{client, server};
use futures_util::future::join_all;
use snow_client::blocking::Wait;
use snow_client::{Client, Error, ErrorKind};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use tokio::runtime::Runtime;
use tracing_subscriber::fmt;

async fn list(client: &Client) -> Result<usize, Error> {
    Ok(client.table("incident").list().fields(["number"]).limit(1).await?.len())
}

/// The connections that were awaited are in the pool, and the runtime that drives them stands still while the thread waits.
#[test]
fn a_wait_after_awaited_calls_never_stalls() {
    const RUNTIMES: [fn() -> Runtime; 4] =
        [current_thread, || multi_thread(1), || multi_thread(2), || multi_thread(4)];
    for (n, runtime) in RUNTIMES.into_iter().enumerate() {
        ends(&format!("runtime {n}"), move || {
            let (runtime, client) = (runtime(), client(&server().url));
            runtime.block_on(async {
                let task = tokio::spawn(async move {
                    for _ in 0..60 {
                        join_all((0..4).map(|_| list(&client)))
                            .await
                            .into_iter()
                            .for_each(|count| assert_eq!(count.unwrap(), 1));
                        // Shorter than the timeout that would end a stall and lead to another attempt.
                        let call = client.table("incident").list().fields(["number"]).limit(1);
                        assert_eq!(call.deadline(Duration::from_secs(30)).wait().unwrap().len(), 1);
                    }
                });
                task.await.unwrap();
            });
        });
    }
}

/// Without any waiting: this is what the rest depends on.
#[test]
fn runtimes_that_take_turns_share_a_client_and_no_connection() {
    ends("two runtimes that take turns", || {
        let (client, runtimes) = (client(&server().url), [current_thread(), current_thread()]);
        for round in 0..10 {
            runtimes[round % 2].block_on(async {
                assert_eq!(list(&client).await.unwrap(), 1);
                let create =
                    client.table("problem").create(&serde_json::json!({ "short_description": "in turn" }));
                create.deadline(Duration::from_secs(30)).await.unwrap();
            });
        }
    });
}

/// tokio lets a task do 128 things in one poll.
#[test]
fn hundreds_of_waits_fit_into_one_poll() {
    ends("400 waits in one poll", || {
        let client = client(&server().url);
        current_thread().block_on(async {
            for _ in 0..400 {
                let call = client.table("incident").list().fields(["number"]).limit(1);
                assert_eq!(call.deadline(Duration::from_secs(30)).wait().unwrap().len(), 1);
            }
        });
    });
}

#[test]
#[cfg(target_os = "linux")]
fn one_thread_drives_the_calls_of_all_threads() {
    child::passes(child::command("runtimes::many_threads_begin"));
}

#[test]
#[cfg(target_os = "linux")]
#[ignore = "the test above runs it in a process of its own"]
fn many_threads_begin() {
    let client = crate::client(&crate::simulator());
    let barrier = std::sync::Barrier::new(32);
    std::thread::scope(|scope| {
        for _ in 0..32 {
            scope.spawn(|| {
                barrier.wait();
                assert_eq!(list(&client).wait().unwrap(), 1);
            });
        }
    });
    let named = || {
        let tasks = std::fs::read_dir("/proc/self/task").unwrap();
        let names = tasks.filter_map(|task| std::fs::read_to_string(task.unwrap().path().join("comm")).ok());
        names.filter(|name| name.trim() == "snow-io").count()
    };
    // Those that were started at the same moment, and are not needed, end.
    ends("the threads that are not needed", move || {
        while named() > 1 {
            std::thread::yield_now();
        }
        assert_eq!(named(), 1);
    });
}

#[test]
fn a_future_may_borrow_and_stay_on_its_thread() {
    let client = client(&server().url);
    let (count, name) = (Rc::new(Cell::new(0)), String::from("incident"));
    let calls = async {
        let counted = count.clone(); // not Send
        for _ in 0..2 {
            counted.set(counted.get() + client.table(&name).list().fields(["number"]).limit(1).await?.len());
        }
        Ok::<_, Error>(())
    };
    calls.wait().unwrap();
    assert_eq!(count.get(), 2);
}

#[test]
fn waits_nest() {
    ends("a wait inside of a wait", || {
        let client = client(&server().url);
        let nested = async {
            let inner = list(&client).wait()?;
            let spawned = {
                let client = client.clone();
                tokio::task::spawn_blocking(move || list(&client).wait()).await.map_err(Error::wrap)??
            };
            Ok::<_, Error>(inner + spawned + list(&client).await?)
        };
        assert_eq!(nested.wait().unwrap(), 3);
    });
}

/// A user's own executor may need the token that parks and unparks a thread; a panic leaves everything in order.
#[test]
fn a_panic_of_the_future_is_one_of_the_caller() {
    let client = client(&server().url);
    let fails = async {
        list(&client).await?;
        if client.instance().origin().is_https() { Ok(()) } else { panic!("on purpose") }
    };
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| fails.wait()));
    assert!(panicked.is_err_and(|panic| panic.is::<&str>()));
    assert_eq!(list(&client).wait().unwrap(), 1);
}

/// Whatever a test says of the time to its own runtime.
#[test]
fn waiting_takes_real_time_where_the_clock_is_paused() {
    let paused =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let slow = client(&server().slow_url);
    paused.block_on(async {
        let before = tokio::time::Instant::now();
        let error =
            slow.table("incident").list().limit(1).deadline(Duration::from_millis(10)).wait().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::DeadlineExceeded);
        assert_eq!(tokio::time::Instant::now(), before);
    });
}

#[test]
fn it_warns_once_where_tasks_stand_still() {
    let printed = child::passes(child::command("runtimes::warns"));
    let (legitimate, rest) = printed.split_once("in tasks").unwrap();
    let count = |text: &str| text.matches("WARN").count();
    assert_eq!((count(legitimate), count(rest)), (0, 1), "{printed}");
    assert!(rest.contains("write .await instead of .wait()"), "{printed}");
}

#[test]
#[ignore = "the test above runs it in a process of its own"]
fn warns() {
    tracing::subscriber::set_global_default(fmt().with_max_level(tracing::Level::WARN).finish()).unwrap();
    let client = crate::client(&crate::simulator());
    list(&client).wait().unwrap();
    multi_thread(1).block_on(async {
        let client = client.clone();
        tokio::task::spawn_blocking(move || list(&client).wait()).await.unwrap().unwrap();
    });
    println!("in tasks");
    for runtime in [current_thread(), multi_thread(1)] {
        let client = client.clone();
        runtime.block_on(async {
            let task = tokio::spawn(async move {
                list(&client).wait().unwrap();
                list(&client).wait().unwrap();
            });
            task.await.unwrap();
        });
    }
}
