//! Puts aggregates of the instance into plans.

use super::aggregate_exec::SnowAggregateExec;
use super::aggregate_question::AggregateQuestion;
use crate::snow_exec::SnowExec;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::error::Result;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateInputMode};
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties, Partitioning};
use std::sync::Arc;

/// An optimizer rule that lets instances count, add up, find minima and maxima, and group.
///
/// It applies to `count(*)`, `sum` of integers, and `min` and `max` of integers, dates and times, with groups by columns that are not
/// text, over records that are selected by exact conditions alone. [`Aggregation`](crate::Aggregation) says when the instance is asked;
/// otherwise the records are read. It is for plans that are executed on this machine.
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").incidents(500).build()?;
/// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
/// use datafusion::execution::SessionStateBuilder;
/// use datafusion::prelude::SessionContext;
/// use snow_datafusion::{AggregatePushdown, Aggregation, Clients, SnowTable};
/// use std::sync::Arc;
///
/// let state = SessionStateBuilder::new().with_default_features();
/// let state = state.with_physical_optimizer_rule(Arc::new(AggregatePushdown::new())).build();
/// let context = SessionContext::new_with_state(state);
/// let clients = Clients::new().with("prod", client);
/// let incident = SnowTable::open(&clients, "prod", "incident").await?.aggregation(Aggregation::AllVisible);
/// context.register_table("incident", Arc::new(incident))?;
/// context.sql("SELECT state, count(*), max(opened_at) FROM incident GROUP BY state").await?.show().await?; // one request
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct AggregatePushdown(());

impl AggregatePushdown {
    /// Creates the rule.
    pub fn new() -> Self {
        Self::default()
    }
}

impl PhysicalOptimizerRule for AggregatePushdown {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let pushed = plan.transform_down(|node| {
            Ok(match push(&node)? {
                // What is below is the plan for reading: it stays as it is.
                Some(pushed) => Transformed::new(pushed, true, TreeNodeRecursion::Jump),
                None => Transformed::no(node),
            })
        });
        pushed.data()
    }

    fn name(&self) -> &'static str {
        "snow_aggregate_pushdown"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

fn push(node: &Arc<dyn ExecutionPlan>) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let Some((first, records)) = first_step(node) else { return Ok(None) };
    let Some(question) = AggregateQuestion::of(first, records) else { return Ok(None) };
    let by_reading: Arc<dyn ExecutionPlan> = match node.output_partitioning().partition_count() {
        1 => node.clone(),
        _ => Arc::new(CoalescePartitionsExec::new(node.clone())),
    };
    let (clients, scan) = (records.clients().clone(), records.scan().clone());
    let pushed: Arc<dyn ExecutionPlan> =
        Arc::new(SnowAggregateExec::new(clients, scan, question, by_reading));
    // What is above may rely on how records are distributed.
    Ok(Some(match node.output_partitioning() {
        partitioning if partitioning.partition_count() == 1 => pushed,
        Partitioning::Hash(by, partitions) => {
            Arc::new(RepartitionExec::try_new(pushed, Partitioning::Hash(by.clone(), *partitions))?)
        }
        other => {
            let partitions = Partitioning::RoundRobinBatch(other.partition_count());
            Arc::new(RepartitionExec::try_new(pushed, partitions)?)
        }
    }))
}

/// The step of an aggregation that takes the records of a table, if the node is the last step.
fn first_step(node: &Arc<dyn ExecutionPlan>) -> Option<(&AggregateExec, &SnowExec)> {
    let last = node.downcast_ref::<AggregateExec>()?;
    if last.limit_options().is_some() || is_partial(last) {
        return None;
    }
    let first = match last.mode().input_mode() {
        AggregateInputMode::Raw => last,
        AggregateInputMode::Partial => below(last.input()).downcast_ref::<AggregateExec>()?,
    };
    let takes_records = first.mode().input_mode() == AggregateInputMode::Raw;
    let records = below(first.input()).downcast_ref::<SnowExec>()?;
    takes_records.then_some((first, records))
}

fn is_partial(step: &AggregateExec) -> bool {
    step.mode().output_mode() == datafusion::physical_plan::aggregates::AggregateOutputMode::Partial
}

/// The next plan below that does more than distribute records.
fn below(plan: &Arc<dyn ExecutionPlan>) -> &Arc<dyn ExecutionPlan> {
    let distributes = plan.is::<RepartitionExec>() || plan.is::<CooperativeExec>() || is_whole_coalesce(plan);
    match &plan.children()[..] {
        [child] if distributes => below(child),
        _ => plan,
    }
}

/// A coalesce may have a limit.
fn is_whole_coalesce(plan: &Arc<dyn ExecutionPlan>) -> bool {
    plan.is::<CoalescePartitionsExec>() && plan.fetch().is_none()
}
