//! The retry of a read whose response broke off, which no layer can do: it ends after the stack has returned the response.

use crate::request::api_request::ApiRequest;
use crate::request::client_inner::ClientInner;
use http::Request;
use snow_core::{Body, Error, RequestOptions, timer};
use std::time::{Duration, SystemTime};

/// The attempts of one read so far. Their number, the pauses between them and the budget are those of the stack's retry layer, and
/// the deadline goes on.
pub(crate) struct ReadRetry {
    began: SystemTime,
    attempts: u32,
}

impl ReadRetry {
    /// Begins to count the time of a read of this client.
    pub(crate) fn new(client: &ClientInner) -> Self {
        Self { began: client.clock.now(), attempts: 0 }
    }

    /// Returns how many attempts were made.
    pub(crate) fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Makes the HTTP request of the next attempt, which has what is left of the time.
    pub(crate) fn to_http(&self, client: &ClientInner, request: &ApiRequest) -> Result<Request<Body>, Error> {
        let elapsed = if self.attempts > 0 { client.clock.since(self.began) } else { Duration::ZERO };
        request.to_http(client, self.attempts, elapsed)
    }

    /// Waits before the next attempt. `attempts`: how many were made by now.
    ///
    /// # Errors
    ///
    /// `error`, if there is no further attempt.
    pub(crate) async fn pause(
        &mut self,
        client: &ClientInner,
        request: &ApiRequest,
        error: Error,
        attempts: u32,
    ) -> Result<(), Error> {
        let error = request.annotate(client, error);
        let elapsed = client.clock.since(self.began);
        let pause = retry_delay(client, request.options.as_ref(), error, attempts, elapsed)?;
        timer::sleep(pause).await.map_err(|error| request.annotate(client, error))?;
        self.attempts = attempts;
        Ok(())
    }
}

/// Returns how long to wait before a read is sent again that failed after so many attempts.
///
/// # Errors
///
/// `error`, if the client's retry policy allows no further attempt.
pub(crate) fn retry_delay(
    client: &ClientInner,
    options: Option<&RequestOptions>,
    error: Error,
    attempts: u32,
    elapsed: Duration,
) -> Result<Duration, Error> {
    let Some(retry) = &client.read_retry else { return Err(error) };
    let limit = options.map_or(retry.deadline, |options| options.time(retry.deadline));
    retry.policy.clone().max_elapsed(limit).next_delay(error, attempts, elapsed)
}
