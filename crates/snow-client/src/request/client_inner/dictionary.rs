//! What a request has to know of the instance's tables.

use crate::request::api_request::ApiRequest;
use crate::request::client_inner::ClientInner;
use futures_util::future::BoxFuture;
use snow_core::Error;
use std::any::Any;
use std::fmt;

/// The dictionary of an instance, as far as requests need it. It is passed in when a client is created.
pub(crate) trait Dictionary: Any + fmt::Debug + Send + Sync {
    /// Fails for a request that names a field which its table does not have: the service drops a condition on one, and the query
    /// widens to the whole table (facts 2.5).
    fn validate_fields<'a>(
        &'a self,
        client: &'a ClientInner,
        request: &'a ApiRequest,
    ) -> BoxFuture<'a, Result<(), Error>>;

    /// Fails for a query with a time if the instance reads times in another way than records show them.
    fn prove_times<'a>(
        &'a self,
        client: &'a ClientInner,
        request: &'a ApiRequest,
    ) -> BoxFuture<'a, Result<(), Error>>;

    /// Returns how many characters a column takes that may be written, if its table was read already.
    fn max_length(&self, table: &str, column: &str) -> Option<usize>;
}
