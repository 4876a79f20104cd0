//! From a request of the API to its response.

pub(crate) mod api_request;
pub(crate) mod call;
pub(crate) mod call_options;
pub(crate) mod checked_request;
pub(crate) mod client_inner;
pub(crate) mod confirm;
pub(crate) mod exchange;
pub(crate) mod execute;
pub(crate) mod missing_fields;
pub(crate) mod params;
pub(crate) mod poll_until;
pub(crate) mod prove_times;
mod query_times;
pub(crate) mod read_retry;
pub(crate) mod record_identity;
mod refusal_hint;
pub(crate) mod reserved_params;
pub(crate) mod selection;
pub(crate) mod sendable;
pub(crate) mod shape;
pub(crate) mod stored_fields;
pub(crate) mod stream;
pub(crate) mod to_http;
