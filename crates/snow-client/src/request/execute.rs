//! A call of the API, from its request to its result.

use crate::request::checked_request::CheckedRequest;
use crate::request::client_inner::ClientInner;
use crate::request::confirm::{creation, deletion};
use crate::request::exchange::{BorrowingReader, exchange};
use http::Method;
use snow_core::Error;

/// Sends a request and reads its response. Where a response leaves open what became of a write, it is looked up.
pub(crate) async fn execute<T>(
    client: &ClientInner,
    request: &CheckedRequest,
    read: &BorrowingReader<'_, T>,
) -> Result<T, Error> {
    // Boxed, so that rare calls do not make every call's future larger.
    if let Some(field) = request.correlation.as_deref() {
        return Box::pin(creation::execute(client, request, field, read)).await;
    }
    if request.method == Method::DELETE {
        return Box::pin(deletion::execute(client, request, read)).await;
    }
    exchange(client, request, read, None).await
}
