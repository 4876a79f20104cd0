//! One exchange: a request out, its whole answer in.

use crate::call::Prepared;
use crate::schema;
use crate::target::Target;
use http::{HeaderValue, Method, Request, StatusCode, header};
use snow_core::decode::{self, Answer};
use snow_core::layer::Attempts;
use snow_core::{Body, Error, Operation, Params};
use std::time::Duration;

pub(crate) type Reader<T> = dyn Fn(&Answer, &Prepared) -> Result<T, Error> + Send + Sync;

/// One that needs to know nothing.
pub(crate) type Read<T> = fn(&Answer, &Prepared) -> Result<T, Error>;

/// Sends a request and reads its answer. A read whose answer breaks off or ends in an error is sent again, which no layer can
/// do: attempts, pauses and budget are those of the stack's retry layer, and the deadline goes on.
pub(crate) async fn exchange<T>(target: &Target, request: &Prepared, read: &Reader<T>) -> Result<T, Error> {
    if target.checks_fields {
        // Apart, so that it makes no other call's future larger.
        Box::pin(schema::check(target, request)).await.map_err(|error| told(error, target, request))?;
    }
    let began = target.clock.now();
    let (mut attempts, mut elapsed) = (0, Duration::ZERO);
    loop {
        let failure = match once(target, request, read, attempts, elapsed).await {
            Ok(value) => return Ok(value),
            Err(failure) => failure,
        };
        let error = told(failure.error, target, request);
        let (Some(resend), Some(made)) = (&target.resend, failure.broke_after) else { return Err(error) };
        let so_far = || target.clock.now().duration_since(began).unwrap_or_default();
        let policy = resend.policy.clone().within(deadline(request).unwrap_or(resend.deadline));
        tokio::time::sleep(policy.again(error, made, so_far())?).await;
        (attempts, elapsed) = (made, so_far());
    }
}

struct Failure {
    error: Error,
    /// So many attempts were made, and the last one's answer began well and broke.
    broke_after: Option<u32>,
}

async fn once<T>(
    target: &Target,
    request: &Prepared,
    read: &Reader<T>,
    attempts: u32,
    elapsed: Duration,
) -> Result<T, Failure> {
    let last = |error| Failure { error, broke_after: None };
    let wire = wire(target, request, attempts, elapsed).map_err(last)?;
    let response = target.http.send(wire).await.map_err(last)?;
    let tried = response.extensions().get::<Attempts>().copied();
    let well = response.status().is_success();
    let answer = async {
        let (mut head, mut body) = decode::receive(response, target.limit).await?;
        if is_gone(request, head.status, tried) {
            (head.status, body) = (StatusCode::NO_CONTENT, bytes::Bytes::new());
        }
        read(&request.answered(Answer::new(head, body)?), request)
    };
    answer.await.map_err(|error| Failure {
        error: tried.map_or(error.clone(), |tried| error.with_attempts(tried)),
        broke_after: well.then_some(tried.map_or(attempts + 1, |tried| tried.count())),
    })
}

/// A DELETE that finds nothing has succeeded if an earlier attempt of it may have.
fn is_gone(request: &Prepared, status: StatusCode, tried: Option<Attempts>) -> bool {
    request.method == Method::DELETE
        && status == StatusCode::NOT_FOUND
        && tried.is_some_and(|tried| tried.are_doubtful())
}

pub(crate) fn wire(
    target: &Target,
    request: &Prepared,
    attempts: u32,
    elapsed: Duration,
) -> Result<Request<Body>, Error> {
    let mut wire = Request::new(request.body.clone().map_or_else(Body::empty, Body::from));
    *wire.method_mut() = request.method.clone();
    *wire.uri_mut() = target.instance.uri(&request.path, &request.params)?;
    wire.headers_mut().clone_from(&request.headers);
    if request.body.is_some() {
        let json = || HeaderValue::from_static("application/json");
        wire.headers_mut().entry(header::CONTENT_TYPE).or_insert_with(json);
    }
    if attempts > 0 || request.operation.is_some() {
        let operation = request.operation.clone().unwrap_or_default();
        wire.extensions_mut().insert(further(operation, target, attempts, elapsed));
    }
    Ok(wire)
}

/// A later attempt has what is left of the time.
fn further(operation: Operation, target: &Target, attempts: u32, elapsed: Duration) -> Operation {
    let limit = operation.deadline_limit().or(target.resend.as_ref().map(|resend| resend.deadline));
    match limit {
        Some(limit) if attempts > 0 => operation.attempted(attempts).deadline(limit.saturating_sub(elapsed)),
        _ => operation,
    }
}

pub(crate) fn deadline(request: &Prepared) -> Option<Duration> {
    request.operation.as_ref().and_then(Operation::deadline_limit)
}

/// Adds what was called; the query is left out.
pub(crate) fn told(error: Error, target: &Target, request: &Prepared) -> Error {
    match target.instance.uri(&request.path, &Params::new()) {
        Ok(uri) => error.with_operation(&request.method, &uri),
        Err(_) => error,
    }
}
