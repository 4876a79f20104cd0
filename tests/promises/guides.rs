//! The tests that the guides show are tests that pass.

#![allow(
    dead_code,
    unused_imports,
    missing_docs,
    unreachable_pub,
    clippy::pedantic,
    reason = "they are a user's"
)]

include!(concat!(env!("OUT_DIR"), "/tests.rs"));
