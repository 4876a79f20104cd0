//! The read of one record by its `sys_id`.

use crate::Record;
use crate::batch::api_call::api_call;
use crate::request::api_request::ApiRequest;
use crate::request::call::Call;
use crate::request::call_options::{domain_options, record_options};

/// A call that returns one record. Returned by [`Table::get`](crate::Table::get).
///
/// A `get` on a table that others extend may return a record of such a table. The `sys_id` in the response is compared with the one
/// that was requested, and no other field can be.
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
/// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
/// let incidents = client.table("incident");
/// let sys_id = incidents.list().first().await?.sys_id()?;
/// let (incident, headers) = incidents.get(sys_id).fields(["number", "caller_id.name"]).with_headers().await?;
/// assert!(headers.contains_key("x-transaction-id"));
/// println!("{} by {}", incident.value("number")?, incident.value("caller_id.name")?);
/// # Ok(()) }
/// ```
#[must_use = "a call is sent when it is awaited"]
pub struct GetRecord<O = Record> {
    pub(super) call: Call<O>,
}

api_call!(GetRecord<O>);

impl<O> GetRecord<O> {
    record_options!();
    domain_options!();

    /// Sets whether every requested field has to be in the response, including dot-walked ones; `false` by default.
    ///
    /// By default a dot-walked field may be absent from a typed record, because an instance may leave it out if the reference is
    /// empty. A plain field that is absent is always an error.
    ///
    /// # Errors
    ///
    /// The call fails with [`ErrorKind::Decode`](crate::ErrorKind::Decode), naming the fields that are absent.
    pub fn require_fields(self, require: bool) -> Self {
        self.change(|request| Ok(ApiRequest { requires_fields: require, ..request }))
    }
}
