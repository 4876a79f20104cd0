//! What an export has written, and whether that is everything.

use super::file_names::MANIFEST;
use super::question::ExportQuestion;
use super::stored_file;
use super::target::{ExportTarget, sizes};
use crate::attachment::Digest;
use serde::{Deserialize, Serialize};
use serde_json::value::Value;
use snow_core::{DateTime, Error, ErrorKind};
use std::collections::BTreeMap;

/// The version of the file that a report is stored in.
const VERSION: u32 = 1;

/// How many bytes of a file are compared at a time.
const CHUNK: u64 = 1 << 20;

/// What an export has written. Returned by [`Export`](super::Export), and stored in the same place as the files as `_manifest.json` when they
/// are complete: a place without that file has no complete export.
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().without_demo_data().user("admin", "secret").incidents(50).build()?;
/// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
/// # let folder = std::env::temp_dir().join(format!("snow-report-example-{}", std::process::id()));
/// use snow_client::export::{ExportDirectory, ExportReport, Ndjson};
///
/// let target = ExportDirectory::new(&folder);
/// client.table("incident").list().export(Ndjson::new(), target.clone()).await?;
///
/// let report = ExportReport::load(&target).await?.expect("the export is complete");
/// assert_eq!((report.received, report.question.table.as_str()), (50, "incident"));
/// report.verify(&target).await?;
/// # std::fs::remove_dir_all(folder)?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ExportReport {
    /// The version of this form of a report.
    pub version: u32,
    /// The release of this crate that wrote the files.
    pub snow: String,
    /// What the export is of.
    pub question: ExportQuestion,
    /// Whether all records that were asked for are in the files. False for an export that was stopped.
    pub complete: bool,
    /// Whether there may be more records than the limit of the list, which was reached.
    pub reached_limit: bool,
    /// The number of records that matched when they were read, as the service counted them, including those that this user may not
    /// read. `None` if that is not known.
    pub expected: Option<u64>,
    /// The number of records in the files.
    pub received: u64,
    /// Whether records may have been missed or repeated: see [`Export::allow_drift`](super::Export::allow_drift).
    pub may_have_drifted: bool,
    /// The number of requests for records, including those before the export was resumed, as far as their records are in a file.
    pub requests: u64,
    /// The number of pages that were requested again because they failed or were cut off.
    pub retried_pages: u64,
    /// The requested fields that at least one record lacked.
    pub missing_fields: Vec<String>,
    /// What the format has counted, such as `missing_values`.
    pub counts: BTreeMap<String, u64>,
    /// The columns and their types, where the format knows them.
    pub schema: Option<Value>,
    /// How many ranges of records were read, each into files of its own.
    pub parts: usize,
    /// The files, in the order of the records.
    pub files: Vec<ExportedFile>,
    /// When the export began, by the clock of the machine that it began on.
    pub started_at: Option<DateTime>,
    /// When the last file was complete, by the clock of the machine.
    pub finished_at: Option<DateTime>,
}

/// A file of an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ExportedFile {
    /// The name, without a path.
    pub name: String,
    /// The number of records in it.
    pub records: u64,
    /// The size in bytes.
    pub bytes: u64,
    /// The SHA-256 of the content, in hexadecimal digits.
    pub sha256: String,
}

impl ExportReport {
    pub(super) fn new(question: ExportQuestion, schema: Option<Value>, started_at: Option<DateTime>) -> Self {
        Self {
            version: VERSION,
            snow: env!("CARGO_PKG_VERSION").to_owned(),
            question,
            complete: false,
            reached_limit: false,
            expected: None,
            received: 0,
            may_have_drifted: false,
            requests: 0,
            retried_pages: 0,
            missing_fields: Vec::new(),
            counts: BTreeMap::new(),
            schema,
            parts: 0,
            files: Vec::new(),
            started_at,
            finished_at: None,
        }
    }

    /// Reads the report of a complete export. Returns `None` where there is none.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`] if it cannot be read, or is not the report of a release that this one knows.
    pub async fn load(target: &dyn ExportTarget) -> Result<Option<Self>, Error> {
        let entries = target.list().await?;
        stored_file::load(target, &entries, MANIFEST, VERSION).await
    }

    /// Compares the size and the SHA-256 of each file with this report, in constant memory.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Corrupt`] for the first file that is not the one that was written. [`ErrorKind::Io`] for one that is missing or
    /// cannot be read.
    pub async fn verify(&self, target: &dyn ExportTarget) -> Result<(), Error> {
        let entries = target.list().await?;
        let sizes = sizes(&entries);
        for file in &self.files {
            let bytes = sizes.get(file.name.as_str());
            let missing = || {
                let why = format!("the file {} of the export in {} is missing", file.name, target.location());
                Error::new(ErrorKind::Io, why)
            };
            if *bytes.ok_or_else(missing)? != file.bytes || digest(target, file).await? != file.sha256 {
                let why =
                    format!("the file {} of the export in {} was changed", file.name, target.location());
                let advice = "restore the file, or export again into another place";
                return Err(Error::new(ErrorKind::Corrupt, why).with_advice(advice));
            }
        }
        Ok(())
    }

    /// Returns how many records were counted but not exported, because access rules hide them or because they were deleted
    /// meanwhile. `None` unless the export is [complete](Self::complete) and the number is known.
    pub fn hidden(&self) -> Option<u64> {
        let expected = self.expected.filter(|_| self.complete && !self.reached_limit);
        expected.map(|expected| expected.saturating_sub(self.received))
    }
}

impl ExportedFile {
    /// Fails unless the file is there, with its size.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`], which says which file it is.
    pub(super) fn expect_in(&self, sizes: &BTreeMap<&str, u64>, location: &str) -> Result<(), Error> {
        let what = match sizes.get(self.name.as_str()) {
            Some(bytes) if *bytes == self.bytes => return Ok(()),
            Some(_) => "was changed",
            None => "is missing",
        };
        let why = format!("the finished file {} in {location} {what}: export into another place", self.name);
        Err(Error::new(ErrorKind::Io, why).before_sending())
    }
}

async fn digest(target: &dyn ExportTarget, file: &ExportedFile) -> Result<String, Error> {
    let (mut digest, mut at) = (Digest::new(), 0_u64);
    while at < file.bytes {
        let end = at.saturating_add(CHUNK).min(file.bytes);
        let bytes = target.read(&file.name, at..end).await?;
        if bytes.is_empty() {
            break; // it became shorter: the hash tells
        }
        digest.update(&bytes);
        at = at.saturating_add(bytes.len() as u64);
    }
    Ok(digest.finish())
}
