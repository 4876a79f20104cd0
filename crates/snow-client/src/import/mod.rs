//! Rows for staging tables, and the records that transform maps make of them, with the Import Set API ([facts 7.2]).
//!
//! Start with [`Client::import`](crate::Client::import), which returns an [`Import`] for a staging table.
//! [`insert`](Import::insert) transforms one row at once and returns an [`ImportResult`];
//! [`insert_multiple`](Import::insert_multiple) inserts many rows, which are transformed later.
//!
//! [facts 7.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#72-import-sets

mod insert_row;
mod insert_rows;

pub use insert_row::{GetRow, InsertRow};
pub use insert_rows::InsertRows;

use crate::aggregate::AggregateRecords;
use crate::api::Api;
use crate::request::api_request::ApiRequest;
use crate::request::call::Call;
use crate::request::client_inner::ClientInner;
use crate::request::exchange::PlainReader;
use crate::request::poll_until::poll_until;
use crate::{Error, ErrorKind, Record, SysId, Table, field};
use bytes::Bytes;
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use snow_core::ApiPath;
use snow_core::decode::{ApiResponse, JsonObject};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A staging table. Create it with [`Client::import`](crate::Client::import). It is cheap to clone.
///
/// Values are strings, numbers and booleans. Nested values are refused, because the service would store them as text in a format of
/// its own ([facts 7.2]).
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
/// # let url = simulator.listen().await?;
/// # let client = snow_client::Client::builder().instance(url.url()).user("admin").password("secret").build()?;
/// use serde_json::json;
///
/// let users = client.import("imp_user");
/// let ada = users.insert(&json!({ "user_id": "ada", "first_name": "Ada", "last_name": "Lovelace" })).await?;
/// for outcome in ada.outcomes() {
///     println!("{}: {:?} {:?}", outcome.transform_map, outcome.status, outcome.sys_id);
/// }
/// # Ok(()) }
/// ```
///
/// [facts 7.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#72-import-sets
#[derive(Clone, Debug)]
pub struct Import {
    client: Arc<ClientInner>,
    table: String,
}

/// The result of the import of one row.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ImportResult {
    /// The number of the import set.
    pub import_set: String,
    /// The staging table of the row.
    pub staging_table: String,
    outcomes: Vec<ImportOutcome>,
}

impl<'a> IntoIterator for &'a ImportResult {
    type Item = &'a ImportOutcome;
    type IntoIter = std::slice::Iter<'a, ImportOutcome>;

    fn into_iter(self) -> Self::IntoIter {
        self.outcomes.iter()
    }
}

impl ImportResult {
    /// Returns one outcome for each transform map; empty if the user may not see the result of the row.
    pub fn outcomes(&self) -> &[ImportOutcome] {
        &self.outcomes
    }

    /// Fails if a map failed, or if the user may not see it.
    fn require_success(self) -> Result<Self, Error> {
        let failed = self.outcomes.iter().find(|outcome| outcome.status == RowStatus::Error);
        let why = match failed {
            Some(ImportOutcome { transform_map, error_message, .. }) => {
                let why = format!("a row of {} failed in the map {transform_map:?}", self.staging_table);
                return Err(Error::new(ErrorKind::RowFailed, why)
                    .with_service_message(error_message.as_deref().unwrap_or("the import failed"), ""));
            }
            None if self.outcomes.is_empty() => "the row was inserted, but this user may not see its result",
            None => return Ok(self),
        };
        Err(Error::new(ErrorKind::RowFailed, why))
    }
}

/// The outcome of one transform map for a row.
#[derive(Clone)]
#[non_exhaustive]
pub struct ImportOutcome {
    /// The name of the transform map.
    pub transform_map: String,
    /// The table that the map writes to.
    pub table: String,
    /// The status of the row.
    pub status: RowStatus,
    /// The record, if there is one.
    pub sys_id: Option<SysId>,
    /// The display value of the record.
    pub display_value: Option<String>,
    /// The error message of the map.
    pub error_message: Option<String>,
    record: Record,
}

impl ImportOutcome {
    /// Returns the whole outcome as it came.
    pub fn record(&self) -> &Record {
        &self.record
    }
}

impl fmt::Debug for ImportOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.record.fmt(f)
    }
}

/// The status of an imported row ([facts 7.2]).
///
/// [facts 7.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#72-import-sets
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RowStatus {
    /// A record was created.
    Inserted,
    /// A record was updated.
    Updated,
    /// The record has these values already.
    Ignored,
    /// A script skipped the row.
    Skipped,
    /// The map failed.
    Error,
    /// Any other status.
    Other(String),
}

impl From<&str> for RowStatus {
    fn from(status: &str) -> Self {
        match status {
            "inserted" => Self::Inserted,
            "updated" => Self::Updated,
            "ignored" => Self::Ignored,
            "skipped" => Self::Skipped,
            "error" => Self::Error,
            other => Self::Other(other.to_owned()),
        }
    }
}

/// An import set: rows that were inserted, to be transformed later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ImportSet {
    /// The `sys_id` of the import set: a record of `sys_import_set`.
    pub import_set_id: String,
    /// The `sys_id` of the multi import set that contains it: a record of `sys_multi_import_set`.
    pub multi_import_set_id: String,
}

/// The progress of an import set.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportProgress {
    /// The state of the set: `loading`, `loaded`, `processed` and so on.
    pub state: String,
    /// The number of rows that are waiting.
    pub pending: u64,
    /// The number of rows that failed.
    pub failed: u64,
    /// The number of rows in each state.
    pub rows: Vec<(String, u64)>,
}

impl ImportProgress {
    /// Returns whether the set has been transformed.
    pub fn is_done(&self) -> bool {
        self.pending == 0 && !matches!(self.state.as_str(), "loading" | "loaded")
    }
}

impl Import {
    pub(crate) fn new(client: Arc<ClientInner>, table: &str) -> Self {
        Self { client, table: table.to_owned() }
    }

    /// Imports one row, and returns the outcome of each transform map.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::RowFailed`] if a transform map failed, which the service reports in a 201 response, and if the user may not see the
    /// result. [`InsertRow::allow_failures`] returns the outcomes of all maps instead.
    pub fn insert(&self, row: &(impl Serialize + ?Sized)) -> InsertRow {
        let body = flat(row).map(|row| Value::Object(row).to_string());
        let call = self.call(Method::POST, None, complete);
        InsertRow { call: call.change(|request| Ok(request.with_body(Bytes::from(body?)))) }
    }

    /// Returns the result of a row by its id in the staging table. Rows are purged after some time.
    ///
    /// # Errors
    ///
    /// As [`insert`](Self::insert), and [`ErrorKind::NotFound`] when the row has been purged.
    pub fn get(&self, row: impl AsRef<str>) -> GetRow {
        GetRow { call: self.call(Method::GET, Some(row.as_ref()), complete) }
    }

    /// Inserts many rows, to be transformed later.
    ///
    /// Their keys are the **labels** of columns, unless the instance is configured to use names ([facts 7.2]).
    /// [`until_processed`](Self::until_processed) and [`progress`](Self::progress) return the progress of the set.
    ///
    /// [facts 7.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#72-import-sets
    pub fn insert_multiple<R: Serialize>(&self, rows: impl IntoIterator<Item = R>) -> InsertRows {
        let rows = rows.into_iter().map(|row| flat(&row).map(Value::Object)).collect::<Result<Vec<_>, _>>();
        let read: PlainReader<ImportSet> = |response, _| response.json();
        let call = self.call(Method::POST, Some("insertMultiple"), read).change(|request| {
            let rows = Value::Array(rows?);
            Ok(request.with_body(Bytes::from(serde_json::json!({ "records": rows }).to_string())))
        });
        InsertRows { call }
    }

    /// Returns the progress of an import set: its state, and the number of rows in each state.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if the set does not exist, or if the user may not read it.
    pub async fn progress(&self, set: &ImportSet) -> Result<ImportProgress, Error> {
        let found = Table::new(self.client.clone(), "sys_import_set")
            .get(&set.import_set_id)
            .fields(["state"])
            .await?;
        let own = field("sys_import_set").eq(set.import_set_id.as_str());
        let rows = AggregateRecords::new(self.client.clone(), &self.table)
            .query(own)
            .count()
            .group_by(["sys_import_state"])
            .await?;
        let rows =
            rows.iter().map(|group| Ok((group.value("sys_import_state")?.into_owned(), group.count()?)));
        let rows = rows.collect::<Result<Vec<(String, u64)>, Error>>()?;
        let of = |state: &str| rows.iter().find(|(name, _)| name == state).map_or(0, |(_, count)| *count);
        let state = found.value("state")?.into_owned();
        Ok(ImportProgress { state, pending: of("pending"), failed: of("error"), rows })
    }

    /// Waits until an import set has been transformed, for at most `limit`. The state is requested after half a second, and then at
    /// increasing intervals.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TimedOut`] if the set has not been transformed by then. Rows that failed do not cause an error: see
    /// [`ImportProgress::failed`].
    pub async fn until_processed(&self, set: &ImportSet, limit: Duration) -> Result<ImportProgress, Error> {
        let timed_out = |progress: ImportProgress| {
            let why = format!(
                "the import set {} is {} after {limit:?}, and {} of its rows are waiting",
                set.import_set_id, progress.state, progress.pending
            );
            Error::new(ErrorKind::TimedOut, why).of_read()
        };
        poll_until(limit, || self.progress(set), ImportProgress::is_done, timed_out).await
    }

    fn call<T: 'static>(&self, method: Method, below: Option<&str>, read: PlainReader<T>) -> Call<T> {
        Api::known(self.client.clone(), self.path(below)).call(method, read)
    }

    fn path(&self, below: Option<&str>) -> Result<ApiPath, Error> {
        ApiPath::table(&self.table)?;
        let path = ApiPath::parse("/api/now/import")?.push(&self.table)?;
        match below {
            Some("insertMultiple") => path.push("insertMultiple"),
            Some(row) => Ok(path.record(row.parse()?)),
            None => Ok(path),
        }
    }
}

/// A row as the service takes it.
fn flat(row: &(impl Serialize + ?Sized)) -> Result<Map<String, Value>, Error> {
    let refuse = |why: String| Error::new(ErrorKind::InvalidInput, why);
    let row =
        serde_json::to_value(row).map_err(|e| refuse("the row cannot be sent".into()).with_reason(e))?;
    let Value::Object(row) = row else {
        return Err(refuse("the row is not an object of fields and values".into()));
    };
    match row.iter().find(|(_, value)| value.is_object() || value.is_array()) {
        Some((name, _)) => Err(refuse(format!(
            "the value of {name:?} is nested: a staging row holds only strings, numbers and booleans"
        ))),
        None => Ok(row),
    }
}

fn complete(response: &ApiResponse, request: &ApiRequest) -> Result<ImportResult, Error> {
    let import = imported(response)?;
    if request.allows_failures { Ok(import) } else { import.require_success() }
}

fn imported(response: &ApiResponse) -> Result<ImportResult, Error> {
    #[derive(Default, Deserialize)]
    struct ImportResponse {
        #[serde(default)]
        import_set: String,
        #[serde(default)]
        staging_table: String,
        #[serde(default)]
        result: Vec<Record>,
    }
    // A user who may not read the row gets no result at all (facts 7.2).
    let JsonObject(import): JsonObject<ImportResponse> =
        if response.body().is_empty() { JsonObject::default() } else { response.json()? };
    let outcomes = import.result.into_iter().map(outcome).collect::<Result<_, _>>()?;
    Ok(ImportResult { import_set: import.import_set, staging_table: import.staging_table, outcomes })
}

fn outcome(record: Record) -> Result<ImportOutcome, Error> {
    let some = |name: &str| {
        let value = record.get(name).map(|field| field.value()).transpose()?;
        Ok::<_, Error>(value.filter(|value| !value.is_empty()).map(|value| value.into_owned()))
    };
    Ok(ImportOutcome {
        transform_map: some("transform_map")?.unwrap_or_default(),
        table: some("table")?.unwrap_or_default(),
        status: RowStatus::from(&*record.value("status")?),
        sys_id: some("sys_id")?.map(|id| id.parse().map_err(Error::of_response)).transpose()?,
        display_value: some("display_value")?,
        error_message: some("error_message")?,
        record,
    })
}
