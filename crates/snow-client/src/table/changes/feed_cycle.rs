//! One poll: changes, then deletions, then a page of a sweep if one is due, until there is enough for a batch or everything was read.

use super::change::Change;
use super::feed_cursor::{CycleStage, FeedState};
use super::feed_options::{Deletions, FeedOptions};
use super::log_source::LogSource;
use super::log_step::LogStep;
use super::page_limits::PageLimits;
use crate::Record;
use crate::request::missing_fields::FieldCheck;
use crate::table::read_record::ReadRecord;
use snow_core::{DateTime, Error, SysId};
use std::collections::HashSet;
use std::time::Duration;

/// With how many changes a batch is full.
const FULL: usize = 200;
/// After how many requests a batch is given out even if it is empty, so that the cursor after them can be saved.
const MOST_REQUESTS: u64 = 50;

/// What a feed reads from.
pub(super) struct FeedSources {
    pub(super) table: LogSource,
    /// The audit of deletions, if it is read.
    pub(super) audit: Option<LogSource>,
    pub(super) options: FeedOptions,
}

/// A poll that is under way.
pub(super) struct FeedCycle<'f, T> {
    pub(super) sources: &'f FeedSources,
    pub(super) state: FeedState,
    pub(super) limits: &'f mut PageLimits,
    pub(super) read: ReadRecord<T>,
    pub(super) fields: FieldCheck,
    /// The time of this machine, in seconds since 1970.
    pub(super) now: u64,
    /// Whether a sweep begins now, whether it is due or not.
    pub(super) sweeps_now: bool,
    /// Whether a page of a sweep was read, of which one is enough for a batch.
    pub(super) has_swept: bool,
    pub(super) changes: Vec<Change<T>>,
    pub(super) requests: u64,
}

impl<T> FeedCycle<'_, T> {
    /// Reads until the batch is full, or everything was read: returns whether that is so.
    pub(super) async fn run(&mut self) -> Result<bool, Error> {
        loop {
            if self.step().await? {
                self.fields.verify()?;
                return Ok(true);
            }
            if self.has_swept || self.changes.len() >= FULL || self.requests >= MOST_REQUESTS {
                self.fields.verify()?;
                return Ok(false);
            }
        }
    }

    /// Does the next step. Returns whether everything was read.
    async fn step(&mut self) -> Result<bool, Error> {
        let (is_end, next) = match self.state.stage {
            CycleStage::PastDeletions => (self.read_deletions().await?, CycleStage::Changes),
            CycleStage::Changes => (self.read_changes().await?, CycleStage::Deletions),
            CycleStage::Deletions => (self.read_deletions().await?, CycleStage::Sweep),
            CycleStage::Sweep => return self.sweep().await,
        };
        if is_end {
            self.state.stage = next;
        }
        Ok(false)
    }

    /// Does the next step of the pass over the table. Returns whether the pass is at its end.
    async fn read_changes(&mut self) -> Result<bool, Error> {
        let rules = self.sources.options.log_rules();
        let mut log =
            LogStep { source: &self.sources.table, rules, limits: self.limits, requests: &mut self.requests };
        let (records, is_end) = log.read(&mut self.state.changes).await?;
        records.into_iter().try_for_each(|record| self.give(record))?;
        Ok(is_end)
    }

    fn give(&mut self, record: Record) -> Result<(), Error> {
        self.fields.see(&record);
        let sys_id = record.sys_id()?;
        self.changes.push(Change::Record { sys_id, record: self.read.read(record, &[])? });
        Ok(())
    }

    /// Does the next step of the pass over the audit of deletions. Returns whether that pass is at its end.
    async fn read_deletions(&mut self) -> Result<bool, Error> {
        let (Some(source), Some(reader)) = (&self.sources.audit, &mut self.state.audit) else {
            return Ok(true);
        };
        let rules = self.sources.options.log_rules();
        let mut log = LogStep { source, rules, limits: self.limits, requests: &mut self.requests };
        let (records, is_end) = log.read(reader).await?;
        let deleted =
            |record: &Record| Ok((record.value("documentkey")?.parse()?, source.row(record)?.stamp));
        let deleted = records.iter().map(deleted).collect::<Result<Vec<_>, Error>>()?;
        self.give_deletions(&deleted).await?;
        Ok(is_end)
    }

    /// Gives out those of the deletions whose record is not there again.
    async fn give_deletions(&mut self, deleted: &[(SysId, DateTime)]) -> Result<(), Error> {
        let ids: Vec<SysId> = deleted.iter().map(|(id, _)| *id).collect();
        let (existing, requests) = self.sources.table.existing(&ids, false).await?;
        self.requests = self.requests.saturating_add(requests);
        let existing: HashSet<SysId> = existing.into_iter().collect();
        let gone = deleted.iter().filter(|(id, _)| !existing.contains(id));
        self.changes.extend(gone.map(|(sys_id, at)| Change::Deleted { sys_id: *sys_id, at: *at }));
        Ok(())
    }

    /// Reads the next page of a sweep, if there is one or one is due. Returns whether everything was read.
    async fn sweep(&mut self) -> Result<bool, Error> {
        let Deletions::Swept { every } = self.sources.options.deletions else { return Ok(self.end_cycle()) };
        // A clock that was set back says nothing about how long ago the last one was.
        let since = self.now.checked_sub(self.state.swept).map(Duration::from_secs);
        let is_due = self.sweeps_now || since.is_none_or(|since| since >= every);
        if self.state.sweep.is_none() && !is_due {
            return Ok(self.end_cycle());
        }
        if self.state.sweep.is_none() {
            (self.state.swept, self.sweeps_now) = (self.now, false);
        }
        let sweep = self.state.sweep.get_or_insert_default();
        let ask = sweep.next(self.limits.keys);
        self.requests = self.requests.saturating_add(1);
        let (ids, total) = match self.sources.table.id_page(&ask).await {
            Ok(page) => page,
            Err(error) => return self.limits.shrink_keys(error).map(|()| false),
        };
        self.limits.saw_keys();
        let accepts_hidden = self.sources.options.accepts_hidden;
        let (present, is_end) = sweep.page_arrived(&ask, ids, total, accepts_hidden)?;
        self.changes.extend(present.map(Change::Present));
        if is_end {
            self.state.sweep = None;
            self.changes.push(Change::SweepEnd);
            return Ok(self.end_cycle());
        }
        self.has_swept = true;
        Ok(false)
    }

    fn end_cycle(&mut self) -> bool {
        self.state.stage = CycleStage::Changes;
        true
    }
}
