//! The rows of one answer.

use http::HeaderMap;
use snow_core::{Error, Kind, Params, Record, decode::Answer};
use std::ops::Deref;

/// How many rows the service sends when it is told no limit (facts 1.2).
const DEFAULT_LIMIT: u64 = 10_000;

/// The records of one page, in the order in which they came.
#[derive(Clone, Debug, Default)]
pub struct Page<T = Record> {
    records: Vec<T>,
    total: Option<u64>,
    headers: HeaderMap,
}

impl<T> Page<T> {
    pub(crate) fn read(
        answer: &Answer,
        params: &Params,
        read: fn(Record) -> Result<T, Error>,
    ) -> Result<Self, Error> {
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
        let records = records.into_iter().map(read).collect::<Result<_, _>>()?;
        Ok(Self { records, total, headers: answer.headers().clone() })
    }

    /// The answer's headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// How many rows match the query in all. Rows that the user may not read are counted too, and a page may hold fewer
    /// rows than its limit although more follow (facts 9).
    pub fn total(&self) -> Option<u64> {
        self.total
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
