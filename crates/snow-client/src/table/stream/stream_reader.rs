//! A stream under way: the records that its scheduler gives out, as what the caller wants them to be.

use super::concurrency::Concurrency;
use super::drift_check::DriftCheck;
use super::key_range::KeyRange;
use super::options::StreamOptions;
use super::page_size::PageSize;
use super::position::{self, StreamPosition};
use super::progress::StreamProgress;
use super::query_parts::QueryParts;
use super::read_context::StreamCounters;
use super::read_order::ReadOrder;
use super::record_page::RecordPage;
use super::report::StreamReport;
use super::scheduler::Scheduler;
use super::stream_request::StreamRequest;
use crate::request::checked_request::CheckedRequest;
use crate::request::missing_fields::{FieldCheck, TypeFields};
use crate::request::selection::Window;
use crate::table::list_request::{ListRequest, field_check};
use crate::table::read_record::{FieldName, ReadRecord};
use crate::table::stopwatch::Stopwatch;
use snow_core::{Error, ErrorKind, Record};
use std::task::{Context, Poll, ready};

/// Reads records as `T`, and knows where the stream stands.
pub(super) struct StreamReader<T> {
    scheduler: Scheduler,
    read: ReadRecord<T>,
    /// The fields that records are read as.
    type_fields: TypeFields,
    /// Fields that the caller did not ask for.
    added_fields: Vec<FieldName>,
    /// Tells this stream from those of other records, for stored positions.
    fingerprint: u64,
    /// Where records may move while they are read.
    drift_check: Option<DriftCheck>,
    received: u64,
    /// How many records the caller wants at most.
    limit: Option<u64>,
    /// What the read knew that this one resumes.
    resumed: Option<ResumedRead>,
    stopwatch: Stopwatch,
    is_stopped: bool,
    /// Whether the read was stopped before it was known whether records moved.
    is_unchecked: bool,
}

/// How far an earlier read has come.
#[derive(Clone, Copy)]
struct ResumedRead {
    received: u64,
    /// How many records matched, as far as it knew.
    expected: Option<u64>,
}

impl<T> StreamReader<T> {
    /// Creates the reader of a list, whose request has been checked.
    pub(super) fn new(
        list: ListRequest<T>,
        checked: CheckedRequest,
        options: StreamOptions,
    ) -> Result<Self, Error> {
        let ListRequest { client, request: _, type_fields, read, needs_sys_id } = list;
        let (window, fields) = (checked.params.selection.window(), field_check(&checked, &type_fields));
        let query = checked.params.selection.query()?.clone().parsed();
        let by_offset = options.by_offset || window.offset.is_some();
        let mut request = StreamRequest::new(client, checked, &query, by_offset);
        request.gives_ids = needs_sys_id;
        let reads_by_offset = request.order == ReadOrder::Offset;
        let is_whole = window.limit.is_none() && window.offset.is_none() && options.resume.is_none();
        request.reads_ids = options.verifies && is_whole && reads_by_offset;
        if options.parallel > 1 && request.order != ReadOrder::SysId {
            let why = "a parallel read is sorted by sys_id: leave the order out, or do not read in parallel";
            return Err(request.annotate(Error::new(ErrorKind::InvalidInput, why)));
        }
        let parts = QueryParts::split(&request, query).map_err(|error| request.annotate(error))?;
        let question = position::fingerprint(&request, parts.queries())?;
        let (fingerprint, range) = match &options.part {
            Some(part) => part.of(question).map_err(|error| request.annotate(error))?,
            None => (question, KeyRange::whole()),
        };
        let given = options.resume.as_ref().map(|position| position.given.clone()).unwrap_or_default();
        let has_check = parts.may_move() || request.reads_ids;
        let concurrency = Concurrency {
            parallel: options.parallel,
            in_order: options.in_order,
            buffer: options.buffer.max(1),
        };
        let page_size = page_size(&options, window, reads_by_offset);
        let mut reader = Self {
            read,
            type_fields,
            added_fields: request.added_fields(),
            fingerprint,
            drift_check: has_check.then(|| DriftCheck::new(parts.queries().len(), given)),
            received: 0,
            limit: window.limit.map(u64::from),
            resumed: None,
            stopwatch: Stopwatch::start(),
            is_stopped: false,
            is_unchecked: false,
            scheduler: Scheduler::new(
                request,
                parts,
                range,
                page_size,
                concurrency,
                fields,
                window.limit.map(u64::from),
            ),
        };
        match options.resume {
            Some(position) => reader.resume(position)?,
            None => reader.scheduler.begin(window.offset.map_or(0, u64::from)),
        }
        Ok(reader)
    }

    fn resume(&mut self, position: StreamPosition) -> Result<(), Error> {
        let annotate = |error| self.scheduler.request().annotate(error);
        position.belongs_to(self.fingerprint).map_err(annotate)?;
        self.received = position.received;
        self.resumed = Some(ResumedRead { received: position.received, expected: position.expected });
        self.scheduler.resume(position.part, position.received, position.ranges, position.offset);
        Ok(())
    }

    /// Whether the query is read in parts, because it is too long for one URL.
    pub(super) fn is_split(&self) -> bool {
        self.scheduler.parts().is_split()
    }

    /// Whether as many records came as the caller's limit allows.
    pub(super) fn has_reached_limit(&self) -> bool {
        self.scheduler.has_reached_limit()
    }

    /// How many records matched at first, once all of them are counted.
    fn expected(&self) -> Option<u64> {
        self.resumed.map_or_else(|| self.scheduler.counted(), |resumed| resumed.expected)
    }

    pub(super) fn position(&self) -> Option<StreamPosition> {
        Some(StreamPosition {
            question: self.fingerprint,
            part: self.scheduler.parts().index(),
            ranges: self.scheduler.unread_ranges(),
            offset: self.scheduler.offset(),
            received: self.received,
            expected: self.expected(),
            given: self.drift_check.as_ref().map(|check| check.given().to_vec()).unwrap_or_default(),
        })
    }

    pub(super) fn report(&self, complete: bool) -> StreamReport {
        let counters = self.scheduler.counters();
        StreamReport {
            complete,
            expected: self.expected(),
            received: self.received,
            reached_limit: self.has_reached_limit(),
            may_have_drifted: self.may_have_drifted(),
            requests: self.sum(|counters| counters.requests),
            retried_pages: counters.retried_pages,
            missing_fields: self.scheduler.missing_fields(),
        }
    }

    pub(super) fn progress(&self) -> StreamProgress {
        let expected = self.expected();
        StreamProgress {
            received: self.received,
            expected: expected.map(|expected| self.limit.map_or(expected, |limit| expected.min(limit))),
            resumed: self.resumed.map_or(0, |resumed| resumed.received),
            bytes: self.sum(|counters| counters.bytes),
            requests: self.sum(|counters| counters.requests),
            elapsed: self.stopwatch.elapsed(),
        }
    }

    /// What the read and the check of its ids took together.
    fn sum(&self, of: impl Fn(&StreamCounters) -> u64) -> u64 {
        let check = self.drift_check.as_ref().map_or(0, |check| of(check.counters()));
        of(self.scheduler.counters()).saturating_add(check)
    }

    /// Whether the record that was returned last is the last one of its page.
    pub(super) fn is_at_end_of_page(&self) -> bool {
        self.scheduler.next_of_page().is_none()
    }

    fn may_have_drifted(&self) -> bool {
        let is_verified = self.drift_check.as_ref().is_some_and(DriftCheck::is_verified);
        let took_steps = match self.scheduler.request().order {
            ReadOrder::Offset => !self.is_single_page() || self.resumed.is_some(),
            _ => self.drift_check.is_some() && self.scheduler.parts().index() > 0,
        };
        took_steps && !is_verified
    }

    /// Whether a read by position has taken one page at most so far.
    fn is_single_page(&self) -> bool {
        self.scheduler.counters().pages_by_offset <= 1
    }

    /// Sends no further request from now on.
    pub(super) fn stop(&mut self) {
        self.is_stopped = true;
        self.scheduler.stop();
    }

    /// Whether the read ended before its end, because it was stopped.
    pub(super) fn has_ended_early(&self) -> bool {
        self.is_unchecked || self.scheduler.has_ended_early()
    }

    /// Returns the next record; `None` after the last one, when it is known whether records moved meanwhile.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, Error>>> {
        let record = ready!(self.poll_record(cx));
        Poll::Ready(record.map(|record| self.give(record?)))
    }

    /// Returns the records that came with the next one in a page.
    pub(super) fn poll_page(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<RecordPage<T>, Error>>> {
        self.scheduler.give_pages();
        let first = ready!(self.poll_record(cx));
        Poll::Ready(first.map(|first| self.give_page(first?)))
    }

    fn poll_record(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Record, Error>>> {
        match ready!(self.scheduler.poll(cx)) {
            None if !self.has_reached_limit() && !self.scheduler.has_ended_early() => {
                self.poll_drift_check(cx)
            }
            record => Poll::Ready(record),
        }
    }

    fn poll_drift_check(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Record, Error>>> {
        let reads_by_offset = self.scheduler.request().order == ReadOrder::Offset;
        if reads_by_offset && self.is_single_page() {
            return Poll::Ready(None);
        }
        let Some(check) = &mut self.drift_check else { return Poll::Ready(None) };
        if self.is_stopped {
            self.is_unchecked = true;
            return Poll::Ready(None);
        }
        match ready!(check.poll(cx, || self.scheduler.sys_ids())) {
            Ok(()) => Poll::Ready(None),
            Err(error) => Poll::Ready(Some(Err(self.scheduler.request().annotate(error)))),
        }
    }

    fn give(&mut self, record: Record) -> Result<T, Error> {
        self.received = self.received.saturating_add(1);
        self.note(&record)?;
        self.convert(record).map_err(|error| {
            let error = name_record(error, self.scheduler.last_given());
            self.scheduler.request().annotate(error)
        })
    }

    /// Gives out a page that begins with this record. It ends before a record that cannot be read, so that the position after the
    /// page does not pass over that record before its error is returned.
    fn give_page(&mut self, first: Record) -> Result<RecordPage<T>, Error> {
        let asked = self.scheduler.request().params.shape.fields.clone();
        let mut check = FieldCheck::new(asked.as_deref(), &self.type_fields, false);
        check.see(&first);
        let total = self.scheduler.page_total();
        let mut records = vec![self.give(first)?];
        while let Some(record) = self.scheduler.next_of_page().cloned() {
            let Ok(item) = self.convert(record.clone()) else { break };
            if self.note(&record).is_err() {
                break;
            }
            check.see(&record);
            self.scheduler.pop_of_page();
            self.received = self.received.saturating_add(1);
            records.push(item);
        }
        Ok(RecordPage::new(records, total, check.missing()))
    }

    /// Takes note of the `sys_id` of a record that is given out, where records may move.
    fn note(&mut self, record: &Record) -> Result<(), Error> {
        let Some(check) = &mut self.drift_check else { return Ok(()) };
        // Records of a database view may have no sys_id. What cannot be compared is reported as drift.
        let sys_id = record.get("sys_id").map_or(Ok("".into()), |id| id.value())?;
        check.note(self.scheduler.parts().index(), &sys_id);
        Ok(())
    }

    /// Reads a record as what the caller wants, without the fields that the caller did not ask for.
    fn convert(&self, record: Record) -> Result<T, Error> {
        self.read.read(record, &self.added_fields)
    }
}

fn page_size(options: &StreamOptions, window: Window, reads_by_offset: bool) -> PageSize {
    let page_size = PageSize::new(options.page_size);
    match window.limit {
        // Between two pages of a read by position, records that come and go would shift the others.
        Some(limit) if options.verifies && reads_by_offset => page_size.with_single_page(limit),
        _ => page_size,
    }
}

/// Names the record that cannot be read, so that it can be looked at, or left out.
fn name_record(error: Error, record: Option<&Record>) -> Error {
    match record.and_then(|record| record.sys_id().ok()) {
        Some(sys_id) => error.with_context(&format!("the record with sys_id {sys_id}")),
        None => error,
    }
}
