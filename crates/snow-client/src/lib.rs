//! An asynchronous client for ServiceNow whose calls return correct, complete data or an [`Error`] that says what happened.
//!
//! ```
//! # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
//! # let url = simulator.listen().await?;
//! # let (instance, url) = (url.url(), url);
//! use snow_client::{Client, field};
//!
//! let client = Client::builder().instance(instance).user("admin").password("secret").build()?;
//! let open = field("active").eq(true).order_by("number");
//! let page = client.table("incident").list().query(open).fields(["number"]).limit(2).await?;
//! for incident in &page {
//!     println!("{}", incident.value("number")?);
//! }
//! # assert_eq!(page.len(), 2);
//! # Ok(()) }
//! ```
//!
//! | I want to | start with | guide |
//! |---|---|---|
//! | connect with a password, a token or a key | [`Client::builder`], [`client`] | [Logging in](guide::authentication) |
//! | log in with OAuth and keep tokens fresh | [`OAuthClient`], [`oauth`] | [Logging in](guide::authentication) |
//! | share a token between machines | [`oauth::TokenStore`] | [Stores that machines share](guide::token_stores) |
//! | act for the users of a web service | [`ClientBuilder::shared_with`](client::ClientBuilder::shared_with) | [Many users](guide::many_users) |
//! | read and write records | [`Client::table`], [`Table`], [`table`], [`record`] | [Records](guide::records) |
//! | select records | [`field`], [`Query`], [`query`] | [Queries](guide::queries) |
//! | read whole tables | [`ListRecords::stream`](table::ListRecords::stream), [`stream`] | [Records](guide::records#whole-tables) |
//! | write a table to files | [`ListRecords::export`](table::ListRecords::export), [`export`] | [Exporting a table](guide::exports) |
//! | follow what changes in a table | [`Table::changes`], [`changes`] | [Following a table](guide::changes) |
//! | read and write comments and work notes | [`Table::journal`], [`journal`] | [Comments](guide::changes#comments-and-work-notes) |
//! | query tables by SQL | the crate [`snow-datafusion`](https://docs.rs/snow-datafusion) | [SQL](guide::sql), [Many machines](guide::many_machines) |
//! | export and query tables from a shell | the command `snow` | [The command snow](guide::command) |
//! | update or delete many records | [`ListRecords::update_all`](table::ListRecords::update_all), [`bulk`] | [Writes](guide::records#writes) |
//! | send many calls in one request | [`Client::batch`], [`batch`] | [Batches](guide::batches) |
//! | count, sum and group | [`Client::aggregate`], [`aggregate`] | [Aggregates](guide::aggregates) |
//! | upload and download files | [`Client::attachments`], [`attachment`] | [Attachments](guide::attachments) |
//! | import rows by transform maps | [`Client::import`], [`import`] | [Import sets](guide::imports) |
//! | read the dictionary, generate types | [`Client::schema`], [`schema`] | [Schema](guide::schema) |
//! | call any other API | [`Client::api`], [`api`] | [Other APIs](guide::other_apis) |
//! | find out what a login may do | [`Client::probe`], [`Client::me`], [`probe`] | [Refused logins](guide::authentication#when-a-login-is-refused) |
//! | test my code | the crate [`snow-sim`](https://docs.rs/snow-sim) | [Testing](guide::testing), [The simulator](guide::simulator) |
//! | call without async | `blocking::Wait` (feature `blocking`) | [Blocking](guide::blocking) |
//! | use several runtimes, threads or processes | [`Client`] | [Runtimes](guide::runtimes) |
//! | handle errors | [`Error`], [`ErrorKind`], [`error`] | [Errors](guide::errors) |
//! | see what happens | [`layer::CallSpanLayer`] | [Observability](guide::observability) |
//! | know the limits and change them | [`client::ClientBuilder`] | [Defaults](guide::defaults) |
//! | add layers, or replace the HTTP stack | [`layer`], [`transport`] | [Transport](guide::transport) |
//! | know what it costs |  | [Performance](guide::performance) |
//! | know how the service behaves |  | [Facts](guide::servicenow_behaviour) |
//! | move from pysnow |  | [From pysnow](guide::from_pysnow) |
//!
//! Clients are cheap to clone and start no task. Dropping the future of a write leaves it unknown whether it was executed.
//!
//! # Features
//!
//! `tls` and `oauth` are the default features. [Cargo features](guide::features) lists all of them: HTTPS and other transports, `blocking`, dates of
//! other crates, enums of choices, signed assertions, logins in a browser.
//!
//! # Panics
//!
//! A call panics in a tokio runtime whose timers or sockets are not enabled: call `enable_all()` on its builder, as
//! `#[tokio::main]` does. Outside a runtime, a call returns an error.
//!
//! "[Facts 3.4]" and the like refer to sections of [How the service behaves][facts].
//!
//! [facts]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md
//! [Facts 3.4]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#34-cancelled-while-responding
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod aggregate;
pub mod api;
pub mod attachment;
pub mod batch;
#[cfg(feature = "blocking")]
pub mod blocking;
pub mod client;
#[cfg(doctest)]
mod compile_fail;
pub mod export;
#[cfg(all(doc, not(doctest)))]
pub mod guide;
pub mod import;
pub mod probe;
mod request;
pub mod schema;
mod stack;
pub mod table;

#[doc(inline)]
pub use client::Client;
#[cfg(feature = "oauth")]
pub use client::oauth::OAuthClient;
#[cfg(feature = "derive")]
pub use snow_client_derive::ChoiceEnum;
#[cfg(feature = "transport")]
pub use snow_core::Transport;
pub use snow_core::query::{Query, field};
pub use snow_core::{Date, DateTime, DisplayValue, Error, ErrorKind, Instance, Record, SysId};
#[doc(inline)]
pub use table::Table;

/// The result of a call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What derived code names.
#[cfg(feature = "derive")]
#[doc(hidden)]
pub mod __private {
    pub use serde;
}

pub mod bulk {
    //! Updates and deletions of many records, with an outcome for each.
    //!
    //! Start with [`Table::update_many`](crate::Table::update_many) for records whose ids you have, or with
    //! [`ListRecords::update_all`](crate::table::ListRecords::update_all) for the records of a query. They return a [`BulkWrite`];
    //! [`BulkWrite::all`] returns a [`BulkReport`], and [`BulkWrite::dry_run`] shows what would be written.

    pub use crate::table::bulk::{BulkReport, BulkWrite, DryRun, OutcomeStream, WriteOutcome, WriteProgress};
    pub use crate::table::stop::StopHandle;
}

pub mod changes {
    //! The changes of a table, from a stored cursor on: what is new, changed and gone.
    //!
    //! Start with [`Table::changes`](crate::Table::changes), which returns a [`ChangeFeed`]. Poll it, apply the changes of each
    //! [`ChangeBatch`], and then save its [`FeedCursor`].
    //!
    //! # Guarantee
    //!
    //! Every record that this user may read, and whose `sys_updated_on` the platform set, is given out in its latest state at least once,
    //! if it becomes visible later than that time by less than the [overlap](ChangeFeed::overlap), and if the cursor is saved after the
    //! changes were applied. Not every version is given out, and records come in no order of their own. Deletions, and records that
    //! become readable or unreadable, are certain after each [sweep](Deletions::Swept); the [audit](Deletions::Audited) tells what the
    //! instance recorded. Applying a change twice must be the same as applying it once.

    pub use crate::table::changes::{
        Change, ChangeBatch, ChangeFeed, ChangeStream, Deletions, FeedCursor, PresentIds, SweepDifference,
    };
    pub use crate::table::stop::StopHandle;
}

pub mod journal {
    //! Comments and work notes of records, entry by entry.
    //!
    //! [`Table::journal`](crate::Table::journal) returns the [`Journal`] of a record, and
    //! [`Table::journal_changes`](crate::Table::journal_changes) a feed of new entries.

    pub use crate::table::journal::{Journal, JournalEntry, JournalField};
}

pub mod stream {
    //! Streams of all records of a query, in constant memory.
    //!
    //! Start with [`ListRecords::stream`](crate::table::ListRecords::stream), which returns a [`RecordStream`];
    //! [`RecordStream::pages`] turns it into a [`PageStream`]. A [`StreamPosition`] resumes a stream, in another process as well,
    //! and a [`StreamReport`] says whether all records came.

    pub use crate::table::stop::StopHandle;
    pub use crate::table::stream::{
        PageStream, RecordPage, RecordStream, StreamPart, StreamPosition, StreamProgress, StreamReport,
    };
}

pub mod record {
    //! Records and their fields, and types that read more of a field than its stored value.
    //!
    //! A [`Record`] has all fields as they came; [`Record::value`] returns one as text, and [`Record::to`] converts to a type of
    //! your own. In such a type, use [`Reference`], [`WithDisplay`] and [`DisplayOnly`] for references and display values.

    pub use snow_core::decode::{DisplayOnly, Field, Record, Reference, WithDisplay};
}

pub mod datetime {
    //! Dates and times, and how they convert to and from those of other crates.
    //!
    //! The service stores times in UTC, to the second. [`Date`] and [`DateTime`] hold what it stores. With
    //! the features `chrono`, `jiff` and `time`, the types of those crates can be fields of a record's struct and values of queries: see the
    //! module of that name.

    pub use snow_core::datetime::*;
}

pub mod query {
    //! Queries: which records, and in which order.
    //!
    //! Start with [`field`], whose methods are conditions and return a [`Query`]; combine queries with [`Query::and`] and
    //! [`Query::or`].
    //! [`Query::parse`] reads the text that the instance's list view copies.

    pub use snow_core::query::*;
}

pub mod error {
    //! Errors: what failed, whether it was executed, and what to do about it.
    //!
    //! Every call returns an [`Error`]. Match on [`Error::kind`]; [`Error::may_have_executed`] tells whether a write may have
    //! happened. For logs, [`Error::report`] returns one line with the causes, the kind, whether a write may have been executed, and
    //! the instance's id of the transaction.

    pub use snow_core::layer::{Attempts, Stop};
    pub use snow_core::{BoxError, Error, ErrorKind, LoginUsed, ServiceMessage};
}

#[cfg(feature = "oauth")]
pub mod oauth {
    //! OAuth: grants, tokens, token stores, and logins in a browser.
    //!
    //! Start with [`OAuthClient::builder`](crate::OAuthClient::builder). A [`Grant`] is the way to the first token, a
    //! [`TokenStore`] such as
    //! [`FileStore`] keeps tokens between runs, and an [`AuthorizationRequest`] is a login in a browser. [`OAuth`] holds the token for
    //! stacks of your own.

    #[cfg(feature = "jwt")]
    pub use snow_auth::KeySigner;
    #[cfg(feature = "loopback")]
    pub use snow_auth::Loopback;
    pub use snow_auth::{
        Algorithm, Audience, AuthorizationRequest, FileStore, Grant, JwtBearer, Lease, MemoryStore, OAuth,
        OAuthBuilder, OAuthLayer, RefreshFailure, Signer, StorePolicy, StoreWrite, Token, TokenStore,
    };
}

pub mod layer {
    //! The tower layers of the default stack, for stacks of your own.
    //!
    //! [`ClientBuilder::call_layer`](crate::client::ClientBuilder::call_layer) and
    //! [`attempt_layer`](crate::client::ClientBuilder::attempt_layer) add a layer to the default stack, and
    //! [`stack`](crate::client::ClientBuilder::stack) replaces all of it. [`RequestOptions`] are the options of one request that the layers
    //! read.

    pub use snow_auth::{
        ApiKeyLayer, BasicAuthLayer, BearerAuthLayer, CredentialsFuture, CredentialsLayer,
        CredentialsService, HeaderAuth, SigningFuture, SigningLayer, SigningService,
    };
    #[cfg(feature = "oauth")]
    pub use snow_auth::{OAuthFuture, OAuthLayer, OAuthService};
    pub use snow_core::layer::*;
    pub use snow_core::{Departure, RequestOptions, WaitGuard};
}

pub mod transport {
    //! HTTP below the layers: the default transport and its settings, bodies, and the boxed service.
    //!
    //! Start with [`Transport::builder`] for proxies, certificates and pool limits, and pass the transport to
    //! [`ClientBuilder::transport`](crate::client::ClientBuilder::transport), which accepts any other tower service as well. [`Body`] is the body
    //! of requests.

    #[cfg(feature = "transport")]
    pub use snow_core::transport::{
        Proxy, TlsVersion, Transport, TransportBody, TransportBuilder, TransportFuture,
    };
    pub use snow_core::{ApiPath, Body, HttpFuture, HttpService, Once, Origin, Params, Replay};
}
