//! Reads ranges one after the other, as batches.

use crate::client_error::external;
use crate::key_ranges::KeyRange;
use crate::snow_scan::SnowScan;
use datafusion::arrow::array::RecordBatch;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::metrics::Count;
use futures_util::{Stream, StreamExt, stream};
use snow_arrow::BatchBuilder;
use snow_client::stream::{RecordStream, StreamReport};
use snow_client::{Client, Error, ErrorKind, Record};
use std::collections::VecDeque;

/// Reads the ranges that a child plan returns.
pub(crate) struct RangeReader {
    client: Client,
    scan: SnowScan,
    input: SendableRecordBatchStream,
    pending: VecDeque<KeyRange>,
    current: Option<OpenRange>,
    builder: BatchBuilder,
    batch_size: usize,
    /// How many records may still come; `None` without a limit.
    wanted: Option<u32>,
    requests: Count,
    records: Count,
}

struct OpenRange {
    range: KeyRange,
    records: RecordStream,
    /// Whether the conditions of SQL are sent.
    is_filtered: bool,
    has_begun: bool,
}

impl RangeReader {
    pub(crate) fn new(
        client: Client,
        scan: SnowScan,
        input: SendableRecordBatchStream,
        batch_size: usize,
        requests: Count,
        records: Count,
    ) -> Self {
        let (builder, wanted) = (scan.builder(), scan.limit);
        let (pending, current) = (VecDeque::new(), None);
        Self { client, scan, input, pending, current, builder, batch_size, wanted, requests, records }
    }

    /// Converts it into a stream of batches, which ends after an error.
    pub(crate) fn into_stream(self) -> impl Stream<Item = Result<RecordBatch>> + Send {
        stream::try_unfold(self, |mut reader| async move {
            let batch = reader.next_batch().await?;
            Ok(batch.map(|batch| (batch, reader)))
        })
    }

    /// Returns the next batch; `None` after the last one.
    async fn next_batch(&mut self) -> Result<Option<RecordBatch>> {
        while !self.builder.is_full(self.batch_size) && self.wanted != Some(0) {
            let Some(record) = self.next_record().await? else { break };
            self.builder.push(&record).map_err(|error| external(error.of_read()))?;
            self.wanted = self.wanted.map(|wanted| wanted.saturating_sub(1));
        }
        if self.wanted == Some(0)
            && let Some(open) = self.current.take()
        {
            self.close(&open)?;
        }
        if self.builder.rows() == 0 {
            return Ok(None);
        }
        let batch = self.builder.finish().map_err(|error| external(error.of_read()))?;
        self.records.add(batch.num_rows());
        Ok(Some(batch.project(&self.scan.output)?))
    }

    async fn next_record(&mut self) -> Result<Option<Record>> {
        loop {
            let Some(open) = &mut self.current else {
                let Some(range) = self.next_range().await? else { return Ok(None) };
                self.current = Some(self.open(range, true)?);
                continue;
            };
            match open.records.next().await {
                Some(Ok(record)) => {
                    open.has_begun = true;
                    return Ok(Some(record));
                }
                Some(Err(error)) => self.fall_back(error)?,
                None => self.end_range()?,
            }
        }
    }

    async fn next_range(&mut self) -> Result<Option<KeyRange>> {
        while self.pending.is_empty() {
            let Some(batch) = self.input.next().await.transpose()? else { return Ok(None) };
            self.pending.extend(KeyRange::read(&batch)?);
        }
        Ok(self.pending.pop_front())
    }

    fn open(&self, range: KeyRange, is_filtered: bool) -> Result<OpenRange> {
        let query = if is_filtered { &self.scan.query } else { &self.scan.base };
        let mut list = self.scan.list(&self.client, query, Some(&range))?;
        if let Some(limit) = self.wanted {
            list = list.limit(limit);
        }
        let records = list.stream();
        let records = match self.scan.page_size() {
            Some(size) => records.page_size(size),
            None => records,
        };
        Ok(OpenRange { range, records, is_filtered, has_begun: false })
    }

    /// Reads a range without the conditions of SQL, if the instance refuses them: they test a field that is hidden from the user. The
    /// conditions are evaluated again in any case.
    fn fall_back(&mut self, error: Error) -> Result<()> {
        let Some(open) = self.current.take() else { return Err(external(error)) };
        let may_help = self.scan.missing_is_null && !self.scan.is_exact && self.scan.query != self.scan.base;
        if may_help && open.is_filtered && !open.has_begun && error.kind() == ErrorKind::Forbidden {
            self.requests.add(to_usize(open.records.report().requests));
            self.current = Some(self.open(open.range, false)?);
            return Ok(());
        }
        Err(external(error))
    }

    fn end_range(&mut self) -> Result<()> {
        let Some(open) = self.current.take() else { return Ok(()) };
        let report = self.close(&open)?;
        if !report.complete && !report.reached_limit {
            return Err(self.incomplete("was not read to its end"));
        }
        Ok(())
    }

    /// Counts the requests of a range. Fails if records may have moved while they were read.
    fn close(&self, open: &OpenRange) -> Result<StreamReport> {
        let report = open.records.report();
        self.requests.add(to_usize(report.requests));
        if report.may_have_drifted {
            return Err(self.incomplete(
                "was read in parts, because its query is too long for one URL, and records may have been missed or repeated: select \
                 fewer columns or shorten the IN list",
            ));
        }
        Ok(report)
    }

    fn incomplete(&self, why: &str) -> DataFusionError {
        let why = format!("the table {} {why}", self.scan.table);
        external(Error::new(ErrorKind::Incomplete, why).of_read())
    }
}

fn to_usize(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
