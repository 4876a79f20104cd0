//! What a page brought.

use super::key_range::RecordKey;
use snow_core::{Error, ErrorKind};

/// The records of a page, as far as the next page depends on them.
#[derive(Clone, Debug, Default)]
pub(super) struct PageSummary {
    pub(super) records: u64,
    pub(super) first: Option<RecordKey>,
    pub(super) last: Option<RecordKey>,
    /// How many records match from where the page began, hidden ones included.
    pub(super) total: Option<u64>,
}

impl PageSummary {
    /// Adds the next record of a page of at most `limit` records.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ResponseMismatch`] for one more than that.
    pub(super) fn add(&mut self, key: Option<RecordKey>, limit: u32) -> Result<(), Error> {
        self.records = self.records.saturating_add(1);
        if self.records > u64::from(limit) {
            let why = format!("more records came than the requested limit of {limit}");
            return Err(Error::new(ErrorKind::ResponseMismatch, why));
        }
        if self.first.is_none() {
            self.first.clone_from(&key);
        }
        self.last = key;
        Ok(())
    }
}
