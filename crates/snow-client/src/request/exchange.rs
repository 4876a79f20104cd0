//! Sends a request and receives its complete response.

use crate::request::api_request::ApiRequest;
use crate::request::checked_request::CheckedRequest;
use crate::request::client_inner::ClientInner;
use crate::request::read_retry::ReadRetry;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::response::Parts;
use snow_core::decode::{self, ApiResponse};
use snow_core::layer::Attempts;
use snow_core::{Departure, Error, ErrorKind};

/// Makes a value of a response.
pub(crate) type ResponseReader<T> = dyn Fn(&ApiResponse, &ApiRequest) -> Result<T, Error> + Send + Sync;

/// Makes a value of a response, without any state.
pub(crate) type PlainReader<T> = fn(&ApiResponse, &ApiRequest) -> Result<T, Error>;

/// Makes a value of a response, and may borrow from where the request is sent.
pub(crate) type BorrowingReader<'r, T> =
    dyn Fn(&ApiResponse, &ApiRequest) -> Result<T, Error> + Send + Sync + 'r;

/// Checks a response before it is read, and may replace it.
pub(crate) type Confirm<'r> =
    dyn Fn(Parts, Bytes) -> BoxFuture<'r, Result<(Parts, Bytes), Error>> + Send + Sync + 'r;

/// Sends a request and reads its response. A read whose response breaks off or ends in an error is sent again.
pub(crate) async fn exchange<T>(
    client: &ClientInner,
    request: &CheckedRequest,
    read: &BorrowingReader<'_, T>,
    confirm: Option<&Confirm<'_>>,
) -> Result<T, Error> {
    let mut retry = ReadRetry::new(client);
    loop {
        let failure = match send_once(client, request, read, confirm, &retry).await {
            Ok(value) => return Ok(value),
            Err(failure) => failure,
        };
        match failure.broke_after {
            Some(attempts) => retry.pause(client, request, failure.error, attempts).await?,
            None => return Err(request.annotate(client, failure.error)),
        }
    }
}

struct Failure {
    error: Error,
    /// How many attempts were made, if the last one's response was a success that could not be read to its end.
    broke_after: Option<u32>,
}

async fn send_once<T>(
    client: &ClientInner,
    request: &ApiRequest,
    read: &BorrowingReader<'_, T>,
    confirm: Option<&Confirm<'_>>,
    retry: &ReadRetry,
) -> Result<T, Failure> {
    let last = |error| Failure { error, broke_after: None };
    let http = retry.to_http(client, request).map_err(last)?;
    let departure = Departure::of(&http).cloned();
    let response = client.send(http).map_err(last)?.await.map_err(last)?;
    let attempts = response.extensions().get::<Attempts>().map(Attempts::count);
    let is_success = response.status().is_success();
    let value = async {
        let (mut head, mut body) = decode::receive(response, client.limit).await?;
        if let Some(confirm) = confirm {
            (head, body) = confirm(head, body).await?;
        }
        read_response(client, request, ApiResponse::new(head, body)?, departure.as_ref(), read)
    };
    value.await.map_err(|error| Failure {
        error,
        broke_after: is_success.then(|| attempts.unwrap_or(retry.attempts().saturating_add(1))),
    })
}

/// Reads a response as its request asked for it.
pub(super) fn read_response<T>(
    client: &ClientInner,
    request: &ApiRequest,
    response: ApiResponse,
    departure: Option<&Departure>,
    read: &BorrowingReader<'_, T>,
) -> Result<T, Error> {
    let response = request.prepare_response(response).lossy_text(client.lossy_text);
    read(&response, request).map_err(|error| {
        retire_if_mismatched(&error, departure);
        response.about(error)
    })
}

/// Retires the connection after a response to another request: the next response on it may be for another request, too.
pub(crate) fn retire_if_mismatched(error: &Error, departure: Option<&Departure>) {
    if let (ErrorKind::ResponseMismatch, Some(departure)) = (error.kind(), departure) {
        departure.retire_connection();
    }
}
