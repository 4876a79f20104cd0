//! ServiceNow tables on a [Ballista](https://datafusion.apache.org/ballista) cluster: queries of `snow-datafusion` run on many machines.
//!
//! | to | use |
//! |---|---|
//! | make a session that client, scheduler and executors understand | [`with_snow_codecs`] |
//! | share what an instance allows among executors | [`ClusterLimit`] |
//! | build codecs of your own around ours | [`TableCodec`], [`PlanCodec`] |
//!
//! What travels is an alias, a table, its columns, a query and ranges of `sys_id`. **No login and no address travels**: each executor has
//! a client of its own under the alias. The scheduler and the program that asks need none. The guide is
//! [Many machines](https://github.com/snow-rs/snow/blob/main/docs/many-machines.md).

mod cluster_limit;
mod message;
mod plan_codec;
mod session_codecs;
mod table_codec;

pub use cluster_limit::ClusterLimit;
pub use plan_codec::PlanCodec;
pub use session_codecs::with_snow_codecs;
pub use table_codec::TableCodec;

// The programs of the pages are compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../../../../docs/many-machines.md")]
struct Guide;
