//! How far an export is: what another process needs to go on with it.

use super::file_names::POSITION;
use super::question::ExportQuestion;
use super::report::{ExportReport, ExportedFile};
use super::stored_file;
use super::target::{ExportTarget, TargetEntry, sizes};
use crate::table::stream::{StreamPart, StreamPosition, StreamReport};
use serde::{Deserialize, Serialize};
use serde_json::value::Value;
use snow_core::{DateTime, Error};
use std::collections::BTreeMap;

/// The version of the file.
const VERSION: u32 = 1;

/// The content of `_position.json`.
///
/// A file is noted here before it gets its name, and is finished when it has both. If the process is killed in between, one note has
/// no file. The next process removes that note. There is never a finished file without a note.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Checkpoint {
    pub(super) version: u32,
    pub(super) question: ExportQuestion,
    pub(super) started_at: Option<DateTime>,
    pub(super) parts: Vec<PartState>,
}

/// A part of the records, and its files so far.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PartState {
    /// The range of records; `None` for all that the list selects.
    pub(super) range: Option<StreamPart>,
    pub(super) files: Vec<WrittenFile>,
}

/// A file that is finished, or about to be.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct WrittenFile {
    pub(super) file: ExportedFile,
    /// Where the next file of this part begins; `None` after the last one.
    pub(super) next: Option<StreamPosition>,
    /// What the stream of this process had to say so far; it includes the records of earlier files.
    pub(super) read: ReadState,
    pub(super) counts: BTreeMap<String, u64>,
}

/// What is known of the read that filled a file.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct ReadState {
    pub(super) expected: Option<u64>,
    pub(super) may_have_drifted: bool,
    /// Whether the limit of the list was reached.
    pub(super) reached_limit: bool,
    /// Those of this file alone.
    pub(super) requests: u64,
    pub(super) retried_pages: u64,
    pub(super) missing_fields: Vec<String>,
}

impl ReadState {
    /// What a stream reports, less what it had reported before this file.
    pub(super) fn since(before: &StreamReport, now: StreamReport) -> Self {
        Self {
            expected: now.expected,
            may_have_drifted: now.may_have_drifted,
            reached_limit: now.reached_limit,
            requests: now.requests.saturating_sub(before.requests),
            retried_pages: now.retried_pages.saturating_sub(before.retried_pages),
            missing_fields: now.missing_fields,
        }
    }
}

impl PartState {
    pub(super) fn new(range: Option<StreamPart>) -> Self {
        Self { range, files: Vec::new() }
    }

    pub(super) fn is_done(&self) -> bool {
        self.files.last().is_some_and(|last| last.next.is_none())
    }

    /// Returns how many records are in its files, and how many it has, if that is known.
    pub(super) fn records(&self) -> (u64, Option<u64>) {
        let received = self.files.iter().map(|file| file.file.records).fold(0, u64::saturating_add);
        (received, self.files.last().and_then(|last| last.read.expected))
    }

    /// Removes the note of a file that never got its name, and checks that the others are as they were left.
    fn reconcile(&mut self, sizes: &BTreeMap<&str, u64>, location: &str) -> Result<(), Error> {
        let has_name = |state: &WrittenFile| sizes.contains_key(state.file.name.as_str());
        if self.files.last().is_some_and(|last| !has_name(last)) {
            self.files.pop();
        }
        self.files.iter().try_for_each(|state| state.file.expect_in(sizes, location))
    }
}

impl Checkpoint {
    pub(super) fn new(
        question: ExportQuestion,
        started_at: Option<DateTime>,
        ranges: Vec<Option<StreamPart>>,
    ) -> Self {
        let parts = ranges.into_iter().map(PartState::new).collect();
        Self { version: VERSION, question, started_at, parts }
    }

    /// Reads how far an export is, and takes back what its process did not finish.
    pub(super) async fn load(
        target: &dyn ExportTarget,
        entries: &[TargetEntry],
    ) -> Result<Option<Self>, Error> {
        let Some(mut stored) = stored_file::load::<Self>(target, entries, POSITION, VERSION).await? else {
            return Ok(None);
        };
        let (sizes, location) = (sizes(entries), target.location());
        stored.parts.iter_mut().try_for_each(|part| part.reconcile(&sizes, &location))?;
        Ok(Some(stored))
    }

    pub(super) async fn save(&self, target: &dyn ExportTarget) -> Result<(), Error> {
        stored_file::save(target, POSITION, self).await
    }

    pub(super) fn has_file(&self, name: &str) -> bool {
        self.files().any(|state| state.file.name == name)
    }

    fn files(&self) -> impl Iterator<Item = &WrittenFile> {
        self.parts.iter().flat_map(|part| &part.files)
    }

    fn is_done(&self) -> bool {
        self.parts.iter().all(PartState::is_done)
    }

    /// Returns how many files and how many parts are finished.
    pub(super) fn progress(&self) -> (usize, usize) {
        (self.files().count(), self.parts.iter().filter(|part| part.is_done()).count())
    }

    /// Returns what the files together are.
    pub(super) fn report(&self, schema: Option<Value>) -> ExportReport {
        let mut report = ExportReport::new(self.question.clone(), schema, self.started_at);
        report.complete = self.is_done();
        report.parts = self.parts.len();
        // What the last file of a part knows is known of the whole part.
        let ends = || self.parts.iter().map(|part| part.files.last().map(|state| &state.read));
        report.expected =
            ends().map(|end| end?.expected).try_fold(0_u64, |sum, part| Some(sum.saturating_add(part?)));
        report.reached_limit = ends().flatten().any(|end| end.reached_limit);
        report.may_have_drifted = ends().flatten().any(|end| end.may_have_drifted);
        self.files().for_each(|state| state.add_to(&mut report));
        report.missing_fields.sort();
        report.missing_fields.dedup();
        report
    }
}

impl WrittenFile {
    fn add_to(&self, report: &mut ExportReport) {
        let Self { file, next: _, read, counts } = self;
        report.received = report.received.saturating_add(file.records);
        report.requests = report.requests.saturating_add(read.requests);
        report.retried_pages = report.retried_pages.saturating_add(read.retried_pages);
        report.missing_fields.extend(read.missing_fields.iter().cloned());
        for (name, count) in counts {
            let sum = report.counts.entry(name.clone()).or_default();
            *sum = sum.saturating_add(*count);
        }
        report.files.push(file.clone());
    }
}
