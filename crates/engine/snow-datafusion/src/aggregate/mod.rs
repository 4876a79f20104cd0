//! Aggregates that the instance computes.

mod aggregate_exec;
mod aggregate_pushdown;
mod aggregate_question;
mod scalar_text;

pub use aggregate_exec::SnowAggregateExec;
pub use aggregate_pushdown::AggregatePushdown;
