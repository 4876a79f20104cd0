//! The import of one row.

use super::ImportResult;
use crate::batch::api_call::api_call;
use crate::request::api_request::ApiRequest;
use crate::request::call::Call;

/// A call that imports one row. Returned by [`Import::insert`](super::Import::insert).
///
/// # Cancel safety
///
/// Dropping the future leaves it unknown whether the row was imported.
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
/// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
/// use serde_json::json;
///
/// let users = client.import("imp_user");
/// let ada = json!({ "user_id": "ada", "first_name": "Ada", "last_name": "Lovelace" });
/// let result = users.insert(&ada).allow_failures(true).await?;
/// for outcome in result.outcomes() {
///     println!("{}: {:?} {:?}", outcome.transform_map, outcome.status, outcome.error_message);
/// }
/// # Ok(()) }
/// ```
#[must_use = "a call is sent when it is awaited"]
pub struct InsertRow<O = ImportResult> {
    pub(super) call: Call<O>,
}

api_call!(InsertRow<O>);

impl<O> InsertRow<O> {
    /// Sets whether the call returns the result of the row even if a transform map failed or the user may not see the result;
    /// `false` by default, which makes either an error.
    pub fn allow_failures(self, allow: bool) -> Self {
        self.change(|request| Ok(ApiRequest { allows_failures: allow, ..request }))
    }
}

/// A call that returns the result of a row. Returned by [`Import::get`](super::Import::get).
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
/// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
/// use serde_json::json;
///
/// let users = client.import("imp_user");
/// # users.insert(&json!({ "user_id": "ada", "first_name": "Ada", "last_name": "Lovelace" })).await?;
/// let row = client.table("imp_user").list().first().await?.sys_id()?;
/// let result = users.get(row).await?;
/// println!("{:?}", result.outcomes()[0].status);
/// # Ok(()) }
/// ```
#[must_use = "a call is sent when it is awaited"]
pub struct GetRow<O = ImportResult> {
    pub(super) call: Call<O>,
}

api_call!(GetRow<O>);

impl<O> GetRow<O> {
    /// Sets whether the call returns the result of the row even if a transform map failed or the user may not see the result;
    /// `false` by default, which makes either an error.
    pub fn allow_failures(self, allow: bool) -> Self {
        self.change(|request| Ok(ApiRequest { allows_failures: allow, ..request }))
    }
}
