//! The update of a record.

use crate::Record;
use crate::batch::api_call::api_call;
use crate::request::api_request::ApiRequest;
use crate::request::call::Call;
use crate::request::call_options::{domain_options, record_options, write_options};
use crate::table::verify::WriteReport;
use http::Method;

/// Updates a record. Returned by [`Table::update`](crate::Table::update).
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
/// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
/// use serde_json::json;
///
/// let incidents = client.table("incident");
/// let sys_id = incidents.list().first().await?.sys_id()?;
/// let report = incidents.update(sys_id, &json!({ "urgency": "2", "impct": "2" })).verified().await?;
/// assert_eq!(report.ignored, ["impct"], "the table has no such field");
/// # Ok(()) }
/// ```
#[must_use = "a call is sent when it is awaited"]
pub struct UpdateRecord<O = Record> {
    pub(super) call: Call<O>,
}

api_call!(UpdateRecord<O>);

impl<O> UpdateRecord<O> {
    record_options!();
    domain_options!();
    write_options!();

    /// Sets whether the fields are sent with PUT instead of PATCH, for gateways that let no PATCH through.
    ///
    /// The service treats both alike: fields that are not sent keep their values (facts 1.1).
    pub fn use_put(self, put: bool) -> Self {
        let method = if put { Method::PUT } else { Method::PATCH };
        self.change(|request| Ok(ApiRequest { method, ..request }))
    }

    /// Selects the records of another request.
    pub(super) fn in_scope_of(self, scope: &crate::request::params::RequestParams) -> Self {
        self.change(|request| Ok(request.params(|params| params.in_place_of(scope))))
    }
}

impl<O: 'static> UpdateRecord<O> {
    /// Returns what the service ignored or changed of the fields that were sent, in addition to the record: see [`WriteReport`].
    pub fn verified(self) -> UpdateRecord<WriteReport<O>> {
        UpdateRecord { call: self.call.verified() }
    }
}
