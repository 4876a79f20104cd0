//! The gate that every request passes before it is sent.

use crate::request::api_request::ApiRequest;
use crate::request::client_inner::ClientInner;
use snow_core::Error;
use std::ops::Deref;

/// A request that may be sent: it asks for the fields that it needs, and if the client validates fields, its table has them.
#[derive(Clone)]
pub(crate) struct CheckedRequest(ApiRequest);

impl ApiRequest {
    /// Completes the request, and checks it as the client is set to.
    ///
    /// # Errors
    ///
    /// Those of [`Dictionary::validate_fields`](crate::request::client_inner::dictionary::Dictionary::validate_fields).
    pub(crate) async fn check(self, client: &ClientInner) -> Result<CheckedRequest, Error> {
        match client.checks_fields {
            // Boxed, so that it makes no other call's future larger.
            true => Box::pin(self.validate(client)).await,
            false => Ok(self.without_validation()),
        }
    }

    /// Completes the request of a client that validates no fields.
    pub(super) fn without_validation(mut self) -> CheckedRequest {
        self.add_needed_fields();
        CheckedRequest(self)
    }

    async fn validate(mut self, client: &ClientInner) -> Result<CheckedRequest, Error> {
        self.add_needed_fields();
        let validated = client.dictionary.validate_fields(client, &self).await;
        validated.map_err(|error| self.annotate(client, error.before_sending()))?;
        Ok(CheckedRequest(self))
    }
}

impl Deref for CheckedRequest {
    type Target = ApiRequest;

    fn deref(&self) -> &ApiRequest {
        &self.0
    }
}
