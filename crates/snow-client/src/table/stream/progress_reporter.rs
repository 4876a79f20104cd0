//! Calls a function with the progress of a stream, page by page.

use super::progress::StreamProgress;
use super::stream_reader::StreamReader;
use super::{RecordStream, StreamState};

type OnProgress = Box<dyn FnMut(StreamProgress) + Send + Sync>;

/// What the progress of a stream is told to.
#[derive(Default)]
pub(super) struct ProgressReporter {
    report: Option<OnProgress>,
    /// Whether the consumer has got the last record of a page, and not come back for more.
    is_due: bool,
    last: Option<StreamProgress>,
}

impl ProgressReporter {
    /// Takes note that a record or a page was returned.
    pub(super) fn note_item<T>(&mut self, reader: &StreamReader<T>) {
        self.is_due = self.report.is_some() && reader.is_at_end_of_page();
    }

    /// Reports the end of the stream, unless the last report says the same.
    pub(super) fn finish(&mut self, progress: StreamProgress) {
        // Whatever the function does, it is not called again.
        let mut reporter = std::mem::take(self);
        reporter.report(progress);
    }

    fn report(&mut self, progress: StreamProgress) {
        if self.last.is_some_and(|last| progress.is_as_before(&last)) {
            return;
        }
        self.last = Some(progress);
        if let Some(report) = &mut self.report {
            report(progress);
        }
    }
}

impl<T> RecordStream<T> {
    /// Calls a function with the progress of the stream: each time the consumer comes back after the last record of a page, and
    /// at the end.
    ///
    /// What is reported as received has thus been dealt with, and a function that panics loses no record. It is called in order, by
    /// whoever polls the stream, so the stream goes on when it returns. It is not called for responses without records, after an error
    /// (the [report](Self::report) has the numbers then), and after the end.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").incidents(500).build()?;
    /// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
    /// let records = client.table("incident").list().fields(["number"]).stream().parallel(2).on_progress(|progress| {
    ///     let expected = progress.expected.map_or("?".into(), |expected| expected.to_string());
    ///     println!("{} of {expected}, {:.0} a second", progress.received, progress.records_per_second());
    /// });
    /// let numbers = records.all().await?;
    /// assert!(numbers.len() >= 500);
    /// # Ok(()) }
    /// ```
    #[doc(alias("callback", "progress_bar"))]
    pub fn on_progress(mut self, report: impl FnMut(StreamProgress) + Send + Sync + 'static) -> Self {
        self.is_set_late |= !matches!(self.state, StreamState::New(_));
        self.progress.report = Some(Box::new(report));
        self
    }

    /// Returns how many records the stream will have returned at the end, once that is known.
    pub(crate) fn expected(&self) -> Option<u64> {
        match &self.state {
            StreamState::Reading(reader) => reader.progress().expected,
            StreamState::New(_) | StreamState::Ended(..) | StreamState::Refused => None,
        }
    }

    /// Reports a page that the consumer has come back from.
    pub(super) fn report_page(&mut self) {
        if std::mem::take(&mut self.progress.is_due)
            && let StreamState::Reading(reader) = &self.state
        {
            self.progress.report(reader.progress());
        }
    }
}
