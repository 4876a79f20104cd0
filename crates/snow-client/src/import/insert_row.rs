//! The import of one row.

use super::ImportResult;
use crate::batch::api_call::api_call;
use crate::request::api_request::ApiRequest;
use crate::request::call::Call;

/// Imports one row. Returned by [`Import::insert`](super::Import::insert).
#[must_use = "a call is sent when it is awaited"]
pub struct InsertRow<O = ImportResult> {
    pub(super) call: Call<O>,
}

api_call!(InsertRow<O>);

impl<O> InsertRow<O> {
    /// Sets whether the call returns what became of the row even if a transform map failed, or if the user may not see it. By
    /// default that is an error.
    pub fn allow_failures(self, allow: bool) -> Self {
        self.change(|request| Ok(ApiRequest { allows_failures: allow, ..request }))
    }
}

/// Gets what became of a row. Returned by [`Import::get`](super::Import::get).
#[must_use = "a call is sent when it is awaited"]
pub struct GetRow<O = ImportResult> {
    pub(super) call: Call<O>,
}

api_call!(GetRow<O>);

impl<O> GetRow<O> {
    /// Sets whether the call returns what became of the row even if a transform map failed, or if the user may not see it. By
    /// default that is an error.
    pub fn allow_failures(self, allow: bool) -> Self {
        self.change(|request| Ok(ApiRequest { allows_failures: allow, ..request }))
    }
}
