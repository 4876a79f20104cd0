//! One page of records.

use crate::request::missing_fields::FieldCheck;
use crate::request::selection::Window;
use http::HeaderMap;
use snow_core::{Error, Record, decode::ApiResponse};
use std::fmt;
use std::ops::Deref;

/// How many records the service sends if no limit is set (facts 1.2).
const DEFAULT_LIMIT: u64 = 10_000;

/// The records of one page, in the order in which they came. It dereferences to a slice of them.
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
/// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
/// let page = client.table("incident").list().fields(["number"]).limit(10).await?;
/// println!("{} of {:?} records", page.len(), page.total());
/// for incident in &page {
///     println!("{}", incident.value("number")?);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Default)]
pub struct Page<T = Record> {
    records: Vec<T>,
    total: Option<u64>,
    headers: HeaderMap,
    missing_fields: Vec<String>,
}

impl<T> Page<T> {
    pub(crate) fn read(
        response: &ApiResponse,
        window: Window,
        mut check: FieldCheck,
        read: impl Fn(Record) -> Result<T, Error>,
    ) -> Result<Self, Error> {
        let (records, total) =
            (response.records_at_most(window.max_records(DEFAULT_LIMIT))?, response.total());
        window.check_complete(records.len() as u64, total, DEFAULT_LIMIT)?;
        records.iter().for_each(|record| check.see(record));
        check.verify()?;
        let records = records.into_iter().map(read).collect::<Result<_, _>>()?;
        Ok(Self { records, total, headers: response.headers().clone(), missing_fields: check.missing() })
    }

    /// Returns the headers of the response. Those that hold a secret, such as `set-cookie`, are marked sensitive.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Returns the requested fields that at least one record lacks: fields that do not exist or that this user may not read, or
    /// dot-walks through an empty reference. Only fields that were requested by name are checked.
    pub fn missing_fields(&self) -> &[String] {
        &self.missing_fields
    }

    /// Returns how many records match the query in total. Records that the user may not read are counted, too, and a page may have
    /// fewer records than its limit although more follow ([facts 9]).
    ///
    /// [facts 9]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#9-paging
    pub fn total(&self) -> Option<u64> {
        self.total
    }
}

/// Shows the records, and no headers: a session may be in them.
impl<T: fmt::Debug> fmt::Debug for Page<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page")
            .field("records", &self.records)
            .field("total", &self.total)
            .field("missing_fields", &self.missing_fields)
            .finish_non_exhaustive()
    }
}

impl<T> Deref for Page<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.records
    }
}

impl<T> IntoIterator for Page<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.records.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a Page<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.records.iter()
    }
}
