//! The rows of one answer.

use snow_core::{Error, Kind, Record, decode::Answer};
use std::ops::Deref;

/// How many rows the service sends when it is told no limit (facts 1.2).
const DEFAULT_LIMIT: usize = 10_000;

/// The records of one page, in the order in which they came.
#[derive(Clone, Debug, Default)]
pub struct Page {
    records: Vec<Record>,
    total: Option<u64>,
}

impl Page {
    pub(crate) fn read(answer: &Answer, limited: bool) -> Result<Self, Error> {
        let (records, total) = (answer.list()?, answer.total());
        let more = total.is_none_or(|total| total > records.len() as u64);
        if !limited && records.len() >= DEFAULT_LIMIT && more {
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
