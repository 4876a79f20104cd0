//! The settings of a feed.

use super::feed_cursor::FeedCursor;
use super::log_reader::LogRules;
use snow_core::{DateTime, Error, ErrorKind};
use std::time::Duration;

/// The longest overlap: it is remembered by the second.
const LONGEST_OVERLAP: Duration = Duration::from_secs(24 * 60 * 60);

/// How a feed finds deleted records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Deletions {
    /// Deletions are not reported.
    #[default]
    Ignored,
    /// From the table `sys_audit_delete`, which costs one more request for each poll.
    ///
    /// The instance has to audit deletions of the table, and the user has to be able to read `sys_audit_delete` and `sys_db_object`; the
    /// first poll fails if it can see that this is not so. Whether deletions are audited cannot be seen before the first one, except
    /// where the dictionary says that they are not: see
    /// [`ChangeFeed::saw_audited_deletion`](super::ChangeFeed::saw_audited_deletion).
    ///
    /// Deletions of records of classes that extend the table are found, too: of the classes that exist at the first poll. A class that is
    /// added while a program runs is followed when the feed is resumed, and nothing of it is lost then.
    Audited,
    /// By reading all ids that exist, at an interval: see [`Change::Present`](super::Change::Present).
    ///
    /// A sweep costs a request for each 10,000 records. It finds everything: deletions that nothing records, records that became
    /// unreadable or left the query, and records that became readable although their time is old.
    Swept {
        /// How long after a sweep began the next one is due.
        every: Duration,
    },
}

/// What a caller sets before the first poll.
#[derive(Clone, Debug)]
pub(super) struct FeedOptions {
    /// In whole seconds, as the times of records are.
    overlap: Duration,
    pub(super) deletions: Deletions,
    pub(super) start: FeedStart,
    pub(super) created_only: bool,
    pub(super) accepts_hidden: bool,
    pub(super) leaves_unseen: bool,
    pub(super) most_versions: usize,
}

/// Where a feed begins.
#[derive(Clone, Debug)]
pub(super) enum FeedStart {
    Snapshot,
    Now,
    Since(DateTime),
    Resumed(FeedCursor),
}

impl Default for FeedOptions {
    fn default() -> Self {
        Self {
            overlap: Duration::from_secs(120),
            deletions: Deletions::default(),
            start: FeedStart::Snapshot,
            created_only: false,
            accepts_hidden: false,
            leaves_unseen: false,
            most_versions: 10_000,
        }
    }
}

impl FeedOptions {
    /// Sets the overlap. A fraction of a second is rounded up: what is read again would otherwise be less than was set.
    pub(super) fn set_overlap(&mut self, overlap: Duration) {
        let fraction = u64::from(overlap.subsec_nanos() > 0);
        self.overlap = Duration::from_secs(overlap.as_secs().saturating_add(fraction));
    }

    /// The field whose order the feed follows.
    pub(super) fn stamp_field(&self) -> &'static str {
        if self.created_only { "sys_created_on" } else { "sys_updated_on" }
    }

    /// The field that tells two versions within one second apart.
    pub(super) fn version_field(&self) -> Option<&'static str> {
        (!self.created_only).then_some("sys_mod_count")
    }

    /// How the log of the table is read.
    pub(super) fn log_rules(&self) -> LogRules {
        LogRules {
            overlap: self.overlap,
            accepts_hidden: self.accepts_hidden,
            most_versions: self.most_versions,
            most_fetched: 200,
        }
    }

    /// What a stored cursor has to agree with.
    pub(super) fn description(&self) -> String {
        let Self {
            overlap,
            deletions,
            start: _,
            created_only,
            accepts_hidden: _,
            leaves_unseen: _,
            most_versions: _,
        } = self;
        let deletions = match deletions {
            Deletions::Ignored => "ignored",
            Deletions::Audited => "audited",
            Deletions::Swept { .. } => "swept",
        };
        format!("feed {} {deletions} {created_only}", overlap.as_secs())
    }

    /// Refuses settings that would lose changes unnoticed. `filtered`: the fields of the query's conditions.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`]
    pub(super) fn check(&self, filtered: &[String]) -> Result<(), Error> {
        if self.overlap > LONGEST_OVERLAP {
            let why = format!("an overlap of {:?} is longer than a day", self.overlap);
            return Err(Error::new(ErrorKind::InvalidInput, why));
        }
        let is_safe =
            self.created_only || self.leaves_unseen || matches!(self.deletions, Deletions::Swept { .. });
        match filtered.iter().find(|field| !NEVER_CHANGE.contains(&field.as_str())) {
            Some(field) if !is_safe => {
                let why = format!(
                    "the feed has a condition on {field:?}: a record that stops matching it would stay in your copy unnoticed. Find such \
                     records with deletions(Deletions::Swept {{ .. }}), or say records_may_leave_unseen(true)"
                );
                Err(Error::new(ErrorKind::InvalidInput, why))
            }
            _ => Ok(()),
        }
    }
}

/// Fields that no update changes.
const NEVER_CHANGE: [&str; 3] = ["sys_id", "sys_created_on", "sys_created_by"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_on_a_field_that_changes_needs_a_sweep_or_the_callers_word() {
        let filtered = ["active".to_owned()];
        let plain = FeedOptions::default();
        assert_eq!(plain.check(&filtered).unwrap_err().kind(), ErrorKind::InvalidInput);
        assert!(plain.check(&["sys_created_on".to_owned()]).is_ok());
        let swept = Deletions::Swept { every: Duration::from_secs(60) };
        for safe in [
            FeedOptions { deletions: swept, ..plain.clone() },
            FeedOptions { leaves_unseen: true, ..plain.clone() },
            FeedOptions { created_only: true, ..plain.clone() },
        ] {
            assert!(safe.check(&filtered).is_ok(), "{safe:?}");
        }
        let audited = FeedOptions { deletions: Deletions::Audited, ..plain.clone() };
        assert!(audited.check(&filtered).is_err(), "a record that leaves is not deleted");
        assert!(FeedOptions { overlap: Duration::from_secs(90_000), ..plain }.check(&[]).is_err());
    }
    #[test]
    fn an_overlap_is_rounded_up_to_seconds() {
        for (millis, secs) in [(0, 0), (1, 1), (900, 1), (1_000, 1), (1_001, 2)] {
            let mut options = FeedOptions::default();
            options.set_overlap(Duration::from_millis(millis));
            assert_eq!(options.log_rules().overlap, Duration::from_secs(secs));
            assert!(options.description().contains(&format!(" {secs} ")));
        }
        let mut longest = FeedOptions::default();
        longest.set_overlap(Duration::MAX);
        assert!(longest.check(&[]).is_err());
    }
}
