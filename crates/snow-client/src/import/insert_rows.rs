//! The import of many rows, which are transformed later.

use super::ImportSet;
use crate::batch::api_call::api_call;
use crate::request::call::Call;

/// Inserts many rows into a staging table. Returned by [`Import::insert_multiple`](super::Import::insert_multiple).
#[must_use = "a call is sent when it is awaited"]
pub struct InsertRows<O = ImportSet> {
    pub(super) call: Call<O>,
}

api_call!(InsertRows<O>);

impl<O> InsertRows<O> {
    /// Transforms this set when another one is done.
    pub fn run_after(self, set: &ImportSet) -> Self {
        self.change(|request| Ok(request.params(|params| params.own("run_after", &set.import_set_id))))
    }

    /// Puts this set into the same set of sets as another one.
    pub fn in_same_set_as(self, set: &ImportSet) -> Self {
        let id = &set.multi_import_set_id;
        self.change(|request| Ok(request.params(|params| params.own("multi_import_set_id", id))))
    }
}
