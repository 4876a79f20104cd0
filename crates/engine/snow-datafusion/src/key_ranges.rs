//! The ranges of `sys_id` that a table is read by, as records of a plan.
//!
//! A plan whose partitions come from nowhere is multiplied by engines that cut plans for their tasks: each task then reads everything.
//! So a range is a record of a child plan, and whoever reads that record reads the range.
//!
//! A [`StreamPart`](snow_client::stream::StreamPart) is a range as well, but of a list, which has a client and an instance. Plans are also
//! made where there is neither, and no plan names an instance.

use datafusion::arrow::array::{Array, ArrayRef, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::memory::MemorySourceConfig;
use datafusion::common::internal_err;
use datafusion::error::Result;
use datafusion::physical_plan::ExecutionPlan;
use snow_client::{Query, field};
use std::sync::Arc;

/// A range of `sys_id`: from this one, until before that one. Both ends may be open, because not every id is hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyRange {
    from: Option<String>,
    until: Option<String>,
}

impl KeyRange {
    /// Splits all keys evenly by their first 16 digits.
    pub(crate) fn split(ranges: u64) -> Vec<Self> {
        let step = u64::MAX.checked_div(ranges).unwrap_or(u64::MAX);
        let cut = |at: u64| format!("{:016x}0000000000000000", step.saturating_mul(at));
        let ends = (0..ranges.max(1)).map(|at| {
            let next = at.saturating_add(1);
            Self { from: (at > 0).then(|| cut(at)), until: (next < ranges).then(|| cut(next)) }
        });
        ends.collect()
    }

    /// Returns a query for the records of this range among those of another query.
    pub(crate) fn within<'q>(&self, query: Query<'q>) -> Query<'q> {
        let from = self.from.clone().map(|from| field("sys_id").ge(from));
        let until = self.until.clone().map(|until| field("sys_id").lt(until));
        [from, until].into_iter().flatten().fold(query, Query::and)
    }

    /// Returns the longest query that reading a page of any range of these records takes. Every alternative of the query has to name
    /// both ends of the range, and the record that the page goes on after.
    pub(crate) fn longest_page(query: Query<'_>) -> Query<'_> {
        let id = "f".repeat(32);
        let range = Self { from: Some(id.clone()), until: Some(id.clone()) };
        range.within(query).and(field("sys_id").gt(id)).order_by("sys_id")
    }

    /// Returns a plan with one range in each partition.
    pub(crate) fn plan(ranges: &[Self]) -> Result<Arc<dyn ExecutionPlan>> {
        let partitions = ranges.iter().map(|range| Ok(vec![range.record()?])).collect::<Result<Vec<_>>>()?;
        Ok(MemorySourceConfig::try_new_exec(&partitions, schema(), None)?)
    }

    fn record(&self) -> Result<RecordBatch> {
        let column = |end: &Option<String>| Arc::new(StringArray::from(vec![end.as_deref()])) as ArrayRef;
        Ok(RecordBatch::try_new(schema(), vec![column(&self.from), column(&self.until)])?)
    }

    /// Reads the ranges from the records of a plan.
    pub(crate) fn read(batch: &RecordBatch) -> Result<Vec<Self>> {
        let column = |at: usize| batch.column(at).as_any().downcast_ref::<StringArray>();
        if batch.num_columns() != 2 {
            return internal_err!("the ranges of a table have {} columns in place of 2", batch.num_columns());
        }
        let (Some(from), Some(until)) = (column(0), column(1)) else {
            return internal_err!("the ranges of a table are not text");
        };
        let end =
            |column: &StringArray, row: usize| column.is_valid(row).then(|| column.value(row).to_owned());
        Ok((0..batch.num_rows()).map(|row| Self { from: end(from, row), until: end(until, row) }).collect())
    }
}

/// Returns the schema of the plan that ranges come from.
pub(crate) fn schema() -> SchemaRef {
    let end = |name: &str| Field::new(name, DataType::Utf8, true);
    Arc::new(Schema::new(vec![end("from"), end("until")]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_cover_every_key_once() -> Result<()> {
        for count in [1, 2, 3, 4, 7, 16] {
            let ranges = KeyRange::split(count);
            assert_eq!(ranges.len() as u64, count);
            assert!(ranges[0].from.is_none() && ranges[ranges.len() - 1].until.is_none());
            assert!(ranges.windows(2).all(|two| two[0].until.is_some() && two[0].until == two[1].from));
            assert!(ranges.windows(2).all(|two| two[0].from < two[1].from));
            for range in &ranges {
                assert_eq!(KeyRange::read(&range.record()?)?, std::slice::from_ref(range));
            }
        }
        assert_eq!(KeyRange::split(0).len(), 1);
        Ok(())
    }
}
