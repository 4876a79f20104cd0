//! Reads a table, as a plan that can be executed.

use crate::clients::Clients;
use crate::key_ranges;
use crate::range_reader::RangeReader;
use crate::snow_scan::SnowScan;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{internal_err, plan_err};
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::EquivalenceProperties;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, MetricBuilder, MetricsSet};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, Partitioning, PhysicalExpr,
    PlanProperties,
};
use std::fmt;
use std::sync::Arc;

/// Reads the records of a table in ranges of `sys_id`. The ranges are the records of its child: each partition reads those ranges that the
/// same partition of the child returns.
///
/// It is not a leaf: engines for several machines only divide the leaves that they know among their tasks, so each task would read the
/// whole table.
///
/// The client is looked up under its alias when a partition is executed, and not before.
pub struct SnowExec {
    clients: Clients,
    scan: SnowScan,
    schema: SchemaRef,
    ranges: Arc<dyn ExecutionPlan>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl SnowExec {
    /// Creates a plan that reads the ranges that another plan returns.
    ///
    /// # Errors
    ///
    /// An error if the other plan returns anything else.
    pub fn try_new(clients: Clients, scan: SnowScan, ranges: Arc<dyn ExecutionPlan>) -> Result<Self> {
        if ranges.schema() != key_ranges::schema() {
            return plan_err!("the child of SnowExec returns {} and no ranges of sys_id", ranges.schema());
        }
        let schema = scan.schema()?;
        let partitions = ranges.output_partitioning().partition_count();
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema.clone()),
            Partitioning::UnknownPartitioning(partitions),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        let metrics = ExecutionPlanMetricsSet::new();
        Ok(Self { clients, scan, schema, ranges, properties: Arc::new(properties), metrics })
    }

    /// Returns what is read.
    pub fn scan(&self) -> &SnowScan {
        &self.scan
    }

    pub(crate) fn clients(&self) -> &Clients {
        &self.clients
    }
}

impl ExecutionPlan for SnowExec {
    fn name(&self) -> &'static str {
        "SnowExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.ranges]
    }

    /// Returns `false`, because more partitions than there are ranges would read nothing.
    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
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
        let [ranges] = &children[..] else {
            return internal_err!("SnowExec has one child, and not {}", children.len());
        };
        Ok(Arc::new(Self::try_new(self.clients.clone(), self.scan.clone(), ranges.clone())?))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let client = self.clients.get(&self.scan.alias)?;
        let ranges = self.ranges.execute(partition, context.clone())?;
        let requests = MetricBuilder::new(&self.metrics).counter("requests", partition);
        let records = MetricBuilder::new(&self.metrics).output_rows(partition);
        let batch_size = context.session_config().batch_size();
        let reader = RangeReader::new(client, self.scan.clone(), ranges, batch_size, requests, records);
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema.clone(), reader.into_stream())))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}

impl DisplayAs for SnowExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SnowExec: {}, ranges={}", self.scan, self.properties.partitioning.partition_count())
    }
}

impl fmt::Debug for SnowExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SnowExec")
            .field("scan", &self.scan)
            .field("ranges", &self.ranges)
            .finish_non_exhaustive()
    }
}
