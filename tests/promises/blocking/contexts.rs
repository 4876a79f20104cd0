//! Every operation in every context, on a client that is new and on one that async code has used before.

use super::operations::{self, Operation, operations};
use snow_client::Client;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::task::{LocalSet, spawn_blocking, spawn_local};

/// Far longer than anything takes here, and shorter than the timeouts that end a call that hangs.
pub(super) const HANGS: Duration = Duration::from_secs(60);

pub(super) type Work = Arc<dyn Fn() + Send + Sync>;

/// Fails if `work` does not end, instead of hanging.
pub(super) fn ends(name: &str, work: impl FnOnce() + Send + 'static) {
    let (done, outcome) = mpsc::channel();
    let worker = thread::spawn(move || {
        work();
        let _ = done.send(());
    });
    match outcome.recv_timeout(HANGS) {
        Ok(()) => {}
        Err(mpsc::RecvTimeoutError::Disconnected) => panic!("{name} failed: {:?}", worker.join().is_err()),
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("{name} hangs"),
    }
}

/// What async code has called before, if it has.
async fn awaited(client: Option<Client>) {
    if let Some(client) = client {
        operations::awaited(client).await;
    }
}

fn everywhere(context: &str, run: fn(Option<Client>, Work)) {
    for is_warm in [false, true] {
        for Operation { name, client, run: work } in operations() {
            let cell = format!(
                "{name}, {context}, {}",
                if is_warm { "after awaited calls" } else { "first of all" }
            );
            ends(&cell, move || run(is_warm.then_some(client), work));
        }
    }
}

pub(super) fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

pub(super) fn multi_thread(workers: usize) -> Runtime {
    Builder::new_multi_thread().worker_threads(workers).enable_all().build().unwrap()
}

#[test]
fn on_a_thread_without_a_runtime() {
    everywhere("a plain thread", |client, work| {
        let stands_still = current_thread();
        stands_still.block_on(awaited(client));
        work();
    });
}

#[test]
fn on_32_threads() {
    everywhere("32 threads", |client, work| {
        let stands_still = current_thread();
        stands_still.block_on(awaited(client));
        thread::scope(|scope| {
            for _ in 0..32 {
                scope.spawn(|| work());
            }
        });
    });
}

#[test]
fn in_a_task_of_several_threads() {
    everywhere("a task of a multi-thread runtime", |client, work| {
        let runtime = multi_thread(2);
        runtime.block_on(async {
            let task = runtime.spawn(async move {
                awaited(client).await;
                work();
            });
            task.await.unwrap();
        });
    });
}

#[test]
fn in_the_main_task_of_several_threads() {
    everywhere("block_on of a multi-thread runtime", |client, work| {
        multi_thread(1).block_on(async {
            awaited(client).await;
            work();
        });
    });
}

#[test]
fn in_a_task_of_one_thread() {
    everywhere("a task of a current-thread runtime", |client, work| {
        current_thread().block_on(async {
            let task = tokio::spawn(async move {
                awaited(client).await;
                work();
            });
            task.await.unwrap();
        });
    });
}

#[test]
fn in_a_local_set() {
    everywhere("a LocalSet", |client, work| {
        LocalSet::new().block_on(&current_thread(), async {
            let task = spawn_local(async move {
                awaited(client).await;
                work();
            });
            task.await.unwrap();
        });
    });
}

#[test]
fn in_spawn_blocking() {
    everywhere("spawn_blocking", |client, work| {
        for runtime in [current_thread(), multi_thread(1)] {
            let (client, work) = (client.clone(), work.clone());
            runtime.block_on(async {
                awaited(client).await;
                spawn_blocking(move || work()).await.unwrap();
            });
        }
    });
}

/// Works when it is dropped.
struct AtLast(Work);

impl Drop for AtLast {
    fn drop(&mut self) {
        (self.0)();
    }
}

#[test]
fn in_a_destructor_in_async_code() {
    everywhere("a destructor in async code", |client, work| {
        for runtime in [current_thread(), multi_thread(1)] {
            let (client, last) = (client.clone(), AtLast(work.clone()));
            runtime.block_on(async move {
                let task = tokio::spawn(async move {
                    let _last = last;
                    awaited(client).await;
                });
                task.await.unwrap();
            });
        }
    });
}

#[test]
fn in_a_thread_pool() {
    everywhere("a pool of 4 threads", |client, work| {
        let stands_still = current_thread();
        stands_still.block_on(awaited(client));
        let (jobs, queue) = mpsc::channel();
        (0..8).for_each(|_| jobs.send(work.clone()).unwrap());
        drop(jobs);
        let queue = Mutex::new(queue);
        let take = || queue.lock().unwrap().recv();
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while let Ok(job) = take() {
                        job();
                    }
                });
            }
        });
    });
}
