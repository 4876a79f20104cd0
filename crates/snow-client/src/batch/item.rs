//! One call on its way into a batch.

use super::json;
use crate::Error;
use crate::request::api_request::ApiRequest;
use crate::request::checked_request::CheckedRequest;
use crate::request::client_inner::ClientInner;
use http::Uri;
use snow_core::{Params, RequestOptions};

/// A call that was added.
pub(super) struct AddedItem {
    pub(super) request: ApiRequest,
    /// Its position in the batch.
    at: usize,
    json: String,
}

impl AddedItem {
    pub(super) fn new(at: usize, request: ApiRequest, client: &ClientInner) -> Result<Self, Error> {
        // A value that cannot be part of a URL is refused; the length of the URL does not matter here.
        drop(client.instance.uri(&request.path, &Params::new())?);
        let json = json::item(at, &request)?;
        Ok(Self { request, at, json })
    }

    /// Checks it as if it went out alone.
    pub(super) async fn check(self, client: &ClientInner) -> Result<CheckedItem, Error> {
        let Self { request, at, json } = self;
        let idempotent = request.options.as_ref().and_then(RequestOptions::is_idempotent);
        let is_safe = idempotent.unwrap_or(request.method.is_safe());
        let request = request.check(client).await?;
        Ok(CheckedItem { request, at, json, is_safe })
    }
}

/// A call that may be sent.
pub(super) struct CheckedItem {
    request: CheckedRequest,
    /// Its position in the batch.
    pub(super) at: usize,
    pub(super) json: String,
    /// Whether it may be sent again if it is unknown whether it was executed.
    pub(super) is_safe: bool,
}

impl CheckedItem {
    /// Adds the method and the path of this item to its error.
    pub(super) fn annotate(&self, error: Error) -> Error {
        annotate(error, &self.request)
    }

    /// Makes the error of this item of that of the whole request.
    pub(super) fn failed_with_batch(&self, error: Error) -> Error {
        let error = error.about_item(&self.request.method);
        error.with_context(&format!("the batch with {} {}", self.request.method, self.request.path))
    }
}

/// Adds the method and the path, unless the error has them.
pub(super) fn annotate(error: Error, request: &ApiRequest) -> Error {
    match request.path.as_str().parse::<Uri>() {
        Ok(uri) => error.with_request(&request.method, &uri),
        Err(e) => error.with_reason(format!("the path {} is not valid: {e}", request.path)),
    }
}
