//! Sessions of DataFusion over a table of the simulator, and over a copy of it in memory.

use datafusion::arrow::util::pretty::pretty_format_batches;
use datafusion::catalog::{MemTable, TableProvider};
use datafusion::error::Result;
use datafusion::execution::SessionStateBuilder;
use datafusion::prelude::{SessionConfig, SessionContext};
use snow_arrow::{Columns, Missing};
use snow_client::Client;
use snow_datafusion::{AggregatePushdown, SnowTable};
use snow_sim::{Entry, Simulator};
use std::sync::Arc;

pub(crate) fn client(simulator: &Simulator, user: &str) -> Client {
    // The journal has no other requests then than those of the queries.
    let builder = Client::builder().instance("dev1").user(user).password("secret").prove_times(false);
    builder.transport(simulator.clone()).build().unwrap()
}

/// A session that knows a table, as another one or as a copy in memory.
pub(crate) fn session(name: &str, table: Arc<dyn TableProvider>) -> SessionContext {
    let config = SessionConfig::new().with_target_partitions(4).with_batch_size(500);
    let state = SessionStateBuilder::new().with_default_features().with_config(config);
    let state = state.with_physical_optimizer_rule(Arc::new(AggregatePushdown::new())).build();
    let context = SessionContext::new_with_state(state);
    context.register_table(name, table).unwrap();
    context
}

pub(crate) fn over(table: SnowTable) -> SessionContext {
    let name = table.definition().table().to_owned();
    session(&name, Arc::new(table))
}

/// Reads a whole table by the client alone, and no SQL.
pub(crate) async fn in_memory(
    client: &Client,
    table: &str,
    columns: &Columns,
    missing: Missing,
) -> SessionContext {
    let mut records = columns.request(client.table(table).list()).stream();
    let mut builder = columns.builder().missing(missing);
    while let Some(record) = records.next().await {
        builder.push(&record.unwrap()).unwrap();
    }
    let batch = builder.finish().unwrap();
    session(table, Arc::new(MemTable::try_new(columns.schema(), vec![vec![batch]]).unwrap()))
}

/// The lines of a result, sorted, with the names of the columns.
pub(crate) async fn result(context: &SessionContext, sql: &str) -> Result<Vec<String>> {
    let mut batches = context.sql(sql).await?.collect().await?;
    batches.retain(|batch| batch.num_rows() > 0);
    let text = pretty_format_batches(&batches)?.to_string();
    let mut lines: Vec<String> =
        text.lines().filter(|line| line.starts_with('|')).map(|line| line.replace(' ', "")).collect();
    lines.sort();
    Ok(lines)
}

/// The plan of a query, as EXPLAIN shows it.
pub(crate) async fn plan(context: &SessionContext, sql: &str) -> String {
    let batches = context.sql(&format!("EXPLAIN {sql}")).await.unwrap().collect().await.unwrap();
    pretty_format_batches(&batches).unwrap().to_string()
}

/// The conditions that were sent, without the ranges of a parallel read and the paging.
pub(crate) fn sent_conditions(journal: &[Entry], table: &str) -> Vec<String> {
    let path = format!("/table/{table}");
    let of_table = journal.iter().filter(|entry| entry.path.ends_with(&path));
    let mut found: Vec<String> = of_table.map(conditions).collect();
    found.sort();
    found.dedup();
    found
}

fn conditions(entry: &Entry) -> String {
    let query = entry.param("sysparm_query").unwrap_or_default();
    let is_range = |part: &&str| part.starts_with("sys_id>") || part.starts_with("sys_id<");
    let parts: Vec<&str> =
        query.split('^').filter(|part| !is_range(part) && !part.starts_with("ORDERBY")).collect();
    parts.join("^")
}
