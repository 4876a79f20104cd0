//! The settings of an instance, each with the value that an instance has by default.

use crate::{BasicRestriction, JwtAudience};
use std::time::Duration;

/// What can be changed while an instance runs: see [`Simulator::settings`](crate::Simulator::settings).
#[derive(Clone, Debug)]
#[cfg_attr(feature = "config", derive(serde::Deserialize), serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct Settings {
    /// Whether the instance is available. Default: [`Node::Up`].
    pub node: Node,
    /// Whose headers are sent. Default: [`Release::Y2026`] ([facts 1.4]).
    ///
    /// [facts 1.4]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#14-headers-ids-and-http
    pub release: Release,
    /// `glide.invalid_query.returns_no_rows`: a condition on an unknown field selects nothing, in place of everything.
    /// Default: false ([facts 2.5]).
    ///
    /// [facts 2.5]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#25-queries-that-are-wrong
    pub invalid_query_returns_no_rows: bool,
    /// Whether `!=`, `NOT IN`, `NOT LIKE` and `NOTON` match rows without a value. The facts disagree (2.4); a client that depends
    /// on either behavior is wrong.
    pub negatives_match_empty: bool,
    /// Whether the platform guards its dictionary from those who are not administrators: `sys_dictionary` has no rows for them,
    /// `sys_choice` only labels, `sys_db_object` is 403. Default: true ([facts 1.3], [1.9][facts 1.9]).
    ///
    /// [facts 1.3]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#13-statuses
    /// [facts 1.9]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#19-access-control
    pub platform_acls: bool,
    /// A query on a field that the user may not read is refused. Default: true, as newer releases do ([facts 2.5]).
    ///
    /// [facts 2.5]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#25-queries-that-are-wrong
    pub query_acls: bool,
    /// When a transaction is cancelled, and what is seen of it. Default: never ([facts 3.4]).
    ///
    /// [facts 3.4]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#34-cancelled-while-responding
    pub quota: Option<Quota>,
    /// How many requests may wait for one session before the next gets a 202. Default: 10 ([facts 3.5]).
    ///
    /// [facts 3.5]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#35-202
    pub session_queue: usize,
    /// How long an idle session lives. Default: 300 s ([facts 8.3], unsettled).
    ///
    /// [facts 8.3]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#83-sessions
    #[cfg_attr(feature = "config", serde(deserialize_with = "crate::config::seconds"))]
    pub session_timeout: Duration,
    /// How many requests run at once. Default: 4 ([facts 8.2]).
    ///
    /// [facts 8.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#82-queues
    pub semaphores: usize,
    /// How many more may wait before the next gets a bare 429. Default: 50 ([facts 8.2]).
    ///
    /// [facts 8.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#82-queues
    pub queue: usize,
    /// A rate rule for every user. Default: none ([facts 8.1]).
    ///
    /// [facts 8.1]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#81-rate-rules
    pub rate_limit: Option<RateLimit>,
    /// The longest path and query, in bytes, before 414. Default: 8,192 ([facts 1.10]).
    ///
    /// [facts 1.10]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#110-sizes
    pub url_limit: usize,
    /// The largest request body, in bytes, before 400. Default: 10,485,760 ([facts 1.10]).
    ///
    /// [facts 1.10]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#110-sizes
    pub body_limit: usize,
    /// `com.glide.attachment.max_size`: the largest file, in bytes. Default: 1,073,741,824 ([facts 5]).
    ///
    /// [facts 5]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#5-attachments
    pub attachment_max_size: u64,
    /// `glide.attachment.extensions`: the only extensions that files may have. Default: empty, which allows all ([facts 5]).
    ///
    /// [facts 5]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#5-attachments
    pub attachment_extensions: Vec<String>,
    /// `glide.attachment.role`: the role that it takes to attach a file. Default: empty, which asks for none ([facts 5]).
    ///
    /// [facts 5]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#5-attachments
    pub attachment_role: String,
    /// How long a new attachment is `pending`. Default: nothing, it is `available` at once ([facts 5]).
    ///
    /// [facts 5]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#5-attachments
    #[cfg_attr(feature = "config", serde(deserialize_with = "crate::config::seconds"))]
    pub attachment_scan: Duration,
    /// Whether the bytes of files that are uploaded are kept; their size and hash are in any case. Default: true.
    pub attachments_kept: bool,
    /// How long the rows of `insertMultiple` wait before they are transformed. Default: nothing; they are when the next request
    /// arrives ([facts 7.2]).
    ///
    /// [facts 7.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#72-import-sets
    #[cfg_attr(feature = "config", serde(deserialize_with = "crate::config::seconds"))]
    pub import_delay: Duration,
    /// Whether the keys of `insertMultiple` are names of columns. Default: false, they are labels ([facts 7.2]).
    ///
    /// [facts 7.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#72-import-sets
    pub import_by_column_name: bool,
    /// `glide.rest.batch.max.inputSize`: the largest body of an item of a batch, in bytes. Default: 5,242,880 ([facts 7.1]).
    ///
    /// [facts 7.1]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#71-batch
    pub batch_input_limit: usize,
    /// `glide.rest.batch.max.outputSize`: the largest response to an item, in bytes. Default: 10,485,760 ([facts 7.1]).
    ///
    /// [facts 7.1]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#71-batch
    pub batch_output_limit: usize,
    /// How long a batch may run. Default: 30 s ([facts 7.1]).
    ///
    /// [facts 7.1]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#71-batch
    #[cfg_attr(feature = "config", serde(deserialize_with = "crate::config::seconds"))]
    pub batch_time_limit: Duration,
    /// How long each item of a batch is said to have run; nobody waits for it. Default: nothing.
    #[cfg_attr(feature = "config", serde(deserialize_with = "crate::config::seconds"))]
    pub batch_item_time: Duration,
    /// How long each request takes. Default: nothing.
    #[cfg_attr(feature = "config", serde(deserialize_with = "crate::config::seconds"))]
    pub latency: Duration,
    /// Bytes in a chunk of a response; 0 sends it in one. Default: 0.
    pub chunk: usize,
    /// Whether responses are compressed for clients that accept it. Default: true ([facts 1.4]).
    ///
    /// [facts 1.4]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#14-headers-ids-and-http
    pub gzip: bool,
    /// The language of the texts in error messages; shape, statuses and headers are the same in all. Default: English ([facts 3.1]).
    ///
    /// [facts 3.1]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#31-envelope
    pub language: Language,
    /// The response to a write that was executed, if it claims something else. Default: the truth ([facts 3.3]).
    ///
    /// [facts 3.3]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#33-refused-although-done
    pub write_lie: Option<WriteLie>,
    /// The restriction of basic authentication. Default: none; new instances have one that is enforced ([facts 4.6]).
    ///
    /// [facts 4.6]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#46-basic-authentication
    pub basic_restriction: Option<BasicRestriction>,
    /// Whether users who have a one-time password need it for basic authentication. Default: false, as since the release Yokohama
    /// ([facts 3.2]).
    ///
    /// [facts 3.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#32-401
    pub basic_needs_one_time_password: bool,
    /// Whether users who have a one-time password need it for the password grant. Default: false.
    pub password_grant_needs_one_time_password: bool,
    /// The role that a user needs to get a token by any grant: `snc_platform_rest_api_access` on some instances ([facts 13.2]). Default:
    /// none. The refusal is the ordinary one.
    ///
    /// [facts 13.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#132-authentication-2025-to-2026
    pub token_role: String,
    /// What has to be the audience of an assertion. Default: the client's id ([facts 4.1]).
    ///
    /// [facts 4.1]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#41-token-endpoint
    pub jwt_audience: JwtAudience,
    /// How far clocks may be apart for an assertion. Default: 300 s; zero in the form of newer releases, where an `iat` one second
    /// ahead is refused ([facts 4.1]).
    ///
    /// [facts 4.1]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#41-token-endpoint
    #[cfg_attr(feature = "config", serde(deserialize_with = "crate::config::seconds"))]
    pub jwt_clock_skew: Duration,
    /// Whether users with the role `admin` get tokens by assertions. Default: false ([facts 13.2]).
    ///
    /// [facts 13.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#132-authentication-2025-to-2026
    pub jwt_admins: bool,
    /// How long an access token lives. Default: 1,800 s ([facts 4.2]).
    ///
    /// [facts 4.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#42-lifetimes
    #[cfg_attr(feature = "config", serde(deserialize_with = "crate::config::seconds"))]
    pub access_token_lifetime: Duration,
    /// How long a refresh token lives. Default: 8,640,000 s ([facts 4.2]).
    ///
    /// [facts 4.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#42-lifetimes
    #[cfg_attr(feature = "config", serde(deserialize_with = "crate::config::seconds"))]
    pub refresh_token_lifetime: Duration,
    /// Whether a grant gives the live token again. Default: true ([facts 4.2]).
    ///
    /// [facts 4.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#42-lifetimes
    pub tokens_are_reused: bool,
    /// Whether a refresh gives a new refresh token, after which the old one is refused. Default: false; the service does not ([facts 4.2]).
    ///
    /// [facts 4.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#42-lifetimes
    pub refresh_tokens_rotate: bool,
    /// `glide.oauth.state.parameter.required`: asking for a code needs a `state`. Default: true, as on new instances ([facts 4.3]).
    ///
    /// [facts 4.3]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#43-authorization-code
    pub oauth_state_required: bool,
    /// The grants that are allowed. Default: password, refresh and authorization code ([facts 4.1]).
    ///
    /// [facts 4.1]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#41-token-endpoint
    pub grants: Grants,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            node: Node::Up,
            release: Release::Y2026,
            invalid_query_returns_no_rows: false,
            negatives_match_empty: false,
            platform_acls: true,
            query_acls: true,
            quota: None,
            session_queue: 10,
            session_timeout: Duration::from_secs(300),
            semaphores: 4,
            queue: 50,
            rate_limit: None,
            url_limit: 8_192,
            body_limit: 10_485_760,
            attachment_max_size: 1 << 30,
            attachment_extensions: Vec::new(),
            attachment_role: String::new(),
            attachment_scan: Duration::ZERO,
            attachments_kept: true,
            import_delay: Duration::ZERO,
            import_by_column_name: false,
            batch_input_limit: 5 << 20,
            batch_output_limit: 10 << 20,
            batch_time_limit: Duration::from_secs(30),
            batch_item_time: Duration::ZERO,
            latency: Duration::ZERO,
            chunk: 0,
            gzip: true,
            language: Language::English,
            write_lie: None,
            basic_restriction: None,
            basic_needs_one_time_password: false,
            password_grant_needs_one_time_password: false,
            token_role: String::new(),
            jwt_audience: JwtAudience::ClientId,
            jwt_clock_skew: Duration::from_secs(300),
            jwt_admins: false,
            access_token_lifetime: Duration::from_secs(1_800),
            refresh_token_lifetime: Duration::from_secs(8_640_000),
            tokens_are_reused: true,
            refresh_tokens_rotate: false,
            oauth_state_required: true,
            grants: Grants::default(),
        }
    }
}

/// Whether an instance is available ([facts 3.6]).
///
/// [facts 3.6]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#36-not-json
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "config", derive(serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Node {
    /// It is.
    Up,
    /// A developer instance that sleeps: 200 with an HTML page to everything.
    Hibernating,
    /// The edge finds no node: 502 with a small HTML page.
    None,
    /// 503 with HTML.
    Maintenance,
    /// 302 to a login page.
    LoginRedirect,
}

/// Whose headers are sent ([facts 1.4]).
///
/// [facts 1.4]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#14-headers-ids-and-http
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "config", derive(serde::Deserialize))]
#[non_exhaustive]
pub enum Release {
    /// `Server: ServiceNow`, `Cache-control`, no `Server-Timing`.
    #[cfg_attr(feature = "config", serde(rename = "2021"))]
    Y2021,
    /// `Server: snow_adc` and `Server-Timing`.
    #[cfg_attr(feature = "config", serde(rename = "2026"))]
    Y2026,
}

/// The language of error messages, which an instance takes from the user's session ([facts 3.1]).
///
/// [facts 3.1]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#31-envelope
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "config", derive(serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Language {
    /// As recorded and documented.
    English,
    /// German. The texts are translations of our own, not recordings: what matters is that no word of the English ones is left.
    German,
}

/// A transaction that is cancelled ([facts 3.4]).
///
/// [facts 3.4]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#34-cancelled-while-responding
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "config", derive(serde::Deserialize), serde(deny_unknown_fields))]
pub struct Quota {
    /// After how many rows of a list.
    pub rows: usize,
    /// What is seen of it.
    pub shape: Cut,
}

/// What a cancelled transaction leaves, once rows are out ([facts 3.4]).
///
/// [facts 3.4]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#34-cancelled-while-responding
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "config", derive(serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Cut {
    /// Nothing was out yet: 500 with the error alone.
    Before,
    /// The error after the rows, in the same object.
    ErrorAfterRows,
    /// The same, and `""` as the last row.
    EmptyRow,
    /// The JSON is broken where it stopped.
    Malformed,
    /// The connection ends without an end.
    Truncated,
}

/// So many requests an hour ([facts 8.1]).
///
/// [facts 8.1]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#81-rate-rules
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "config", derive(serde::Deserialize), serde(deny_unknown_fields))]
pub struct RateLimit {
    /// How many.
    pub per_hour: u32,
}

/// The response to a write that was executed, if it claims something else ([facts 3.3]).
///
/// [facts 3.3]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#33-refused-although-done
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "config", derive(serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum WriteLie {
    /// 403: the user may not read the record back.
    Forbidden,
    /// 500: the transaction ran out of time after the write.
    Cancelled,
}

/// Which grants the token endpoint takes ([facts 4.1]).
///
/// [facts 4.1]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#41-token-endpoint
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "config", derive(serde::Deserialize), serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct Grants {
    /// `password`; default: true.
    pub password: bool,
    /// `refresh_token`; default: true.
    pub refresh_token: bool,
    /// `authorization_code`; default: true.
    pub authorization_code: bool,
    /// `client_credentials`; default: false, as on an instance without its property.
    pub client_credentials: bool,
    /// `urn:ietf:params:oauth:grant-type:jwt-bearer`; default: true for clients with a key.
    pub jwt_bearer: bool,
}

impl Default for Grants {
    fn default() -> Self {
        Self {
            password: true,
            refresh_token: true,
            authorization_code: true,
            client_credentials: false,
            jwt_bearer: true,
        }
    }
}
