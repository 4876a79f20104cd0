//! Writes plans for the executors, and reads them there.

use crate::message::MessageKind;
use datafusion::common::{not_impl_err, plan_err};
use datafusion::error::Result;
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{AggregateUDF, ScalarUDF, WindowUDF};
use datafusion::physical_expr_common::physical_expr::proto_decode::PhysicalExprDecodeCtx;
use datafusion::physical_expr_common::physical_expr::proto_encode::PhysicalExprEncodeCtx;
use datafusion::physical_plan::{ExecutionPlan, PhysicalExpr};
use datafusion_proto::physical_plan::{PhysicalExtensionCodec, PhysicalProtoConverterExtension};
use snow_datafusion::{Clients, SnowAggregateExec, SnowExec, SnowScan};
use std::sync::Arc;

/// Writes and reads [`SnowExec`]s, and hands everything else to another codec. The ranges that one reads are a plan of DataFusion's own,
/// which a cluster can cut.
#[derive(Debug)]
pub struct PlanCodec {
    clients: Clients,
    rest: Arc<dyn PhysicalExtensionCodec>,
}

impl PlanCodec {
    /// Creates a codec whose plans read with these clients. A scheduler, which makes plans but executes none, can
    /// pass an empty set.
    pub fn new(clients: Clients, rest: Arc<dyn PhysicalExtensionCodec>) -> Self {
        Self { clients, rest }
    }
}

impl PhysicalExtensionCodec for PlanCodec {
    fn try_decode(
        &self,
        buf: &[u8],
        inputs: &[Arc<dyn ExecutionPlan>],
        ctx: &TaskContext,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let Some(scan) = MessageKind::Plan.read::<SnowScan>(buf)? else {
            return self.rest.try_decode(buf, inputs, ctx, converter);
        };
        let [ranges] = inputs else {
            return plan_err!(
                "a plan that reads the table {} has {} inputs and not one",
                scan.table(),
                inputs.len()
            );
        };
        Ok(Arc::new(SnowExec::try_new(self.clients.clone(), scan, ranges.clone())?))
    }

    fn try_encode(
        &self,
        node: Arc<dyn ExecutionPlan>,
        buf: &mut Vec<u8>,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<()> {
        if let Some(exec) = node.downcast_ref::<SnowExec>() {
            return MessageKind::Plan.write(exec.scan(), buf);
        }
        if node.is::<SnowAggregateExec>() {
            return not_impl_err!(
                "aggregates of an instance are computed for plans on one machine: leave AggregatePushdown out"
            );
        }
        self.rest.try_encode(node, buf, converter)
    }

    fn try_decode_udf(&self, name: &str, buf: &[u8]) -> Result<Arc<ScalarUDF>> {
        self.rest.try_decode_udf(name, buf)
    }

    fn try_encode_udf(&self, node: &ScalarUDF, buf: &mut Vec<u8>) -> Result<()> {
        self.rest.try_encode_udf(node, buf)
    }

    fn try_decode_expr(
        &self,
        buf: &[u8],
        inputs: &[Arc<dyn PhysicalExpr>],
        ctx: &PhysicalExprDecodeCtx<'_>,
    ) -> Result<Arc<dyn PhysicalExpr>> {
        self.rest.try_decode_expr(buf, inputs, ctx)
    }

    fn try_encode_expr(
        &self,
        node: &Arc<dyn PhysicalExpr>,
        buf: &mut Vec<u8>,
        ctx: &PhysicalExprEncodeCtx<'_>,
    ) -> Result<()> {
        self.rest.try_encode_expr(node, buf, ctx)
    }

    fn try_decode_udaf(&self, name: &str, buf: &[u8]) -> Result<Arc<AggregateUDF>> {
        self.rest.try_decode_udaf(name, buf)
    }

    fn try_encode_udaf(&self, node: &AggregateUDF, buf: &mut Vec<u8>) -> Result<()> {
        self.rest.try_encode_udaf(node, buf)
    }

    fn try_decode_udwf(&self, name: &str, buf: &[u8]) -> Result<Arc<WindowUDF>> {
        self.rest.try_decode_udwf(name, buf)
    }

    fn try_encode_udwf(&self, node: &WindowUDF, buf: &mut Vec<u8>) -> Result<()> {
        self.rest.try_encode_udwf(node, buf)
    }
}
