//! The Aggregate API: counts, sums and the like, without the rows (facts 6).

use crate::request::call::Call;
use crate::request::client_inner::ClientInner;
use crate::request::params::RequestParams;
use crate::{Api, Error, ErrorKind, Query, Record};
use http::Method;
use serde::Deserialize;
use snow_core::decode::ApiResponse;
use snow_core::{ApiPath, Params};
use std::borrow::{Borrow, Cow};
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

const COUNT: &str = "sysparm_count";
const GROUPS: &str = "sysparm_group_by";

/// What is told of a set of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Aggregate {
    /// How many rows.
    Count,
    /// The sum.
    Sum,
    /// The average.
    Avg,
    /// The least.
    Min,
    /// The greatest.
    Max,
}

impl Aggregate {
    /// As it is called in answers; upper case where it orders.
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

/// How an aggregate is compared: see [`Call::having`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

/// What was asked for of one set of rows. The service writes every number as text; here they are numbers.
#[derive(Clone)]
pub struct Aggregates {
    stats: Record,
    sum: Option<Record>,
    avg: Option<Record>,
    min: Option<Record>,
    max: Option<Record>,
}

impl Aggregates {
    /// How many rows. Rows that lists hide may be counted too, depending on the table (facts 6).
    ///
    /// # Errors
    /// [`ErrorKind::Decode`] if it was not asked for.
    pub fn count(&self) -> Result<u64, Error> {
        match self.stats.get("count") {
            Some(count) => count.read(),
            None => Err(missing(Aggregate::Count, "rows")),
        }
    }

    /// The sum of a field; `None` if no row has a value.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`] if it is not there: not asked for, or a field that does not exist, may not be read or has no numbers.
    pub fn sum(&self, field: &str) -> Result<Option<f64>, Error> {
        self.read(Aggregate::Sum, field)
    }

    /// The average of a field, to four decimals; `None` if no row has a value.
    ///
    /// # Errors
    /// As [`sum`](Self::sum).
    pub fn avg(&self, field: &str) -> Result<Option<f64>, Error> {
        self.read(Aggregate::Avg, field)
    }

    /// The least value of a field, as what it is: a number, a [`DateTime`](crate::DateTime), a text.
    ///
    /// # Errors
    /// As [`sum`](Self::sum), and if it does not fit the type.
    pub fn min<'a, T: Deserialize<'a>>(&'a self, field: &str) -> Result<Option<T>, Error> {
        self.read(Aggregate::Min, field)
    }

    /// The greatest value of a field, as what it is.
    ///
    /// # Errors
    /// As [`min`](Self::min).
    pub fn max<'a, T: Deserialize<'a>>(&'a self, field: &str) -> Result<Option<T>, Error> {
        self.read(Aggregate::Max, field)
    }

    /// Any aggregate of a field as any type, for sums that no `f64` holds for one.
    ///
    /// # Errors
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

    /// All of it as it came.
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
        "the answer has no {what} of {of}: it was not asked for, or the field does not exist, may not be read or has none"
    );
    Error::new(ErrorKind::Decode, why)
}

impl fmt::Debug for Aggregates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stats.fmt(f)
    }
}

/// One group of rows, and what was asked for of it.
#[derive(Clone, Debug)]
pub struct Group {
    fields: Vec<Record>,
    aggregates: Aggregates,
}

impl Group {
    /// What the rows of this group have in a field that it was grouped by, as it is stored; empty for those that have nothing. With
    /// [`DisplayValue::Display`](crate::DisplayValue::Display) what a person sees.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`] if it was not grouped by this field.
    pub fn value(&self, field: &str) -> Result<Cow<'_, str>, Error> {
        let of = self.field(field)?;
        of.get("value")
            .or_else(|| of.get("display_value"))
            .map_or(Ok(Cow::Borrowed("")), |value| value.value())
    }

    /// What a person sees in place of it, if it was asked for.
    ///
    /// # Errors
    /// As [`value`](Self::value).
    pub fn display_value(&self, field: &str) -> Result<Option<Cow<'_, str>>, Error> {
        self.field(field)?.get("display_value").map(|value| value.value()).transpose()
    }

    /// The fields that it was grouped by, as they came: each with its name and value.
    pub fn fields(&self) -> &[Record] {
        &self.fields
    }

    /// What was asked for of the rows of this group.
    pub fn aggregates(&self) -> &Aggregates {
        &self.aggregates
    }

    fn field(&self, name: &str) -> Result<&Record, Error> {
        let named = |record: &&Record| record.value("field").is_ok_and(|field| field == name);
        self.fields.iter().find(named).ok_or_else(|| {
            Error::new(ErrorKind::Decode, format!("the answer is not grouped by the field {name:?}"))
        })
    }
}

impl Deref for Group {
    type Target = Aggregates;

    fn deref(&self) -> &Aggregates {
        &self.aggregates
    }
}

/// What calls on aggregates give: one set of them, or one for each group.
pub trait Aggregated: sealed::Sealed {}

impl Aggregated for Aggregates {}
impl Aggregated for Vec<Group> {}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Aggregates {}
    impl Sealed for Vec<super::Group> {}
}

pub(crate) fn call(client: Arc<ClientInner>, table: &str) -> Call<Aggregates> {
    let path = ApiPath::table(table).and_then(|_| ApiPath::parse("/api/now/stats")?.push(table));
    Api::known(client, path).call(Method::GET, |response, request| one(response, &request.params))
}

/// One set of rows of a response.
#[derive(Deserialize)]
struct StatsOfRows {
    stats: Record,
    #[serde(default)]
    groupby_fields: Vec<Record>,
}

fn one(answer: &ApiResponse, params: &RequestParams) -> Result<Aggregates, Error> {
    let aggregates = Aggregates::of(answer.result::<StatsOfRows>()?.stats)?;
    counted(aggregates, params)
}

fn groups(answer: &ApiResponse, params: &RequestParams) -> Result<Vec<Group>, Error> {
    let group = |rows: StatsOfRows| {
        let aggregates = counted(Aggregates::of(rows.stats)?, params)?;
        Ok(Group { fields: rows.groupby_fields, aggregates })
    };
    answer.result::<Vec<StatsOfRows>>()?.into_iter().map(group).collect()
}

/// A count that was asked for is there.
fn counted(aggregates: Aggregates, params: &RequestParams) -> Result<Aggregates, Error> {
    if params.own_value(COUNT).is_some() {
        aggregates.count()?;
    }
    Ok(aggregates)
}

impl Call<Aggregates> {
    /// One set of aggregates for each value of these fields, in place of one for all; dot-walks such as `caller_id.department` are
    /// allowed. There is no limit and no paging: all groups come in one answer (facts 6).
    pub fn group_by<F: AsRef<str>>(self, fields: impl IntoIterator<Item = F>) -> Call<Vec<Group>> {
        let call = self.params(|params| params.field_list(GROUPS, fields));
        call.read_as(|answer, request| groups(answer, &request.params)).change(|request| {
            match request.params.own_value(GROUPS).is_some_and(|fields| !fields.is_empty()) {
                true => Ok(request),
                false => request.params.to_params().map(drop).and_then(|()| {
                    Err(Error::new(
                        ErrorKind::InvalidInput,
                        "there is no field to group by: give at least one",
                    ))
                }),
            }
        })
    }
}

impl<T: Aggregated> Call<T> {
    /// Which rows.
    pub fn query<'q>(self, query: impl Borrow<Query<'q>>) -> Self {
        self.params(|params| params.query(query))
    }

    /// How many rows there are.
    pub fn count(self) -> Self {
        self.params(|params| params.own(COUNT, "true"))
    }

    /// The sums of these fields. Asking again replaces the first.
    pub fn sum<F: AsRef<str>>(self, fields: impl IntoIterator<Item = F>) -> Self {
        self.params(|params| params.field_list("sysparm_sum_fields", fields))
    }

    /// The averages of these fields. Asking again replaces the first.
    pub fn avg<F: AsRef<str>>(self, fields: impl IntoIterator<Item = F>) -> Self {
        self.params(|params| params.field_list("sysparm_avg_fields", fields))
    }

    /// The least values of these fields. Asking again replaces the first.
    pub fn min<F: AsRef<str>>(self, fields: impl IntoIterator<Item = F>) -> Self {
        self.params(|params| params.field_list("sysparm_min_fields", fields))
    }

    /// The greatest values of these fields. Asking again replaces the first.
    pub fn max<F: AsRef<str>>(self, fields: impl IntoIterator<Item = F>) -> Self {
        self.params(|params| params.field_list("sysparm_max_fields", fields))
    }
}

impl Call<Vec<Group>> {
    /// Only groups of which this is true. Of several, all have to be.
    pub fn having(self, what: Aggregate, field: &str, is: Comparison, value: f64) -> Self {
        let test = format!("{}^{field}^{}^{value}", what.name(), is.operator());
        let call = self.checked(field).also("sysparm_having", &test);
        call.change(|request| match value.is_finite() {
            true => Ok(request),
            false => Err(Error::new(ErrorKind::InvalidInput, format!("{value} is nothing to compare with"))),
        })
    }

    /// Groups in the order of a field that they are grouped by. Further orders decide where the first says nothing.
    pub fn order_by(self, field: &str) -> Self {
        self.checked(field).also(ORDER, field)
    }

    /// The same, from the greatest to the least.
    pub fn order_by_desc(self, field: &str) -> Self {
        self.checked(field).also(ORDER, &format!("{field}^DESC"))
    }

    /// Groups in the order of an aggregate of a field; of [`Aggregate::Count`], the field says nothing and is left out.
    pub fn order_by_aggregate(self, what: Aggregate, field: &str) -> Self {
        self.checked(field).also(ORDER, &ordered(what, field))
    }

    /// The same, from the greatest to the least.
    pub fn order_by_aggregate_desc(self, what: Aggregate, field: &str) -> Self {
        self.checked(field).also(ORDER, &format!("{}^DESC", ordered(what, field)))
    }

    /// Refuses what can be no field.
    fn checked(self, field: &str) -> Self {
        self.change(|request| {
            Params::new().field_list("an aggregate", [field]).encoded()?;
            Ok(request)
        })
    }

    /// One more item of a list.
    fn also(self, name: &str, item: &str) -> Self {
        self.params(|params| match params.own_value(name).map(|list| format!("{list},{item}")) {
            Some(list) => params.own(name, &list),
            None => params.own(name, item),
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
