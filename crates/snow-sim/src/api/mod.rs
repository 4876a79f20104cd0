//! The endpoints of an instance: which path belongs to which. Each API is a file.
//!
//! A new API is a row of [`ROUTES`] and a file of its own; a new page is a row of [`PAGES`].

mod assertion;
mod attachment;
mod authorize;
mod batch;
mod browser_session;
mod change;
mod dispatch;
mod doc;
mod html;
mod import;
mod journal;
mod login;
mod media_type;
mod oauth;
mod path;
mod request;
mod scripted;
mod stats;
mod table;
mod tiny_url;
mod ui;
mod unsimulated;

use crate::response::SimResponse;
use crate::state::State;
pub(crate) use dispatch::handle;
use request::PageRequest;
pub(crate) use request::{Call, HandledRequest, IncomingRequest};

/// Handles the calls of an API.
type Handler = fn(&mut State, &Call<'_>) -> SimResponse;

/// Handles the requests for a page.
type PageHandler = fn(&mut State, PageRequest<'_>) -> HandledRequest;

/// The APIs: namespace, name, and what handles the calls of `/api/{namespace}[/{version}]/{name}/…`.
const ROUTES: &[(&str, &str, Handler)] = &[
    ("now", "table", table::handle),
    ("now", "attachment", attachment::handle),
    ("now", "batch", batch::handle),
    ("now", "import", import::handle),
    ("now", "stats", stats::handle),
    ("now", "ui", ui::handle),
    ("now", "doc", doc::handle),
    ("now", "tinyurl", tiny_url::handle),
    ("sn_chg_rest", "change", change::handle),
];

/// The pages, and what handles the requests for them. They need no login, or see to it themselves.
const PAGES: &[(&str, PageHandler)] = &[
    ("/oauth_token.do", oauth::token),
    ("/oauth_revoke_token.do", oauth::revoke),
    ("/oauth_auth.do", authorize::handle),
    ("/login.do", login::handle),
    ("/__sim/journal", journal::handle),
];
