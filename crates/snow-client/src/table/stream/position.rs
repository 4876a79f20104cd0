//! The position of a stream, to continue from there in another process.

use super::key_range::KeyRange;
use super::read_order::ReadOrder;
use super::stream_request::StreamRequest;
use serde::{Deserialize, Serialize};
use snow_core::{Error, ErrorKind, Query};

/// A position in a stream: after the last record that was returned.
///
/// Store it with serde, and pass it to [`RecordStream::resume`](super::RecordStream::resume) of a stream of the same records, in
/// this process or in another one. It contains `sys_id`s (and times, if the stream is sorted by `sys_created_on`) and a fingerprint of
/// the request, but no other values.
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().without_demo_data().user("admin", "secret").incidents(50).build()?;
/// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
/// use snow_client::stream::StreamPosition;
///
/// let stream = || client.table("incident").list().fields(["number"]).stream();
/// let mut records = stream();
/// let first = records.next().await.expect("the table is not empty")?;
/// let stored = serde_json::to_string(&records.position())?;
///
/// let position: Option<StreamPosition> = serde_json::from_str(&stored)?;
/// let position = position.expect("the end is not reached");
/// assert_eq!(position.received(), 1);
/// let second = stream().resume(position).next().await.expect("there are more")?;
/// assert_ne!(first.value("number")?, second.value("number")?);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamPosition {
    /// The fingerprint of the stream that it belongs to.
    pub(super) question: u64,
    /// The part of a query that was too long for one URL.
    #[serde(default)]
    pub(super) part: usize,
    pub(super) ranges: Vec<KeyRange>,
    /// In a read by position: where the page begins, and how many of its records were given out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) offset: Option<(u64, u64)>,
    pub(super) received: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) expected: Option<u64>,
    /// The sums of the ids that were given out, one for each part of the query: see `DriftCheck`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) given: Vec<u64>,
}

impl StreamPosition {
    /// Returns how many records were returned before this position.
    pub fn received(&self) -> u64 {
        self.received
    }

    pub(super) fn belongs_to(&self, fingerprint: u64) -> Result<(), Error> {
        if self.question == fingerprint {
            return Ok(());
        }
        let why = "the position belongs to another read: resume it with the same instance, table, query, order, offset, domain, category \
                   and other parameters (fields, display values, view, limit and page size may differ)";
        Err(Error::new(ErrorKind::InvalidInput, why))
    }
}

/// Returns what distinguishes a stream from those of another instance, of other records, or in another order.
pub(super) fn fingerprint(request: &StreamRequest, parts: &[Query<'static>]) -> Result<u64, Error> {
    let order = match &request.order {
        ReadOrder::SysId => "sys_id".to_owned(),
        ReadOrder::Field { field, descending } => format!("{field} {descending}"),
        ReadOrder::Offset => "offset".to_owned(),
    };
    let mut text = format!("{} {order}", request.base.path);
    for part in parts {
        text.extend([" ", &part.encode()?]);
    }
    request.params.selection.fingerprint(&request.client.instance, &text)
}

/// Returns what distinguishes a range of these records from the others.
pub(super) fn fingerprint_of_range(question: u64, range: &KeyRange) -> Result<u64, Error> {
    let range = serde_json::to_string(range)
        .map_err(|e| Error::internal("a range cannot be written").with_reason(e))?;
    Ok(fold(question, &range))
}

/// FNV-1a.
fn fold(hash: u64, text: &str) -> u64 {
    text.bytes().fold(hash, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}
