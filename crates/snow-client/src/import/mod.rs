//! The Import Set API: rows for a staging table, and what its transform maps make of them (facts 7.2).

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
use snow_core::decode::ApiResponse;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A staging table. Cheap to clone. Get it by [`Client::import`](crate::Client::import).
///
/// Values are strings; numbers and truths are written as such. Nested values are refused: the service would keep them as a text of
/// its own making (facts 7.2).
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
#[derive(Clone, Debug)]
pub struct Import {
    client: Arc<ClientInner>,
    table: String,
}

/// What became of one row.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ImportResult {
    /// The number of the import set.
    pub import_set: String,
    /// The table that took the row in.
    pub staging_table: String,
    outcomes: Vec<ImportOutcome>,
}

impl ImportResult {
    /// Returns one outcome for each transform map; none if the user may not see what became of the row.
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
            None if self.outcomes.is_empty() => {
                "the row was taken in, and this user may not see what became of it"
            }
            None => return Ok(self),
        };
        Err(Error::new(ErrorKind::RowFailed, why))
    }
}

/// What a transform map made of a row.
#[derive(Clone)]
#[non_exhaustive]
pub struct ImportOutcome {
    /// The map.
    pub transform_map: String,
    /// The table that it writes to.
    pub table: String,
    /// What came of it.
    pub status: RowStatus,
    /// The record, if there is one.
    pub sys_id: Option<SysId>,
    /// What a person sees of the record.
    pub display_value: Option<String>,
    /// What went wrong.
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

/// What came of a row (facts 7.2).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RowStatus {
    /// There is a new record.
    Inserted,
    /// A record was changed.
    Updated,
    /// The record was like this already.
    Ignored,
    /// A script left the row out.
    Skipped,
    /// It failed.
    Error,
    /// Something else, which the facts do not name.
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

/// Rows that were taken in, to be transformed later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ImportSet {
    /// The set: a row of `sys_import_set`.
    pub import_set_id: String,
    /// The set of sets: a row of `sys_multi_import_set`.
    pub multi_import_set_id: String,
}

/// How far a set is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportProgress {
    /// The set's own state: `loading`, `loaded`, `processed` and so on.
    pub state: String,
    /// How many rows wait.
    pub pending: u64,
    /// How many rows failed.
    pub failed: u64,
    /// How many rows there are in each state.
    pub rows: Vec<(String, u64)>,
}

impl ImportProgress {
    /// Returns whether nothing more will happen.
    pub fn is_done(&self) -> bool {
        self.pending == 0 && !matches!(self.state.as_str(), "loading" | "loaded")
    }
}

impl Import {
    pub(crate) fn new(client: Arc<ClientInner>, table: &str) -> Self {
        Self { client, table: table.to_owned() }
    }

    /// Imports one row, and returns what became of it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::RowFailed`] if a transform map failed, which the service tells inside a 201, and if the user may not see what came
    /// of it; [`InsertRow::allow_failures`] returns the outcomes of all maps instead.
    pub fn insert(&self, row: &(impl Serialize + ?Sized)) -> InsertRow {
        let body = flat(row).map(|row| Value::Object(row).to_string());
        let call = self.call(Method::POST, None, complete);
        InsertRow { call: call.change(|request| Ok(request.with_body(Bytes::from(body?)))) }
    }

    /// Returns what became of a row, by its id in the staging table, until it is purged.
    ///
    /// # Errors
    ///
    /// As [`insert`](Self::insert); [`ErrorKind::NotFound`] when the row has been purged.
    pub fn get(&self, row: impl AsRef<str>) -> GetRow {
        GetRow { call: self.call(Method::GET, Some(row.as_ref()), complete) }
    }

    /// Inserts many rows, to be transformed later.
    ///
    /// Their keys are the **labels** of columns, unless the instance is set to take names (facts 7.2).
    /// [`until_processed`](Self::until_processed) and [`progress`](Self::progress) return what becomes of them.
    pub fn insert_multiple<R: Serialize>(&self, rows: impl IntoIterator<Item = R>) -> InsertRows {
        let rows = rows.into_iter().map(|row| flat(&row).map(Value::Object)).collect::<Result<Vec<_>, _>>();
        let read: PlainReader<ImportSet> = |response, _| response.json();
        let call = self.call(Method::POST, Some("insertMultiple"), read).change(|request| {
            let rows = Value::Array(rows?);
            Ok(request.with_body(Bytes::from(serde_json::json!({ "records": rows }).to_string())))
        });
        InsertRows { call }
    }

    /// Returns how far a set is: its state, and how many of its rows are in which state.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there is no such set, or if the user may not read it.
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

    /// Waits until a set has been transformed, for at most `limit`. It looks after half a second, and then ever more rarely.
    ///
    /// # Errors
    /// [`ErrorKind::TimedOut`] if it is still not done. Rows that failed are no error of this: see [`ImportProgress::failed`].
    pub async fn until_processed(&self, set: &ImportSet, limit: Duration) -> Result<ImportProgress, Error> {
        let timed_out = |progress: ImportProgress| {
            let why = format!(
                "the import set {} is {} after {limit:?}, and {} of its rows wait",
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
        Some((name, _)) => {
            Err(refuse(format!("the value of {name:?} is nested: a staging row holds texts only")))
        }
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
    // Nothing at all is what a user gets who may not read the row (facts 7.2).
    let import: ImportResponse =
        if response.body().is_empty() { ImportResponse::default() } else { response.json()? };
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
