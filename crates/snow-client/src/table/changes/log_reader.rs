//! Reads a log, records sorted by the time of their last change, as a state machine without I/O: given what was asked and what
//! arrived, it decides what is given out and what is asked next.
//!
//! A pass reads from the floor, which is the overlap before the newest time that was known when the pass before began. What lies above
//! the floor is read again, because a transaction may show its records later than the time that they carry. Only keys are read again,
//! and records are fetched where a version is not known. Where many are not known, the pass goes on with whole records.
//!
//! Why the floor is safe: a record with the time `s` is visible before `s + overlap`. While a page is read, the instance's time is at
//! least the newest time that any record showed before (the anchor), so what is not visible yet has a time after `anchor - overlap`,
//! and that is the next floor. A pass of one request is a snapshot, so its own newest time is its anchor. A longer pass asks for the
//! newest record first, and then begins again. Records that claim to come from the future are given out, and are no anchor.
#![warn(clippy::arithmetic_side_effects)]

use super::log_page::{LogAsk, LogPage, LogPageAsk, LogVerdict, PageProof};
use super::log_row::{LogKey, LogRow, earlier};
use super::seen_versions::{SecondVersions, SeenVersions};
use serde::{Deserialize, Serialize};
use snow_core::{DateTime, Error};
use std::time::Duration;

/// How a log is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct LogRules {
    /// How late a record may become visible.
    pub(super) overlap: Duration,
    /// Whether records that this user may not read are not a reason to fail.
    pub(super) accepts_hidden: bool,
    /// How many versions are remembered one by one.
    pub(super) most_versions: usize,
    /// How many records of one page of keys are fetched by their ids.
    pub(super) most_fetched: usize,
}

/// Where a log was read to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LogReader {
    /// Where the next pass begins; at the beginning of the log without.
    floor: Option<DateTime>,
    start: LogStart,
    seen: SeenVersions,
    /// The newest time that any page showed: an anchor where the newest record cannot be read.
    #[serde(default)]
    newest: Option<DateTime>,
    pass: Option<LogPass>,
}

/// What the first pass does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum LogStart {
    /// It gives out everything from the floor on.
    Whole,
    /// It remembers what is there, and gives out nothing.
    Silent,
    /// It was done.
    Done,
}

/// A pass that is under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct LogPass {
    stage: LogStage,
    /// The newest time that was known before the first page that counts; `None` if there was no record.
    anchor: Option<DateTime>,
    is_anchored: bool,
    after: Option<LogKey>,
    /// The second that is being read, and what it has so far.
    second: Option<(DateTime, SecondVersions)>,
    proof: PageProof,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum LogStage {
    /// The newest record is asked for.
    Newest,
    Keys,
    Records,
    /// Keys are asked for until some come, because all records of a page were hidden. Keys are small: where many are passed over at
    /// once, many readable ones may follow.
    Visible,
}

impl LogReader {
    /// Gives out everything from a time on; from the beginning of the log without.
    pub(super) fn since(floor: Option<DateTime>) -> Self {
        Self { floor, start: LogStart::Whole, seen: SeenVersions::default(), newest: None, pass: None }
    }

    /// Gives out what comes after now.
    pub(super) fn from_now() -> Self {
        Self { start: LogStart::Silent, ..Self::since(None) }
    }

    /// Returns what is to be asked next. `limits`: how many keys or records a page may have.
    pub(super) fn next(&mut self, limits: (u32, u32)) -> LogAsk {
        let (floor, start) = (self.floor, self.start);
        let first = match start {
            LogStart::Whole | LogStart::Silent => LogStage::Newest,
            LogStart::Done => LogStage::Keys,
        };
        let pass = self.pass.get_or_insert_with(|| LogPass::new(first, floor));
        let (keys, records) = limits;
        match pass.stage {
            LogStage::Newest => LogAsk::Newest,
            LogStage::Keys | LogStage::Visible => LogAsk::Keys(pass.ask(keys)),
            LogStage::Records => LogAsk::Records(pass.ask(records)),
        }
    }

    /// Takes in the newest record of the log that is not from the future; `None` if there is none, or none can be read.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Internal`](snow_core::ErrorKind::Internal) if it was not asked for.
    pub(super) fn newest_arrived(&mut self, newest: Option<&LogRow>, rules: &LogRules) -> Result<(), Error> {
        let Some(pass) = &mut self.pass else { return Err(not_asked()) };
        (pass.anchor, pass.is_anchored) = (self.newest.max(newest.map(|row| row.stamp)), true);
        if self.start == LogStart::Silent {
            self.floor = pass.anchor.map(|anchor| earlier(anchor, rules.overlap));
        }
        pass.after = self.floor.map(LogKey::before);
        pass.stage = match self.start {
            LogStart::Silent | LogStart::Done => LogStage::Keys,
            LogStart::Whole => LogStage::Records,
        };
        Ok(())
    }

    /// Takes in a page of keys or of records, and decides what of it is given out.
    ///
    /// # Errors
    ///
    /// Those of [`PageProof::of_page`], and of a page whose records are not those that were asked for.
    pub(super) fn page_arrived(
        &mut self,
        ask: &LogPageAsk,
        page: &LogPage,
        rules: &LogRules,
    ) -> Result<LogVerdict, Error> {
        page.check(ask)?;
        let Some(pass) = &mut self.pass else { return Err(not_asked()) };
        let is_end = pass.proof.of_page(ask, page, rules.accepts_hidden)?;
        if !pass.is_anchored {
            if is_end {
                (pass.anchor, pass.is_anchored) = (page.newest(), true);
            } else if !pass.proof.repeats() {
                // This takes more than one request: the page is asked for again once the newest record is known.
                *pass = LogPass::new(LogStage::Newest, self.floor);
                return Ok(LogVerdict::default());
            }
        }
        if pass.proof.repeats() {
            return Ok(LogVerdict::default());
        }
        self.newest = self.newest.max(page.newest());
        match pass.stage {
            LogStage::Keys => Ok(self.keys_arrived(page, is_end, rules)),
            LogStage::Records => Ok(self.records_arrived(page, is_end, rules)),
            LogStage::Visible => Ok(self.visible_arrived(page, is_end, rules)),
            LogStage::Newest => Err(not_asked()),
        }
    }

    fn keys_arrived(&mut self, page: &LogPage, is_end: bool, rules: &LogRules) -> LogVerdict {
        let mut verdict = LogVerdict::default();
        for row in &page.rows {
            if let Some(changed) = self.enter_second(row.stamp, rules) {
                return self.go_on_with_records(LogKey::before(changed), verdict);
            }
            let is_known = self.seen.has(row) || self.seen.is_digest(row.stamp);
            if !is_known && self.start != LogStart::Silent {
                if verdict.fetched.len() >= rules.most_fetched {
                    let before = self.pass.as_ref().and_then(|pass| pass.after);
                    let from = before.unwrap_or_else(|| LogKey::before(row.stamp));
                    return self.go_on_with_records(from, verdict);
                }
                verdict.fetched.push(row.sys_id);
            }
            self.note(row, rules);
        }
        if is_end && let Some(changed) = self.leave_second(rules) {
            return self.go_on_with_records(LogKey::before(changed), verdict);
        }
        self.end_if(is_end, rules, verdict)
    }

    fn records_arrived(&mut self, page: &LogPage, is_end: bool, rules: &LogRules) -> LogVerdict {
        let mut verdict = LogVerdict::default();
        for (at, row) in page.rows.iter().enumerate() {
            // A second of which only a digest is known is given out again, so it does not matter whether it has changed.
            let _ = self.enter_second(row.stamp, rules);
            if !self.seen.has(row) && self.start != LogStart::Silent {
                verdict.given.push(at);
            }
            self.note(row, rules);
        }
        if page.rows.is_empty()
            && !is_end
            && let Some(pass) = &mut self.pass
        {
            (pass.stage, pass.proof) = (LogStage::Visible, PageProof::default());
        }
        if is_end {
            let _ = self.leave_second(rules);
        }
        self.end_if(is_end, rules, verdict)
    }

    /// Takes in keys that follow hidden records. The first of them are fetched by their ids, and whole records follow after those: a page
    /// of records from there has the hidden ones no more, even if all have the same time.
    fn visible_arrived(&mut self, page: &LogPage, is_end: bool, rules: &LogRules) -> LogVerdict {
        let mut verdict = LogVerdict::default();
        let (mut last, mut is_end) = (None, is_end);
        for row in &page.rows {
            let is_given = !self.seen.has(row);
            if is_given && verdict.fetched.len() >= rules.most_fetched {
                is_end = false;
                break;
            }
            let _ = self.enter_second(row.stamp, rules);
            if is_given {
                verdict.fetched.push(row.sys_id);
            }
            self.note(row, rules);
            last = Some(row.key());
        }
        if is_end {
            let _ = self.leave_second(rules);
        }
        match last {
            Some(last) if !is_end => self.go_on_with_records(last, verdict),
            _ => self.end_if(is_end, rules, verdict),
        }
    }

    fn go_on_with_records(&mut self, after: LogKey, verdict: LogVerdict) -> LogVerdict {
        if let Some(pass) = &mut self.pass {
            (pass.stage, pass.after) = (LogStage::Records, Some(after));
            pass.proof = PageProof::default();
        }
        verdict
    }

    /// Ends the second before this one. Returns that second if it differs from what is known of it, and is to be read again.
    fn enter_second(&mut self, stamp: DateTime, rules: &LogRules) -> Option<DateTime> {
        let current = self.pass.as_ref().and_then(|pass| pass.second.as_ref()).map(|(stamp, _)| *stamp);
        if current == Some(stamp) {
            return None;
        }
        let changed = self.leave_second(rules);
        if let Some(pass) = &mut self.pass
            && changed.is_none()
        {
            pass.second = Some((stamp, SecondVersions::default()));
        }
        changed
    }

    fn leave_second(&mut self, rules: &LogRules) -> Option<DateTime> {
        let pass = self.pass.as_mut()?;
        let (stamp, fresh) = pass.second.take()?;
        let known = self.seen.take(stamp);
        let is_given_anew =
            matches!(pass.stage, LogStage::Records | LogStage::Visible) || self.start == LogStart::Silent;
        if !is_given_anew && known.is_some_and(|known| known.is_digest() && !known.is_same(&fresh)) {
            return Some(stamp);
        }
        let is_read_again = pass.anchor.is_none_or(|anchor| stamp >= earlier(anchor, rules.overlap));
        if is_read_again {
            self.seen.put(stamp, fresh, rules.most_versions);
        }
        None
    }

    /// Remembers a record of the second that is being read.
    fn note(&mut self, row: &LogRow, rules: &LogRules) {
        let Some(pass) = &mut self.pass else { return };
        if let Some((_, second)) = &mut pass.second {
            second.add(row, rules.most_versions);
        }
        pass.after = Some(row.key());
    }

    fn end_if(&mut self, is_end: bool, rules: &LogRules, verdict: LogVerdict) -> LogVerdict {
        if !is_end {
            return verdict;
        }
        let anchor = self.pass.take().and_then(|pass| pass.anchor);
        // It never goes back: what is before it was read, or was not asked for.
        self.floor = self.floor.max(anchor.map(|anchor| earlier(anchor, rules.overlap)));
        if let Some(floor) = self.floor {
            self.seen.forget_before(floor);
        }
        self.start = LogStart::Done;
        LogVerdict { is_end: true, ..verdict }
    }

    /// How many versions are remembered one by one.
    #[cfg(test)]
    pub(super) fn remembered(&self) -> usize {
        self.seen.len()
    }
}

impl LogPass {
    fn new(stage: LogStage, floor: Option<DateTime>) -> Self {
        Self {
            stage,
            anchor: None,
            is_anchored: false,
            after: floor.map(LogKey::before),
            second: None,
            proof: PageProof::default(),
        }
    }

    fn ask(&self, limit: u32) -> LogPageAsk {
        LogPageAsk { after: self.after, limit: self.proof.limit(limit), counted: self.proof.is_counted() }
    }
}

fn not_asked() -> Error {
    Error::internal("a page of a log came that was not asked for")
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test may fail")]
mod tests;
