//! Sends and receives bodies of any size: an [`exchange`](crate::request::exchange) holds a whole response in memory, these do
//! not.

use crate::request::api_request::ApiRequest;
use crate::request::checked_request::CheckedRequest;
use crate::request::client_inner::ClientInner;
use crate::request::exchange::{ResponseReader, read_response};
use crate::request::read_retry::ReadRetry;
use http::{HeaderMap, Response, StatusCode, header};
use snow_core::decode::{self, ApiResponse};
use snow_core::{Body, Departure, Error, ErrorKind, RequestOptions};
use std::time::Duration;

/// How much longer than any other call an upload of unknown size may take: the time of its source counts, too.
const ANY_SIZE: Duration = Duration::from_secs(3_600);
/// The slowest connection that is waited for, the same as in the stack's timeout.
const BYTES_A_SECOND: u64 = 64 << 10;

/// Sends a request with a body that may be a stream, and reads its response. It is sent again only by the stack's layers: a body
/// that can be made again after a 401, any body where nothing had gone out.
pub(crate) async fn send<T>(
    client: &ClientInner,
    request: &CheckedRequest,
    body: Body,
    read: &ResponseReader<T>,
) -> Result<T, Error> {
    let sent = async {
        let mut http = request.to_http(client, 0, Duration::ZERO)?;
        let departure = Departure::of(&http).cloned();
        *http.body_mut() = match &departure {
            Some(departure) => departure.watch(body),
            None => body,
        };
        let response = client.send(http)?.await?;
        let (head, body) = decode::receive(response, client.limit).await?;
        read_response(client, request, ApiResponse::new(head, body)?, departure.as_ref(), read)
    };
    sent.await.map_err(|error| request.annotate(client, error))
}

/// Sends a request whose response is a file, and returns its head as soon as it is there. A page or an error instead of the file
/// is returned as an error.
pub(crate) async fn open(
    client: &ClientInner,
    request: &CheckedRequest,
    retry: &ReadRetry,
) -> Result<Response<Body>, Error> {
    let opened = async {
        let http = retry.to_http(client, request)?;
        let departure = Departure::of(&http).cloned();
        let mut response = client.send(http)?.await?;
        if is_file(response.status(), response.headers()) {
            departure.map(|departure| response.extensions_mut().insert(departure));
            return Ok(response);
        }
        let (head, body) = decode::receive(response, client.limit).await?;
        let response = ApiResponse::new(head, body)?;
        Err(response.about(Error::new(ErrorKind::Decode, "the response is not a file")))
    };
    opened.await.map_err(|error| request.annotate(client, error))
}

/// Returns whether a response is a file: it has the header of one, or at least is not an HTML page, with which a hibernating
/// instance responds to every request (facts 3.6).
fn is_file(status: StatusCode, headers: &HeaderMap) -> bool {
    let says_so =
        headers.contains_key(header::CONTENT_DISPOSITION) || headers.contains_key("x-attachment-metadata");
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    status == StatusCode::OK && (says_so || !kind.to_ascii_lowercase().starts_with("text/html"))
}

/// Gives a request the time that its file needs, in addition to what any call has: to an upload of so many bytes, or of a number
/// that nobody knows. All other limits stay, and so does a deadline that the caller set.
pub(crate) fn uploads(request: ApiRequest, bytes: Option<u64>) -> ApiRequest {
    let request = extendable(request);
    extend(&request, bytes.map_or(ANY_SIZE, time_for));
    request
}

/// Lets any number of bytes come back for a request. Until they begin to come it has the time of any call; when their number is
/// known, [`extend_for`] gives it more.
pub(crate) fn downloads(request: ApiRequest) -> ApiRequest {
    extendable(request).options(|options| options.body_limit(u64::MAX))
}

/// Gives a download the time that so many bytes need.
pub(crate) fn extend_for(request: &ApiRequest, bytes: u64) {
    extend(request, time_for(bytes));
}

fn extendable(request: ApiRequest) -> ApiRequest {
    match request.deadline() {
        Some(_) => request,
        None => request.options(RequestOptions::extendable),
    }
}

fn extend(request: &ApiRequest, more: Duration) {
    if let Some(options) = &request.options {
        options.extend_deadline(more);
    }
}

fn time_for(bytes: u64) -> Duration {
    Duration::from_secs(bytes / BYTES_A_SECOND)
}
