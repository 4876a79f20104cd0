//! One call on its way into a batch.

use super::wire;
use crate::call::Prepared;
use crate::target::Target;
use crate::{Error, Kind};
use http::Uri;
use snow_core::Operation;

/// An item that is ready.
pub(super) struct Outgoing {
    /// Its place in the batch.
    pub(super) at: usize,
    pub(super) request: Prepared,
    pub(super) json: String,
    /// Whether it may be sent again when nobody knows whether it was carried out.
    pub(super) is_safe: bool,
}

impl Outgoing {
    pub(super) fn new(at: usize, request: Prepared, target: &Target) -> Result<Self, Error> {
        // What no address can be is refused for what it is; its length does not matter here.
        drop(target.instance.uri(&request.path, &snow_core::Params::new())?);
        let json = wire::item(at, &request)?;
        let told = request.operation.as_ref().and_then(Operation::is_idempotent);
        let is_safe = told.unwrap_or(request.method.is_safe());
        Ok(Self { at, request, json, is_safe })
    }

    /// An error of this item.
    pub(super) fn told(&self, error: Error) -> Error {
        named(error, &self.request)
    }

    /// The error of the whole request, which this item went down with.
    pub(super) fn failed(&self, error: Error) -> Error {
        error.with_context(&format!("the batch with {} {}", self.request.method, self.request.path))
    }
}

/// Adds what was called, unless the error says so itself.
pub(super) fn named(error: Error, request: &Prepared) -> Error {
    match request.path.as_str().parse::<Uri>() {
        Ok(uri) => error.with_operation(&request.method, &uri),
        Err(e) => error.with_source(Error::new(Kind::InvalidInput, "the path is none").with_source(e)),
    }
}
