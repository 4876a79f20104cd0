//! Finds the records around the fault of a malformed page. Requesting the page again would not help, but a caller who knows these
//! records can leave them out.

use super::key_range::{KeyRange, RangeStart};
use super::page_in_flight::PageInFlight;
use super::page_request::PageRequest;
use snow_core::Error;

/// The error of a malformed page, while the ids of the records around the fault are being read.
pub(super) struct MalformedPage(Error);

impl MalformedPage {
    /// Returns the malformed page, and the request for the ids of the two records after the last good one.
    ///
    /// # Errors
    ///
    /// The error itself in a read by position, where there is no key to go by.
    pub(super) fn new(error: Error, page: &PageInFlight) -> Result<(Self, PageRequest), Error> {
        if let Some(offset) = page.request.offset {
            return Err(error.with_context(&format!("in the page that begins at offset {offset}")));
        }
        let last = page.summary.last.clone();
        let from = last.map_or_else(|| page.request.range.from.clone(), RangeStart::After);
        let range = KeyRange { from, until: page.request.range.until.clone() };
        let neighbors = PageRequest { range, limit: 2, counted: false, ids_only: true, offset: None };
        Ok((Self(error), neighbors))
    }

    /// Names the records around the fault. `is_complete`: whether the request for the ids of those after it succeeded.
    pub(super) fn locate(self, neighbors: &PageInFlight, is_complete: bool) -> Error {
        let before = match &neighbors.request.range.from {
            RangeStart::After(key) => format!("after the record with sys_id {}", key.sys_id),
            _ => "at the first record".to_owned(),
        };
        let next = match (&neighbors.summary.first, &neighbors.summary.last) {
            (Some(first), Some(last)) if is_complete && first != last => {
                format!(
                    ", where the next ones are {0} and {1} (the condition sys_id!={0} leaves the first of them out)",
                    first.sys_id, last.sys_id
                )
            }
            (Some(first), _) if is_complete => {
                format!(", where the next one is {0} (the condition sys_id!={0} leaves it out)", first.sys_id)
            }
            _ => String::new(),
        };
        self.0.with_context(&(before + &next))
    }
}
