//! A stream of batches.

use crate::batch_builder::BatchBuilder;
use crate::columns::Columns;
use crate::conversion_report::ConversionReport;
use crate::scan_options::ScanOptions;
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use futures_core::Stream;
use serde::Serialize;
use snow_client::stream::StopHandle;
use snow_client::stream::{RecordStream, StreamPosition, StreamReport};
use snow_client::table::ListRecords;
use snow_client::{Error, Record};
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// The records of a list, batch by batch, in constant memory. Returned by [`Scan::open`](crate::Scan::open).
///
/// It guarantees what a [`RecordStream`] guarantees: no record is lost or repeated, and the end is proven. A list in another order is
/// read by position: see [`may_have_drifted`](StreamReport::may_have_drifted) in [`report().stream`](ScanReport::stream).
pub struct Batches {
    records: RecordStream<Record>,
    columns: Columns,
    builder: BatchBuilder,
    batch_rows: usize,
    /// After the last batch that was returned.
    position: Option<StreamPosition>,
    has_ended: bool,
}

/// What was read, and what became null.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ScanReport {
    /// Whether all records came.
    pub stream: StreamReport,
    /// How many values became null although the service stores something.
    pub conversion: ConversionReport,
}

impl Batches {
    pub(crate) fn new(list: ListRecords<Record>, columns: Columns, options: ScanOptions) -> Self {
        let ScanOptions { missing, invalid, batch_rows, parallel, page_size, part, resume } = options;
        let records = match &part {
            Some(part) => list.part(part),
            None => list.stream(),
        };
        let records = records.parallel(parallel);
        let records = page_size.into_iter().fold(records, RecordStream::page_size);
        let position = resume.clone();
        let records = resume.into_iter().fold(records, RecordStream::resume);
        let builder = columns.builder().missing(missing).invalid(invalid);
        Self { records, columns, builder, batch_rows, position, has_ended: false }
    }

    /// Returns the Arrow schema of the batches.
    pub fn schema(&self) -> SchemaRef {
        self.columns.schema()
    }

    /// Returns the columns, to convert the same records elsewhere.
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// Returns the position after the last batch, to [resume](crate::Scan::resume) from; `None` at the end and, unless the scan was
    /// resumed, before the first batch.
    pub fn position(&self) -> Option<&StreamPosition> {
        self.position.as_ref()
    }

    /// Returns what has been read and converted so far.
    pub fn report(&self) -> ScanReport {
        ScanReport { stream: self.records.report(), conversion: self.builder.report() }
    }

    /// Returns a handle that stops the read: see [`RecordStream::stop_handle`]. The records that have arrived are still returned.
    pub fn stop_handle(&self) -> StopHandle {
        self.records.stop_handle()
    }

    /// Returns the next batch; `None` after the last one. After an error there are no more batches. Records that came after the last
    /// batch and before the error are read again when the scan is resumed.
    ///
    /// # Errors
    ///
    /// Those of [`RecordStream::next`] and of [`BatchBuilder::push`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: the next call goes on.
    pub async fn next(&mut self) -> Option<Result<RecordBatch, Error>> {
        std::future::poll_fn(|cx| self.poll_batch(cx)).await
    }

    fn poll_batch(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<RecordBatch, Error>>> {
        while !self.has_ended {
            match ready!(Pin::new(&mut self.records).poll_next(cx)) {
                Some(Ok(record)) => match self.builder.push(&record) {
                    Ok(()) if self.builder.is_full(self.batch_rows) => {
                        return Poll::Ready(Some(self.finish_batch()));
                    }
                    Ok(()) => {}
                    Err(error) => return self.fail(error),
                },
                Some(Err(error)) => return self.fail(error),
                None => {
                    self.has_ended = true;
                    if self.builder.rows() > 0 {
                        return Poll::Ready(Some(self.finish_batch()));
                    }
                    self.position = self.records.position();
                }
            }
        }
        Poll::Ready(None)
    }

    fn finish_batch(&mut self) -> Result<RecordBatch, Error> {
        let batch = self.builder.finish().map_err(Error::of_read);
        match &batch {
            Ok(_) => self.position = self.records.position(),
            Err(_) => self.has_ended = true,
        }
        batch
    }

    fn fail(&mut self, error: Error) -> Poll<Option<Result<RecordBatch, Error>>> {
        self.has_ended = true;
        Poll::Ready(Some(Err(error.of_read())))
    }
}

impl Stream for Batches {
    type Item = Result<RecordBatch, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_batch(cx)
    }
}

impl fmt::Debug for Batches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batches").field("report", &self.report()).finish_non_exhaustive()
    }
}
