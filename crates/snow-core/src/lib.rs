//! The foundation of the ServiceNow client [`snow-client`](https://docs.rs/snow-client): instances, paths, parameters, queries, bodies,
//! errors, decoding, tower layers and the transport. Credentials are in `snow-auth`, and the APIs of the service in `snow-client`.
//!
//! Everything except [`transport`] works without I/O, and each part can be used on its own:
//!
//! ```
//! use snow_core::{ApiPath, Instance, Params, field};
//!
//! let instance = Instance::parse("dev12345")?;
//! let path = ApiPath::table("incident")?;
//! let params = Params::new().query(field("active").eq(true)).limit(10);
//! assert_eq!(
//!     instance.uri(&path, &params)?.to_string(),
//!     "https://dev12345.service-now.com/api/now/table/incident?sysparm_query=active%3Dtrue&sysparm_limit=10",
//! );
//! # Ok::<_, snow_core::Error>(())
//! ```
//!
//! # Panics
//!
//! Futures that wait use tokio's timers and sockets. They panic in a tokio runtime that is built without them: call `enable_all()` on
//! the [`tokio::runtime::Builder`]; `#[tokio::main]` does so. Outside a runtime they fail with an error.
//!
//! References such as "[facts 3.4]" lead to sections of the page [How the service behaves](https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md).
//!
//! [facts 3.4]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#34-cancelled-while-responding
#![cfg_attr(docsrs, feature(doc_cfg))]

mod api_version;
mod body;
mod clock;
mod clone_request;
mod credential;
pub mod datetime;
pub mod decode;
mod departure;
mod error;
mod from_text;
mod http_service;
mod instance;
mod late;
pub mod layer;
mod one_line;
mod origin;
mod params;
mod path;
mod percent;
pub mod query;
mod request_options;
mod retry_after;
mod secret;
mod sensitive_headers;
mod sys_id;
pub mod timer;
#[cfg(feature = "transport")]
pub mod transport;

pub use body::{Body, Once, Replay};
pub use clock::Clock;
pub use datetime::{Date, DateTime};
pub use decode::{Field, Record};
pub use departure::{Departure, WaitGuard};
pub use error::{BoxError, Error, ErrorKind, LoginUsed, ServiceMessage};
pub use http_service::{HttpFuture, HttpService};
pub use instance::Instance;
pub use late::Late;
pub use origin::Origin;
pub use params::{DisplayValue, Params};
pub use path::ApiPath;
pub use query::{Query, field};
pub use request_options::RequestOptions;
pub use secret::Secret;
pub use sys_id::SysId;
#[doc(hidden)]
#[cfg(feature = "transport")]
pub use transport::Transport;

// For the other crates of this workspace only. These items are not part of the public API, and may change in any release.
#[doc(hidden)]
pub use api_version::is_version;
#[doc(hidden)]
pub use clone_request::clone_request;
#[doc(hidden)]
pub use credential::check_credential;
#[doc(hidden)]
pub use one_line::one_line;
#[doc(hidden)]
pub use sensitive_headers::{is_sensitive_header, mark_sensitive_headers};
