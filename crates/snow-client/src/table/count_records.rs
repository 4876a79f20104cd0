//! How many records a list has.

use crate::batch::api_call::api_call;
use crate::request::api_request::ApiRequest;
use crate::request::call::Call;
use crate::request::call_options::{domain_options, selection_options};
use crate::table::list_request::ListRequest;
use snow_core::query::Value;
use snow_core::{Error, ErrorKind};

/// A call that returns the number of records of a list. Returned by [`ListRecords::count`](crate::table::ListRecords::count).
///
/// The service also counts records that this user may not read ([facts 9]).
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
/// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
/// use snow_client::field;
///
/// let open = client.table("incident").list().query(field("active").eq(true)).count().await?;
/// println!("{open} open incidents");
/// # Ok(()) }
/// ```
///
/// # Errors
///
/// [`ErrorKind::Incomplete`] if the instance does not return the number.
///
/// [facts 9]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#9-paging
#[must_use = "a call is sent when it is awaited"]
pub struct CountRecords<O = u64> {
    call: Call<O>,
}

api_call!(CountRecords<O>);

impl CountRecords {
    pub(super) fn new<T>(list: ListRequest<T>) -> Self {
        let counted = |mut request: ApiRequest| {
            request.params.selection = request.params.selection.counted();
            Ok(request)
        };
        let call = list.sys_ids().change(counted).into_call().then(|page, _, _| {
            let why = "the instance sent no X-Total-Count, which says how many records there are";
            page.total().ok_or_else(|| Error::new(ErrorKind::Incomplete, why).of_read())
        });
        Self { call }
    }
}

impl<O> CountRecords<O> {
    selection_options!();
    domain_options!();

    /// Counts the records with this value in a field: see [`ListRecords::filter`](crate::table::ListRecords::filter).
    pub fn filter<'v>(self, field: &str, value: impl Into<Value<'v>>) -> Self {
        let value = value.into().into_owned();
        self.change(|request| Ok(request.params(|params| params.filter(field, value))))
    }

    /// Sets the query category, which may route the read to a replica.
    #[doc(alias = "sysparm_query_category")]
    pub fn query_category(self, name: &str) -> Self {
        self.change(|request| Ok(request.params(|params| params.query_category(name))))
    }
}
