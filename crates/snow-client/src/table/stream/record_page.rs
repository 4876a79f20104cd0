//! A page of a stream.

use snow_core::Record;
use std::ops::Deref;

/// The records of one response of a stream, in the order in which they came: an item of a [`PageStream`](super::PageStream).
///
/// A page has at least one record.
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().without_demo_data().user("admin", "secret").incidents(50).build()?;
/// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
/// let mut pages = client.table("incident").list().fields(["number"]).stream().page_size(20).pages();
/// let page = pages.next().await.expect("the table is not empty")?;
/// assert_eq!((page.len(), page.total()), (20, Some(50)));
/// assert!(page.missing_fields().is_empty());
/// for incident in page {
///     println!("{}", incident.value("number")?);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct RecordPage<T = Record> {
    records: Vec<T>,
    total: Option<u64>,
    missing_fields: Vec<String>,
}

impl<T> RecordPage<T> {
    pub(super) fn new(records: Vec<T>, total: Option<u64>, missing_fields: Vec<String>) -> Self {
        Self { records, total, missing_fields }
    }

    /// Returns the records as a slice.
    pub fn records(&self) -> &[T] {
        &self.records
    }

    /// Converts the page into its records.
    pub fn into_records(self) -> Vec<T> {
        self.records
    }

    /// Returns the count that came with the page, or `None` if the request did not ask for one; most do not.
    ///
    /// It is the number of records that match from the page's first record on, up to the end of the range of `sys_id`s that the
    /// page belongs to; in a read by position it is the number of all records that match. Records that the user may not read are
    /// counted, too. [`StreamReport::expected`](crate::stream::StreamReport::expected) is the number for the whole stream.
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    /// Returns the requested fields that at least one record of this page lacks: fields that do not exist or that this user may
    /// not read, or dot-walks through an empty reference. Only fields that were requested by name are checked.
    pub fn missing_fields(&self) -> &[String] {
        &self.missing_fields
    }
}

impl<T> Deref for RecordPage<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.records
    }
}

impl<T> IntoIterator for RecordPage<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.records.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a RecordPage<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.records.iter()
    }
}
