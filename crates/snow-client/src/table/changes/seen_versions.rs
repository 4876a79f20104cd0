//! Which versions of records were given out, for the part of a log that is read again.
//!
//! They are kept by the second. Where they are too many, only a digest of a second is kept: as long as the digest is the same,
//! nothing of the second is given out; when it differs, all of the second is given out again.

use super::log_row::LogRow;
use crate::table::scattered_hash::scattered;
use serde::{Deserialize, Serialize};
use snow_core::{DateTime, SysId};
use std::collections::BTreeMap;

/// How many seconds are remembered: more than the longest overlap has.
const MOST_SECONDS: usize = 100_000;

/// The versions that were given out, by the second in which they were written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SeenVersions(BTreeMap<DateTime, SecondVersions>);

/// The versions that were written in one second.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SecondVersions {
    /// In the order of their ids. `None` where there were too many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    versions: Option<Vec<(SysId, u32)>>,
    count: u64,
    /// A sum over all of them that does not depend on their order.
    sum: u64,
}

impl Default for SecondVersions {
    fn default() -> Self {
        Self { versions: Some(Vec::new()), count: 0, sum: 0 }
    }
}

impl SecondVersions {
    /// Adds a version; of more than `most`, only the digest is kept.
    pub(super) fn add(&mut self, row: &LogRow, most: usize) {
        self.count = self.count.saturating_add(1);
        self.sum = self.sum.wrapping_add(hash(row));
        match (&mut self.versions, row.version) {
            (Some(versions), Some(_)) if versions.len() >= most => self.versions = None,
            (Some(versions), Some(version)) => {
                let at = versions.partition_point(|(id, _)| *id < row.sys_id);
                versions.insert(at, (row.sys_id, version));
            }
            _ => {}
        }
    }

    /// Whether only the digest is known.
    pub(super) fn is_digest(&self) -> bool {
        self.versions.is_none()
    }

    /// Whether the same versions are in another one.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        (self.count, self.sum) == (other.count, other.sum)
    }

    fn has(&self, row: &LogRow) -> bool {
        let (Some(versions), Some(version)) = (&self.versions, row.version) else { return false };
        versions.binary_search(&(row.sys_id, version)).is_ok()
    }

    fn len(&self) -> usize {
        self.versions.as_ref().map_or(0, Vec::len)
    }
}

impl SeenVersions {
    /// Whether this version was given out.
    pub(super) fn has(&self, row: &LogRow) -> bool {
        self.0.get(&row.stamp).is_some_and(|second| second.has(row))
    }

    /// Whether only a digest of this second is known.
    pub(super) fn is_digest(&self, stamp: DateTime) -> bool {
        self.0.get(&stamp).is_some_and(SecondVersions::is_digest)
    }

    /// Forgets a second, and returns what was known of it.
    pub(super) fn take(&mut self, stamp: DateTime) -> Option<SecondVersions> {
        self.0.remove(&stamp)
    }

    /// Remembers a second. Where there are more than `most` versions in all, the largest seconds become digests. Where there are more
    /// seconds than an overlap has, the oldest are forgotten, and are given out once more.
    pub(super) fn put(&mut self, stamp: DateTime, second: SecondVersions, most: usize) {
        self.0.insert(stamp, second);
        if self.0.len() > MOST_SECONDS {
            self.0.pop_first();
        }
        while self.len() > most {
            let Some(largest) = self.0.values_mut().max_by_key(|second| second.len()) else { return };
            largest.versions = None;
        }
    }

    /// Forgets everything before this second.
    pub(super) fn forget_before(&mut self, stamp: DateTime) {
        self.0 = self.0.split_off(&stamp);
    }

    /// How many versions are known one by one.
    pub(super) fn len(&self) -> usize {
        self.0.values().map(SecondVersions::len).sum()
    }
}

fn hash(row: &LogRow) -> u64 {
    let version = row.version.map_or(u64::MAX, u64::from).to_le_bytes();
    scattered(row.sys_id.as_str().bytes().chain(version))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(stamp: i64, id: u32, version: u32) -> LogRow {
        let sys_id = format!("{id:032x}").parse().unwrap();
        LogRow { stamp: DateTime::from_unix(stamp), sys_id, version: Some(version) }
    }

    fn second(rows: &[LogRow], most: usize) -> SecondVersions {
        let mut second = SecondVersions::default();
        rows.iter().for_each(|row| second.add(row, most));
        second
    }

    #[test]
    fn a_version_is_known_by_its_second_id_and_count() {
        let mut seen = SeenVersions::default();
        seen.put(DateTime::from_unix(1), second(&[row(1, 7, 0), row(1, 3, 2)], 9), 9);
        assert!(seen.has(&row(1, 3, 2)) && seen.has(&row(1, 7, 0)));
        for other in [row(1, 3, 1), row(1, 4, 2), row(2, 3, 2)] {
            assert!(!seen.has(&other), "{other:?}");
        }
        let unknown = LogRow { version: None, ..row(1, 3, 2) };
        assert!(!seen.has(&unknown), "without a count nothing tells versions apart");
    }

    #[test]
    fn too_many_versions_become_a_digest_that_sees_every_difference() {
        let rows: Vec<LogRow> = (0..10).map(|id| row(1, id, 0)).collect();
        let many = second(&rows, 5);
        assert!(many.is_digest());
        let mut other_order = rows.clone();
        other_order.reverse();
        assert!(many.is_same(&second(&other_order, 50)));
        assert!(!many.is_same(&second(&rows[1..], 50)));
        let mut changed = rows.clone();
        changed[4] = row(1, 4, 1);
        assert!(!many.is_same(&second(&changed, 50)));
        let mut seen = SeenVersions::default();
        seen.put(DateTime::from_unix(1), second(&rows, 50), 12);
        seen.put(DateTime::from_unix(2), second(&[row(2, 1, 1), row(2, 2, 1), row(2, 3, 1)], 50), 12);
        assert!(seen.is_digest(DateTime::from_unix(1)) && !seen.is_digest(DateTime::from_unix(2)));
        assert_eq!(seen.len(), 3);
        seen.forget_before(DateTime::from_unix(2));
        assert_eq!(seen.take(DateTime::from_unix(1)), None);
        assert!(seen.has(&row(2, 2, 1)));
    }
}
