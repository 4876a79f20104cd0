//! A ServiceNow instance in a box.
//!
//! [`Simulator`] behaves like an instance over HTTP, its odd answers included: as a tower `Service` in memory, which works
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
//! let answer = simulator.oneshot(request).await?;
//! assert_eq!(answer.status(), 200);
//! let body = answer.into_body().collect().await?.to_bytes();
//! assert!(body.starts_with(br#"{"result":[{"#));
//! # Ok(()) }
//! ```
//!
//! # What it does so far
//!
//! The Table API on `incident`, `sys_user` and `sys_user_group` (GET, POST, PUT, PATCH, DELETE, HEAD; facts 1), encoded
//! queries with the everyday operators (facts 2; any other operator is answered with 501, never with a wrong row), basic
//! authentication and bearer tokens (facts 3.2, 4), `oauth_token.do` with the password and refresh grants, and the
//! [`Fault`]s. Every other path is answered as an instance answers a path that it does not know.
//!
//! "Facts 4.2" and the like name sections of `docs/servicenow-behaviour.md` in the repository.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod answer;
mod api;
mod auth;
mod body;
mod builder;
mod clock;
mod data;
mod fault;
mod gate;
mod journal;
mod listener;
mod query;
mod rule;
mod session;
mod settings;
mod simulator;
mod tokens;
mod user;
mod wire_fault;

pub use body::Body;
pub use builder::{BuildError, Builder, Table};
pub use data::ColumnType;
pub use fault::Fault;
pub use journal::Entry;
pub use listener::Listener;
pub use rule::Rule;
pub use settings::{Cut, Grants, Node, Quota, RateLimit, Release, Settings, WriteLie};
pub use simulator::{Simulator, SimulatorFuture};
pub use user::User;
pub use wire_fault::{ConnectionFault, WireFault};
