//! One part of an export, read into one file after the other.

use super::checkpoint::{PartState, ReadState, WrittenFile};
use super::file_names::data_file;
use super::file_writer::FileWriter;
use super::format::ExportFormat;
use super::progress::ProgressBoard;
use super::question::ExportQuestion;
use super::target::{ExportFile, ExportTarget};
use crate::table::stop::StopHandle;
use crate::table::stream::{PageStream, RecordPage, RecordStream, StreamPosition, StreamReport};
use snow_core::{Error, Record};
use std::sync::Arc;

/// What all files of an export have in common.
pub(super) struct FileSettings {
    pub(super) question: ExportQuestion,
    pub(super) format: Arc<dyn ExportFormat>,
    pub(super) target: Arc<dyn ExportTarget>,
    /// A file ends with the page that brings it to so many records.
    pub(super) records_per_file: u64,
    pub(super) board: ProgressBoard,
    pub(super) stop: StopHandle,
}

/// Reads the rest of a part.
pub(super) struct PartReader {
    settings: Arc<FileSettings>,
    part: usize,
    next_file: usize,
    pages: PageStream<Record>,
    /// The first page of the next file. It was read to know that there is one.
    held: Option<RecordPage<Record>>,
    /// What the stream had read at the end of the file before.
    before: StreamReport,
}

/// A file that is complete and has no name yet.
pub(super) struct ReadyFile {
    pub(super) part: usize,
    pub(super) file: Box<dyn ExportFile>,
    pub(super) state: WrittenFile,
}

/// How a file ended.
enum FileEnd {
    /// More records follow, from this position on.
    More(StreamPosition),
    /// These were the last records of the part.
    OfPart,
    /// The export was stopped here.
    Stopped(StreamPosition),
}

impl PartReader {
    /// `records`: the stream of the part, which has not begun.
    pub(super) fn new(
        settings: Arc<FileSettings>,
        part: usize,
        state: &PartState,
        records: RecordStream<Record>,
    ) -> Self {
        let records = match state.files.last().and_then(|last| last.next.clone()) {
            Some(position) => records.resume(position),
            None => records,
        };
        let pages = records.pages();
        Self { settings, part, next_file: state.files.len(), before: pages.report(), pages, held: None }
    }

    pub(super) fn stop_handle(&self) -> StopHandle {
        self.pages.stop_handle()
    }

    /// Reads records into the next file. Returns no file if the export was stopped before there was any record for it.
    pub(super) async fn next_file(mut self) -> Result<(Self, Option<ReadyFile>), Error> {
        let FileSettings { question, format, target, board, .. } = &*self.settings;
        let name = data_file(self.part, self.next_file, format.extension());
        let mut writer = FileWriter::create(name, question, &**format, &**target, board.clone()).await?;
        let next = match self.fill(&mut writer).await? {
            FileEnd::Stopped(_) if writer.records() == 0 => return Ok((self, None)),
            FileEnd::More(position) | FileEnd::Stopped(position) => Some(position),
            FileEnd::OfPart => None,
        };
        let sealed = writer.seal().await?;
        let now = self.pages.report();
        let read = ReadState::since(&self.before, now.clone());
        self.before = now;
        self.next_file = self.next_file.saturating_add(1);
        let state = WrittenFile { file: sealed.written, next, read, counts: sealed.counts };
        let ready = ReadyFile { part: self.part, file: sealed.file, state };
        Ok((self, Some(ready)))
    }

    async fn fill(&mut self, writer: &mut FileWriter) -> Result<FileEnd, Error> {
        if let Some(page) = self.held.take() {
            self.write_page(writer, page).await?;
        }
        loop {
            if self.settings.stop.is_stopped() {
                self.pages.stop_handle().stop(); // also if the stop was not polled yet
            }
            // Where the file ends, if it is full and another page comes.
            let end = match writer.records() >= self.settings.records_per_file {
                true => self.pages.position(),
                false => None,
            };
            let Some(page) = self.pages.next().await.transpose()? else {
                return Ok(self.pages.position().map_or(FileEnd::OfPart, FileEnd::Stopped));
            };
            if let Some(position) = end {
                self.held = Some(page);
                return Ok(FileEnd::More(position));
            }
            self.write_page(writer, page).await?;
        }
    }

    async fn write_page(&mut self, writer: &mut FileWriter, page: RecordPage<Record>) -> Result<(), Error> {
        let records = page.len() as u64;
        for record in page {
            writer.write(&record).await?;
        }
        self.settings.board.note_page(self.part, records, &self.pages.report());
        Ok(())
    }
}
