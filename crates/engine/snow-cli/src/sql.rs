//! `snow sql`: a query on tables of the instance, by DataFusion.

use crate::arguments::SqlOptions;
use crate::failure::Failure;
use crate::login;
use crate::output::Output;
use crate::result_writer::ResultWriter;
use crate::stored_schemas::StoredSchemas;
use datafusion::error::DataFusionError;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::context::SQLOptions;
use datafusion::prelude::SessionContext;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast;
use futures_util::StreamExt;
use snow_client::Client;
use snow_datafusion::{AggregatePushdown, Clients, SnowTable};
use std::error::Error as StdError;
use std::process::ExitCode;
use std::sync::Arc;

/// The name under which the tables know the client.
const ALIAS: &str = "instance";

pub(crate) fn run(instance: Option<&str>, options: &SqlOptions) -> Result<ExitCode, Failure> {
    let client = login::client(instance)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|why| Failure::Other(format!("no runtime: {why}")))?;
    runtime.block_on(query(client, options))
}

async fn query(client: Client, options: &SqlOptions) -> Result<ExitCode, Failure> {
    let context = session(client, options).await?;
    let only_reads =
        SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    let result = context.sql_with_options(&options.statement, only_reads).await.map_err(failure)?;
    let mut writer = ResultWriter::new(options.format, result.schema().as_arrow())?;
    let mut batches = result.execute_stream().await.map_err(failure)?;
    let mut output = Output::new();
    while let Some(batch) = batches.next().await {
        writer.push(&batch.map_err(failure)?, &mut output)?;
    }
    writer.finish(&mut output)?;
    Ok(ExitCode::SUCCESS)
}

/// Returns a session that has the tables which a statement names.
async fn session(client: Client, options: &SqlOptions) -> Result<SessionContext, Failure> {
    let schemas = StoredSchemas::read(&options.schema)?;
    let builder = SessionStateBuilder::new().with_default_features();
    let context = SessionContext::new_with_state(
        builder.with_physical_optimizer_rule(Arc::new(AggregatePushdown::new())).build(),
    );
    let state = context.state();
    let dialect = state.config().options().sql_parser.dialect;
    let parsed = state.sql_to_statement(&options.statement, &dialect).map_err(failure)?;
    if !is_query(&parsed) {
        return Err(Failure::Usage("only queries are accepted, and EXPLAIN of one".into()));
    }
    let clients = Clients::new().with(ALIAS, client.clone());
    for name in state.resolve_table_references(&parsed).map_err(failure)? {
        if name.schema().is_some() {
            return Err(Failure::Usage(format!(
                "{name} has a schema before its name: name tables as the instance does"
            )));
        }
        let schema = schemas.table(&client, name.table()).await.map_err(Failure::of_dictionary)?;
        let table = SnowTable::of_schema(&clients, ALIAS, &schema).map_err(failure)?;
        context.register_table(name, Arc::new(table)).map_err(failure)?;
    }
    Ok(context)
}

fn is_query(statement: &Statement) -> bool {
    match statement {
        Statement::Statement(statement) => matches!(**statement, ast::Statement::Query(_)),
        Statement::Explain(explain) => is_query(&explain.statement),
        _ => false,
    }
}

/// Returns what the client said, if that is the reason; else what is wrong with the query, or with the engine.
fn failure(error: DataFusionError) -> Failure {
    if let Some(client) = client_error(&error) {
        return Failure::Client(client.clone());
    }
    let why = error.strip_backtrace();
    match error.find_root() {
        DataFusionError::SQL(..)
        | DataFusionError::Plan(_)
        | DataFusionError::SchemaError(..)
        | DataFusionError::NotImplemented(_) => Failure::Usage(why),
        _ => Failure::Other(why),
    }
}

fn client_error(error: &DataFusionError) -> Option<&snow_client::Error> {
    let mut next: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(client) = error.downcast_ref() {
            return Some(client);
        }
        next = error.source();
    }
    None
}
