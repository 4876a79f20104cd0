//! A ServiceNow instance in a box.
//!
//! [`Simulator`] behaves like an instance over HTTP, its odd responses included: as a tower `Service` in memory, which works
//! under tokio's paused clock and needs no socket, and as a [`Listener`] on a loopback socket, plain or with TLS.
//! It follows the facts collected about the service and no client's convenience, and shares no code with any client.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use http_body_util::{BodyExt, Full};
//! use snow_sim::Simulator;
//! use tower::ServiceExt;
//!
//! let simulator = Simulator::builder().user("admin", "secret").build()?;
//! let request = http::Request::get("/api/now/table/incident?sysparm_limit=1")
//!     .header("authorization", "Basic YWRtaW46c2VjcmV0")
//!     .body(Full::<bytes::Bytes>::default())?;
//! let response = simulator.oneshot(request).await?;
//! assert_eq!(response.status(), 200);
//! let body = response.into_body().collect().await?.to_bytes();
//! assert!(body.starts_with(br#"{"result":[{"#));
//! # Ok(()) }
//! ```
//!
//! # What it follows
//!
//! | facts | what |
//! |---|---|
//! | [1] | the Table API on every table of its dictionary, v1 and v2: GET, HEAD, POST, PUT, PATCH, DELETE, all parameters, headers, `Link` with its quirk, values in all forms, rules before saving |
//! | [2] | encoded queries, evaluated: the operators that reads can use, precedence, carets, walks, related lists, joins, text search, `javascript:gs.*` dates, queries that widen |
//! | [3] | the error envelope, cancelled transactions in every recorded shape, 202, hibernation, missing nodes, login redirects, writes that report failure but happened; gateways in front, of the test's choosing ([`Gateway`]); messages in another language |
//! | [4], [10.2] | basic, bearer, API keys, cookie sessions; the login page, the consent page and their codes; the token endpoint with five grants; revocation |
//! | [5] | the Attachment API: lists, metadata, downloads, uploads as they are and in forms, renaming, deleting, notes; access by the record |
//! | [6] | the Aggregate API: count, sum, average, least and greatest; groups with walks, having, order, display values |
//! | [7.1] | batches: items in order through the same APIs, limits of size and time, what is not serviced |
//! | [7.2] | import sets: one row at once, many later, maps given by the test, each row's status, purges |
//! | [7.3] | scripted REST: handlers that a test mounts at any path ([`Builder::scripted`]); the dictionary as rows of `sys_dictionary`, `sys_choice`, `sys_db_object` and `sys_glide_object`; change requests at `/api/sn_chg_rest/change`, in their own form, their lists with `__meta` at the end |
//! | [13.3] | updates within one second, deletions in `sys_audit_delete` |
//! | [13.1] | what other people's suites say of an instance, fifteen facts, each with a test |
//! | [8], [9], [11] | rate rules, the pool and its queue, one request at a time in a session, limits before access rules, records that change between two requests ([`Simulator::before_each`]), faults on the wire |
//!
//! `tests/simulator/facts.rs` in the repository names the test of each section. Every setting is in [`Settings`], every rule in
//! [`Rule`], odd responses on demand are [`Fault`]s, faults below HTTP [`WireFault`]s and [`ConnectionFault`]s.
//!
//! # What it leaves out
//!
//! It responds with 501, and says so, to every other API that instances have (CMDB, the service catalog, knowledge, CI/CD and more), with
//! a list of those that are there; XML, whether asked for or brought; batches as `multipart/mixed`, change management beyond the
//! requests themselves and lists of models, templates and tasks; the schema of one table at `/api/now/doc`; `SUBQUERY`,
//! `123TEXTINDEXGROUP321`, `IN_HIERARCHY`, tags, `RELATIVEEE`, dynamic
//! filters other than "Me", and scripts other than those of dates, `gs.getUserID()` and `gs.getUserName()`. It ignores `sysparm_view`,
//! `sysparm_query_category` and `sysparm_query_no_domain`: there are no views, replicas or domains. There are no access rules
//! on whole APIs, none that tell ranges from matches (`query_range`), of the platform's own only those on its dictionary, no
//! 202 for a session that is held for two minutes, and no choices outside their list. Journals cannot be queried, related
//! lists and joins cannot be nested (501), text search looks at hidden fields, too, and entries of a journal of one second
//! come in no promised order. Of files there are no rows of chunks (`sys_attachment_doc`), no sizes and colors of images, no
//! check of their type against their content, and no encryption. Imports know no data sources, no scripts but those of a
//! test, no records of `sys_rest_insert_multiple` and no success other than 201. Assertions are
//! verified as RS256 to RS512, ES256 and ES384, and as HS256 to HS512 with a secret ([`OAuthApplication::jwt_secret`]). HMAC signatures and
//! tokens of other issuers are checked by a script of the test alone ([`Builder::login_script`]). CORS and logging in by a certificate
//! are not there.
//!
//! # What is unsettled
//!
//! Where no source says what an instance does, the simulator guesses, and says so: the response has a header
//! `X-Sim-Guess: REASON`, and its [`Entry`] of the journal has the [`Guess`]. [`Guess`] lists all of them, as does
//! [The simulator](https://github.com/snow-rs/snow/blob/main/docs/simulator.md), with the sources of the rest.
//!
//! # Size
//!
//! A generated incident takes about 760 bytes, so a million of them take about 0.76 GB and some fifteen seconds to make
//! (`cargo xtask bench` measures both). Bounds of the sys_id (`>`, `>=`, `<`, `<=`) are looked up in an index,
//! so the pages of a walk (`sys_id>LAST^ORDERBYsys_id` with `sysparm_no_count=true`) cost the same at the end as at the start.
//! Any other query looks at every record of the table.
//!
//! # As a program
//!
//! `cargo run -p snow-sim -- --port 8080` listens on a port, for clients in any language; `--help` lists its options, and
//! `GET /__sim/journal` tells what arrived. `--config` takes a TOML file that describes the instance, as does
//! `Builder::config_file`. With `--generated-file` and `--forget-uploads` files of any size go either way in
//! constant memory, so that a client's memory can be measured against a process of its own.
//!
//! "[Facts 4.2]" and the like lead to sections of the page [How the service behaves](https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md).
//!
//! [Facts 4.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#42-lifetimes
//! [1]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#1-table-api
//! [2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#2-encoded-queries
//! [3]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#3-errors
//! [4]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#4-authentication
//! [5]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#5-attachments
//! [6]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#6-aggregates
//! [7.1]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#71-batch
//! [7.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#72-import-sets
//! [7.3]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#73-scripted-rest-and-the-dictionary
//! [8]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#8-limits
//! [9]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#9-paging
//! [10.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#102-cookie-sessions
//! [11]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#11-what-goes-wrong-below-http
//! [13.1]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#131-what-other-peoples-suites-say-of-an-instance
//! [13.3]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#133-change-tracking
#![cfg_attr(docsrs, feature(doc_cfg))]

mod api;
mod auth;
mod body;
mod build_error;
mod builder;
mod clock;
#[cfg(feature = "config")]
mod config;
mod data;
mod fault;
mod form;
mod gate;
mod gateway;
mod guess;
mod gzip;
mod imports;
mod journal;
mod json_records;
mod language;
mod listener;
mod login_rules;
mod multipart;
mod oauth_application;
mod path_prefix;
mod place;
mod planned_fault;
#[cfg(feature = "program")]
pub mod program;
mod query;
mod rate_limit;
mod request_limits;
mod requests;
mod response;
mod rule;
mod session;
mod settings;
mod simulator;
mod state;
mod table;
mod tokens;
mod transform_map;
mod upload;
mod user;
mod wire_fault;

pub use body::Body;
pub use build_error::BuildError;
pub use builder::Builder;
pub use data::ColumnType;
pub use fault::Fault;
pub use gateway::Gateway;
pub use guess::Guess;
pub use journal::Entry;
pub use listener::Listener;
#[cfg(feature = "tls")]
pub use listener::{ClientCertificate, TlsOptions};
pub use login_rules::{AccessPolicy, BasicRestriction, JwtAudience, LoginMethod};
pub use oauth_application::OAuthApplication;
pub use requests::Requests;
pub use rule::Rule;
pub use settings::{Cut, Grants, Language, Node, Quota, RateLimit, Release, Settings, WriteLie};
pub use simulator::{PlannedFault, Simulator, SimulatorFuture};
pub use table::Table;
pub use transform_map::{RowDecision, TransformMap};
pub use user::User;
pub use wire_fault::{ConnectionFault, WireFault};
