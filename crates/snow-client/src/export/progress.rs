//! How far an export is.

use crate::table::stopwatch::{Stopwatch, per_second};
use crate::table::stream::StreamReport;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The progress of an export. Passed to the function of [`Export::on_progress`](super::Export::on_progress).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExportProgress {
    /// The number of records that were read and written, including those of files that are not finished, and those before the export
    /// was resumed.
    pub received: u64,
    /// The number of records that matched, as the service counted them, and no more than the limit of the list. `None` until all of
    /// them are counted. Records that this user may not read are counted, too, so the end may come sooner.
    pub expected: Option<u64>,
    /// How many of the received records were in finished files before this export was resumed; 0 for one from the start.
    pub resumed: u64,
    /// The number of bytes that were written since it was begun or resumed.
    pub bytes: u64,
    /// The number of requests for records since it was begun or resumed.
    pub requests: u64,
    /// The number of files that are finished, including those before it was resumed.
    pub files: usize,
    /// How many parts of the list are finished.
    pub finished_parts: usize,
    /// How many parts the list has.
    pub parts: usize,
    /// The time since it was begun or resumed.
    pub elapsed: Duration,
}

impl ExportProgress {
    /// Returns how many records a second were read since the export was begun or resumed, on average. Always a finite number; 0 while
    /// no time has passed.
    pub fn records_per_second(&self) -> f64 {
        per_second(self.received.saturating_sub(self.resumed), self.elapsed)
    }
}

type OnProgress = Box<dyn FnMut(ExportProgress) + Send>;

/// What is known of one part.
#[derive(Clone, Copy, Default)]
struct PartProgress {
    received: u64,
    expected: Option<u64>,
    requests: u64,
}

/// The progress of all parts, which their readers note.
#[derive(Clone)]
pub(super) struct ProgressBoard(Arc<Mutex<Board>>);

struct Board {
    parts: Vec<PartProgress>,
    limit: Option<u64>,
    resumed: u64,
    bytes: u64,
    files: usize,
    finished_parts: usize,
    stopwatch: Stopwatch,
    report: Option<OnProgress>,
}

impl ProgressBoard {
    /// `received`: the records of each part so far; `finished`: how many files and parts are finished.
    pub(super) fn new(
        received: Vec<u64>,
        (files, finished_parts): (usize, usize),
        limit: Option<u32>,
        report: Option<OnProgress>,
    ) -> Self {
        let part = |received| PartProgress { received, ..PartProgress::default() };
        let board = Board {
            resumed: received.iter().copied().fold(0, u64::saturating_add),
            parts: received.into_iter().map(part).collect(),
            limit: limit.map(u64::from),
            bytes: 0,
            files,
            finished_parts,
            stopwatch: Stopwatch::start(),
            report,
        };
        Self(Arc::new(Mutex::new(board)))
    }

    /// Notes the records that a part has got, and tells the progress.
    pub(super) fn note_page(&self, part: usize, records: u64, read: &StreamReport) {
        self.change(|board| {
            if let Some(part) = board.parts.get_mut(part) {
                part.received = part.received.saturating_add(records);
                part.expected = read.expected;
                part.requests = read.requests;
            }
        });
    }

    /// Notes bytes that were written.
    pub(super) fn note_bytes(&self, bytes: usize) {
        let mut board = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        board.bytes = board.bytes.saturating_add(bytes as u64);
    }

    /// Notes a file that is finished, and tells the progress.
    pub(super) fn note_file(&self, ends_part: bool) {
        self.change(|board| {
            board.files = board.files.saturating_add(1);
            board.finished_parts = board.finished_parts.saturating_add(usize::from(ends_part));
        });
    }

    fn change(&self, change: impl FnOnce(&mut Board)) {
        let mut board = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut board);
        let progress = board.progress();
        if let Some(report) = &mut board.report {
            report(progress);
        }
    }
}

impl Board {
    fn progress(&self) -> ExportProgress {
        let sum = |of: fn(&PartProgress) -> u64| self.parts.iter().map(of).fold(0, u64::saturating_add);
        let expected = self.parts.iter().try_fold(0_u64, |sum, part| Some(sum.saturating_add(part.expected?)));
        ExportProgress {
            received: sum(|part| part.received),
            expected: expected.map(|expected| self.limit.map_or(expected, |limit| expected.min(limit))),
            resumed: self.resumed,
            bytes: self.bytes,
            requests: sum(|part| part.requests),
            files: self.files,
            finished_parts: self.finished_parts,
            parts: self.parts.len(),
            elapsed: self.stopwatch.elapsed(),
        }
    }
}
