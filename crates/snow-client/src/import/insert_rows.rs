//! The import of many rows, which are transformed later.

use super::ImportSet;
use crate::batch::api_call::api_call;
use crate::request::call::Call;

/// A call that inserts many rows into a staging table. Returned by [`Import::insert_multiple`](super::Import::insert_multiple).
///
/// # Cancel safety
///
/// Dropping the future leaves it unknown whether the rows were inserted.
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
/// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
/// use serde_json::json;
/// use std::time::Duration;
///
/// let users = client.import("imp_user");
/// let rows = ["ada", "grace"].map(|user| json!({ "User ID": user }));
/// let set = users.insert_multiple(rows).await?;
/// let progress = users.until_processed(&set, Duration::from_secs(600)).await?;
/// println!("{} of the rows failed", progress.failed);
/// # Ok(()) }
/// ```
#[must_use = "a call is sent when it is awaited"]
pub struct InsertRows<O = ImportSet> {
    pub(super) call: Call<O>,
}

api_call!(InsertRows<O>);

impl<O> InsertRows<O> {
    /// Sets that this set is transformed after another one.
    pub fn run_after(self, set: &ImportSet) -> Self {
        self.change(|request| Ok(request.params(|params| params.own("run_after", &set.import_set_id))))
    }

    /// Adds this set to the multi import set of another one.
    pub fn in_same_set_as(self, set: &ImportSet) -> Self {
        let id = &set.multi_import_set_id;
        self.change(|request| Ok(request.params(|params| params.own("multi_import_set_id", id))))
    }
}
