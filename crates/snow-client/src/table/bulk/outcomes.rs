//! The outcomes of a bulk write.

use crate::Record;
use snow_core::{Error, ErrorKind, SysId};

/// The outcome of the write of one record in a [`BulkWrite`](super::BulkWrite).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WriteOutcome<T> {
    /// The `sys_id` of the record.
    pub sys_id: SysId,
    /// The result of its write.
    pub result: Result<T, Error>,
}

/// The outcomes of all records of a bulk write. Returned by [`BulkWrite::all`](super::BulkWrite::all).
#[derive(Clone, Debug)]
#[non_exhaustive]
#[must_use = "writes may have failed"]
pub struct BulkReport<T = Record> {
    /// The outcome of each write that was started, in the order in which they ended.
    pub outcomes: Vec<WriteOutcome<T>>,
    /// Records that were not written, because an earlier write failed or the bulk write was stopped. For a query, those that were
    /// known by then.
    pub untouched: Vec<SysId>,
    /// Whether it was stopped, by an error or by its [handle](super::BulkWrite::stop_handle), before it was known that all records
    /// were written. A query may select more records than the untouched ones.
    pub stopped: bool,
    /// The error that ended the read of a query before its end. There may be more records, which were not written.
    pub unread: Option<Error>,
    /// Whether records of a query may have been missed because records moved while the query was read: see
    /// [`StreamReport::may_have_drifted`](crate::stream::StreamReport::may_have_drifted). No record is written twice.
    pub may_have_drifted: bool,
}

impl<T> BulkReport<T> {
    /// Returns the records whose writes failed.
    pub fn failures(&self) -> impl Iterator<Item = (SysId, &Error)> {
        self.outcomes.iter().filter_map(|outcome| Some((outcome.sys_id, outcome.result.as_ref().err()?)))
    }

    /// Returns whether every record was written and no record can have been missed.
    pub fn is_complete(&self) -> bool {
        self.unread.is_none()
            && !self.stopped
            && !self.may_have_drifted
            && self.untouched.is_empty()
            && self.failures().next().is_none()
    }

    /// Returns the results of all writes, if every record was written and no record can have been missed.
    ///
    /// # Errors
    ///
    /// The first error of a write, or that of reading the query. [`ErrorKind::Incomplete`] if the bulk write was stopped, or if records
    /// may have been missed. Records that were written stay written.
    pub fn into_result(self) -> Result<Vec<(SysId, T)>, Error> {
        let Self { outcomes, untouched, stopped, unread, may_have_drifted } = self;
        let written = outcomes.len();
        let results = outcomes
            .into_iter()
            .map(|outcome| Ok((outcome.sys_id, outcome.result?)))
            .collect::<Result<_, Error>>()?;
        let missed = match unread {
            Some(error) => return Err(error),
            None if stopped || !untouched.is_empty() => "the bulk write was stopped",
            None if may_have_drifted => {
                "records may have been missed, because they moved while the query was read"
            }
            None => return Ok(results),
        };
        let why = format!("{missed}: {written} records were written");
        Err(Error::new(ErrorKind::Incomplete, why).carried_out())
    }
}

impl<T> IntoIterator for BulkReport<T> {
    type Item = WriteOutcome<T>;
    type IntoIter = std::vec::IntoIter<WriteOutcome<T>>;

    fn into_iter(self) -> Self::IntoIter {
        self.outcomes.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a BulkReport<T> {
    type Item = &'a WriteOutcome<T>;
    type IntoIter = std::slice::Iter<'a, WriteOutcome<T>>;

    fn into_iter(self) -> Self::IntoIter {
        self.outcomes.iter()
    }
}

#[cfg(feature = "blocking")]
crate::blocking::wait_output!({<T>} BulkReport<T>);
