//! Rust types that the example `codegen` generated from the simulator's dictionary; `schema.rs` checks that they are up to date.

#[rustfmt::skip]
#[allow(unreachable_pub, dead_code, reason = "generated for a module that the world sees, and used in part")]
pub(crate) mod incident;
