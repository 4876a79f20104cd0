//! SQL on tables of the simulator gives the same results as the same SQL on a copy in memory.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod aggregates;
mod conditions;
mod dice;
mod incidents;
mod large_reads;
mod limits;
mod pushdown_rules;
mod sample_table;
mod sessions;
