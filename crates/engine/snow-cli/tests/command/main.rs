//! The program `snow` as people run it: against a simulated instance on a socket of this machine.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

mod doctor;
mod exit_codes;
mod export;
mod exported;
mod help;
mod instance;
mod interrupts;
#[cfg(feature = "parquet")]
mod parquet;
mod sim;
#[cfg(feature = "sql")]
mod sql;
mod types;
