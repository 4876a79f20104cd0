//! What must not be: a plan that is a leaf, and whose partitions come from nowhere.

use ballista_core::extension::SessionConfigExt;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::TableReference;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, Extension, LogicalPlan, TableType};
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PhysicalExpr, PlanProperties};
use datafusion::prelude::SessionConfig;
use datafusion_proto::bytes::{
    physical_plan_from_bytes_with_extension_codec, physical_plan_to_bytes_with_extension_codec,
};
use datafusion_proto::logical_plan::LogicalExtensionCodec;
use datafusion_proto::physical_plan::{PhysicalExtensionCodec, PhysicalProtoConverterExtension};
use snow_ballista::with_snow_codecs;
use snow_datafusion::{Clients, SnowTable};
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

const PREFIX: &[u8] = b"leaf ";

/// The codecs of the crate, with those of leaves around them.
pub(crate) fn with_leaf_codec(config: SessionConfig, clients: &Clients) -> SessionConfig {
    let config = with_snow_codecs(config, clients);
    let tables = LeafTableCodec(config.ballista_logical_extension_codec());
    let plans = LeafPlanCodec(config.ballista_physical_extension_codec());
    config
        .with_ballista_logical_extension_codec(Arc::new(tables))
        .with_ballista_physical_extension_codec(Arc::new(plans))
}

#[derive(Debug)]
pub(crate) struct LeafTable(pub(crate) SnowTable);

impl TableProvider for LeafTable {
    fn schema(&self) -> SchemaRef {
        self.0.schema()
    }

    fn table_type(&self) -> TableType {
        self.0.table_type()
    }

    fn scan<'a, 'b, 'c, 'd, 'r>(
        &'a self,
        session: &'b dyn Session,
        projection: Option<&'c Vec<usize>>,
        filters: &'d [Expr],
        limit: Option<usize>,
    ) -> Pin<Box<dyn Future<Output = Result<Arc<dyn ExecutionPlan>>> + Send + 'r>>
    where
        'a: 'r,
        'b: 'r,
        'c: 'r,
        'd: 'r,
        Self: 'r,
    {
        Box::pin(async move {
            let inner = self.0.scan(session, projection, filters, limit).await?;
            Ok(Arc::new(LeafExec(inner)) as Arc<dyn ExecutionPlan>)
        })
    }
}

/// Hides that it has a child.
#[derive(Debug)]
struct LeafExec(Arc<dyn ExecutionPlan>);

impl ExecutionPlan for LeafExec {
    fn name(&self) -> &'static str {
        "LeafExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.0.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(self: Arc<Self>, _: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        self.0.execute(partition, context)
    }
}

impl DisplayAs for LeafExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LeafExec")
    }
}

#[derive(Debug)]
struct LeafTableCodec(Arc<dyn LogicalExtensionCodec>);

impl LogicalExtensionCodec for LeafTableCodec {
    fn try_decode_table_provider(
        &self,
        buf: &[u8],
        table: &TableReference,
        schema: SchemaRef,
        ctx: &TaskContext,
    ) -> Result<Arc<dyn TableProvider>> {
        let Some(inner) = buf.strip_prefix(PREFIX) else {
            return self.0.try_decode_table_provider(buf, table, schema, ctx);
        };
        let inner = self.0.try_decode_table_provider(inner, table, schema, ctx)?;
        Ok(Arc::new(LeafTable(inner.downcast_ref::<SnowTable>().unwrap().clone())))
    }

    fn try_encode_table_provider(
        &self,
        table: &TableReference,
        node: Arc<dyn TableProvider>,
        buf: &mut Vec<u8>,
    ) -> Result<()> {
        match node.downcast_ref::<LeafTable>() {
            Some(leaf) => {
                buf.extend_from_slice(PREFIX);
                self.0.try_encode_table_provider(table, Arc::new(leaf.0.clone()), buf)
            }
            None => self.0.try_encode_table_provider(table, node, buf),
        }
    }

    fn try_decode(&self, buf: &[u8], inputs: &[LogicalPlan], ctx: &TaskContext) -> Result<Extension> {
        self.0.try_decode(buf, inputs, ctx)
    }

    fn try_encode(&self, node: &Extension, buf: &mut Vec<u8>) -> Result<()> {
        self.0.try_encode(node, buf)
    }
}

#[derive(Debug)]
struct LeafPlanCodec(Arc<dyn PhysicalExtensionCodec>);

impl PhysicalExtensionCodec for LeafPlanCodec {
    fn try_decode(
        &self,
        buf: &[u8],
        inputs: &[Arc<dyn ExecutionPlan>],
        ctx: &TaskContext,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        match buf.strip_prefix(PREFIX) {
            Some(inner) => {
                Ok(Arc::new(LeafExec(physical_plan_from_bytes_with_extension_codec(inner, ctx, &*self.0)?)))
            }
            None => self.0.try_decode(buf, inputs, ctx, converter),
        }
    }

    fn try_encode(
        &self,
        node: Arc<dyn ExecutionPlan>,
        buf: &mut Vec<u8>,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<()> {
        match node.downcast_ref::<LeafExec>() {
            Some(leaf) => {
                buf.extend_from_slice(PREFIX);
                buf.extend_from_slice(&physical_plan_to_bytes_with_extension_codec(
                    leaf.0.clone(),
                    &*self.0,
                )?);
                Ok(())
            }
            None => self.0.try_encode(node, buf, converter),
        }
    }
}
