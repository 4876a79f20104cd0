//! Writes tables for the scheduler, and reads them there.

use crate::message::MessageKind;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use datafusion::common::{TableReference, plan_err};
use datafusion::datasource::file_format::FileFormatFactory;
use datafusion::error::Result;
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{AggregateUDF, Extension, LogicalPlan, ScalarUDF, WindowUDF};
use datafusion_proto::logical_plan::LogicalExtensionCodec;
use snow_datafusion::{Clients, SnowTable, TableDefinition};
use std::sync::Arc;

/// Writes and reads [`SnowTable`]s, and hands everything else to another codec.
#[derive(Debug)]
pub struct TableCodec {
    clients: Clients,
    rest: Arc<dyn LogicalExtensionCodec>,
}

impl TableCodec {
    /// Creates a codec whose tables are read with these clients. A scheduler, which makes plans but executes none, can
    /// pass an empty set.
    pub fn new(clients: Clients, rest: Arc<dyn LogicalExtensionCodec>) -> Self {
        Self { clients, rest }
    }
}

impl LogicalExtensionCodec for TableCodec {
    fn try_decode_table_provider(
        &self,
        buf: &[u8],
        table_ref: &TableReference,
        schema: SchemaRef,
        ctx: &TaskContext,
    ) -> Result<Arc<dyn TableProvider>> {
        let Some(definition) = MessageKind::Table.read::<TableDefinition>(buf)? else {
            return self.rest.try_decode_table_provider(buf, table_ref, schema, ctx);
        };
        let table = SnowTable::from_definition(&self.clients, definition);
        if table.schema() != schema {
            return plan_err!(
                "the columns of the table {table_ref} are not those that its plan was made for: register the table again, with the same \
                 columns on all machines"
            );
        }
        Ok(Arc::new(table))
    }

    fn try_encode_table_provider(
        &self,
        table_ref: &TableReference,
        node: Arc<dyn TableProvider>,
        buf: &mut Vec<u8>,
    ) -> Result<()> {
        match node.downcast_ref::<SnowTable>() {
            Some(table) => MessageKind::Table.write(table.definition(), buf),
            None => self.rest.try_encode_table_provider(table_ref, node, buf),
        }
    }

    fn try_decode(&self, buf: &[u8], inputs: &[LogicalPlan], ctx: &TaskContext) -> Result<Extension> {
        self.rest.try_decode(buf, inputs, ctx)
    }

    fn try_encode(&self, node: &Extension, buf: &mut Vec<u8>) -> Result<()> {
        self.rest.try_encode(node, buf)
    }

    fn try_decode_file_format(&self, buf: &[u8], ctx: &TaskContext) -> Result<Arc<dyn FileFormatFactory>> {
        self.rest.try_decode_file_format(buf, ctx)
    }

    fn try_encode_file_format(&self, buf: &mut Vec<u8>, node: Arc<dyn FileFormatFactory>) -> Result<()> {
        self.rest.try_encode_file_format(buf, node)
    }

    fn try_decode_udf(&self, name: &str, buf: &[u8]) -> Result<Arc<ScalarUDF>> {
        self.rest.try_decode_udf(name, buf)
    }

    fn try_encode_udf(&self, node: &ScalarUDF, buf: &mut Vec<u8>) -> Result<()> {
        self.rest.try_encode_udf(node, buf)
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
