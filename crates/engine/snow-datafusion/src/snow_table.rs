//! A table of an instance as a table of SQL.

use crate::client_error::external;
use crate::clients::Clients;
use crate::key_ranges::KeyRange;
use crate::pushdown::{Exactness, Pushed, pushdown};
use crate::snow_exec::SnowExec;
use crate::snow_scan::{Aggregation, SnowScan, parse};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DFSchema, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::filter::FilterExecBuilder;
use serde::{Deserialize, Serialize};
use snow_arrow::{Columns, Missing, References};
use snow_client::Query;
use snow_client::schema::TableSchema;
use std::collections::BTreeSet;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

/// All conditions together may take so many bytes of a URL.
const LONGEST_QUERY: usize = 4_000;

/// A read with a limit up to this is one range; more ranges would request records that are not wanted.
const ONE_RANGE: usize = 10_000;

/// A ServiceNow table as a table of DataFusion.
///
/// Columns are read as [`snow_arrow`] types. Conditions, columns and limits of a query are sent to the instance where it then returns
/// the same records that SQL selects: see [`pushdown`]. A table that is read is read completely, or the query fails.
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").incidents(500).build()?;
/// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
/// use datafusion::prelude::SessionContext;
/// use snow_datafusion::{Clients, SnowTable};
/// use std::sync::Arc;
///
/// let clients = Clients::new().with("prod", client);
/// let incident = SnowTable::open(&clients, "prod", "incident").await?;
/// let context = SessionContext::new();
/// context.register_table("incident", Arc::new(incident))?;
/// let urgent = context.sql("SELECT number, opened_at FROM incident WHERE priority = 1 AND active").await?;
/// urgent.show().await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct SnowTable {
    clients: Clients,
    definition: TableDefinition,
}

/// What a table is, without the clients that it is read with. It can be stored with serde: it contains no login and no address.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableDefinition {
    alias: String,
    table: String,
    columns: Columns,
    /// The encoded query that is always a part of it.
    query: String,
    ranges: u16,
    missing_is_null: bool,
    aggregation: Aggregation,
}

impl TableDefinition {
    /// Returns the alias of the client.
    pub fn alias(&self) -> &str {
        &self.alias
    }

    /// Returns the name of the table.
    pub fn table(&self) -> &str {
        &self.table
    }

    /// Returns the columns.
    pub fn columns(&self) -> &Columns {
        &self.columns
    }
}

impl SnowTable {
    /// Opens a table with all columns that the instance's dictionary lists. Use [`with_columns`](Self::with_columns) with a login
    /// that may not read the dictionary.
    ///
    /// # Errors
    ///
    /// An error if there is no client with this alias, if the dictionary has no such table, and if the login may not read it.
    pub async fn open(clients: &Clients, alias: &str, table: &str) -> Result<Self> {
        let schema = clients.get(alias)?.schema().table(table).await.map_err(external)?;
        Self::of_schema(clients, alias, &schema)
    }

    /// Creates a table from a stored schema. Nothing is requested.
    ///
    /// # Errors
    ///
    /// An error for a schema whose columns have no type in Arrow.
    pub fn of_schema(clients: &Clients, alias: &str, schema: &TableSchema) -> Result<Self> {
        let names: Vec<&str> = schema.columns().iter().map(|column| column.name.as_str()).collect();
        Self::with_columns(clients, alias, Columns::new(schema, names, References::Id).map_err(external)?)
    }

    /// Creates a table with these columns. Nothing is requested. A dot-walk, such as `caller_id.name`, is a column with this name, which
    /// SQL writes in quotes.
    ///
    /// # Errors
    ///
    /// An error for columns with the names or links of references: SQL has them as dot-walks and joins.
    pub fn with_columns(clients: &Clients, alias: &str, columns: Columns) -> Result<Self> {
        if columns.references() != References::Id {
            return plan_err!(
                "a table of SQL has the ids of references alone: create its columns with References::Id"
            );
        }
        let definition = TableDefinition {
            alias: alias.to_owned(),
            table: columns.table().name.clone(),
            columns,
            query: String::new(),
            ranges: 4,
            missing_is_null: false,
            aggregation: Aggregation::default(),
        };
        Ok(Self { clients: clients.clone(), definition })
    }

    /// Creates a table from its definition, for example one that came from another machine.
    pub fn from_definition(clients: &Clients, definition: TableDefinition) -> Self {
        Self { clients: clients.clone(), definition }
    }

    /// Returns what the table is, without the clients.
    pub fn definition(&self) -> &TableDefinition {
        &self.definition
    }

    /// Sets a query that is always a part of the table, as a view has one. Its order is dropped.
    ///
    /// # Errors
    ///
    /// An error if the query cannot be sent, or takes more than 4,000 bytes of a URL with the range that is read.
    pub fn query(mut self, query: Query<'_>) -> Result<Self> {
        let text = query.without_order().encode().map_err(external)?;
        if KeyRange::longest_page(parse(&text)?).url_len().map_err(external)? > LONGEST_QUERY {
            let table = &self.definition.table;
            return plan_err!(
                "the query of the table {table} takes more than {LONGEST_QUERY} bytes of a URL: shorten it, or move conditions to WHERE"
            );
        }
        self.definition.query = text;
        Ok(self)
    }

    /// Sets in how many ranges of `sys_id` the table is read concurrently; 4 by default. `0` is treated as `1`. The client's limit of
    /// concurrent requests applies as well.
    #[must_use]
    pub fn ranges(mut self, ranges: u16) -> Self {
        self.definition.ranges = ranges.max(1);
        self
    }

    /// Sets what becomes of a record without a requested field, because the field is hidden from the user. By default the query fails.
    ///
    /// With [`Missing::Null`] such a field is null. Conditions are then evaluated again after the service has, and a query that the
    /// instance refuses because of its conditions is read without them.
    #[must_use]
    pub fn missing(mut self, missing: Missing) -> Self {
        self.definition.missing_is_null = missing == Missing::Null;
        self
    }

    /// Sets whether the instance computes aggregates, for sessions with [`AggregatePushdown`](crate::AggregatePushdown).
    #[must_use]
    pub fn aggregation(mut self, aggregation: Aggregation) -> Self {
        self.definition.aggregation = aggregation;
        self
    }

    fn pushed(&self, filter: &Expr) -> Option<Pushed> {
        let pushed = pushdown(filter, &self.definition.columns)?;
        // A hidden field is null here, and the service may have compared its value.
        let is_exact = pushed.exactness == Exactness::Exact && !self.definition.missing_is_null;
        let exactness = if is_exact { Exactness::Exact } else { Exactness::Inexact };
        Some(Pushed { exactness, ..pushed })
    }

    /// What is read, and the conditions that are too long to be sent although the engine no longer evaluates them.
    fn scan_of(
        &self,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<(SnowScan, Vec<Expr>)> {
        let definition = &self.definition;
        let schema = definition.columns.schema();
        let wanted: Vec<usize> = match projection {
            Some(projection) => projection.clone(),
            None => (0..schema.fields().len()).collect(),
        };
        let tested = filters.iter().flat_map(Expr::column_refs);
        let tested: Vec<usize> = tested.filter_map(|column| schema.index_of(&column.name).ok()).collect();
        let read: BTreeSet<usize> = wanted.iter().chain(&tested).copied().collect();
        let read: Vec<usize> = read.into_iter().collect();
        let output = wanted.iter().filter_map(|column| read.binary_search(column).ok()).collect();
        let names = read.iter().map(|column| schema.field(*column).name());
        let columns = Columns::new(definition.columns.table(), names, References::Id).map_err(external)?;
        let SentQuery { query, is_exact, unsent } = self.sent_query(filters)?;
        let limit = limit.filter(|_| is_exact).and_then(|limit| u32::try_from(limit).ok());
        let scan = SnowScan {
            alias: definition.alias.clone(),
            table: definition.table.clone(),
            columns,
            output,
            base: definition.query.clone(),
            query,
            limit,
            missing_is_null: definition.missing_is_null,
            aggregation: definition.aggregation,
            is_exact,
        };
        Ok((scan, unsent))
    }

    fn sent_query(&self, filters: &[Expr]) -> Result<SentQuery> {
        let mut query = parse(&self.definition.query)?;
        let (mut inexact, mut unsent, mut is_exact) = (Vec::new(), Vec::new(), true);
        for filter in filters {
            let pushed = self.pushed(filter);
            is_exact &= pushed.as_ref().is_some_and(|one| one.exactness == Exactness::Exact);
            match pushed {
                Some(one) if one.exactness == Exactness::Exact => match with_condition(&query, &one) {
                    Some(more) => query = more,
                    // The optimizer asks several times, about some of the conditions each time, and was promised each of them.
                    None => unsent.push(filter.clone()),
                },
                Some(one) => inexact.push(one),
                None => {}
            }
        }
        // These are evaluated again in any case.
        for one in &inexact {
            query = with_condition(&query, one).unwrap_or(query);
        }
        is_exact &= unsent.is_empty();
        Ok(SentQuery { query: query.encode().map_err(external)?, is_exact, unsent })
    }

    fn range_count(&self, scan: &SnowScan, filters: &[Expr]) -> u64 {
        let is_small = scan.limit.is_some_and(|limit| limit as usize <= ONE_RANGE);
        if is_small || filters.iter().any(|filter| self.names_records(filter)) {
            return 1;
        }
        u64::from(self.definition.ranges)
    }

    /// Whether a condition names the records by their `sys_id`.
    fn names_records(&self, filter: &Expr) -> bool {
        let names_only_sys_id = filter.column_refs().iter().all(|column| column.name == "sys_id");
        names_only_sys_id && self.pushed(filter).is_some()
    }
}

impl TableProvider for SnowTable {
    fn schema(&self) -> SchemaRef {
        self.definition.columns.schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        let mut query = parse(&self.definition.query)?;
        let each = filters.iter().map(|filter| {
            let Some(pushed) = self.pushed(filter) else { return TableProviderFilterPushDown::Unsupported };
            // Alternatives multiply where conditions are combined: only the whole shows how long it is.
            let Some(more) = with_condition(&query, &pushed) else {
                return TableProviderFilterPushDown::Unsupported;
            };
            query = more;
            match pushed.exactness {
                Exactness::Exact => TableProviderFilterPushDown::Exact,
                Exactness::Inexact => TableProviderFilterPushDown::Inexact,
            }
        });
        Ok(each.collect())
    }

    fn scan<'life0, 'life1, 'life2, 'life3, 'async_trait>(
        &'life0 self,
        session: &'life1 dyn Session,
        projection: Option<&'life2 Vec<usize>>,
        filters: &'life3 [Expr],
        limit: Option<usize>,
    ) -> Pin<Box<dyn Future<Output = Result<Arc<dyn ExecutionPlan>>> + Send + 'async_trait>>
    where
        'life0: 'async_trait,
        'life1: 'async_trait,
        'life2: 'async_trait,
        'life3: 'async_trait,
        Self: 'async_trait,
    {
        Box::pin(async move {
            let (mut scan, unsent) = self.scan_of(projection, filters, limit)?;
            let ranges = KeyRange::plan(&KeyRange::split(self.range_count(&scan, filters)))?;
            let all = (0..scan.columns.schema().fields().len()).collect();
            let Some(unsent) = conjunction(unsent) else {
                let exec: Arc<dyn ExecutionPlan> =
                    Arc::new(SnowExec::try_new(self.clients.clone(), scan, ranges)?);
                return Ok(exec);
            };
            let output = std::mem::replace(&mut scan.output, all);
            let exec = Arc::new(SnowExec::try_new(self.clients.clone(), scan, ranges)?);
            let unsent = session.create_physical_expr(unsent, &DFSchema::try_from(exec.schema())?)?;
            let filter = FilterExecBuilder::new(unsent, exec).apply_projection(Some(output))?.build()?;
            Ok(Arc::new(filter) as Arc<dyn ExecutionPlan>)
        })
    }
}

/// The conditions of SQL as they are sent.
struct SentQuery {
    query: String,
    /// Whether the instance returns exactly what is asked for.
    is_exact: bool,
    /// Exact conditions that are too long to be sent.
    unsent: Vec<Expr>,
}

/// Adds a condition to a query, if that is not too long then.
fn with_condition<'q>(query: &Query<'q>, condition: &Pushed) -> Option<Query<'q>> {
    let query = query.clone().and(condition.query.clone());
    let length = KeyRange::longest_page(query.clone()).url_len();
    length.is_ok_and(|length| length <= LONGEST_QUERY).then_some(query)
}

impl fmt::Debug for SnowTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SnowTable({:?} of {:?})", self.definition.table, self.definition.alias)
    }
}

impl fmt::Debug for TableDefinition {
    /// Writes no query, whose values may be data of a user.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TableDefinition({:?} of {:?})", self.table, self.alias)
    }
}
