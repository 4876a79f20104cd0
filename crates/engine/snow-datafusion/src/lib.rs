//! SQL on ServiceNow tables, with [DataFusion](https://datafusion.apache.org).
//!
//! | to | use |
//! |---|---|
//! | query a table by SQL | [`SnowTable`], registered in a `SessionContext` |
//! | give tables their logins | [`Clients`] |
//! | let the instance count, add up and group | [`AggregatePushdown`] |
//! | see which conditions the instance evaluates | `EXPLAIN`, or [`pushdown`] |
//! | run queries on many machines | [`SnowExec`] and the crate `snow-ballista` |
//!
//! A result is the same as if the whole table was read and queried in memory, or it is an error. The guide is
//! [SQL on ServiceNow tables](https://github.com/snow-rs/snow/blob/main/docs/sql.md).

mod aggregate;
mod client_error;
mod clients;
mod column_kind;
mod key_ranges;
mod pushdown;
mod range_reader;
mod snow_exec;
mod snow_scan;
mod snow_table;

pub use aggregate::{AggregatePushdown, SnowAggregateExec};
pub use clients::Clients;
pub use pushdown::{Exactness, Pushed, pushdown};
pub use snow_exec::SnowExec;
pub use snow_scan::{Aggregation, SnowScan};
pub use snow_table::{SnowTable, TableDefinition};

// The programs of the pages are compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../../../../docs/sql.md")]
struct Guide;
