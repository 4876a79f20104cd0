//! An export from its first look at the target to its manifest.

use super::checkpoint::{Checkpoint, PartState};
use super::file_names::{MANIFEST, POSITION, is_extension};
use super::found_export::{self, FoundExport};
use super::part_reader::{FileSettings, PartReader, ReadyFile};
use super::progress::ProgressBoard;
use super::question::ExportQuestion;
use super::report::ExportReport;
use super::stored_file;
use super::{Export, ExportOptions};
use crate::table::ListRecords;
use crate::table::stop::StopHandle;
use crate::table::stream::{ReadOrder, RecordStream, StreamPart};
use futures_util::StreamExt;
use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream::FuturesUnordered;
use serde_json::value::Value;
use snow_core::{DateTime, Error, ErrorKind};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Poll, ready};

/// How many bytes of records one part buffers at least.
const SMALLEST_BUFFER: usize = 64 << 10;

/// Carries an export out.
pub(super) async fn run(export: Export) -> Result<ExportReport, Error> {
    let question = check(&export)?;
    let schema = export.schema.clone()?.or(export.format.schema());
    // Until the end, no other export comes into this place.
    let _lock = export.target.lock().await?;
    let checkpoint = match found_export::look(&*export.target, &question, export.options.resumes).await? {
        FoundExport::Complete(report) => return Ok(*report),
        FoundExport::Unfinished(checkpoint) => *checkpoint,
        FoundExport::Nothing => begin(&export.list, &export.options, &question)?,
    };
    let Export { list, format, target, options, schema: _, stop, on_progress } = export;
    let parts = checkpoint.parts.iter().map(PartState::records).collect();
    let board = ProgressBoard::new(parts, checkpoint.progress(), question.limit, on_progress);
    let settings =
        FileSettings { question, format, target, records_per_file: options.records_per_file, board, stop };
    let mut run = ExportRun::new(list, options, Arc::new(settings), checkpoint);
    run.read().await?;
    run.finish(schema).await
}

/// Refuses what cannot be exported, before anything is sent or created.
fn check(export: &Export) -> Result<ExportQuestion, Error> {
    let Export { list, format, options, .. } = export;
    if options.by_offset && options.parts() > 1 {
        let why = "an export by position has one part: leave parallel() and parts() out, or by_offset()";
        return Err(refused(why.to_owned()));
    }
    let question = ExportQuestion::of(&list.request, (format.name(), format.settings()), options.by_offset)?;
    if !is_extension(format.extension()) {
        let why = format!(
            "{:?} is not an extension for the names of files: use at most 16 lower-case letters and digits, with dots between them",
            format.extension()
        );
        return Err(refused(why));
    }
    format.encoder(&question, &mut Vec::new()).map_err(Error::before_sending)?;
    if may_drift(list, &question)? && !options.allows_drift {
        let why = "an export in this order, with an offset or with by_offset(true) is read by position, so that records may be missed or \
                   repeated: leave the order, the offset and by_offset() out, or set allow_drift(true)";
        return Err(refused(why.to_owned()));
    }
    Ok(question)
}

/// Whether records are read by position.
fn may_drift(list: &ListRecords, question: &ExportQuestion) -> Result<bool, Error> {
    let request = list.request.request.clone()?;
    let query = request.params.selection.query()?.clone().parsed();
    let is_by_offset = question.by_offset || question.offset.is_some();
    Ok(is_by_offset || ReadOrder::of(&query, question.display_value) == ReadOrder::Offset)
}

fn begin(
    list: &ListRecords,
    options: &ExportOptions,
    question: &ExportQuestion,
) -> Result<Checkpoint, Error> {
    let ranges = match options.parts() {
        1 => vec![None],
        parts => list.parts(parts)?.into_iter().map(Some).collect(),
    };
    Ok(Checkpoint::new(question.clone(), Some(DateTime::now()), ranges))
}

fn refused(why: String) -> Error {
    Error::new(ErrorKind::InvalidInput, why).before_sending()
}

type NextFile = BoxFuture<'static, Result<(PartReader, Option<ReadyFile>), Error>>;

/// An export that is being read.
struct ExportRun {
    list: ListRecords,
    options: ExportOptions,
    settings: Arc<FileSettings>,
    checkpoint: Checkpoint,
    /// The parts that were not begun.
    waiting: VecDeque<usize>,
    reading: FuturesUnordered<NextFile>,
    /// Those of the streams that were begun.
    stops: Vec<StopHandle>,
    is_stopped: bool,
}

/// What happens next.
enum RunEvent {
    File(Box<(PartReader, Option<ReadyFile>)>),
    Stopped,
    /// Nothing is being read any more.
    End,
}

impl ExportRun {
    fn new(
        list: ListRecords,
        options: ExportOptions,
        settings: Arc<FileSettings>,
        checkpoint: Checkpoint,
    ) -> Self {
        let parts = checkpoint.parts.iter().enumerate();
        let waiting = parts.filter(|(_, state)| !state.is_done()).map(|(part, _)| part).collect();
        let reading = FuturesUnordered::new();
        Self { list, options, settings, checkpoint, waiting, reading, stops: Vec::new(), is_stopped: false }
    }

    /// Reads all parts, or until it is stopped.
    async fn read(&mut self) -> Result<(), Error> {
        let at_once = self.options.parallel.max(1).min(self.waiting.len());
        for _ in 0..at_once {
            self.begin_part()?;
        }
        loop {
            match self.next().await? {
                RunEvent::File(read) => self.take_file(*read).await?,
                RunEvent::Stopped => self.stop(),
                RunEvent::End => return Ok(()),
            }
        }
    }

    /// Waits for the next file, and for the stop.
    async fn next(&mut self) -> Result<RunEvent, Error> {
        poll_fn(|cx| {
            if !self.is_stopped && self.settings.stop.poll_stopped(cx).is_ready() {
                return Poll::Ready(Ok(RunEvent::Stopped));
            }
            let Some(read) = ready!(self.reading.poll_next_unpin(cx)) else {
                return Poll::Ready(Ok(RunEvent::End));
            };
            Poll::Ready(read.map(|read| RunEvent::File(Box::new(read))))
        })
        .await
    }

    fn stop(&mut self) {
        self.is_stopped = true;
        self.waiting.clear();
        self.stops.iter().for_each(StopHandle::stop);
    }

    /// Begins the next part, if there is one.
    fn begin_part(&mut self) -> Result<(), Error> {
        let Some(part) = self.waiting.pop_front() else { return Ok(()) };
        let state = self.checkpoint.parts.get(part).ok_or_else(no_such_part)?;
        let records = self.options.stream(self.list.clone(), state.range.as_ref());
        let reader = PartReader::new(self.settings.clone(), part, state, records);
        self.stops.push(reader.stop_handle());
        self.reading.push(reader.next_file().boxed());
        Ok(())
    }

    /// Gives a file its name, and goes on with its part or with another one.
    async fn take_file(&mut self, (reader, ready): (PartReader, Option<ReadyFile>)) -> Result<(), Error> {
        let Some(ReadyFile { part, file, state }) = ready else { return Ok(()) };
        let ends_part = state.next.is_none();
        self.checkpoint.parts.get_mut(part).ok_or_else(no_such_part)?.files.push(state);
        // The note first: a finished file that the note lacks would be written again.
        self.checkpoint.save(&*self.settings.target).await?;
        file.publish().await?;
        self.settings.board.note_file(ends_part);
        match ends_part {
            true => self.begin_part()?,
            // Also after a stop: the reader has the page that showed that the part goes on.
            false => self.reading.push(reader.next_file().boxed()),
        }
        Ok(())
    }

    /// Writes the manifest, if everything was read.
    async fn finish(self, schema: Option<Value>) -> Result<ExportReport, Error> {
        let target = &self.settings.target;
        let mut report = self.checkpoint.report(schema);
        match (report.complete, self.settings.stop.is_stopped()) {
            (true, _) => {}
            (false, true) => return Ok(report),
            (false, false) => return Err(Error::internal("an export ended before its end")),
        }
        if report.may_have_drifted && !self.options.allows_drift {
            let why = format!(
                "records may have been missed or repeated while they were read into {}, which has no manifest therefore: export into another \
                 place, with a query that is short enough for one URL, or set allow_drift(true)",
                target.location()
            );
            return Err(Error::new(ErrorKind::Incomplete, why).of_read());
        }
        report.finished_at = Some(DateTime::now());
        stored_file::save(&**target, MANIFEST, &report).await?;
        target.remove(POSITION).await?;
        Ok(report)
    }
}

fn no_such_part() -> Error {
    Error::internal("a part of an export is not there")
}

impl ExportOptions {
    /// Returns how many parts an export has that begins.
    fn parts(&self) -> usize {
        self.parts.unwrap_or(self.parallel).max(1)
    }

    /// Returns the stream of a part, or of the whole list.
    fn stream(&self, list: ListRecords, range: Option<&StreamPart>) -> RecordStream {
        let parallel = self.parallel.max(1);
        let buffer = self.buffer.checked_div(parallel).unwrap_or(self.buffer).max(SMALLEST_BUFFER);
        let records = match range {
            Some(range) => list.part(range),
            None => list.stream().by_offset(self.by_offset),
        };
        let records = records.buffer(buffer);
        match self.page_size {
            Some(page_size) => records.page_size(page_size),
            None => records,
        }
    }
}
