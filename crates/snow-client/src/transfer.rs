//! Bodies of any size, out and in: an [`exchange`](crate::exchange) holds the whole of an answer, these hold none of it.

use crate::call::Prepared;
use crate::exchange::{Read, told, wire};
use crate::target::Target;
use http::{HeaderMap, Response, StatusCode, header};
use snow_core::decode::{self, Answer};
use snow_core::layer::Attempts;
use snow_core::{Body, Error, Kind};
use std::time::Duration;

/// How long a file may take that tells no size: what stands still is ended by the stack's idle timeout long before.
const ANY_SIZE: Duration = Duration::from_secs(3_600);
/// The slowest line that is waited for, as the stack's timeout has it.
const BYTES_A_SECOND: u64 = 64 << 10;

/// Sends a request with a body that may be a stream, and reads its answer. It is sent again only by the stack's layers: a body
/// that can be made again after a 401, any body where nothing had gone out.
pub(crate) async fn send<T>(
    target: &Target,
    request: &Prepared,
    body: Body,
    read: Read<T>,
) -> Result<T, Error> {
    let sent = async {
        let mut wire = wire(target, request, 0, Duration::ZERO)?;
        *wire.body_mut() = body;
        let response = target.http.send(wire).await?;
        let tried = response.extensions().get::<Attempts>().copied();
        let (head, body) = decode::receive(response, target.limit).await?;
        let value = Answer::new(head, body).and_then(|answer| read(&answer, request));
        value.map_err(|error| tried.map_or(error.clone(), |tried| error.with_attempts(tried)))
    };
    sent.await.map_err(|error| told(error, target, request))
}

/// Sends a request whose answer is a file, and gives the head of it as soon as it is there. A page or an error in the file's
/// place is the error that it is.
pub(crate) async fn open(
    target: &Target,
    request: &Prepared,
    attempts: u32,
    elapsed: Duration,
) -> Result<Response<Body>, Error> {
    let opened = async {
        let response = target.http.send(wire(target, request, attempts, elapsed)?).await?;
        if is_file(response.status(), response.headers()) {
            return Ok(response);
        }
        let tried = response.extensions().get::<Attempts>().copied();
        let (head, body) = decode::receive(response, target.limit).await?;
        let error = match Answer::new(head, body) {
            Err(error) => error,
            Ok(_) => Error::new(Kind::Decode, "the answer is no file"),
        };
        Err(tried.map_or(error.clone(), |tried| error.with_attempts(tried)))
    };
    opened.await.map_err(|error| told(error, target, request))
}

/// A file says so, or it is at least no page: a sleeping instance answers 200 with HTML, whatever was asked (facts 3.6).
fn is_file(status: StatusCode, headers: &HeaderMap) -> bool {
    let says_so =
        headers.contains_key(header::CONTENT_DISPOSITION) || headers.contains_key("x-attachment-metadata");
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    status == StatusCode::OK && (says_so || !kind.to_ascii_lowercase().starts_with("text/html"))
}

/// A request that carries so many bytes, or any number: it has time for them, and any number may come back.
pub(crate) fn allow(request: Prepared, target: &Target, bytes: Option<u64>) -> Prepared {
    if request.operation.as_ref().is_some_and(|operation| operation.deadline_limit().is_some()) {
        return request.operation(|operation| operation.body_limit(u64::MAX));
    }
    let usual = target.resend.as_ref().map_or(Duration::ZERO, |resend| resend.deadline);
    let more = bytes.map_or(ANY_SIZE, |bytes| Duration::from_secs(bytes / BYTES_A_SECOND));
    let limit = usual.saturating_add(more);
    request.operation(|operation| {
        let operation = operation.deadline(limit).body_limit(u64::MAX);
        // The time of sending counts until the answer begins, and of a stream nobody knows it.
        if bytes.is_none() { operation.head_timeout(limit) } else { operation }
    })
}
