//! The program `snow` as people run it: against a simulated instance on a socket of this machine.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

mod doctor;
mod exit_codes;
mod help;
mod instance;
mod sim;
mod types;
