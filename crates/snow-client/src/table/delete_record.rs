//! The deletion of a record.

use crate::batch::api_call::api_call;
use crate::request::api_request::ApiRequest;
use crate::request::call::Call;
use crate::request::call_options::domain_options;
use snow_core::Error;

/// A call that deletes a record. Returned by [`Table::delete`](crate::Table::delete).
///
/// # Cancel safety
///
/// Dropping the future leaves it unknown whether the record was deleted.
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
/// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
/// use snow_client::ErrorKind;
///
/// let incidents = client.table("incident");
/// let sys_id = incidents.list().first().await?.sys_id()?;
/// incidents.delete(sys_id).await?;
/// assert_eq!(incidents.delete(sys_id).await.unwrap_err().kind(), ErrorKind::NotFound);
/// # Ok(()) }
/// ```
#[must_use = "a call is sent when it is awaited"]
pub struct DeleteRecord<O = ()> {
    pub(super) call: Call<O>,
}

api_call!(DeleteRecord<O>);

impl<O> DeleteRecord<O> {
    domain_options!();

    /// Selects the records of another request, with its headers.
    pub(super) fn in_scope_of(self, scope: &Result<ApiRequest, Error>) -> Self {
        self.change(|request| Ok(request.in_scope_of(scope.as_ref().map_err(Clone::clone)?)))
    }
}
