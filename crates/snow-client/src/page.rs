//! The rows of one answer.

use snow_core::{Error, Kind, Params, Record, decode::Answer};
use std::ops::Deref;

/// How many rows the service sends when it is told no limit (facts 1.2).
const DEFAULT_LIMIT: u64 = 10_000;

/// The records of one page, in the order in which they came.
#[derive(Clone, Debug, Default)]
pub struct Page {
    records: Vec<Record>,
    total: Option<u64>,
}

impl Page {
    pub(crate) fn read(answer: &Answer, params: &Params) -> Result<Self, Error> {
        let (records, total) = (answer.list()?, answer.total());
        let offset = params.get("sysparm_offset").and_then(|rows| rows.parse().ok()).unwrap_or(0_u64);
        // Rows that the user may not read are taken off after the limit: only the count tells whether it was met.
        let more = total.map_or(records.len() as u64 >= DEFAULT_LIMIT, |total| {
            total > offset.saturating_add(DEFAULT_LIMIT)
        });
        if params.get("sysparm_limit").is_none() && more {
            let why = format!("{} rows came, and more match", records.len());
            return Err(Error::new(Kind::Incomplete, why));
        }
        Ok(Self { records, total })
    }

    /// How many rows match the query in all. Rows that the user may not read are counted too, and a page may hold fewer
    /// rows than its limit although more follow (facts 9).
    pub fn total(&self) -> Option<u64> {
        self.total
    }
}

impl Deref for Page {
    type Target = [Record];

    fn deref(&self) -> &[Record] {
        &self.records
    }
}

impl IntoIterator for Page {
    type Item = Record;
    type IntoIter = std::vec::IntoIter<Record>;

    fn into_iter(self) -> Self::IntoIter {
        self.records.into_iter()
    }
}

impl<'a> IntoIterator for &'a Page {
    type Item = &'a Record;
    type IntoIter = std::slice::Iter<'a, Record>;

    fn into_iter(self) -> Self::IntoIter {
        self.records.iter()
    }
}
