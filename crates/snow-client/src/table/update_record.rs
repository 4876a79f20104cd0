//! The update of a record.

use crate::Record;
use crate::batch::api_call::api_call;
use crate::request::api_request::ApiRequest;
use crate::request::call::Call;
use crate::request::call_options::{domain_options, record_options, write_options};
use crate::table::verify::WriteReport;
use http::Method;
use snow_core::Error;

/// A call that updates a record. Returned by [`Table::update`](crate::Table::update).
///
/// # Cancel safety
///
/// Dropping the future leaves it unknown whether the record was updated.
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

    /// Sets whether the request uses PUT instead of PATCH, for gateways that do not allow PATCH; `false` by default.
    ///
    /// The service treats both alike: fields that are not sent keep their values ([facts 1.1]).
    ///
    /// [facts 1.1]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#11-paths
    #[doc(alias = "replace")]
    pub fn use_put(self, put: bool) -> Self {
        let method = if put { Method::PUT } else { Method::PATCH };
        self.change(|request| Ok(ApiRequest { method, ..request }))
    }

    /// Selects the records of another request, with its headers.
    pub(super) fn in_scope_of(self, scope: &Result<ApiRequest, Error>) -> Self {
        self.change(|request| Ok(request.in_scope_of(scope.as_ref().map_err(Clone::clone)?)))
    }
}

impl<O: 'static> UpdateRecord<O> {
    /// Returns a [`WriteReport`]: the record, and the fields that the service ignored or changed.
    pub fn verified(self) -> UpdateRecord<WriteReport<O>> {
        UpdateRecord { call: self.call.verified() }
    }
}
