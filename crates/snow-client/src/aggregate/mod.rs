//! Counts, sums, averages and other aggregates, computed by the instance ([facts 6]).
//!
//! Start with [`Client::aggregate`](crate::Client::aggregate), which returns [`AggregateRecords`]: name a query and the aggregates,
//! and await it for one set of [`Aggregates`]. [`group_by`](AggregateRecords::group_by) makes it [`AggregateGroups`], which returns
//! a [`Group`] for each value.
//!
//! [facts 6]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#6-aggregates

mod aggregate_groups;
mod aggregate_options;
mod aggregate_records;

pub use aggregate_groups::AggregateGroups;
pub use aggregate_records::AggregateRecords;

use crate::request::params::RequestParams;
use crate::{Error, ErrorKind, Record};
use serde::Deserialize;
use snow_core::decode::{ApiResponse, JsonObject};
use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

const COUNT: &str = "sysparm_count";

/// A kind of aggregate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Aggregate {
    /// The number of records.
    Count,
    /// The sum.
    Sum,
    /// The average.
    Avg,
    /// The smallest value.
    Min,
    /// The greatest value.
    Max,
}

impl Aggregate {
    /// The name in responses; upper case in an order.
    fn name(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Sum => "sum",
            Self::Avg => "avg",
            Self::Min => "min",
            Self::Max => "max",
        }
    }
}

/// A comparison of an aggregate with a number, for [`AggregateGroups::having`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Comparison {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
}

impl Comparison {
    fn operator(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
        }
    }
}

/// The aggregates of one set of records. The service sends every number as text; the methods here return numbers.
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
/// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
/// use snow_client::DateTime;
///
/// let all = client.aggregate("incident").count().avg(["reassignment_count"]).min(["sys_created_on"]).await?;
/// assert!(all.count()? > 0);
/// assert!(all.avg("reassignment_count")?.is_some());
/// let oldest: Option<DateTime> = all.min("sys_created_on")?;
/// println!("{oldest:?}");
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Aggregates {
    stats: Record,
    sum: Option<Record>,
    avg: Option<Record>,
    min: Option<Record>,
    max: Option<Record>,
}

impl Aggregates {
    /// Returns the number of records. Records that lists hide from this user may be counted, too, depending on the table ([facts 6]).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`] if the count was not requested.
    ///
    /// [facts 6]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#6-aggregates
    pub fn count(&self) -> Result<u64, Error> {
        match self.stats.get("count") {
            Some(count) => count.read(),
            None => Err(missing(Aggregate::Count, "records")),
        }
    }

    /// Returns the sum of a field; `None` if no record has a value.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`] if the response has no such sum: it was not requested, or the field does not exist, may not be read or has no
    /// numbers.
    pub fn sum(&self, field: &str) -> Result<Option<f64>, Error> {
        self.read(Aggregate::Sum, field)
    }

    /// Returns the average of a field, with four decimal places; `None` if no record has a value.
    ///
    /// # Errors
    ///
    /// As [`sum`](Self::sum).
    pub fn avg(&self, field: &str) -> Result<Option<f64>, Error> {
        self.read(Aggregate::Avg, field)
    }

    /// Returns the smallest value of a field, as a number, a [`DateTime`](crate::DateTime) or a string.
    ///
    /// # Errors
    ///
    /// As [`sum`](Self::sum), and if the value does not fit the type.
    pub fn min<'a, T: Deserialize<'a>>(&'a self, field: &str) -> Result<Option<T>, Error> {
        self.read(Aggregate::Min, field)
    }

    /// Returns the greatest value of a field, as [`min`](Self::min) does.
    ///
    /// # Errors
    ///
    /// As [`min`](Self::min).
    pub fn max<'a, T: Deserialize<'a>>(&'a self, field: &str) -> Result<Option<T>, Error> {
        self.read(Aggregate::Max, field)
    }

    /// Returns any aggregate of a field as any type, for example for a sum that does not fit an `f64`.
    ///
    /// # Errors
    ///
    /// As [`min`](Self::min).
    pub fn read<'a, T: Deserialize<'a>>(&'a self, what: Aggregate, field: &str) -> Result<Option<T>, Error> {
        let of = match what {
            Aggregate::Count => Some(&self.stats),
            Aggregate::Sum => self.sum.as_ref(),
            Aggregate::Avg => self.avg.as_ref(),
            Aggregate::Min => self.min.as_ref(),
            Aggregate::Max => self.max.as_ref(),
        };
        let name = if what == Aggregate::Count { "count" } else { field };
        match of.and_then(|of| of.get(name)) {
            Some(value) => value.read(),
            None => Err(missing(what, field)),
        }
    }

    /// Returns all aggregates as they came.
    pub fn record(&self) -> &Record {
        &self.stats
    }

    fn of(stats: Record) -> Result<Self, Error> {
        let part = |what: Aggregate| match stats.get(what.name()) {
            // What serde says may repeat what it read.
            Some(part) => serde_json::from_str(part.json()).map(Some).map_err(|_| {
                Error::new(
                    ErrorKind::Decode,
                    format!("the response's {} does not hold an object", what.name()),
                )
            }),
            None => Ok(None),
        };
        let (sum, avg) = (part(Aggregate::Sum)?, part(Aggregate::Avg)?);
        let (min, max) = (part(Aggregate::Min)?, part(Aggregate::Max)?);
        Ok(Self { stats, sum, avg, min, max })
    }
}

fn missing(what: Aggregate, of: &str) -> Error {
    let what = what.name();
    let why = format!(
        "the response has no {what} of {of}: it was not requested, or the field does not exist, may not be read or has no values"
    );
    Error::new(ErrorKind::Decode, why)
}

impl fmt::Debug for Aggregates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stats.fmt(f)
    }
}

/// One group of records and its aggregates.
#[derive(Clone, Debug)]
pub struct Group {
    fields: Vec<Record>,
    aggregates: Aggregates,
}

impl Group {
    /// Returns the value by which the group was formed, in a field that was passed to `group_by`: the stored value, or an empty
    /// string for records without one. With [`DisplayValue::Display`](crate::DisplayValue::Display) it is the display value.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`] if the records were not grouped by this field.
    pub fn value(&self, field: &str) -> Result<Cow<'_, str>, Error> {
        let of = self.field(field)?;
        of.get("value")
            .or_else(|| of.get("display_value"))
            .map_or(Ok(Cow::Borrowed("")), |value| value.value())
    }

    /// Returns the display value of a field that was passed to `group_by`, if the request asked for it.
    ///
    /// # Errors
    ///
    /// As [`value`](Self::value).
    pub fn display_value(&self, field: &str) -> Result<Option<Cow<'_, str>>, Error> {
        self.field(field)?.get("display_value").map(|value| value.value()).transpose()
    }

    /// Returns the fields that were passed to `group_by`, as they came: each with its name and value.
    pub fn fields(&self) -> &[Record] {
        &self.fields
    }

    /// Returns the aggregates of this group.
    pub fn aggregates(&self) -> &Aggregates {
        &self.aggregates
    }

    fn field(&self, name: &str) -> Result<&Record, Error> {
        let named = |record: &&Record| record.value("field").is_ok_and(|field| field == name);
        self.fields.iter().find(named).ok_or_else(|| {
            Error::new(ErrorKind::Decode, format!("the response is not grouped by the field {name:?}"))
        })
    }
}

impl Deref for Group {
    type Target = Aggregates;

    fn deref(&self) -> &Aggregates {
        &self.aggregates
    }
}

/// One set of records in a response.
#[derive(Deserialize)]
struct StatsOfRecords {
    stats: Record,
    #[serde(default)]
    groupby_fields: Vec<Record>,
}

fn one(response: &ApiResponse, params: &RequestParams) -> Result<Aggregates, Error> {
    let JsonObject(one) = response.result::<JsonObject<StatsOfRecords>>()?;
    let aggregates = Aggregates::of(one.stats)?;
    counted(aggregates, params)
}

fn groups(response: &ApiResponse, params: &RequestParams) -> Result<Vec<Group>, Error> {
    let group = |JsonObject(stats): JsonObject<StatsOfRecords>| {
        let aggregates = counted(Aggregates::of(stats.stats)?, params)?;
        Ok(Group { fields: stats.groupby_fields, aggregates })
    };
    response.result::<Vec<JsonObject<StatsOfRecords>>>()?.into_iter().map(group).collect()
}

/// A count that was asked for is there.
fn counted(aggregates: Aggregates, params: &RequestParams) -> Result<Aggregates, Error> {
    if params.own_value(COUNT).is_some() {
        aggregates.count()?;
    }
    Ok(aggregates)
}
