//! Guides, one for each thing that you may want to do.
//!
//! | I want to | guide |
//! |---|---|
//! | read, create, update and delete records | [Reading and writing records](records) |
//! | select records | [Queries](queries) |
//! | read a whole table, and go on after an interruption | [Records](records#whole-tables) |
//! | write a table into files | [Exporting a table](exports), [`ExportDirectory`](crate::export::ExportDirectory) |
//! | export and query tables by a command | [The command snow](command) |
//! | follow a table: what is new, changed and gone | [Following a table](changes) |
//! | query tables by SQL (the crate snow-datafusion) | [SQL on ServiceNow tables](sql), [Many machines](many_machines) |
//! | count, sum and group | [Counts, sums and groups](aggregates) |
//! | upload and download files | [Files of records](attachments) |
//! | send many calls in one request | [Many calls in one request](batches) |
//! | import rows by transform maps | [Import sets](imports) |
//! | read the dictionary, and generate Rust types | [What tables are made of](schema) |
//! | call an API that has no module here | [Any other API](other_apis) |
//! | log in | [Logging in](authentication) |
//! | share a token between machines | [Stores that machines share](token_stores) |
//! | act for the users of a web service | [Many users in one service](many_users) |
//! | know what failed, and what to do | [Errors](errors) |
//! | see what happens: spans, events, alerts | [Observability](observability) |
//! | know the limits and how to change them | [Defaults at a glance](defaults) |
//! | choose Cargo features | [Cargo features](features) |
//! | test my code | [Testing your code](testing) |
//! | know what the simulator simulates | [The simulator](simulator) |
//! | write a program without async | [Programs without async](blocking) |
//! | use several runtimes, threads or processes | [Runtimes, threads and forks](runtimes) |
//! | set proxies and certificates, or bring an HTTP stack | [The transport](transport) |
//! | know what it costs | [Performance](performance) |
//! | move from Python | [Coming from pysnow](from_pysnow) |
//! | know how the service behaves | [How the service behaves](servicenow_behaviour) |
//!
//! They are the pages of the folder `docs` in the repository. Their programs are compiled with the tests, and run where they need no server of
//! somebody else.

// A page links to other pages by their file names. `links.md` comes first, so that its definitions of those links count here.

#[doc = include_str!("links.md")]
#[doc = include_str!("../../docs/records.md")]
pub mod records {}

#[doc = include_str!("links.md")]
#[doc = include_str!("../../docs/queries.md")]
pub mod queries {}

#[doc = include_str!("links.md")]
#[doc = include_str!("../../docs/exports.md")]
pub mod exports {}

#[doc = include_str!("links.md")]
#[doc = include_str!("../../docs/command.md")]
pub mod command {}

#[doc = include_str!("links.md")]
#[doc = include_str!("../../docs/changes.md")]
pub mod changes {}

#[doc = include_str!("links.md")]
#[doc = include_str!("../../docs/sql.md")]
pub mod sql {}

#[doc = include_str!("links.md")]
#[doc = include_str!("../../docs/many-machines.md")]
pub mod many_machines {}

#[doc = include_str!("links.md")]
#[doc = include_str!("../../docs/aggregates.md")]
pub mod aggregates {}

#[doc = include_str!("links.md")]
#[doc = include_str!("../../docs/attachments.md")]
pub mod attachments {}

#[doc = include_str!("links.md")]
#[doc = include_str!("../../docs/batches.md")]
pub mod batches {}

#[doc = include_str!("links.md")]
#[doc = include_str!("../../docs/imports.md")]
pub mod imports {}

#[doc = include_str!("links.md")]
#[doc = include_str!("../../docs/schema.md")]
pub mod schema {}

#[doc = include_str!("links.md")]
#[doc = include_str!("../../docs/other-apis.md")]
pub mod other_apis {}

#[doc = include_str!("links.md")]
#[doc = include_str!("../../docs/authentication.md")]
pub mod authentication {}

#[doc = include_str!("links.md")]
#[doc = include_str!("../../docs/token-stores.md")]
pub mod token_stores {}

#[doc = include_str!("links.md")]
#[doc = include_str!("../../docs/many-users.md")]
pub mod many_users {}

#[doc = include_str!("links.md")]
#[doc = include_str!("../../docs/errors.md")]
pub mod errors {}

#[doc = include_str!("links.md")]
#[doc = include_str!("../../docs/observability.md")]
pub mod observability {}

#[doc = include_str!("links.md")]
#[doc = include_str!("../../docs/defaults.md")]
pub mod defaults {}

#[doc = include_str!("links.md")]
#[doc = include_str!("../../docs/features.md")]
pub mod features {}

#[doc = include_str!("links.md")]
#[doc = include_str!("../../docs/testing.md")]
pub mod testing {}

#[doc = include_str!("links.md")]
#[doc = include_str!("../../docs/simulator.md")]
pub mod simulator {}

#[doc = include_str!("links.md")]
#[doc = include_str!("../../docs/blocking.md")]
pub mod blocking {}

#[doc = include_str!("links.md")]
#[doc = include_str!("../../docs/runtimes.md")]
pub mod runtimes {}

#[doc = include_str!("links.md")]
#[doc = include_str!("../../docs/transport.md")]
pub mod transport {}

#[doc = include_str!("links.md")]
#[doc = include_str!("../../docs/performance.md")]
pub mod performance {}

#[doc = include_str!("links.md")]
#[doc = include_str!("../../docs/from-pysnow.md")]
pub mod from_pysnow {}

#[doc = include_str!("links.md")]
#[doc = include_str!("../../docs/servicenow-behaviour.md")]
pub mod servicenow_behaviour {}
