//! Aggregates over groups of the records that a query selects.

use super::aggregate_options::aggregate_options;
use super::{Aggregate, Aggregates, Comparison, Group, groups};
use crate::batch::api_call::api_call;
use crate::request::api_request::ApiRequest;
use crate::request::call::Call;
use snow_core::{Error, ErrorKind, Params};

pub(super) const GROUPS: &str = "sysparm_group_by";

/// A call that computes aggregates for each group of records of a table. Returned by
/// [`AggregateRecords::group_by`](super::AggregateRecords::group_by).
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
/// # let url = simulator.listen().await?;
/// # let client = snow_client::Client::builder().instance(url.url()).user("admin").password("secret").build()?;
/// use snow_client::aggregate::{Aggregate, Comparison};
///
/// let by_state = client.aggregate("incident").count().group_by(["state"]);
/// let large = by_state.having(Aggregate::Count, "state", Comparison::Greater, 1.0);
/// for group in large.order_by_aggregate_desc(Aggregate::Count, "state").await? {
///     println!("{} in state {}", group.count()?, group.value("state")?);
/// }
/// # Ok(()) }
/// ```
#[must_use = "a call is sent when it is awaited"]
pub struct AggregateGroups<O = Vec<Group>> {
    call: Call<O>,
}

api_call!(AggregateGroups<O>);

impl AggregateGroups {
    pub(super) fn new(call: Call<Aggregates>) -> Self {
        let call = call.read_as(|response, request| groups(response, &request.params));
        Self { call: call.change(check_groups) }
    }
}

/// Refuses a request that groups by nothing.
fn check_groups(request: ApiRequest) -> Result<ApiRequest, Error> {
    if request.params.own_value(GROUPS).is_some_and(|fields| !fields.is_empty()) {
        return Ok(request);
    }
    request.params.to_params()?;
    Err(Error::new(ErrorKind::InvalidInput, "there is no field to group by: give at least one"))
}

impl<O> AggregateGroups<O> {
    aggregate_options!();

    /// Keeps only the groups for which this comparison is true. If there are several, all have to be true.
    ///
    /// # Errors
    ///
    /// The call fails before anything is sent, with [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput), for a value that is
    /// not finite.
    #[doc(alias = "sysparm_having")]
    pub fn having(self, what: Aggregate, field: &str, is: Comparison, value: f64) -> Self {
        let test = format!("{}^{field}^{}^{value}", what.name(), is.operator());
        self.checked(field).also("sysparm_having", &test).change(|request| match value.is_finite() {
            true => Ok(request),
            false => {
                let why = format!("{value} is not a number that an aggregate can be compared with");
                Err(Error::new(ErrorKind::InvalidInput, why))
            }
        })
    }

    /// Sorts the groups by a field that they are grouped by. Further calls sort groups that are equal so far.
    #[doc(alias = "sysparm_order_by")]
    pub fn order_by(self, field: &str) -> Self {
        self.checked(field).also(ORDER, field)
    }

    /// Sorts the groups by a field that they are grouped by, from the greatest value to the smallest.
    pub fn order_by_desc(self, field: &str) -> Self {
        self.checked(field).also(ORDER, &format!("{field}^DESC"))
    }

    /// Sorts the groups by an aggregate of a field. For [`Aggregate::Count`] the field is ignored.
    pub fn order_by_aggregate(self, what: Aggregate, field: &str) -> Self {
        self.checked(field).also(ORDER, &ordered(what, field))
    }

    /// Sorts the groups by an aggregate of a field, from the greatest value to the smallest.
    pub fn order_by_aggregate_desc(self, what: Aggregate, field: &str) -> Self {
        self.checked(field).also(ORDER, &format!("{}^DESC", ordered(what, field)))
    }

    /// Refuses text that is not a field.
    fn checked(self, field: &str) -> Self {
        self.change(|request| {
            Params::new().field_list("an aggregate", [field]).encoded()?;
            Ok(request)
        })
    }

    /// Adds an item to a list.
    fn also(self, name: &str, item: &str) -> Self {
        self.change(|request| {
            let list = request.params.own_value(name).map(|list| format!("{list},{item}"));
            Ok(request.params(|params| params.own(name, list.as_deref().unwrap_or(item))))
        })
    }
}

const ORDER: &str = "sysparm_order_by";

fn ordered(what: Aggregate, field: &str) -> String {
    match what {
        Aggregate::Count => "COUNT".to_owned(),
        _ => format!("{}^{field}", what.name().to_ascii_uppercase()),
    }
}
