//! Tables as files: complete, or with an error, and resumable after a crash at any moment.
#![warn(clippy::arithmetic_side_effects)]

mod boxed;
mod checkpoint;
mod csv;
mod csv_cell;
mod directory;
mod export_run;
mod file_names;
mod file_writer;
mod format;
mod found_export;
mod ndjson;
#[cfg(feature = "object_store-0_14")]
mod object_store;
mod part_reader;
mod progress;
mod question;
mod report;
mod stored_file;
mod target;

pub use csv::Csv;
pub use directory::ExportDirectory;
pub use format::{ExportFormat, RecordEncoder};
pub use ndjson::Ndjson;
#[cfg(feature = "object_store-0_14")]
pub use object_store::ExportObjectStore;
pub use progress::ExportProgress;
pub use question::ExportQuestion;
pub use report::{ExportReport, ExportedFile};
pub use target::{ExportFile, ExportTarget, TargetEntry, TargetFuture};

use crate::table::ListRecords;
use crate::table::stop::StopHandle;
use crate::table::stream::DEFAULT_BUFFER;
use futures_util::future::BoxFuture;
use serde::Serialize;
use serde_json::value::Value;
use snow_core::{Error, ErrorKind};
use std::fmt;
use std::future::IntoFuture;
use std::sync::Arc;

/// How many records a file has by default, before it ends with a page.
const RECORDS_PER_FILE: u64 = 100_000;

/// An export of a list into files. Returned by [`ListRecords::export`]; it runs when it is awaited.
///
/// # Files
///
/// - `part-00000-00000.csv` and so on: the records. A file has its name only when all of it is there. A new file begins after
///   [`records_per_file`](Self::records_per_file), and with each part of the list that is read in [`parallel`](Self::parallel).
/// - `_manifest.json`: the [`ExportReport`], written last. Without it, the export is not complete.
/// - `_position.json`: how far the export is, until it is complete.
///
/// Names are made by this crate; nothing that an instance sends is part of one. The files contain what was exported, and the manifest
/// and the position contain the query, names of fields and `sys_id`s.
///
/// # Guarantees
///
/// - The guarantees of a [`RecordStream`](crate::stream::RecordStream): each record once, and the end is proven. A list that has to be
///   read by position is refused, unless [`allow_drift`](Self::allow_drift) is set.
/// - An export that was killed at any moment continues with [`resume`](Self::resume): files that have their names stay as they are, and
///   the unfinished one is read again from its beginning. In the end each record is in the files once.
/// - The place has to be empty, or to contain the same export. Nothing else is overwritten.
///
/// Memory stays constant. Nothing is spawned.
///
/// # Examples
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().without_demo_data().user("admin", "secret").incidents(500).build()?;
/// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
/// # let folder = std::env::temp_dir().join(format!("snow-export-example-{}", std::process::id()));
/// use snow_client::export::{Csv, ExportDirectory};
/// use snow_client::field;
///
/// let open = client.table("incident").list().query(field("active").eq(true)).fields(["number", "state", "opened_at"]);
/// let report = open
///     .export(Csv::new(), ExportDirectory::new(&folder))
///     .resume(true)
///     .on_progress(|progress| println!("{} of {:?}", progress.received, progress.expected))
///     .await?;
/// assert!(report.complete && folder.join("_manifest.json").exists());
/// # std::fs::remove_dir_all(folder)?;
/// # Ok(()) }
/// ```
///
/// # Errors
///
/// - [`ErrorKind::InvalidInput`] before anything is sent: the place contains something else, or an export
///   that is not to be resumed; the list does not fit the format; the records would be read by position.
/// - [`ErrorKind::Io`]: the target cannot be read or written, another export is running there, or one of its finished files is
///   missing or has another size.
/// - [`ErrorKind::Incomplete`]: records may have been missed or repeated.
/// - Those of the requests, and of records that the format cannot hold.
///
/// After an error, the finished files are there, and the export can be resumed.
///
/// # Cancel safety
///
/// Dropping the future leaves what killing the process would leave, without the unfinished file. [`stop_handle`](Self::stop_handle)
/// ends an export without reading anything twice.
#[must_use = "an export runs when it is awaited"]
pub struct Export {
    list: ListRecords,
    format: Arc<dyn ExportFormat>,
    target: Arc<dyn ExportTarget>,
    options: ExportOptions,
    /// What is known of the columns.
    schema: Result<Option<Value>, Error>,
    stop: StopHandle,
    on_progress: Option<Box<dyn FnMut(ExportProgress) + Send>>,
}

/// What a caller sets.
#[derive(Clone, Copy, Debug)]
struct ExportOptions {
    parts: Option<usize>,
    parallel: usize,
    records_per_file: u64,
    page_size: Option<u32>,
    buffer: usize,
    by_offset: bool,
    allows_drift: bool,
    resumes: bool,
}

impl ListRecords {
    /// Exports the records into files of a format, such as [`Csv`] or [`Ndjson`], in a place such as an [`ExportDirectory`].
    ///
    /// See [`Export`] for the files, the guarantees and an example.
    #[doc(alias("csv", "json", "ndjson", "dump", "download", "to_csv", "save"))]
    pub fn export(self, format: impl ExportFormat + 'static, target: impl ExportTarget + 'static) -> Export {
        let options = ExportOptions {
            parts: None,
            parallel: 1,
            records_per_file: RECORDS_PER_FILE,
            page_size: None,
            buffer: DEFAULT_BUFFER,
            by_offset: false,
            allows_drift: false,
            resumes: false,
        };
        let (format, target) = (Arc::new(format), Arc::new(target));
        let stop = StopHandle::new();
        Export { list: self, format, target, options, schema: Ok(None), stop, on_progress: None }
    }
}

impl Export {
    fn set(mut self, set: impl FnOnce(&mut ExportOptions)) -> Self {
        set(&mut self.options);
        self
    }

    /// Sets whether an export that is not finished is continued; `false` by default.
    ///
    /// Where there is no export yet, it begins. Where one of the same question is complete, nothing is requested, and its report is
    /// returned, if its files are there with their sizes. What is exported has to be the same: instance, table, query, fields, form of values, all other parameters, limit and
    /// format. How it is read may differ, but the number of [`parts`](Self::parts) is that of the beginning.
    #[doc(alias("continue", "checkpoint", "restart"))]
    pub fn resume(self, resume: bool) -> Self {
        self.set(|options| options.resumes = resume)
    }

    /// Sets how many parts of the list are read at once; 1 by default. `0` is treated as `1`.
    ///
    /// The list is then cut into as many ranges of `sys_id` as [`parts`](Self::parts) says, each with files of its own. Works only for
    /// lists without an order, a limit and an offset.
    pub fn parallel(self, parallel: usize) -> Self {
        self.set(|options| options.parallel = parallel.max(1))
    }

    /// Sets into how many parts the list is cut, at most 10,000; by default as many as are read in [`parallel`](Self::parallel).
    ///
    /// Ranges of `sys_id` are equally wide, but may contain very different numbers of records. With a few times more parts than are
    /// read at once, no part is waited for long. `0` is treated as `1`. More than 10,000 parts are refused with
    /// [`ErrorKind::InvalidInput`].
    pub fn parts(self, parts: usize) -> Self {
        self.set(|options| options.parts = Some(parts))
    }

    /// Sets after how many records a new file begins; 100,000 by default. `0` is treated as `1`.
    ///
    /// A file ends with the page that brings it to so many records, so it may have up to a page more. After a crash, at most this
    /// many records (and one page) of each part that was being read are read again.
    pub fn records_per_file(self, records: u64) -> Self {
        self.set(|options| options.records_per_file = records.max(1))
    }

    /// Sets the number of records of a page; see [`RecordStream::page_size`](crate::stream::RecordStream::page_size).
    pub fn page_size(self, records: u32) -> Self {
        self.set(|options| options.page_size = Some(records))
    }

    /// Sets how many bytes of records are buffered by all parts together, and at least 64 KiB by each; 2 MiB by default. Including
    /// prefetched pages, up to twice as much is held in memory.
    pub fn buffer(self, bytes: usize) -> Self {
        self.set(|options| options.buffer = bytes)
    }

    /// Sets whether records are read by position; `false` by default. Use it for database views and other tables without a `sys_id`,
    /// together with [`allow_drift`](Self::allow_drift), and without [`parallel`](Self::parallel) and [`parts`](Self::parts).
    pub fn by_offset(self, by_offset: bool) -> Self {
        self.set(|options| options.by_offset = by_offset)
    }

    /// Allows an export in which records may be missed or repeated; `false` by default.
    ///
    /// That is one in an order other than by `sys_id` or `sys_created_on`, one with an offset, and one of a query that is too long for
    /// a URL: a record that is inserted, deleted or moved while others are read shifts them. The report and the manifest say in
    /// `may_have_drifted` whether it may have happened.
    pub fn allow_drift(self, allow: bool) -> Self {
        self.set(|options| options.allows_drift = allow)
    }

    /// Sets the description of the columns in the manifest, in place of the one that the format has: a table of the
    /// [`schema`](crate::schema), or a description of your own.
    ///
    /// The export fails with [`ErrorKind::InvalidInput`] for what cannot be written as JSON.
    pub fn schema(mut self, schema: &(impl Serialize + ?Sized)) -> Self {
        self.schema = serde_json::to_value(schema).map(Some).map_err(|error| {
            let why = "the schema of the export cannot be written as JSON";
            Error::new(ErrorKind::InvalidInput, why).with_reason(error).before_sending()
        });
        self
    }

    /// Calls a function with the progress: after each page and after each finished file.
    ///
    /// It is called by whoever polls the export, so the export goes on when it returns.
    #[doc(alias("callback", "progress_bar"))]
    pub fn on_progress(mut self, report: impl FnMut(ExportProgress) + Send + 'static) -> Self {
        self.on_progress = Some(Box::new(report));
        self
    }

    /// Returns a handle that ends the export, from any task or thread.
    ///
    /// After [`StopHandle::stop`], no further request is sent. Records that have arrived are written, the files are finished, and the
    /// export returns a report whose [`complete`](ExportReport::complete) is false. An export with [`resume`](Self::resume) continues
    /// after the last of these records.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let simulator = snow_sim::Simulator::builder().without_demo_data().user("admin", "secret").incidents(500).build()?;
    /// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
    /// # let folder = std::env::temp_dir().join(format!("snow-stop-example-{}", std::process::id()));
    /// use snow_client::export::{ExportDirectory, Ndjson};
    ///
    /// let incidents = client.table("incident").list();
    /// let export = incidents.clone().export(Ndjson::new(), ExportDirectory::new(&folder)).page_size(100);
    /// let stop = export.stop_handle(); // for the task that waits for Ctrl-C
    /// let stopped = export.on_progress(move |_| stop.stop()).await?;
    /// assert!(!stopped.complete && stopped.received >= 100);
    ///
    /// let rest = incidents.export(Ndjson::new(), ExportDirectory::new(&folder)).resume(true).await?;
    /// assert!(rest.complete && rest.received == 500);
    /// # std::fs::remove_dir_all(folder)?;
    /// # Ok(()) }
    /// ```
    pub fn stop_handle(&self) -> StopHandle {
        self.stop.clone()
    }
}

impl IntoFuture for Export {
    type Output = Result<ExportReport, Error>;
    type IntoFuture = BoxFuture<'static, Result<ExportReport, Error>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(export_run::run(self))
    }
}

impl fmt::Debug for Export {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { list, format, target, options, schema: _, stop: _, on_progress: _ } = self;
        let mut export = f.debug_struct("Export");
        export.field("list", list).field("format", format).field("target", target).field("options", options);
        export.finish_non_exhaustive()
    }
}
