//! Which aggregates of SQL the instance computes with the same result.

use super::scalar_text;
use crate::column_kind::ColumnKind;
use crate::snow_exec::SnowExec;
use crate::snow_scan::{Aggregation, SnowScan};
use datafusion::arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::physical_expr::aggregate::AggregateFunctionExpr;
use datafusion::physical_expr::expressions::{Column, Literal};
use datafusion::physical_plan::PhysicalExpr;
use datafusion::physical_plan::aggregates::AggregateExec;
use datafusion::scalar::ScalarValue;
use snow_client::aggregate::{Aggregate, AggregateRecords, Aggregates, Group};
use snow_client::{Client, Error};
use std::sync::Arc;

/// Sums beyond this may be rounded by a service that adds floating-point numbers.
const LARGEST_SUM: i64 = 1 << 53;

/// What is asked of the Aggregate API, and what its response becomes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AggregateQuestion {
    groups: Vec<String>,
    aggregates: Vec<AskedAggregate>,
}

#[derive(Clone, Debug, PartialEq)]
enum AskedAggregate {
    Count,
    Sum(String),
    Min(String),
    Max(String),
}

impl AggregateQuestion {
    /// Translates the aggregates of a plan over the records of a table; `None` if the instance would answer another question.
    pub(crate) fn of(plan: &AggregateExec, records: &SnowExec) -> Option<Self> {
        let scan = records.scan();
        let groups = plan.group_expr();
        let is_plain = !groups.has_grouping_set()
            && plan.limit_options().is_none()
            && plan.filter_expr().iter().all(Option::is_none);
        if !is_plain || scan.limit.is_some() || !scan.is_exact || scan.aggregation == Aggregation::Read {
            return None;
        }
        let named = |expr: &Arc<dyn PhysicalExpr>| column(expr, records, ColumnKind::groups_like_sql);
        let groups: Option<Vec<String>> = groups.expr().iter().map(|(expr, _)| named(expr)).collect();
        let aggregates: Option<Vec<_>> = plan.aggr_expr().iter().map(|one| aggregate(one, records)).collect();
        let question = Self { groups: groups?, aggregates: aggregates? };
        // To prove that no record is hidden, the sys_ids are read: a count alone is known then.
        let is_count =
            question.groups.is_empty() && question.aggregates.iter().all(|one| *one == AskedAggregate::Count);
        let is_worth_it = scan.aggregation == Aggregation::AllVisible || !is_count;
        is_worth_it.then_some(question)
    }

    /// Sends the question. The result has one record for each group, or one without groups, and the number of records counted;
    /// `None` if a figure cannot be trusted.
    pub(crate) async fn ask(
        &self,
        client: &Client,
        scan: &SnowScan,
        schema: &SchemaRef,
    ) -> Result<Option<(RecordBatch, u64)>, Error> {
        let query = snow_client::Query::parse(&scan.query)?;
        let call = self.call(client.aggregate(&scan.table).query(query).count());
        if self.groups.is_empty() {
            let all = call.await?;
            return Ok(self.batch(&[(&[], &all)], schema));
        }
        let groups: Vec<Group> = call.group_by(&self.groups).await?;
        let mut keys = Vec::new();
        for group in &groups {
            let values: Result<Vec<String>, Error> =
                self.groups.iter().map(|field| group.value(field).map(|value| value.into_owned())).collect();
            keys.push(values?);
        }
        let rows: Vec<(&[String], &Aggregates)> =
            keys.iter().zip(&groups).map(|(key, group)| (key.as_slice(), group.aggregates())).collect();
        Ok(self.batch(&rows, schema))
    }

    fn call(&self, call: AggregateRecords) -> AggregateRecords {
        let fields = |which: fn(&AskedAggregate) -> Option<&String>| {
            let mut fields: Vec<&String> = self.aggregates.iter().filter_map(which).collect();
            fields.sort();
            fields.dedup();
            fields
        };
        let sums = fields(|one| if let AskedAggregate::Sum(field) = one { Some(field) } else { None });
        let minima = fields(|one| if let AskedAggregate::Min(field) = one { Some(field) } else { None });
        let maxima = fields(|one| if let AskedAggregate::Max(field) = one { Some(field) } else { None });
        let call = if sums.is_empty() { call } else { call.sum(sums) };
        let call = if minima.is_empty() { call } else { call.min(minima) };
        if maxima.is_empty() { call } else { call.max(maxima) }
    }

    fn batch(&self, rows: &[(&[String], &Aggregates)], schema: &SchemaRef) -> Option<(RecordBatch, u64)> {
        let mut columns: Vec<Vec<ScalarValue>> = vec![Vec::with_capacity(rows.len()); schema.fields().len()];
        let mut records = 0_u64;
        for (key, aggregates) in rows {
            records = records.checked_add(aggregates.count().ok()?)?;
            let texts =
                key.iter().cloned().map(Some).chain(self.aggregates.iter().map(|one| one.text(aggregates)));
            for ((column, field), text) in columns.iter_mut().zip(schema.fields()).zip(texts) {
                column.push(scalar_text::read(&text?, field.data_type())?);
            }
        }
        let arrays =
            columns.into_iter().zip(schema.fields()).map(|(values, field)| match values.is_empty() {
                true => Some(datafusion::arrow::array::new_empty_array(field.data_type())),
                false => ScalarValue::iter_to_array(values).ok(),
            });
        let arrays: Vec<ArrayRef> = arrays.collect::<Option<_>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
        let batch = RecordBatch::try_new_with_options(schema.clone(), arrays, &options).ok()?;
        Some((batch, records))
    }

    /// Writes what EXPLAIN shows.
    pub(crate) fn outline(&self) -> String {
        let one = |aggregate: &AskedAggregate| match aggregate {
            AskedAggregate::Count => "count".to_owned(),
            AskedAggregate::Sum(field) => format!("sum({field})"),
            AskedAggregate::Min(field) => format!("min({field})"),
            AskedAggregate::Max(field) => format!("max({field})"),
        };
        let aggregates: Vec<String> = self.aggregates.iter().map(one).collect();
        format!("aggregates=[{}], group_by=[{}]", aggregates.join(", "), self.groups.join(", "))
    }
}

impl AskedAggregate {
    /// The figure as text, empty if there is none; `None` if it cannot be trusted.
    fn text(&self, of: &Aggregates) -> Option<String> {
        let read =
            |what: Aggregate, field: &str| Some(of.read::<String>(what, field).ok()?.unwrap_or_default());
        match self {
            Self::Count => Some(of.count().ok()?.to_string()),
            Self::Sum(field) => read(Aggregate::Sum, field).filter(|sum| is_exact_sum(sum)),
            Self::Min(field) => read(Aggregate::Min, field),
            Self::Max(field) => read(Aggregate::Max, field),
        }
    }
}

fn is_exact_sum(sum: &str) -> bool {
    sum.is_empty() || sum.parse::<i64>().is_ok_and(|sum| -LARGEST_SUM < sum && sum < LARGEST_SUM)
}

fn aggregate(aggregate: &AggregateFunctionExpr, records: &SnowExec) -> Option<AskedAggregate> {
    if aggregate.is_distinct() || !aggregate.order_bys().is_empty() {
        return None;
    }
    let arguments = aggregate.expressions();
    let [argument] = &arguments[..] else { return None };
    let ordered = |kind: ColumnKind| kind.orders_like_sql();
    match aggregate.fun().name() {
        "count" => counts_records(argument).then_some(AskedAggregate::Count),
        "sum" => column(argument, records, |kind| kind == ColumnKind::Integer).map(AskedAggregate::Sum),
        "min" => column(argument, records, ordered).map(AskedAggregate::Min),
        "max" => column(argument, records, ordered).map(AskedAggregate::Max),
        _ => None,
    }
}

/// Whether the argument of a count is a constant, as in `count(*)`.
fn counts_records(argument: &Arc<dyn PhysicalExpr>) -> bool {
    argument.downcast_ref::<Literal>().is_some_and(|literal| !literal.value().is_null())
}

/// The name of a column of the table, if it is of such a kind.
fn column(
    expr: &Arc<dyn PhysicalExpr>,
    records: &SnowExec,
    is: impl Fn(ColumnKind) -> bool,
) -> Option<String> {
    let column = expr.downcast_ref::<Column>()?;
    let schema = datafusion::physical_plan::ExecutionPlan::schema(records);
    let field = schema.fields().get(column.index())?;
    // It is not known how an instance groups and compares what it reaches through references.
    let is_known = !field.name().contains('.') && ColumnKind::of(field).is_some_and(is);
    is_known.then(|| field.name().clone())
}
