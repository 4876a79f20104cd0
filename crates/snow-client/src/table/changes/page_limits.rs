//! How many keys, ids and records a page has: as many as fit into memory, and fewer after a page that was too much for the service.
#![warn(clippy::arithmetic_side_effects)]

use crate::Record;
use snow_core::{Error, ErrorKind};

/// Keys or ids of a page.
const MOST_KEYS: u32 = 10_000;
const FEWEST_KEYS: u32 = 100;
/// Records of a page: the first one shows how large records are.
const FIRST_RECORDS: u32 = 100;
const MOST_RECORDS: u32 = 1_000;
const FEWEST_RECORDS: u32 = 10;
/// Bytes of the records of a page.
const PAGE_BYTES: usize = 1 << 20;

/// The limits of the next pages.
#[derive(Clone, Copy, Debug)]
pub(super) struct PageLimits {
    pub(super) keys: u32,
    pub(super) records: u32,
}

impl Default for PageLimits {
    fn default() -> Self {
        Self { keys: MOST_KEYS, records: FIRST_RECORDS }
    }
}

impl PageLimits {
    /// Makes the next page as large as memory allows, and at most twice as large as this one. A page without records does not show how
    /// large they are.
    pub(super) fn saw_records(&mut self, records: &[Record]) {
        let bytes: usize = records.iter().map(Record::footprint).fold(0, usize::saturating_add);
        let Some(each) = bytes.checked_div(records.len()) else { return };
        let fits =
            PAGE_BYTES.checked_div(each).and_then(|fits| u32::try_from(fits).ok()).unwrap_or(MOST_RECORDS);
        self.records = self.records.saturating_mul(2).min(fits).clamp(FEWEST_RECORDS, MOST_RECORDS);
    }

    /// Lets a page of keys have more of them again.
    pub(super) fn saw_keys(&mut self) {
        self.keys = self.keys.saturating_mul(2).min(MOST_KEYS);
    }

    /// Halves the limit of keys after a page that failed.
    ///
    /// # Errors
    ///
    /// The error itself, if a smaller page would not help.
    pub(super) fn shrink_keys(&mut self, error: Error) -> Result<(), Error> {
        shrink(&mut self.keys, FEWEST_KEYS, error)
    }

    /// Halves the limit of records after a page that failed.
    ///
    /// # Errors
    ///
    /// The error itself, if a smaller page would not help.
    pub(super) fn shrink_records(&mut self, error: Error) -> Result<(), Error> {
        shrink(&mut self.records, FEWEST_RECORDS, error)
    }
}

/// Whether a page failed that may come if it is smaller.
pub(super) fn is_too_much(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Truncated | ErrorKind::TransactionCancelled | ErrorKind::ResponseTooLarge
    )
}

fn shrink(limit: &mut u32, fewest: u32, error: Error) -> Result<(), Error> {
    if !is_too_much(&error) || *limit <= fewest {
        return Err(error);
    }
    *limit = (*limit / 2).max(fewest);
    Ok(())
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test may fail")]
mod tests {
    use super::*;

    #[test]
    fn a_page_without_records_says_nothing_about_their_size() {
        let mut limits = PageLimits::default();
        limits.saw_records(&[]);
        assert_eq!(limits.records, FIRST_RECORDS);
        let large = serde_json::json!({ "description": "x".repeat(60_000) });
        limits.saw_records(&[serde_json::from_value(large).unwrap()]);
        assert!((FEWEST_RECORDS..20).contains(&limits.records), "{}", limits.records);
    }

    #[test]
    fn a_page_that_is_too_much_is_halved_until_it_is_small() {
        let mut limits = PageLimits::default();
        let too_much = || Error::new(ErrorKind::TransactionCancelled, "too long");
        let mut halvings = 0;
        while limits.shrink_keys(too_much()).is_ok() {
            halvings += 1;
        }
        assert_eq!((limits.keys, halvings), (FEWEST_KEYS, 7));
        let other = limits.shrink_records(Error::new(ErrorKind::Forbidden, "no")).unwrap_err();
        assert_eq!((other.kind(), limits.records), (ErrorKind::Forbidden, FIRST_RECORDS));
    }
}
