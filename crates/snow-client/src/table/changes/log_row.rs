//! A record of a log, as far as the log is read by it: when it was written, which record it is, and which version of it.

use crate::Record;
use crate::table::hexadecimal::is_hexadecimal;
use serde::{Deserialize, Serialize};
use snow_core::{DateTime, Error, ErrorKind, SysId};
use std::time::Duration;

/// Where a record stands in a log, which is sorted by a time and by `sys_id` where times are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LogKey {
    pub(super) stamp: DateTime,
    /// `None` before every record of that second.
    pub(super) sys_id: Option<SysId>,
}

impl LogKey {
    /// The place before the first record of a second.
    pub(super) fn before(stamp: DateTime) -> Self {
        Self { stamp, sys_id: None }
    }

    /// Whether a record may come after this place. Ids that are not hexadecimal are sorted by the database in its own way.
    pub(super) fn allows(&self, row: &LogRow) -> bool {
        if row.stamp != self.stamp {
            return row.stamp > self.stamp;
        }
        let Some(before) = self.sys_id.as_ref() else { return true };
        before != &row.sys_id
            && (!is_hexadecimal(before.as_str())
                || !is_hexadecimal(row.sys_id.as_str())
                || *before < row.sys_id)
    }
}

/// What a page of a log says of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LogRow {
    pub(super) stamp: DateTime,
    pub(super) sys_id: SysId,
    /// What tells two versions within one second apart. `None` where nothing does.
    pub(super) version: Option<u32>,
}

impl LogRow {
    pub(super) fn key(&self) -> LogKey {
        LogKey { stamp: self.stamp, sys_id: Some(self.sys_id) }
    }

    /// Reads the key fields of a record. `version`: the field that counts changes; without one a record has one version only.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] for a record without such fields, [`ErrorKind::Decode`] for a time that cannot be read.
    pub(super) fn of(record: &Record, stamp: &str, version: Option<&str>) -> Result<Self, Error> {
        let text = record.get(stamp).map(|field| field.value()).transpose()?.unwrap_or_default();
        if text.is_empty() || record.get("sys_id").is_none() {
            return Err(no_stamp(stamp));
        }
        let version = match version {
            None => Some(0),
            Some(field) => {
                let count = record.get(field).map(|field| field.value()).transpose()?;
                count.and_then(|count| count.parse().ok())
            }
        };
        Ok(Self { stamp: text.parse()?, sys_id: record.sys_id()?, version })
    }
}

/// Returns the time so much before another one, or the smallest time that there is.
pub(super) fn earlier(stamp: DateTime, by: Duration) -> DateTime {
    DateTime::from_unix(stamp.unix().saturating_sub_unsigned(by.as_secs()))
}

fn no_stamp(stamp: &str) -> Error {
    let why = format!(
        "a record has no sys_id or no {stamp}, by which changes are found: database views have none, some tables have only \
         sys_created_on (use created_only(true) for records that are never changed), and some users may not read it"
    );
    Error::new(ErrorKind::InvalidInput, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(stamp: i64, id: &str) -> LogRow {
        LogRow { stamp: DateTime::from_unix(stamp), sys_id: id.parse().unwrap(), version: Some(0) }
    }

    #[test]
    fn a_record_comes_after_the_one_before_it() {
        let (low, high) = ("1".repeat(32), "f".repeat(32));
        let key = row(5, &low).key();
        for (next, fits) in [
            (row(4, &high), false),
            (row(5, &low), false),
            (row(5, &high), true),
            (row(6, &low), true),
            (row(5, "global"), true),
        ] {
            assert_eq!(key.allows(&next), fits, "{next:?}");
        }
        assert!(!row(5, &high).key().allows(&row(5, &low)));
        assert!(LogKey::before(DateTime::from_unix(5)).allows(&row(5, &low)));
        assert!(!LogKey::before(DateTime::from_unix(5)).allows(&row(4, &low)));
    }
}
