//! The gate that every request passes before it is sent.

use crate::request::api_request::ApiRequest;
use crate::request::client_inner::ClientInner;
use crate::request::params::RequestParams;
use snow_core::{Error, RequestOptions};
use std::ops::Deref;
use std::time::Duration;

/// A request that may be sent, the only form that is: it asks for the fields that it needs, and it was checked as the client is set to.
#[derive(Clone)]
pub(crate) struct CheckedRequest(ApiRequest);

impl ApiRequest {
    /// Completes the request, and checks it as the client is set to.
    ///
    /// # Errors
    ///
    /// Those of [`Dictionary`](crate::request::client_inner::dictionary::Dictionary).
    pub(crate) async fn check(self, client: &ClientInner) -> Result<CheckedRequest, Error> {
        match self.needs_check(client) {
            // Boxed, so that it makes no other call's future larger.
            true => Box::pin(self.validate(client)).await,
            false => Ok(self.without_validation()),
        }
    }

    /// Whether it has to be checked before it is sent, which may take requests of its own.
    pub(crate) fn needs_check(&self, client: &ClientInner) -> bool {
        client.checks_fields || self.needs_proof(client)
    }

    /// Whether it names a time, and it is not known yet how the instance reads times.
    fn needs_proof(&self, client: &ClientInner) -> bool {
        client.checks_times && !client.times.is_done() && self.names_a_time()
    }

    /// Completes the request of a client that checks nothing, or one that will not be sent.
    pub(crate) fn without_validation(mut self) -> CheckedRequest {
        self.add_needed_fields();
        CheckedRequest(self)
    }

    async fn validate(mut self, client: &ClientInner) -> Result<CheckedRequest, Error> {
        self.add_needed_fields();
        let refused = |error: Error| self.annotate(client, error.before_sending());
        if client.checks_fields {
            client.dictionary.validate_fields(client, &self).await.map_err(refused)?;
        }
        let proves = self.needs_proof(client);
        let request = CheckedRequest(self);
        // One that cannot be sent is refused before anything else is.
        if proves && request.to_http(client, 0, Duration::ZERO).is_ok() {
            let proven = client.dictionary.prove_times(client, &request).await;
            proven.map_err(|error| request.annotate(client, error.before_sending()))?;
        }
        Ok(request)
    }
}

impl CheckedRequest {
    /// Returns the request for a part of the same records: a page of a longer read.
    pub(crate) fn part(&self, params: RequestParams) -> Self {
        Self(ApiRequest { params, ..self.0.clone() })
    }

    /// Sets one more option of the call.
    pub(crate) fn options(self, set: impl FnOnce(RequestOptions) -> RequestOptions) -> Self {
        Self(self.0.options(set))
    }
}

impl Deref for CheckedRequest {
    type Target = ApiRequest;

    fn deref(&self) -> &ApiRequest {
        &self.0
    }
}
