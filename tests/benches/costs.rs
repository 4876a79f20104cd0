//! What a call costs, in instructions and allocations: `cargo xtask bench` runs each of these under valgrind, a few times and
//! many times, and takes the difference.
//!
//! `costs NAME COUNT` does one of them so many times.

#![allow(clippy::expect_used, clippy::panic, reason = "a benchmark may fail")]
#![allow(missing_docs, reason = "no library")]

use snow_client::query::Query;
use snow_client::{DisplayValue, Instance, field};
use snow_core::{ApiPath, Params};
use std::hint::black_box;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, count] = &arguments[..] else {
        // As `cargo bench` and `cargo test` call it: there is nothing to time.
        println!("costs: run by `cargo xtask bench`");
        return;
    };
    let count: u32 = count.parse().expect("a number");
    match name.as_str() {
        "query" => repeat(count, || five_conditions().encode().expect("a good query")),
        "list-url" => {
            let instance = Instance::parse("dev12345").expect("a good name");
            let path = ApiPath::table("incident").expect("a good name");
            repeat(count, || instance.uri(&path, &list()).expect("good parameters"));
        }
        other => panic!("no {other:?} here"),
    }
}

fn repeat<T>(count: u32, mut work: impl FnMut() -> T) {
    for _ in 0..count {
        drop(black_box(work()));
    }
}

fn five_conditions() -> Query<'static> {
    field(black_box("active"))
        .eq("true")
        .and(field(black_box("priority")).le(black_box(3)))
        .and(field(black_box("assignment_group.name")).starts_with(black_box("Network")))
        .and(field(black_box("short_description")).contains(black_box("vpn")))
        .and(field(black_box("sys_updated_on")).ge(black_box("2026-06-26 00:00:00")))
}

/// Five conditions and an order, in a list with five parameters.
fn list() -> Params {
    Params::new()
        .query(five_conditions().order_by("number"))
        .fields(black_box(["number", "short_description", "state", "caller_id.name"]))
        .limit(black_box(1_000))
        .display_value(DisplayValue::All)
        .exclude_reference_link(true)
}
