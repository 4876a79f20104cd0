//! Random requests get from the simulator what a model gives them. The models are written from the facts, in the plainest way, and know
//! nothing of the simulator's code: a mistake in one of them is not in the other.
//!
//! `SNOW_MODEL_CASES` sets how many requests of each API are compared; 200 without it. A run can be repeated: its random numbers
//! are the same.
#![allow(clippy::await_holding_refcell_ref, reason = "one step runs after the other, so nobody else borrows")]
#![allow(clippy::large_enum_variant, clippy::type_complexity, reason = "a test may be plain")]

mod aggregate_api;
mod aggregation;
mod attachment_api;
mod attachment_request;
mod batch_api;
mod calendar;
mod change_api;
mod condition;
mod dictionary;
mod exchange;
mod forms;
mod import_set_api;
mod instance;
mod random;
mod random_draft;
mod random_query;
mod schema_tables;
mod table_api;
mod table_case;
mod table_list;
mod table_request;
mod token_endpoint;
mod world;
mod writing;

use exchange::Compared;
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Debug;
use world::World;

fn cases() -> u32 {
    std::env::var("SNOW_MODEL_CASES").map_or(200, |cases| cases.parse().expect("a number of requests"))
}

fn runner(dice: TestRng) -> TestRunner {
    TestRunner::new_with_rng(
        Config { cases: 1, max_shrink_iters: 3_000, failure_persistence: None, ..Config::default() },
        dice,
    )
}

/// Compares as many requests of an API as are asked for, in worlds of some requests each. Returns how many of each kind there were.
fn compare<S: Debug>(
    api: &str,
    step: impl Strategy<Value = S> + Clone,
    world: impl Fn() -> World,
    run: impl AsyncFn(&mut World, &S) -> Compared,
) -> BTreeMap<String, u32> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime");
    let mut dice = runner(TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let (steps, seen) = (proptest::collection::vec(step, 1..60), RefCell::new(BTreeMap::new()));
    while seen.borrow().values().sum::<u32>() < cases() {
        let one = |steps: Vec<S>| {
            let mut world = runtime.block_on(async { world() });
            runtime.block_on(async {
                for step in &steps {
                    run(&mut world, step).await?;
                }
                world.compare_records().await
            })?;
            for (kind, count) in world.seen.into_iter().filter(|(kind, _)| kind.starts_with(api)) {
                *seen.borrow_mut().entry(kind).or_default() += count;
            }
            Ok(())
        };
        if let Err(failure) = runner(dice.new_rng()).run(&steps, one) {
            panic!("{failure}");
        }
    }
    let seen = seen.into_inner();
    println!("{} requests: {seen:?}", seen.values().sum::<u32>());
    seen
}
