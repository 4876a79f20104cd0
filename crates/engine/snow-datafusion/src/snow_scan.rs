//! What is read from a table.

use crate::client_error::external;
use crate::key_ranges::KeyRange;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::error::Result;
use serde::{Deserialize, Serialize};
use snow_arrow::{BatchBuilder, Columns, Missing};
use snow_client::table::ListRecords;
use snow_client::{Client, Query};
use std::fmt;
use std::sync::Arc;

/// The largest page that is requested.
const LARGEST_PAGE: u32 = 1_000;

/// Which records and fields of a table are read, and how. It can be stored with serde and read on another machine: it names a client
/// by its alias, and contains no login and no address.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SnowScan {
    pub(crate) alias: String,
    pub(crate) table: String,
    /// What is read.
    pub(crate) columns: Columns,
    /// Which of the columns are returned, by position. The others are read to see that conditions on them can be trusted.
    pub(crate) output: Vec<usize>,
    /// The encoded query of the table itself, without conditions of SQL.
    pub(crate) base: String,
    /// The encoded query that is sent.
    pub(crate) query: String,
    pub(crate) limit: Option<u32>,
    /// Whether a field that is missing is null, and not an error.
    pub(crate) missing_is_null: bool,
    pub(crate) aggregation: Aggregation,
    /// Whether every condition is evaluated by the service alone.
    pub(crate) is_exact: bool,
}

/// Whether counts, sums, minima, maxima and groups are computed by the instance. Set with
/// [`SnowTable::aggregation`](crate::SnowTable::aggregation).
///
/// The instance counts records that are hidden from the user, so its figures are used only where none is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Aggregation {
    /// Reads the records and computes here.
    Read,
    /// Reads the `sys_id`s of the records first, in large pages. If the instance counts as many records as it returns, none is hidden, and
    /// the instance computes the rest. Otherwise the records are read.
    #[default]
    Prove,
    /// Lets the instance compute, in one request. **The caller promises** that no record and no field of the table is hidden from the
    /// user; if that is wrong, so are the results.
    AllVisible,
}

impl SnowScan {
    /// Returns the alias of the client.
    pub fn alias(&self) -> &str {
        &self.alias
    }

    /// Returns the name of the table.
    pub fn table(&self) -> &str {
        &self.table
    }

    /// Returns the encoded query that is sent.
    pub fn query(&self) -> &str {
        &self.query
    }

    /// Returns the schema of the records that are returned.
    ///
    /// # Errors
    ///
    /// An error if the scan was read from damaged text.
    pub fn schema(&self) -> Result<SchemaRef> {
        Ok(Arc::new(self.columns.schema().project(&self.output)?))
    }

    /// Returns the list of the records of a range, or of all records, with the fields that are read.
    pub(crate) fn list(&self, client: &Client, query: &str, range: Option<&KeyRange>) -> Result<ListRecords> {
        let query = parse(query)?;
        let query = range.map_or(query.clone(), |range| range.within(query));
        Ok(self.columns.request(client.table(&self.table).list().query(query.into_owned())))
    }

    /// Creates a builder of batches of what is read.
    pub(crate) fn builder(&self) -> BatchBuilder {
        self.columns.builder().missing(if self.missing_is_null { Missing::Null } else { Missing::Refuse })
    }

    /// Returns the size of a page for a limit.
    pub(crate) fn page_size(&self) -> Option<u32> {
        self.limit.map(|limit| limit.clamp(1, LARGEST_PAGE))
    }
}

/// Reads an encoded query.
pub(crate) fn parse(text: &str) -> Result<Query<'_>> {
    Query::parse(text).map_err(external)
}

/// Writes what EXPLAIN shows, on one line.
impl fmt::Display for SnowScan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = self.columns.fields().join(", ");
        write!(f, "client={}, table={}, fields=[{fields}]", self.alias, self.table)?;
        if !self.query.is_empty() {
            write!(f, ", query={}", self.query)?;
        }
        self.limit.map_or(Ok(()), |limit| write!(f, ", limit={limit}"))
    }
}

/// Writes no query, whose values may be data of a user.
impl fmt::Debug for SnowScan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SnowScan")
            .field("alias", &self.alias)
            .field("table", &self.table)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}
