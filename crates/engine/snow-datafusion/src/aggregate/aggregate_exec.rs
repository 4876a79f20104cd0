//! Executes aggregates by the Aggregate API, or by reading the records.

use super::aggregate_question::AggregateQuestion;
use crate::client_error::external;
use crate::clients::Clients;
use crate::snow_scan::{Aggregation, SnowScan};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::internal_err;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{Distribution, EquivalenceProperties};
use datafusion::physical_plan::InputDistributionRequirements;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PhysicalExpr, PlanProperties,
};
use futures_util::{StreamExt, TryStreamExt, stream};
use snow_client::{Client, Error, ErrorKind};
use std::fmt;
use std::sync::Arc;

/// The largest page of `sys_id`s.
const LARGEST_PAGE: u32 = 10_000;

/// Asks the instance for aggregates, if none of the records that they are of is hidden from the user. Otherwise its child reads the
/// records and computes the aggregates.
///
/// [`AggregatePushdown`](super::AggregatePushdown) puts it into plans.
pub struct SnowAggregateExec {
    clients: Clients,
    scan: SnowScan,
    question: AggregateQuestion,
    by_reading: Arc<dyn ExecutionPlan>,
    properties: Arc<PlanProperties>,
}

impl SnowAggregateExec {
    /// The other plan has one partition.
    pub(super) fn new(
        clients: Clients,
        scan: SnowScan,
        question: AggregateQuestion,
        by_reading: Arc<dyn ExecutionPlan>,
    ) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(by_reading.schema()),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Final,
            Boundedness::Bounded,
        );
        Self { clients, scan, question, by_reading, properties: Arc::new(properties) }
    }
}

impl ExecutionPlan for SnowAggregateExec {
    fn name(&self) -> &'static str {
        "SnowAggregateExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn input_distribution_requirements(&self) -> InputDistributionRequirements {
        InputDistributionRequirements::new(vec![Distribution::SinglePartition])
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.by_reading]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let [by_reading] = &children[..] else {
            return internal_err!("SnowAggregateExec has one child, and not {}", children.len());
        };
        let (scan, question) = (self.scan.clone(), self.question.clone());
        Ok(Arc::new(Self::new(self.clients.clone(), scan, question, by_reading.clone())))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let client = self.clients.get(&self.scan.alias)?;
        let (scan, question, schema) = (self.scan.clone(), self.question.clone(), self.schema());
        let by_reading = self.by_reading.clone();
        let result = async move {
            let asked = ask(&client, &scan, &question, &schema).await.map_err(external)?;
            match asked {
                Some(batch) => Ok::<_, DataFusionError>(stream::iter([Ok(batch)]).boxed()),
                None => Ok(by_reading.execute(partition, context)?.boxed()),
            }
        };
        let stream = stream::once(result).try_flatten();
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), stream)))
    }
}

/// Returns the aggregates, or `None` if the records have to be read.
async fn ask(
    client: &Client,
    scan: &SnowScan,
    question: &AggregateQuestion,
    schema: &SchemaRef,
) -> Result<Option<RecordBatch>, Error> {
    let visible = match scan.aggregation {
        Aggregation::AllVisible => None,
        _ => match all_visible(client, scan).await? {
            Some(records) => Some(records),
            None => return Ok(None),
        },
    };
    match question.ask(client, scan, schema).await {
        // A record that came or went meanwhile makes the proof one of other records.
        Ok(Some((batch, counted))) => Ok((visible.is_none_or(|visible| visible == counted)).then_some(batch)),
        Ok(None) => Ok(None),
        Err(error) if reading_may_work(error.kind()) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Returns the number of records, if the instance returns all of those that it counts.
async fn all_visible(client: &Client, scan: &SnowScan) -> Result<Option<u64>, Error> {
    let query = snow_client::Query::parse(&scan.query)?;
    let list = client.table(&scan.table).list().query(query).fields(["sys_id"]);
    let mut ids = list.stream().page_size(LARGEST_PAGE);
    while let Some(id) = ids.next().await {
        id?;
    }
    let report = ids.report();
    let is_proven = report.hidden() == Some(0) && !report.may_have_drifted;
    Ok(is_proven.then_some(report.received))
}

/// Whether records may be read where aggregates are refused.
fn reading_may_work(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::Forbidden | ErrorKind::Decode | ErrorKind::TransactionCancelled | ErrorKind::InvalidInput
    )
}

impl DisplayAs for SnowAggregateExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let proof = match self.scan.aggregation {
            Aggregation::AllVisible => "Aggregation::AllVisible",
            _ => "its sys_ids, or the plan below reads the records",
        };
        write!(f, "SnowAggregateExec: client={}, table={}, ", self.scan.alias, self.scan.table)?;
        write!(f, "{}, query={}, visible by={proof}", self.question.outline(), self.scan.query)
    }
}

impl fmt::Debug for SnowAggregateExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SnowAggregateExec").field("scan", &self.scan).finish_non_exhaustive()
    }
}
