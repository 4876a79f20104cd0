//! Aggregates over all records that a query selects.

use super::aggregate_groups::{AggregateGroups, GROUPS};
use super::aggregate_options::aggregate_options;
use super::{Aggregates, one};
use crate::api::Api;
use crate::batch::api_call::api_call;
use crate::request::call::Call;
use crate::request::client_inner::ClientInner;
use http::Method;
use snow_core::ApiPath;
use std::sync::Arc;

/// A call that computes aggregates over the records of a table. Returned by [`Client::aggregate`](crate::Client::aggregate).
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
/// # let url = simulator.listen().await?;
/// # let client = snow_client::Client::builder().instance(url.url()).user("admin").password("secret").build()?;
/// use snow_client::field;
///
/// let open = client.aggregate("incident").query(field("active").eq(true)).count().avg(["reassignment_count"]).await?;
/// println!("{} are open, reassigned {:?} times", open.count()?, open.avg("reassignment_count")?);
/// # Ok(()) }
/// ```
#[must_use = "a call is sent when it is awaited"]
pub struct AggregateRecords<O = Aggregates> {
    call: Call<O>,
}

api_call!(AggregateRecords<O>);

impl AggregateRecords {
    pub(crate) fn new(client: Arc<ClientInner>, table: &str) -> Self {
        let path = ApiPath::table(table).and_then(|_| ApiPath::parse("/api/now/stats")?.push(table));
        let call =
            Api::known(client, path).call(Method::GET, |response, request| one(response, &request.params));
        Self { call }
    }

    /// Computes the aggregates for each value of these fields, instead of one set for all records. Dot-walks such as
    /// `caller_id.department` are allowed.
    ///
    /// There is no limit and no paging: all groups come in one response ([facts 6]).
    ///
    /// # Errors
    ///
    /// The call fails before anything is sent, with [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput), if `fields` is
    /// empty.
    ///
    /// [facts 6]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#6-aggregates
    #[doc(alias = "sysparm_group_by")]
    pub fn group_by<F: AsRef<str>>(self, fields: impl IntoIterator<Item = F>) -> AggregateGroups {
        AggregateGroups::new(
            self.call.change(|request| Ok(request.params(|params| params.field_list(GROUPS, fields)))),
        )
    }
}

impl<O> AggregateRecords<O> {
    aggregate_options!();
}
